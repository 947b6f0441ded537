// Links to single messages: a message's time copies one, and a page that was opened by one shows that message.
// Owns both, but for what a search found (static/js/found.js). In the row of times one is reached by Tab, the others by
// the arrows.

import { copyWords } from "./clipboard.js";
import { toast } from "./toasts.js";
import { _ } from "./words.js";

const { open } = document.querySelector(".app").dataset;
const messages = document.getElementById("messages");
const times = () => [...messages.querySelectorAll(".when")];

async function copy(id) {
  const link = new URL(`/conversations/${open}?at=${id}`, location.href).href;
  toast((await copyWords(link)) ? _("The link to this message is copied.") : link, "link");
}

function reach(one) {
  for (const other of times()) other.tabIndex = other === one ? 0 : -1;
}

messages.addEventListener("click", (event) => {
  const when = event.target.closest(".when");
  if (when) copy(when.dataset.link);
});
messages.addEventListener("focusin", (event) => event.target.matches(".when") && reach(event.target));
messages.addEventListener("keydown", (event) => {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!step || !event.target.matches(".when")) return;
  const all = times();
  all[all.indexOf(event.target) + step]?.focus();
  event.preventDefault();
});
new MutationObserver(() => times().some((one) => one.tabIndex === 0) || reach(times().at(-1))).observe(messages, { childList: true });
reach(times().at(-1));

const at = new URLSearchParams(location.search).get("at");
if (at && !document.getElementById("found")) show(document.getElementById(`message-${at}`));

function show(message) {
  if (!message) {
    toast(_("The message of this link is not here: it is far up, or gone."), "link");
    return;
  }
  message.classList.add("is-linked");
  message.scrollIntoView({ block: "center" });
}
