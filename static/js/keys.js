// Keys and the palette. Single letters act only outside text fields, and can be switched off (WCAG 2.1.4).
// Owns which key does what; what is done is a click on the control that does it, so that there is one way to do it.

import { actOnChosen, choose, chooseNone, chosen } from "./choosing.js";
import { html } from "./list.js";
import { toast } from "./toasts.js";
import { _ } from "./words.js";

const { me, open } = document.querySelector(".app").dataset;
const rows = document.getElementById("rows");
const reply = document.getElementById("reply");
const keys = document.getElementById("keys");
const palette = document.getElementById("palette");
const words = document.getElementById("palette-words");
const found = document.getElementById("palette-found");
const single = document.getElementById("single-keys");
const KEPT = "tandem:single-keys";
const WAIT = 150; // milliseconds after the last letter before conversations are searched
const MOST_FOUND = 8;

const links = () => [...rows.querySelectorAll("a.row")];
const control = (key) => document.querySelector(`[data-key="${key}"]`);

// What the keys do ----------------------------------------------------------------------------------------------------

function here() {
  const all = links();
  const focused = document.activeElement.closest?.("#rows li")?.querySelector("a.row");
  return focused ?? all.find((link) => link.getAttribute("aria-current") === "true") ?? null;
}

function move(step) {
  const all = links();
  const next = all[Math.max(0, Math.min(all.length - 1, all.indexOf(here()) + step))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

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
    const values = { csrf_token: document.querySelector("meta[name=csrf-token]").content };
    htmx.ajax("POST", `/conversations/${row.id.slice(4)}/acts/claim?from_list=1`, { source: row, swap: "none", values });
  } else if (control("a")) control("a").click();
  else if (open) toast(_("It is yours already."), "claim");
}

function solve() {
  const row = elsewhere();
  if (!chosen().length && row) choose(row.querySelector(".pick input"), { checked: true });
  if (chosen().length) actOnChosen("status", "solved");
  else control("e")?.click();
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
  a: claim,
  e: solve,
  t: () => control("t")?.click(),
  s: () => control("s")?.click(),
  r: () => write("public"),
  n: () => write("note"),
  x: () => pick(false),
  X: () => pick(true),
  z: () => [...document.querySelectorAll("[data-undo]")].at(-1)?.click(),
  "/": () => document.getElementById("q").focus(),
  "?": () => keys.showModal(),
};

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
  const done = ACTS[event.key];
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
  if (event.target.closest("[data-close]") || event.target === keys || event.target === palette) event.target.closest("dialog").close();
  const opener = event.target.closest("[data-palette]");
  if (opener) {
    event.preventDefault();
    openPalette();
  }
});

// The palette ---------------------------------------------------------------------------------------------------------

let before = null; // where the focus was: acts are about that
let asked = 0;
let timer = null;

function openPalette() {
  if (palette.open) return;
  before = document.activeElement;
  words.value = "";
  palette.showModal();
  fill();
}

function fill(conversations = []) {
  const wanted = words.value.trim().toLowerCase();
  const fits = (text) => wanted.split(/\s+/).every((part) => text.toLowerCase().includes(part));
  const views = [...document.querySelectorAll("#views a")]
    .map((link) => ({ text: link.querySelector(".text").textContent, quiet: link.querySelector(".count").textContent, icon: link.querySelector("use").getAttribute("href"), run: () => location.assign(link.href) }));
  const acts = [...document.querySelectorAll("#acts li")]
    .filter((one) => ["x", "/", "?"].includes(one.dataset.act) || one.dataset.act === "z" || available(one.dataset.act))
    .map((one) => ({ text: one.textContent, key: one.dataset.act, icon: `#i-${one.dataset.icon}`, run: () => after(() => ACTS[one.dataset.act]()) }));
  found.replaceChildren();
  group(found.dataset.conversations, conversations);
  group(found.dataset.views, views.filter((one) => fits(one.text)));
  group(found.dataset.acts, acts.filter((one) => fits(one.text)));
  if (!found.children.length) found.append(Object.assign(document.createElement("li"), { className: "group", textContent: found.dataset.nothing }));
  select(found.querySelector('[role="option"]'));
}

function available(key) {
  if (key === "r" || key === "n") return Boolean(reply);
  return Boolean(control(key)) || ((chosen().length > 0 || elsewhere(before)) && (key === "a" || key === "e"));
}

function after(run) {
  before?.focus();
  run();
}

function group(title, items) {
  if (!items.length) return;
  const head = document.createElement("li");
  head.className = "group";
  head.role = "presentation";
  head.textContent = title;
  found.append(head, ...items.map(option));
}

let numbers = 0;
function option(item) {
  const one = document.createElement("li");
  one.role = "option";
  one.id = `palette-${(numbers += 1)}`;
  if (item.icon) {
    const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    icon.setAttribute("class", "icon");
    icon.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", item.icon);
    icon.append(use);
    one.append(icon);
  }
  const text = document.createElement("span");
  text.textContent = item.text;
  one.append(text);
  const side = document.createElement(item.key ? "kbd" : "span");
  side.className = item.key ? "" : "quiet";
  side.textContent = item.key ?? item.quiet ?? "";
  one.append(side);
  one.addEventListener("click", () => run(item));
  one.run = () => run(item);
  return one;
}

function run(item) {
  palette.close();
  item.run();
}

function select(one) {
  found.querySelector('[aria-selected="true"]')?.removeAttribute("aria-selected");
  one?.setAttribute("aria-selected", "true");
  one?.scrollIntoView({ block: "nearest" });
  if (one) words.setAttribute("aria-activedescendant", one.id);
  else words.removeAttribute("aria-activedescendant");
}

words.addEventListener("keydown", (event) => {
  const all = [...found.querySelectorAll('[role="option"]')];
  const now = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) select(all[(now + step + all.length) % all.length]);
  else if (event.key === "Enter" && !event.isComposing) all[now]?.run();
  else return;
  event.preventDefault();
});

words.addEventListener("input", () => {
  fill();
  clearTimeout(timer);
  const q = words.value.trim();
  const mine = (asked += 1);
  if (q.length < 2) return;
  timer = setTimeout(async () => {
    const answer = await html(`/parts/rows?view=all&q=${encodeURIComponent(q)}`);
    if (answer === null || mine !== asked || !palette.open) return;
    const parsed = document.createElement("template");
    parsed.innerHTML = answer;
    fill([...parsed.content.querySelectorAll("a.row")].slice(0, MOST_FOUND).map((row) => ({
      text: `${row.querySelector(".row-name").textContent}: ${row.querySelector(".row-text").textContent.trim()}`,
      icon: "#i-chat",
      run: () => location.assign(row.href),
    })));
  }, WAIT);
});
