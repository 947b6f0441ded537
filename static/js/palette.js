// The palette: finds views, acts with their choices, and conversations; or the choices of one kind alone.
// Owns the dialog. What an act does is said by keys.js, what can be chosen by choices.js.

import { choices } from "./choices.js";
import { html } from "./list.js";
import { fold } from "./menu.js";
import { openConversation } from "./opening.js";
import { _ } from "./words.js";

const palette = document.getElementById("palette");
const words = document.getElementById("palette-words");
const found = document.getElementById("palette-found");
const usual = words.placeholder;
const WAIT = 150; // milliseconds after the last letter before conversations are searched
const MOST_FOUND = 8;

let acts = () => [];
let only = null; // the kind of choice that is asked for
let before = null; // where the focus was: acts are about that
let asked = 0;
let timer = null;

export function offerActs(offered) {
  acts = offered;
}

export function openPalette(kind = null) {
  if (palette.open || (kind && !choices(kind, "").length && kind !== "label")) return;
  before = document.activeElement;
  only = kind;
  words.value = "";
  words.placeholder = kind ? words.dataset[kind] : usual;
  palette.showModal();
  fill();
}

function fill() {
  const typed = words.value.trim();
  const parts = fold(typed).split(/\s+/);
  const fitting = (items) => items.filter(({ text }) => parts.every((part) => fold(text).includes(part)));
  found.replaceChildren();
  if (only) found.append(...fitting(choices(only, typed)).map(option));
  else {
    group(found.dataset.views, fitting(views()));
    group(found.dataset.pages, fitting([...pages(), ...projects()]));
    group(found.dataset.acts, fitting([...acts(before), ...(typed ? choices(null, "") : [])]));
  }
  settle();
}

const views = () => [...document.querySelectorAll("#views a")].map((link) => ({
  text: link.querySelector(".text").textContent,
  quiet: link.querySelector(".count").textContent,
  icon: link.querySelector("use").getAttribute("href"),
  run: () => location.assign(link.href),
}));

// Where else one can go: on a phone this is the only way there.
const pages = () => [...document.querySelectorAll(".views .pane-head a, .crew > a, .crew > form button")].map((one) => ({
  text: one.getAttribute("aria-label"),
  icon: one.querySelector("use").getAttribute("href"),
  run: () => one.click(),
}));

// Something is selected, and stays so when more comes below it.
function settle() {
  if (!found.children.length) found.append(Object.assign(document.createElement("li"), { className: "group", textContent: found.dataset.nothing }));
  if (!found.querySelector('[aria-selected="true"]')) select(found.querySelector('[role="option"]'));
}

function group(title, items) {
  if (!items.length) return;
  const head = document.createElement("li");
  head.className = "group";
  head.role = "presentation";
  head.textContent = title;
  found.append(head, ...items.map(option));
}

// Beside the one that is open. The list of them has no room on a phone.
const projects = () => [...document.querySelectorAll("#project option")].filter((one) => !one.defaultSelected).map((one) => ({
  text: one.value === "new" ? one.textContent : _("Go to {name}", { name: one.textContent }),
  icon: "#i-inbox",
  run() {
    one.parentElement.value = one.value;
    one.form.submit();
  },
}));

let numbers = 0;
function option(item) {
  const one = document.createElement("li");
  one.role = "option";
  one.id = `palette-${(numbers += 1)}`;
  if (item.icon) one.append(picture(item.icon));
  const text = document.createElement("span");
  text.textContent = item.text;
  const side = document.createElement(item.key ? "kbd" : "span");
  side.className = item.key ? "" : "quiet";
  side.textContent = item.key ?? item.quiet ?? "";
  one.append(text, side);
  one.run = () => run(item);
  one.addEventListener("click", one.run);
  return one;
}

function picture(name) {
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("class", "icon");
  icon.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", name);
  icon.append(use);
  return icon;
}

function run(item) {
  palette.close();
  before?.focus();
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
  if (only || q.length < 2) return;
  timer = setTimeout(async () => {
    const answer = await html(`/parts/rows?view=all&q=${encodeURIComponent(q)}`);
    if (answer === null || mine !== asked || !palette.open) return;
    conversations(answer);
  }, WAIT);
});

function conversations(answer) {
  const parsed = document.createElement("template");
  parsed.innerHTML = answer;
  const rows = [...parsed.content.querySelectorAll("a.row")].slice(0, MOST_FOUND);
  if (rows.length && !found.querySelector('[role="option"]')) found.replaceChildren();
  group(found.dataset.conversations, rows.map((row) => ({
    text: `${row.querySelector(".row-name").textContent}: ${row.querySelector(".row-text").textContent.trim()}`,
    icon: "#i-chat",
    run: () => openConversation(row.href),
  })));
  settle();
}
