// A parked reply under an agent's hand: its form in the place of the AI's words, what they typed kept in this browser.
// Owns that form. Posting it is htmx's; whether a draft is still open, the server's to say.

import { show } from "./unsent.js";
import { toast } from "./toasts.js";
import { _ } from "./words.js";

const { open, me } = document.querySelector(".app").dataset;
const KEPT = `tandem:edited:${me}:${open}:`;
const reply = document.getElementById("reply");
const keyOf = (form) => `${KEPT}${form.id}`;
const isChanged = (words) => words.value !== words.defaultValue;

// Opened and closed ------------------------------------------------------------------------------------------------

function turn(form, isOpen) {
  form.hidden = !isOpen;
  form.closest(".parked-reply").classList.toggle("is-edited", isOpen);
}

function begin(form) {
  const words = form.elements.content;
  turn(form, true);
  words.focus();
  words.setSelectionRange(words.value.length, words.value.length);
}

function leave(form) {
  form.reset();
  localStorage.removeItem(keyOf(form));
  turn(form, false);
  form.closest(".parked-reply").querySelector("[data-edit]").focus();
}

document.addEventListener("click", ({ target }) => {
  const edit = target.closest("[data-edit]");
  if (edit) begin(document.getElementById(edit.dataset.edit));
  if (target.closest("[data-leave]")) leave(target.form);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.closest("form.edit")) event.target.form.requestSubmit();
});

// What was typed ---------------------------------------------------------------------------------------------------

document.addEventListener("input", ({ target }) => {
  if (!target.closest("form.edit")) return;
  if (isChanged(target)) localStorage.setItem(keyOf(target.form), target.value);
  else localStorage.removeItem(keyOf(target.form));
});

// Words for a reply that is open no more stand in the composer, behind what is there.
function intoComposer(words) {
  const content = reply.value.trim() ? `${reply.value}\n\n${words}` : words;
  show({ content, kind: document.getElementById("composer").elements.kind.value });
  reply.dispatchEvent(new Event("input", { bubbles: true }));
  toast(_("The parked reply is closed. What you made of it stands where you write."), "parked");
}

function bringBack() {
  for (const key of Object.keys(localStorage).filter((one) => one.startsWith(KEPT))) {
    const form = document.getElementById(key.slice(KEPT.length));
    if (form) {
      form.elements.content.value = localStorage.getItem(key);
      turn(form, true);
    } else {
      intoComposer(localStorage.getItem(key));
      localStorage.removeItem(key);
    }
  }
}

// What is live takes no form from under a hand; one that another has closed leaves its words behind. What this tab or
// another one has just posted is kept no more.
document.body.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  if (detail.target.id !== "parked") return;
  for (const form of detail.target.querySelectorAll("form.edit:not([hidden])")) {
    const words = localStorage.getItem(keyOf(form));
    if (detail.fragment.querySelector(`#${form.id}`)) detail.shouldSwap = false;
    else if (words !== null) intoComposer(words);
    if (detail.shouldSwap) localStorage.removeItem(keyOf(form));
  }
  if (detail.shouldSwap && detail.target.contains(document.activeElement)) document.getElementById("conversation").focus();
});

// While it is posted its words are kept nowhere: whether they were sent only the answer knows, also where the form is gone,
// which hears of it by itself then.
document.body.addEventListener("htmx:beforeRequest", ({ detail: { elt: form } }) => {
  if (!form.matches?.("form.edit")) return;
  localStorage.removeItem(keyOf(form));
  form.addEventListener("htmx:afterRequest", ({ detail }) => detail.xhr.status === 200 || back(form), { once: true });
});

function back(form) {
  if (form.isConnected) localStorage.setItem(keyOf(form), form.elements.content.value);
  else intoComposer(form.elements.content.value);
}

if (reply) bringBack();
