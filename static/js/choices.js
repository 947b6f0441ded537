// What can be chosen for the conversations that are chosen in the list, else for the open one.
// Owns no act: each choice is made in the control that the page has for it, as if it had been picked there.

import { actOnChosen, chosen } from "./choosing.js";
import { _ } from "./words.js";

const bulk = document.getElementById("bulk");
const snooze = document.getElementById("snooze");
const label = document.getElementById("label");

const KINDS = {
  assignee: { icon: "#i-user", words: (name) => _("Assign to {name}", { name }) },
  status: { icon: "#i-solved", words: (name) => _("Status: {name}", { name }) },
  priority: { icon: "#i-flag", words: (name) => _("Priority: {name}", { name }) },
  snooze: { icon: "#i-clock", words: (name) => _("Snooze: {name}", { name }) },
  label: { icon: "#i-tag", words: (name) => _("Label: {name}", { name }) },
};

/** `{text, quiet, icon, run}` of each choice of a kind, or of every kind with its kind named. A new label is what is typed. */
export function choices(kind, typed) {
  return (kind ? [kind] : Object.keys(KINDS)).flatMap((one) => of(one, typed).map(({ name, quiet, run }) => (
    { text: kind ? name : KINDS[one].words(name), icon: KINDS[one].icon, quiet, run })));
}

function of(kind, typed) {
  if (chosen().length) return kind === "label" ? labels(typed, (name) => actOnChosen("label", name)) : inBar(kind);
  if (kind === "snooze") return moments();
  if (kind === "label") return label ? labels(typed, mark) : [];
  return inHead(kind);
}

// In the bar of what is chosen, the first of each list is its title; a moment of one's own needs the bar itself.
function inBar(kind) {
  const options = [...(bulk.elements[kind]?.options ?? [])].slice(1).filter(({ value }) => value !== "own");
  return options.map(({ text, value }) => ({ name: text, run: () => actOnChosen(kind, value) }));
}

function inHead(kind) {
  const options = [...(document.getElementById(kind)?.options ?? [])];
  return options.filter(({ value, selected }) => !selected && value !== "snoozed").map(({ text, value }) => ({
    name: text,
    run() {
      const select = document.getElementById(kind); // another by now, where somebody changed something
      select.value = value;
      select.dispatchEvent(new Event("change", { bubbles: true }));
    },
  }));
}

function moments() {
  snooze?.dispatchEvent(new Event("tandem:moments"));
  return [...(snooze?.querySelectorAll(".choice") ?? [])].map((button) => ({
    name: button.firstChild.textContent.trim(),
    quiet: button.querySelector("span").textContent,
    run: () => button.click(),
  }));
}

function labels(typed, put) {
  const has = chosen().length ? [] : [...document.querySelectorAll("#labels bdi")].map((one) => one.textContent);
  const known = [...document.querySelectorAll("#labels-known option")].map((one) => one.value);
  const names = typed && !known.includes(typed) ? [...known, typed] : known;
  return names.filter((name) => !has.includes(name)).map((name) => ({ name, quiet: known.includes(name) ? "" : _("new"), run: () => put(name) }));
}

function mark(name) {
  label.value = name;
  label.form.requestSubmit();
}
