// Elements from words: h("p", { class: "hint" }, "text"). Text stays text; handlers are functions under "on…".

import { _ } from "../words.js";

let number = 0;
const shownValues = new WeakMap();

// Whether somebody has typed into the control since it was drawn or last told its change.
export const isTyped = (control) => shownValues.has(control) && control.value !== String(shownValues.get(control));
export const told = (control) => shownValues.has(control) && shownValues.set(control, control.value);
const freshId = (stem) => `${stem}-${(number += 1)}`;

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (["value", "checked", "selected", "disabled", "hidden"].includes(name)) element[name] = value;
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  if ("value" in attributes) shownValues.set(element, attributes.value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// A labelled control; `control` is an input, select or textarea.
export function field(label, control, hint) {
  control.id = freshId("field");
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control, hint ? h("p", { class: "hint" }, hint) : null);
}

export function choose(options, value, attributes) {
  const select = h("select", attributes, options.map(([key, words]) => h("option", { value: key }, words)));
  if (!options.some(([key]) => key === value)) select.append(h("option", { value }, value ? _("{name} (unknown)", { name: value }) : _("(none)")));
  select.value = value;
  return select;
}
