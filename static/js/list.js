// The list of conversations: rows that change, what is new above while one reads below, and what is loaded by scrolling.
// Owns no state of conversations: a row that changed is fetched as HTML from the server, which knows what the list shows.

import { showClocks } from "./clock.js";
import { glide, glides } from "./glide.js";
import { own } from "./own.js";
import { rouse, someRest } from "./resting.js";
import { toast } from "./toasts.js";
import { _ } from "./words.js";

const app = document.querySelector(".app");
const { list, open } = app.dataset;
const rows = document.getElementById("rows");
const nothing = document.getElementById("no-rows");
const pill = document.getElementById("new-above");
const AT_TOP = 8; // pixels
const MOST_ASKED = 50;
const AGAIN = 2_000; // milliseconds
const PATIENCE = 15_000; // milliseconds for an answer: a line that went silent would hold up all rows behind it

// The part's HTML, or null where it could not be had.
export async function html(url) {
  try {
    const response = await fetch(url, { cache: "no-store", headers: own, signal: AbortSignal.timeout(PATIENCE) });
    if (response.status === 401 || response.redirected) location.reload();
    return response.ok ? await response.text() : null;
  } catch {
    return null; // no network; whoever asked asks again
  }
}

// Rows ------------------------------------------------------------------------------------------------------------------

const missed = new Set(); // conversations whose rows could not be fetched
let again = null;

// A row that could not be fetched is asked for until it can.
function later(ids) {
  for (const id of ids) missed.add(id);
  again ??= setTimeout(() => {
    again = null;
    const rest = [...missed];
    missed.clear();
    rowsChanged(rest);
  }, AGAIN);
}

const waiting = new Set(); // conversations that belong above, where one would see them move

const changed = new Set(); // conversations whose rows are to be fetched
let bringing = null;

// Brings the rows of these conversations up to date; what is new waits for a click while somebody reads further down.
// One request after another, with all that changed meanwhile: a slow answer would put an older row over a newer one.
export function rowsChanged(ids) {
  for (const id of ids) changed.add(id);
  return (bringing ??= bringChanged());
}

async function bringChanged() {
  try {
    while (changed.size > 0) {
      const ids = [...changed].slice(0, MOST_ASKED);
      for (const id of ids) changed.delete(id);
      await bring(ids);
      showPill();
    }
  } finally {
    bringing = null;
  }
}

async function bring(ids, place = false) {
  const answer = await html(`/parts/changed?${list}&open=${open}&ids=${ids.join(",")}`);
  if (answer === null) {
    later(ids);
    return;
  }
  const parsed = document.createElement("template");
  parsed.innerHTML = answer;
  const fresh = new Map([...parsed.content.querySelectorAll("li[data-active]")].map((row) => [row.id.slice(4), row]));
  const reading = !place && rows.scrollTop > AT_TOP && !glides(rows);
  const seen = reading ? null : [...rows.children].find((one) => one.dataset.active && !ids.includes(one.id.slice(4)));
  const was = seen?.offsetTop;
  for (const id of ids) {
    const old = document.getElementById(`row-${id}`);
    const row = fresh.get(id);
    if (!row) {
      old?.remove(); // it is in another view now
      waiting.delete(id);
    } else if (!old && isFurtherDown(row)) continue; // it comes with its page
    else if (reading && old) {
      takeOver(old, row); // in its place: nothing moves under the eyes
      if (row.dataset.active > (rows.firstElementChild?.dataset.active ?? "")) waiting.add(id);
    } else if (reading) waiting.add(id);
    else insert(old, row);
  }
  nothing.hidden = rows.children.length > 0;
  if (seen && seen.offsetTop > was) glide(rows, seen.offsetTop - was);
}

function isFurtherDown(row) {
  const last = rows.querySelector("li.more")?.previousElementSibling;
  return Boolean(last) && row.dataset.active < last.dataset.active;
}

function takeOver(old, row) {
  rouse([old]);
  const chosen = old.querySelector(".pick input").checked;
  row.querySelector(".pick input").checked = chosen;
  const focused = old.contains(document.activeElement) ? document.activeElement.closest(".pick") ? ".pick input" : "a.row" : null;
  const active = old.dataset.active; // it keeps its place, so it keeps its order
  old.replaceWith(row);
  row.dataset.active = active;
  showClocks(row);
  if (focused) row.querySelector(focused).focus({ preventScroll: true });
}

function insert(old, row) {
  const active = row.dataset.active;
  if (old) takeOver(old, row);
  row.dataset.active = active;
  const after = [...rows.children].find((one) => one !== row && !(one.dataset.active > active));
  const focused = row.contains(document.activeElement) ? document.activeElement : null;
  if (!old || row.nextElementSibling !== (after ?? null)) rows.insertBefore(row, after ?? null);
  focused?.focus({ preventScroll: true });
  showClocks(row);
}

function showPill() {
  pill.hidden = waiting.size === 0;
  const form = waiting.size === 1 ? pill.dataset.one : pill.dataset.many;
  pill.textContent = (form ?? "").replace("0", String(waiting.size));
}

async function showWaiting() {
  const ids = [...waiting];
  waiting.clear();
  showPill();
  rows.scrollTo({ top: 0 });
  for (let start = 0; start < ids.length; start += MOST_ASKED) await bring(ids.slice(start, start + MOST_ASKED), true);
}

pill.addEventListener("click", showWaiting);
rows.addEventListener("scroll", () => waiting.size && rows.scrollTop <= AT_TOP && !glides(rows) && showWaiting(), { passive: true });

// Figures ---------------------------------------------------------------------------------------------------------------

let timer = null;
let stale = false;

// At most once a second, however much happens: every open page asks.
export function refreshViews() {
  if (timer) stale = true;
  else timer = setTimeout(bringViews, 300);
}

async function bringViews() {
  stale = false;
  showViews(await html(`/parts/views?${list}`));
  timer = setTimeout(() => {
    timer = null;
    if (stale) refreshViews();
  }, 700);
}

function showViews(fresh) {
  const views = document.getElementById("views");
  if (!fresh) {
    stale = true; // it could not be had: again
    return;
  }
  const focused = views.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  views.outerHTML = fresh;
  const figure = document.querySelector('#views a[aria-current="page"] .count');
  const head = document.getElementById("list-count");
  if (head?.textContent && figure) head.textContent = figure.textContent;
  const badge = document.getElementById("wanted-count"); // on a phone, where the views are a page of their own
  badge.textContent = document.querySelector("#views .is-wanted .count").textContent;
  badge.hidden = badge.textContent === "0";
  if (focused) document.querySelector(`#views a[href="${CSS.escape(focused)}"]`)?.focus();
}

// Loading by scrolling --------------------------------------------------------------------------------------------------

// A row that moved up while its page was on its way is there twice: the first is where it belongs now.
document.body.addEventListener("htmx:afterSwap", ({ target }) => {
  if (target.parentElement === rows && target.id && document.getElementById(target.id) !== target) target.remove();
});
for (const name of ["htmx:responseError", "htmx:sendError"]) {
  document.body.addEventListener(name, (event) => {
    const more = event.target.closest?.("li.more");
    if (more) more.querySelector(".error-text").hidden = false;
  });
}

// Searching -------------------------------------------------------------------------------------------------------------

const q = document.getElementById("q");
document.querySelector(".operators").addEventListener("click", (event) => {
  const { operator } = event.target.closest("button")?.dataset ?? {};
  if (!operator) return;
  q.value = `${q.value.trim()} ${operator}`.trimStart();
  q.focus();
});
q.addEventListener("search", () => q.form.requestSubmit()); // Enter, and the field's own x
q.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !q.value) q.blur();
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.view-menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

// The browser's own search does not see what rests, so the list's comes first; once more, and the browser's does.
document.addEventListener("keydown", (event) => {
  if (event.key !== "f" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  if (document.activeElement === q || document.querySelector("dialog[open]") || !someRest()) return;
  event.preventDefault();
  q.focus();
  q.select();
  toast(_("This searches the whole list. Press it once more for the browser’s search, which sees only the rows near you."), "find");
});
