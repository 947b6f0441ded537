// Keys. Single letters act only outside text fields, and can be switched off (WCAG 2.1.4).
// Owns which key does what; what is done is a click on the control that does it, so that there is one way to do it.

import { actOnChosen, choose, chooseNone, chosen } from "./choosing.js";
import { token } from "./form.js";
import { offerActs, openPalette } from "./palette.js";
import { toast } from "./toasts.js";
import { here, move, openNext } from "./walking.js";
import { _ } from "./words.js";

const { me, open } = document.querySelector(".app").dataset;
const rows = document.getElementById("rows");
const reply = document.getElementById("reply");
const keys = document.getElementById("keys");
const single = document.getElementById("single-keys");
const KEPT = "tandem:single-keys";

const control = (key) => document.querySelector(`[data-key="${key}"]`);

// What the keys do ----------------------------------------------------------------------------------------------------

function pick(range) {
  const box = here()?.closest("li").querySelector(".pick input");
  if (box) choose(box, { range, checked: range ? true : !box.checked });
}

// The row under the focus, unless it is the open conversation: what a key does is done to what one looks at.
function elsewhere(focused = document.activeElement) {
  const row = focused.closest?.("#rows li[data-active]");
  return row && row.querySelector("a.row").getAttribute("aria-current") !== "true" ? row : null;
}

function claim() {
  const row = elsewhere();
  if (chosen().length) actOnChosen("assignee", me);
  else if (row) {
    const told = { source: row, swap: "none", values: { csrf_token: token } };
    htmx.ajax("POST", `/conversations/${row.id.slice(4)}/acts/claim?from_list=1`, told);
  } else if (control("a")) control("a").click();
  else if (open) toast(_("It is yours already."), "claim");
}

function solve() {
  const row = elsewhere();
  if (!chosen().length && row) choose(row.querySelector(".pick input"), { checked: true });
  if (chosen().length) actOnChosen("status", "solved");
  else control("e")?.click();
}

function needsNoAnswer() {
  const isPromised = document.querySelector("#owner [data-promised]") !== null;
  if (control("y")) control("y").click();
  else if (open) toast(isPromised ? _("The AI promised a person here: take over first.") : _("Nobody waits for an answer here."), "answer");
}

function write(kind) {
  if (!reply) return;
  const choice = document.querySelector(`#composer input[name="kind"][value="${kind}"]`);
  if (choice && !choice.checked) choice.click();
  reply.focus();
}

const ACTS = {
  j: () => move(1),
  k: () => move(-1),
  J: () => openNext(1),
  K: () => openNext(-1),
  a: claim,
  e: solve,
  t: () => control("t")?.click(),
  g: () => control("g")?.click(),
  s: () => control("s")?.click(),
  y: needsNoAnswer,
  A: () => openPalette("assignee"),
  b: () => openPalette("snooze"),
  p: () => openPalette("priority"),
  l: () => openPalette("label"),
  r: () => write("public"),
  n: () => write("note"),
  x: () => pick(false),
  X: () => pick(true),
  E: () => document.dispatchEvent(new CustomEvent("tandem:edit-note")),
  d: () => document.dispatchEvent(new CustomEvent("tandem:remove")),
  w: () => control("w")?.click(),
  z: () => [...document.querySelectorAll("[data-undo]")].at(-1)?.click(),
  "/": () => document.getElementById("q").focus(),
  "?": () => keys.showModal(),
};

const ARROWS = { ArrowDown: ACTS.j, ArrowUp: ACTS.k }; // in the list, where j and k have brought one

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
    return;
  }
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") leave(event.target);
  else if (act(event)) event.preventDefault();
});

function act(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !single.checked) return false;
  if (event.target.closest("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])")) return false;
  const done = ACTS[event.key] ?? (event.target.closest("#rows") && ARROWS[event.key]);
  done?.();
  return Boolean(done);
}

function leave(target) {
  const menu = document.querySelector("details.view-menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (target.matches("textarea, input:not([type=checkbox], [type=radio]), select")) target.blur();
  else if (chosen().length) chooseNone();
}

single.checked = localStorage.getItem(KEPT) !== "off";
single.addEventListener("change", () => localStorage.setItem(KEPT, single.checked ? "on" : "off"));
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]") || event.target.matches("dialog")) event.target.closest("dialog").close();
  const opener = event.target.closest("[data-palette]");
  if (opener) {
    event.preventDefault();
    openPalette();
  }
});

// What the palette offers of all this ---------------------------------------------------------------------------------

function available(key, focused) {
  if (["x", "/", "?", "z"].includes(key)) return true;
  if (key === "r" || key === "n") return Boolean(reply);
  if (["A", "b", "l"].includes(key)) return Boolean(open) || chosen().length > 0;
  if (key === "p") return Boolean(open);
  if (key === "E") return Boolean(document.querySelector("#messages [data-words]"));
  if (key === "d") return Boolean(document.querySelector("[data-remove]"));
  return Boolean(control(key)) || ((chosen().length > 0 || elsewhere(focused)) && (key === "a" || key === "e"));
}

offerActs((focused) => [...document.querySelectorAll("#acts li")]
  .filter(({ dataset: { act: key } }) => available(key, focused))
  .map((one) => ({ text: one.textContent, key: one.dataset.act, icon: `#i-${one.dataset.icon}`, run: ACTS[one.dataset.act] })));
