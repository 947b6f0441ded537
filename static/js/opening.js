// Opening a conversation from the list: its row is marked at once, a skeleton stands where it takes longer, and where it
// cannot be opened that is said and what was open stays as it was, with the words that are typed in it.
// Owns the way to the other page. Must not know what a conversation shows.

import { keepList } from "./keeping.js";
import { own } from "./own.js";
import { _ } from "./words.js";

const SLOW_MS = 150; // faster than that, a skeleton is only a flicker
const LATEST_MS = 10_000;
const app = document.querySelector(".app");
const rows = document.getElementById("rows");
const conversation = document.getElementById("conversation");
const shape = document.getElementById("opening-shape");
const current = () => rows.querySelector('a.row[aria-current="true"]');
const opened = current()?.closest("li").id;
let asked = 0;
let stop = null;
let timer = null;
let pane = null; // what lies over the conversation that is left

/** Go to the conversation at this address. */
export async function openConversation(href) {
  const mine = (asked += 1);
  stop?.abort();
  stop = new AbortController();
  begin(href);
  const late = setTimeout(() => mine === asked && stop.abort(), LATEST_MS);
  try {
    // The server is asked first, for a page that does not come would take this one away.
    const { ok, status, redirected } = await fetch(href, { method: "HEAD", cache: "no-store", headers: own, signal: stop.signal });
    if (mine !== asked) return;
    if (ok || redirected || status === 401) go(href, mine);
    else fail(href, status === 404 ? _("It is not there any more.") : _("The server said {status}.", { status }));
  } catch {
    if (mine === asked) fail(href, stop.signal.aborted ? _("The server takes too long.") : _("The server cannot be reached."));
  } finally {
    clearTimeout(late);
  }
}

function go(href, mine) {
  location.assign(keepList() && isOfThisList(href) ? withoutList(href) : href);
  setTimeout(() => {
    if (mine !== asked) return;
    window.stop();
    fail(href, _("The server takes too long."));
  }, LATEST_MS);
}

function isOfThisList(href) {
  const shown = new URL(href, location.href).searchParams;
  shown.delete("at"); // where in the conversation, not which list
  return String(shown) === String(new URLSearchParams(app.dataset.list));
}

// The list is here: the server need not send it.
function withoutList(href) {
  const address = new URL(href, location.href);
  address.searchParams.set("kept", "");
  return address.href;
}

function begin(href) {
  mark([...rows.querySelectorAll("a.row")].find((link) => link.href === href));
  conversation.setAttribute("aria-busy", "true");
  clearTimeout(timer);
  if (pane) show("waits"); // it stands there already
  else timer = setTimeout(() => show("waits"), SLOW_MS);
}

function mark(link) {
  current()?.removeAttribute("aria-current");
  link?.setAttribute("aria-current", "true");
}

function show(state) {
  if (!pane) {
    pane = shape.content.firstElementChild.cloneNode(true);
    app.append(pane);
  }
  // Over the conversation, and the panel beside it; on a phone, where the list is all there is, over that.
  const [all, left] = [app.getBoundingClientRect(), conversation.offsetParent ? conversation.getBoundingClientRect() : null];
  const rtl = document.documentElement.dir === "rtl";
  pane.style.insetInlineStart = `${left ? (rtl ? all.right - left.right : left.left - all.left) : 0}px`;
  pane.dataset.state = state;
}

function fail(href, why) {
  clearTimeout(timer);
  show("failed");
  pane.querySelector("[data-why]").textContent = why;
  pane.querySelector("[data-retry]").onclick = () => openConversation(href);
  pane.querySelector("[data-back]").onclick = leave;
}

// Back to what was open: it lies there as it was.
function leave() {
  asked += 1;
  stop?.abort();
  clearTimeout(timer);
  pane?.remove();
  pane = null;
  conversation.removeAttribute("aria-busy");
  mark(document.getElementById(opened)?.querySelector("a.row"));
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("#rows a.row");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if (link.pathname === location.pathname && !pane) return; // it is open; its anchor leads to it
  event.preventDefault();
  if (link.pathname === location.pathname) leave();
  else openConversation(link.href);
});
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("a.back")) return;
  keepList();
  if (navigator.onLine) return;
  event.preventDefault(); // the list is here as well, where no page comes
  location.hash = "list";
});
document.addEventListener("keydown", (event) => event.key === "Escape" && pane && leave());
addEventListener("pageshow", (event) => event.persisted && leave());
