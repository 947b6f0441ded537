// Choosing many conversations of the list, doing one thing with all of them, and undoing it.
// Owns what is chosen in this page; the server does the act and says what became of it.

import { typed } from "./clock.js";
import { rouse } from "./resting.js";
import { toast } from "./toasts.js";
import { _ } from "./words.js";

const MOST = 200; // as many as the server changes at once
const list = document.getElementById("list");
const rows = document.getElementById("rows");
const bulk = document.getElementById("bulk");
const figure = document.getElementById("chosen-count");
let last = null; // where a range begins

const boxes = () => [...rows.querySelectorAll(".pick input")];
export const chosen = () => boxes().filter((box) => box.checked);

function show() {
  const count = chosen().length;
  figure.textContent = String(count);
  list.classList.toggle("is-choosing", count > 0);
  if (count) nameAll();
}

function between(one, other) {
  const all = [...rows.children];
  const [from, to] = [all.indexOf(one), all.indexOf(other)].sort((a, b) => a - b);
  return all.slice(from, to + 1);
}

// Chooses the row or lets it go; with `range` all rows between it and the last one that was chosen alike.
export function choose(box, { range = false, checked = !box.checked } = {}) {
  if (range && last?.isConnected) rouse(between(last.closest("li"), box.closest("li")));
  const all = boxes();
  const from = range && last ? all.indexOf(last) : -1;
  const here = all.indexOf(box);
  const wanted = from < 0 ? [box] : all.slice(Math.min(from, here), Math.max(from, here) + 1);
  const room = MOST - chosen().filter((one) => !wanted.includes(one)).length;
  for (const [place, one] of wanted.entries()) one.checked = checked && place < room;
  last = box;
  show();
}

export function chooseNone() {
  for (const box of chosen()) box.checked = false;
  last = null;
  bulk.reset();
  show();
}

rows.addEventListener("click", (event) => {
  const box = event.target.closest?.(".pick input");
  if (box) choose(box, { range: event.shiftKey, checked: box.checked });
});
// A label under the shift key would select the page's text instead.
rows.addEventListener("mousedown", (event) => event.shiftKey && event.target.closest(".pick") && event.preventDefault());
new MutationObserver(show).observe(rows, { childList: true });

// All that the list shows, not only what is loaded of it ----------------------------------------------------------------

const all = document.getElementById("choose-all");
const more = () => rows.querySelector("li.more");
const loaded = () => rows.querySelectorAll("li[data-active]").length;

// How many there are is known of a view without a search; else where the end of the list is.
function total() {
  const told = Number(document.getElementById("list-count")?.textContent);
  return told >= loaded() ? told : more() ? null : loaded(); // the figure of mentions is of those that are new
}

function nameAll() {
  const count = total();
  if (count === null) all.textContent = _("All that are found");
  else all.textContent = count > MOST ? _("First {most} of {count}", { most: MOST, count }) : _("All {count}", { count });
}

// The next page of the list; false where it does not come.
function next() {
  return new Promise((done) => {
    const seen = new MutationObserver(() => more() !== before && end(true));
    const before = more();
    const end = (came) => {
      seen.disconnect();
      document.body.removeEventListener("htmx:afterRequest", failed);
      done(came);
    };
    const failed = ({ detail }) => before.contains(detail.elt) && !detail.successful && end(false);
    document.body.addEventListener("htmx:afterRequest", failed);
    seen.observe(rows, { childList: true });
    const link = before.querySelector("a");
    if (!link.matches(".htmx-request")) link.click();
  });
}

async function chooseAll() {
  all.setAttribute("aria-busy", "true");
  while (more() && loaded() < MOST && (await next()));
  all.removeAttribute("aria-busy");
  rouse([...rows.children].slice(0, MOST));
  for (const [place, box] of boxes().entries()) box.checked = place < MOST;
  show();
  if (total() === null || total() > MOST) toast(_("The first {count} are chosen: more cannot be changed at once.", { count: chosen().length }), "most");
}

all.addEventListener("click", chooseAll);
bulk.addEventListener("reset", () => setTimeout(() => chosen().length && chooseNone()));
bulk.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt === bulk && event.detail.xhr.status === 200) chooseNone();
});

// Does it with all that are chosen, as if it had been picked in the bar.
export function actOnChosen(name, value) {
  for (const field of ["assignee", "status", "priority", "snooze", "label"]) bulk.elements[field].value = field === name ? value : "";
  bulk.requestSubmit();
}

// A moment of one's own to rest until: typed in the reader's zone, sent as what it is everywhere.
const { snooze, until } = bulk.elements;
snooze.addEventListener("change", () => {
  until.hidden = snooze.value !== "own";
  until.required = !until.hidden;
  if (until.hidden) return;
  const morning = new Date(Date.now() + 86_400_000);
  morning.setHours(9, 0, 0, 0);
  until.value ||= typed(morning);
  until.focus();
});
bulk.addEventListener("reset", () => (until.hidden = !(until.required = false)));
bulk.addEventListener("htmx:configRequest", ({ detail }) => {
  if (until.value) detail.parameters.until = new Date(until.value).toISOString();
});
if (chosen().length) show();
