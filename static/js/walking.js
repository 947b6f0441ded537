// Going along the list: the row that one is at, the next and the one before, also where the row itself has left the list.
// Owns that place. What is done at a row is done by static/js/keys.js.

import { openConversation } from "./opening.js";
import { rouse } from "./resting.js";
import { toast } from "./toasts.js";
import { _ } from "./words.js";

const AHEAD = 10; // rows before the end of the list at which its next page is fetched
const rows = document.getElementById("rows");
const all = () => [...rows.querySelectorAll("li[data-active]")];

let place = rows.querySelector('a.row[aria-current="true"]')?.closest("li").id ?? null; // of a row
let left = false; // the row that one was at is gone: `place` is the one that was below it, if any was

rows.addEventListener("focusin", (event) => {
  place = event.target.closest("li")?.id ?? place;
  left = false;
});
// A row that is brought up to date, or moves, is there again by the time this is told.
new MutationObserver((changes) => {
  for (const { removedNodes, nextSibling } of changes) {
    for (const one of removedNodes) {
      if (one.id !== place || document.getElementById(place)) continue;
      const below = nextSibling instanceof Element ? nextSibling : nextSibling?.nextElementSibling;
      place = below?.id ?? "";
      left = true;
    }
  }
}).observe(rows, { childList: true });

/** The link of the row under the focus, else of the one that is open. */
export function here() {
  const focused = document.activeElement.closest?.("#rows li")?.querySelector("a.row");
  return focused ?? rows.querySelector('a.row[aria-current="true"]');
}

// Where in the list that many further is; it may be beyond an end.
function reach(step, items) {
  const found = items.findIndex((item) => item.id === place);
  const at = found < 0 && left ? items.length : found;
  return at + (left && step > 0 ? step - 1 : step);
}

// On to the row that many further, which `go` is told; beyond the loaded ones as soon as they are there.
function walk(step, go) {
  const items = all();
  const to = reach(step, items);
  const item = items[Math.max(0, Math.min(items.length - 1, to))];
  if (item) {
    rouse([item]);
    go(item.querySelector("a.row"), to < 0 || to >= items.length);
  }
  const more = step > 0 && to >= items.length - AHEAD ? rows.querySelector("li.more a") : null;
  if (!more) return;
  if (!more.matches(".htmx-request")) more.click();
  if (to < items.length) return;
  const again = ({ target }) => target.parentElement === rows && (document.body.removeEventListener("htmx:afterSettle", again), walk(step, go));
  document.body.addEventListener("htmx:afterSettle", again); // at the border: on as soon as the next page is there
}

/** Put the focus on the row that many further. */
export function move(step) {
  walk(step, (link) => {
    link.focus();
    link.scrollIntoView({ block: "nearest" });
  });
}

/** Open the conversation that many further. */
export function openNext(step) {
  walk(step, (link, beyond) => {
    if (beyond && rows.querySelector("li.more")) return; // it comes with the next page
    if (beyond) toast(step > 0 ? _("There is none below.") : _("There is none above."), "walk");
    else {
      link.scrollIntoView({ block: "nearest" });
      openConversation(link.href);
    }
  });
}

document.addEventListener("click", (event) => event.target.closest?.("[data-next]") && openNext(1));
