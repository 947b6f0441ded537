// Where the visitor's things are kept: their session, what waits to be sent, whether they were seen.
// In a frame on another site they are kept by the loader, in the storage of the page around it: a frame's own storage
// may be blocked, or emptied when the browser closes. The loader gets and gives them by message; we talk only to the
// window around us, and only to the origin that it first spoke from, which must be one of the project's (the browser
// has checked the same by `frame-ancestors` before this script could run).
// On a page of our own they are in its storage. Where nothing can be kept, they live as long as the page.

export async function openStore(widget) {
  return widget.dataset.framed && window.parent !== window ? aroundUs(widget.dataset) : ofOurOwn(widget.dataset.key);
}

const HELLO_EVERY = 500; // milliseconds, until the loader has answered

function aroundUs({ origins }) {
  const allowed = origins ? origins.split(" ") : [];
  const listeners = {};
  let kept = {};
  let origin = null;
  const tell = (message) => window.parent.postMessage({ tandem: 1, ...message }, origin ?? "*"); // "hello" says nothing

  const store = {
    identity: null,
    get: (name) => kept[name] ?? null,
    names: () => Object.keys(kept),
    set(name, value) {
      if (value === null) delete kept[name];
      else kept[name] = value;
      tell({ type: "keep", name, value });
    },
    on: (type, does) => (listeners[type] = does),
    close: () => tell({ type: "close" }),
    unread: (count) => tell({ type: "unread", value: count }),
  };

  return new Promise((resolve) => {
    const asking = setInterval(() => tell({ type: "hello" }), HELLO_EVERY);
    window.addEventListener("message", (event) => {
      if (event.source !== window.parent || event.data?.tandem !== 1) return;
      if (origin ? event.origin !== origin : !covers(allowed, event.origin)) return;
      const { type, ...data } = event.data;
      if (type === "state" && !origin) {
        origin = event.origin;
        kept = data.kept ?? {};
        store.identity = data.identity ?? null;
        store.isOpen = Boolean(data.open);
        store.wantsFocus = store.isOpen && !data.again;
        clearInterval(asking);
        resolve(store);
      } else if (type === "changed") {
        if (data.value === null) delete kept[data.name];
        else kept[data.name] = data.value;
        listeners.changed?.(data.name);
      } else if (origin) listeners[type]?.(data);
    });
    tell({ type: "hello" });
  });
}

// As inbox/origins.py has it.
function covers(allowed, origin) {
  if (!allowed.length || allowed.includes(origin)) return true;
  const [scheme, rest] = origin.split("://");
  return allowed.some((one) => one.startsWith(`${scheme}://*.`) && rest?.endsWith(one.slice(scheme.length + 4)));
}

function ofOurOwn(key) {
  const prefix = `tandem:${key}:`;
  const memory = new Map();
  const listeners = {};
  window.addEventListener("storage", (event) => {
    if (event.key?.startsWith(prefix)) listeners.changed?.(event.key.slice(prefix.length));
  });
  return {
    identity: null,
    isOpen: true,
    get(name) {
      try {
        return localStorage.getItem(prefix + name);
      } catch {
        return memory.get(name) ?? null;
      }
    },
    names() {
      try {
        return Object.keys(localStorage).filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
      } catch {
        return [...memory.keys()];
      }
    },
    set(name, value) {
      try {
        if (value === null) localStorage.removeItem(prefix + name);
        else localStorage.setItem(prefix + name, value);
      } catch {
        if (value === null) memory.delete(name);
        else memory.set(name, value);
      }
    },
    on: (type, does) => (listeners[type] = does),
    close() {},
    unread() {},
  };
}
