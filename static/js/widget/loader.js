// One tag on any page: <script src="https://…/widget.js" data-project="KEY" async></script>
// Adds a button and a frame. Owns the frame's place and the visitor's things in this page's own (first-party) storage,
// which the frame asks for by message; it talks to nobody but its frame. `data-identity` is a token signed by the
// page's server, `data-language` (en, vi) wins over the browser's. `window.Tandem` opens, closes and identifies.
(() => {
  const script = document.currentScript;
  const key = script?.dataset.project;
  if (!key || window.Tandem) return;
  const home = new URL(script.src).origin;
  const prefix = `tandem:${key}:`;
  const memory = new Map();
  let identity = script.dataset.identity || null;
  let frame = null;
  let host, button, badge, look, opener;
  let isOpen = false;
  let again = false; // it was left open on the page before: nobody asked for it on this one
  let ready = false;

  const store = {
    all() {
      try {
        return Object.fromEntries(Object.keys(localStorage).filter((name) => name.startsWith(prefix)).map((name) => [name.slice(prefix.length), localStorage.getItem(name)]));
      } catch {
        return Object.fromEntries(memory);
      }
    },
    keep(name, value) {
      try {
        if (value === null) localStorage.removeItem(prefix + name);
        else localStorage.setItem(prefix + name, value);
      } catch {
        if (value === null) memory.delete(name);
        else memory.set(name, value);
      }
    },
  };

  const WORDS = {
    en: { open: "Open the chat", close: "Close the chat", title: "Chat with {name}", unread: "{count} unread" },
    vi: { open: "Mở cuộc trò chuyện", close: "Đóng cuộc trò chuyện", title: "Trò chuyện với {name}", unread: "{count} chưa đọc" },
  };
  const language = (script.dataset.language || navigator.language || "en").slice(0, 2).toLowerCase();
  const words = WORDS[language] ?? WORDS.en;

  const tell = (message) => frame?.contentWindow?.postMessage({ tandem: 1, ...message }, home);

  // Only the frame that this script made, and only as long as it shows our own pages.
  window.addEventListener("message", (event) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== home || event.data?.tandem !== 1) return;
    const { type, name, value } = event.data;
    if (type === "hello") {
      ready = true;
      tell({ type: "state", kept: store.all(), identity, open: isOpen, again });
    } else if (type === "keep" && typeof name === "string" && (value === null || typeof value === "string")) store.keep(name, value);
    else if (type === "close") close();
    else if (type === "unread") showUnread(Number(value) || 0);
  });
  // Another tab of the same site keeps the same things.
  window.addEventListener("storage", (event) => {
    if (event.key?.startsWith(prefix)) tell({ type: "changed", name: event.key.slice(prefix.length), value: event.newValue });
  });

  function load() {
    if (frame) return;
    frame = document.createElement("iframe");
    frame.title = words.title.replace("{name}", look.name);
    const asked = script.dataset.language ? `?language=${encodeURIComponent(language)}` : "";
    frame.src = `${home}/widget/${encodeURIComponent(key)}${asked}`;
    frame.allow = "clipboard-write";
    frame.hidden = !isOpen;
    host.shadowRoot.append(frame);
  }

  function open() {
    again = false;
    unfold();
    if (frame) frame.focus();
    if (ready) tell({ type: "open" });
  }

  function unfold() {
    if (!look || isOpen) return;
    isOpen = true;
    opener = again ? null : document.activeElement;
    load();
    frame.hidden = false;
    button.setAttribute("aria-expanded", "true");
    button.setAttribute("aria-label", words.close);
    host.dataset.open = "";
    showUnread(0);
    store.keep("open", "yes");
  }

  function close() {
    if (!isOpen) return;
    isOpen = false;
    frame.hidden = true;
    button.setAttribute("aria-expanded", "false");
    delete host.dataset.open;
    store.keep("open", null);
    tell({ type: "closed" });
    showUnread(0);
    (opener && opener !== document.body && opener !== host && opener.isConnected ? opener : button).focus();
  }

  function showUnread(count) {
    badge.hidden = isOpen || !count;
    badge.textContent = count > 9 ? "9+" : String(count);
    if (!isOpen) button.setAttribute("aria-label", count ? `${words.open}, ${words.unread.replace("{count}", count)}` : words.open);
  }

  function build() {
    host = document.createElement("div");
    host.id = "tandem-widget";
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet(); // works under any policy for styles, and the page's own styles stay out
    sheet.replaceSync(CSS);
    root.adoptedStyleSheets = [sheet];
    host.dataset.side = look.position;
    button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-haspopup", "dialog");
    button.setAttribute("aria-label", words.open);
    button.style.setProperty("--brand", look.brand);
    button.style.setProperty("--brand-ink", look.brand_ink);
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 16 16");
    svg.setAttribute("aria-hidden", "true");
    for (const [kind, d] of [["talk", "M2.5 4a1 1 0 0 1 1-1h9a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H7l-3 2.5V11h-.5a1 1 0 0 1-1-1z"], ["shut", "m4 6 4 4 4-4"]]) {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", d);
      path.setAttribute("class", kind);
      svg.append(path);
    }
    badge = document.createElement("span");
    badge.hidden = true;
    badge.setAttribute("aria-hidden", "true");
    button.append(svg, badge);
    button.addEventListener("click", () => (isOpen ? close() : open()));
    root.append(button);
    document.body.append(host);
  }

  const NARROW = "(max-width: 480px), (max-height: 480px)"; // a phone, or letters of twice the size
  const CSS = `
    :host { all: initial; }
    [hidden] { display: none !important; }
    button { position: fixed; inset-block-end: 20px; inset-inline-end: 20px; z-index: 2147483000; inline-size: 56px; block-size: 56px; border: 0; border-radius: 50%; padding: 0; display: grid; place-items: center; cursor: pointer; background: var(--brand); color: var(--brand-ink); box-shadow: 0 0 0 1px rgb(255 255 255 / 35%), 0 2px 6px rgb(0 0 0 / 16%), 0 12px 32px rgb(0 0 0 / 16%); }
    button:focus-visible { outline: 3px solid var(--brand); outline-offset: 3px; box-shadow: 0 0 0 3px #fff; }
    svg { inline-size: 26px; block-size: 26px; fill: none; stroke: currentColor; stroke-width: 1.3; stroke-linecap: round; stroke-linejoin: round; }
    .shut, :host([data-open]) .talk { display: none; } :host([data-open]) .shut { display: inline; }
    span { position: absolute; inset-block-start: -2px; inset-inline-end: -2px; min-inline-size: 20px; block-size: 20px; border-radius: 10px; background: #b3142f; color: #fff; font: 600 12px/20px system-ui, sans-serif; text-align: center; }
    iframe { position: fixed; inset-block-end: 88px; inset-inline-end: 20px; z-index: 2147483000; inline-size: 376px; block-size: min(656px, calc(100dvh - 108px)); border: 0; border-radius: 14px; box-shadow: 0 0 0 1px rgb(0 0 0 / 12%), 0 2px 6px rgb(0 0 0 / 10%), 0 12px 32px rgb(0 0 0 / 18%); color-scheme: normal; background: Canvas; }
    :host([data-side="left"]) button, :host([data-side="left"]) iframe { inset-inline: 20px auto; }
    @media ${NARROW} { iframe, :host([data-side="left"]) iframe { inset: 0; inline-size: 100%; block-size: 100dvh; border-radius: 0; } :host([data-open]) button { display: none; } }`;

  async function begin() {
    const answer = await fetch(`${home}/api/v1/widget/look?project_key=${encodeURIComponent(key)}`, { credentials: "omit" });
    if (!answer.ok) throw new Error(String(answer.status));
    look = await answer.json();
    build();
    const kept = store.all();
    again = Boolean(kept.open) && !matchMedia(NARROW).matches; // there it would lie over the page that somebody went to
    if (again) unfold();
    else if (Object.keys(kept).some((name) => name.startsWith("session"))) load(); // so that what was answered meanwhile shows
  }

  window.Tandem = {
    open,
    close,
    // The page has learnt, or forgotten (null), who its visitor is.
    identify(token) {
      identity = token || null;
      tell({ type: "identity", identity });
    },
  };
  begin().catch(() => console.warn("The chat cannot be shown on this page: its origin is not among those that the widget’s settings allow, the project key is unknown, or the server does not answer."));
})();
