// Parts of a settings' page that change by themselves: asked for again while they say that something is still to come.
// Owns the asking. Such a part has an id, `data-fresh` with the page it is on, and `data-to-come` in it until all is done.
import { showClocks } from "./clock.js";
import { own } from "./own.js";

const SOON_MS = 1_500;
const MOST_MS = 20_000; // the next try may be hours away
const told = new WeakMap();
let wait = SOON_MS;

async function refresh() {
  const part = document.querySelector("[data-fresh]:has([data-to-come])");
  if (!part) return;
  const found = document.hidden ? null : await asked(part);
  wait = found && replaced(part, found) ? SOON_MS : Math.min(wait * 1.5, MOST_MS);
  setTimeout(refresh, wait);
}

async function asked(part) {
  try {
    const response = await fetch(part.dataset.fresh, { cache: "no-store", headers: own });
    if (!response.ok || response.redirected) return null;
    return new DOMParser().parseFromString(await response.text(), "text/html").getElementById(part.id);
  } catch {
    return null; // no network: asked again
  }
}

// A part in which somebody stands by key, or chooses words, waits for them.
function replaced(part, found) {
  if (told.get(part) === found.innerHTML || part.contains(document.activeElement) || !getSelection().isCollapsed) return false;
  told.set(part, found.innerHTML);
  part.innerHTML = found.innerHTML;
  showClocks(part);
  return true;
}

setTimeout(refresh, wait);
