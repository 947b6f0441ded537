// Who the visitor is: the form begins with what is known now, and what was saved is said at the head of the thread too.
// Owns that form's fields and the name there. Who they are comes with #facts, which the server keeps up to date.

import { _ } from "./words.js";

const box = document.getElementById("naming");
const form = box.querySelector("form");
const FIELDS = ["name", "email"];
const LONGEST = 40; // characters of a name that the empty field says
const facts = () => document.getElementById("facts").dataset;

box.addEventListener("toggle", () => {
  if (!box.open) return;
  for (const field of FIELDS) form.elements[field].value = form.elements[`was_${field}`].value = facts()[field];
  form.elements.name.focus();
});

form.addEventListener("htmx:afterRequest", ({ detail: { successful } }) => {
  if (!successful) return;
  const head = document.querySelector(".conversation .who h1");
  head.title = head.querySelector("bdi").textContent = facts().called;
  const reply = document.getElementById("reply");
  if (reply) reply.placeholder = _("Write to {name}", { name: facts().called.slice(0, LONGEST) });
  box.open = false;
  box.querySelector("summary").focus();
  document.dispatchEvent(new CustomEvent("tandem:seen")); // its row in the list has another name
});
