// Taking a message or note back: asked about first, then gone from this page as from all others.
// Owns the question, and what stands in a message's place. Who may is said by the server: only there is the button.

import { form } from "./form.js";
import { toast } from "./toasts.js";
import { _ } from "./words.js";

const { open, me } = document.querySelector(".app").dataset;
const messages = document.getElementById("messages");
const dialog = document.getElementById("removing");
const failed = dialog.querySelector("[role=alert]");
const sure = dialog.querySelector("[data-sure]");
const MOST = 200; // characters of it that are shown once more
let asked = null;

function ask(message) {
  asked = message.dataset.message;
  const words = [...message.querySelectorAll(".bubble > :not(.cites)")].map((part) => part.innerText).join("\n").trim();
  dialog.querySelector("blockquote bdi").textContent = words.length > MOST ? `${words.slice(0, MOST)}…` : words;
  const isNote = message.matches(".note");
  for (const words of dialog.querySelectorAll(".of-note")) words.hidden = !isNote;
  for (const words of dialog.querySelectorAll(".of-visitor")) words.hidden = isNote;
  failed.hidden = true;
  dialog.showModal();
  dialog.querySelector("[data-keep]").focus();
}

async function remove() {
  const id = asked; // meanwhile the question may be closed, and another one asked
  sure.disabled = true;
  const response = await fetch(`/conversations/${open}/messages/${id}/remove`, { method: "POST", headers: { "HX-Request": "true" }, body: form() }).catch(() => null);
  sure.disabled = false;
  if (id === asked) failed.hidden = Boolean(response?.ok);
  if (!response?.ok) return;
  show(id);
  if (dialog.open && id === asked) {
    dialog.close();
    document.querySelector(`#message-${id} .when`)?.focus();
  }
  document.dispatchEvent(new CustomEvent("tandem:refresh", { detail: { done: null } }));
}

function show(id) {
  const message = document.getElementById(`message-${id}`);
  if (!message || message.querySelector(".removed")) return;
  message.querySelector(".bubble").replaceChildren(document.getElementById("removed-shape").content.cloneNode(true));
  for (const button of message.querySelectorAll("[data-remove], [data-words]")) button.remove();
}

messages.addEventListener("click", (event) => {
  const button = event.target.closest("[data-remove]");
  if (button) ask(button.closest("[data-message]"));
});
// By key it is the message whose time has the focus, else the newest of one's own.
document.addEventListener("tandem:remove", () => {
  const focused = document.activeElement.closest?.("[data-message]");
  const own = [...messages.querySelectorAll(`[data-by="${me}"]`)].filter((one) => one.querySelector("[data-remove]")).at(-1);
  const message = focused?.querySelector("[data-remove]") ? focused : focused ? null : own;
  if (message) ask(message);
  else toast(focused ? _("Only who wrote it, or a manager, removes a message.") : _("There is no message of yours here."), "removing");
});
sure.addEventListener("click", remove);
dialog.addEventListener("close", () => dialog.querySelector("blockquote bdi").replaceChildren()); // nothing of it is left here
document.addEventListener("tandem:event", ({ detail: { name, data } }) => {
  if (name === "message.removed") show(data.message.id);
});
