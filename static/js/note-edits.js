// Editing a note of one's own: a form in the place of its words, what is typed kept in this browser until it is saved.
// Owns that form, and showing a note anew that was edited. Whose note it is, the server says: only there is the button.

import { showClocks } from "./clock.js";
import { form as body } from "./form.js";
import { own } from "./own.js";
import { toast } from "./toasts.js";
import { _ } from "./words.js";

const { open, me } = document.querySelector(".app").dataset;
const KEPT = `tandem:note:${me}:${open}:`;
const messages = document.getElementById("messages");
const shape = document.getElementById("edit-note-shape");
const formOf = (note) => note.querySelector("form.edit-note");
const keyOf = (note) => KEPT + note.dataset.message;

function begin(note, words = note.querySelector("[data-words]").dataset.words) {
  if (!formOf(note)) {
    note.append(shape.content.firstElementChild.cloneNode(true));
    formOf(note).elements.content.value = words;
    note.classList.add("is-edited");
  }
  return formOf(note).elements.content;
}

function take(note) {
  const field = begin(note);
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
}

function leave(note) {
  localStorage.removeItem(keyOf(note));
  formOf(note).remove();
  note.classList.remove("is-edited");
  note.querySelector(".when").focus();
}

// As it stands now, in its place, with the focus if it was there.
function put(id, html) {
  const parsed = document.createElement("template");
  parsed.innerHTML = html; // the server's own, of the same origin
  const note = document.getElementById(`message-${id}`);
  const fresh = parsed.content.firstElementChild;
  const hadFocus = note?.contains(document.activeElement);
  note?.replaceWith(fresh);
  showClocks(fresh);
  if (hadFocus) fresh.querySelector(".when").focus();
}

async function save(note) {
  const id = note.dataset.message;
  const failed = formOf(note).querySelector("[role=alert]");
  const button = formOf(note).querySelector("button");
  button.disabled = true;
  const words = body({ content: formOf(note).elements.content.value });
  const response = await fetch(`/conversations/${open}/messages/${id}/edit`, { method: "POST", headers: { "HX-Request": "true" }, body: words }).catch(() => null);
  button.disabled = false;
  if (response?.ok) {
    localStorage.removeItem(keyOf(note));
    put(id, await response.text());
    document.dispatchEvent(new CustomEvent("tandem:refresh", { detail: { done: null } }));
    return;
  }
  const isRefused = response && [403, 422].includes(response.status);
  failed.textContent = isRefused ? await response.text() : failed.dataset.failed;
  failed.hidden = false;
}

async function refresh(id) {
  const note = document.getElementById(`message-${id}`);
  if (!note || formOf(note)) return; // under a hand it stays: what is saved last counts
  const response = await fetch(`/conversations/${open}/messages/${id}`, { cache: "no-store", headers: own }).catch(() => null);
  if (response?.ok && !formOf(note)) put(id, await response.text());
}

const noteAt = (target) => target.closest?.("[data-message]");

messages.addEventListener("click", ({ target }) => {
  if (target.closest("[data-words]")) take(noteAt(target));
  if (target.closest("[data-leave-note]")) leave(noteAt(target));
});
messages.addEventListener("submit", (event) => {
  event.preventDefault();
  save(noteAt(event.target));
});
messages.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.closest("form.edit-note")) event.target.form.requestSubmit();
});
messages.addEventListener("input", ({ target }) => target.closest("form.edit-note") && localStorage.setItem(keyOf(noteAt(target)), target.value));
// By key it is the note whose time has the focus, else the newest of one's own.
document.addEventListener("tandem:edit-note", () => {
  const focused = noteAt(document.activeElement);
  const button = focused ? focused.querySelector("[data-words]") : [...messages.querySelectorAll("[data-words]")].at(-1);
  if (button) take(noteAt(button));
  else toast(focused ? _("Only a note is edited, and only by whoever wrote it.") : _("There is no note of yours here."), "removing");
});
document.addEventListener("tandem:event", ({ detail: { name, data } }) => {
  if (name === "message.edited" && String(data.conversation_id) === open) refresh(data.message.id);
});

for (const key of Object.keys(localStorage).filter((one) => one.startsWith(KEPT))) {
  const note = document.getElementById(`message-${key.slice(KEPT.length)}`);
  if (note?.querySelector("[data-words]")) begin(note, localStorage.getItem(key));
}
