// An open conversation that is not there any more, for its visitor was erased: that is said, and nothing of it stays shown.
// Owns that word. Must not take what the agent has typed and not sent: it can be copied.

import { copyWords } from "./clipboard.js";
import { rowsChanged } from "./list.js";
import { keepWaiting } from "./posting.js";
import { toast } from "./toasts.js";
import { _ } from "./words.js";

const { open } = document.querySelector(".app").dataset;
const conversation = document.getElementById("conversation");
let gone = false;

function say() {
  if (gone || !open) return;
  gone = true;
  const mine = [document.getElementById("reply")?.value, ...[...document.querySelectorAll("#outbox .words")].map((one) => one.textContent)]
    .filter((words) => words?.trim()).join("\n\n");
  const said = document.getElementById("gone-shape").content.firstElementChild.cloneNode(true);
  said.querySelector(".yours").hidden = !mine;
  const copy = said.querySelector("[data-copy-mine]");
  copy.hidden = !mine;
  copy.addEventListener("click", async () => {
    if (await copyWords(mine)) toast(_("Copied."), "copied");
  });
  keepWaiting(open, []);
  document.getElementById("about")?.remove();
  for (const part of conversation.children) part.inert = part.hidden = true; // scripts still look for its parts
  document.getElementById("messages").replaceChildren();
  conversation.append(said);
  document.title = said.querySelector("h2").textContent;
  said.querySelector("a").focus();
}

document.addEventListener("tandem:live", ({ detail: { name, data } }) => {
  if (name !== "gone") return;
  const ids = data.conversation_ids.map(String);
  rowsChanged(ids);
  if (ids.includes(open)) say();
});
// Where the sign passed unheard, whatever asks for the conversation is told.
document.body.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
  if (xhr.status === 404 && new URL(xhr.responseURL).pathname.startsWith(`/conversations/${open}/`)) say();
});
document.addEventListener("tandem:gone", say);
