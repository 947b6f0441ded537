// The head and the side panel of an open conversation: what folds, and moments in the reader's zone.
// Owns no state of the conversation. Forms are sent by htmx; a page without this script sends them itself.

import { typed } from "./clock.js";

const app = document.querySelector(".app");
const conversation = document.getElementById("conversation");
const snooze = document.getElementById("snooze");

// What folds on a narrow screen ------------------------------------------------------------------------------------

function toggles(button, shown, name, focus) {
  button?.addEventListener("click", () => {
    const open = shown.classList.toggle(name);
    button.setAttribute("aria-expanded", String(open));
    if (open) focus?.()?.focus();
  });
}

toggles(document.getElementById("more"), conversation, "shows-controls", () => document.getElementById("assignee"));
toggles(document.getElementById("about-toggle"), app, "shows-side", () => document.getElementById("about-close"));
document.getElementById("about-close")?.addEventListener("click", closeSide);

function closeSide() {
  app.classList.remove("shows-side");
  const toggle = document.getElementById("about-toggle");
  toggle.setAttribute("aria-expanded", "false");
  toggle.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (snooze?.open) {
    snooze.open = false;
    snooze.querySelector("summary").focus();
  } else if (app.classList.contains("shows-side")) closeSide();
});
document.addEventListener("click", (event) => {
  if (snooze?.open && !snooze.contains(event.target)) snooze.open = false;
});

// A choice that the server did not get is not shown as if it had.
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.body.addEventListener(name, ({ detail: { elt } }) => elt.closest?.("#controls") && elt.reset?.());
}

// Snooze: exact moments of the reader's own mornings -----------------------------------------------------------------

const MORNING = 9; // o'clock
const LATER = { hour: 1, later: 4 }; // hours

function morning(which) {
  const at = new Date();
  at.setHours(MORNING, 0, 0, 0);
  at.setDate(at.getDate() + (which === "monday" ? (8 - at.getDay()) % 7 || 7 : Number(which)));
  return at;
}

function spell(at) {
  const today = at.toDateString() === new Date().toDateString();
  return at.toLocaleString([], { ...(today ? {} : { weekday: "short" }), hour: "2-digit", minute: "2-digit", hour12: false });
}

function fillPresets() {
  for (const button of snooze.querySelectorAll(".choice")) {
    const { preset = button.value, morning: which, words } = button.dataset;
    button.dataset.preset = preset;
    const at = which ? morning(which) : new Date(Date.now() + LATER[preset] * 3_600_000);
    if (words) button.firstChild.textContent = `${words} `;
    button.value = at.toISOString();
    button.querySelector("span").textContent = spell(at);
  }
  const own = document.getElementById("until");
  own.min = typed(new Date(Date.now() + 60_000));
  own.value ||= typed(morning("1"));
}

snooze?.addEventListener("tandem:moments", fillPresets);
snooze?.addEventListener("toggle", () => {
  if (snooze.open) fillPresets();
});
document.getElementById("until-set")?.addEventListener("click", (event) => {
  const own = document.getElementById("until");
  if (own.value && own.reportValidity()) event.currentTarget.value = new Date(own.value).toISOString();
  else event.preventDefault();
});

// Forms that did their work are empty again ------------------------------------------------------------------------

document.body.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt;
  if (!event.detail.successful) return;
  if (form.id === "add-label" || form.id === "attribute") form.reset();
  if (form.closest?.("#snooze")) snooze.open = false;
});
