// What calls an agent back to the page: the count in the title, the browser's notifications and a sound, once wanted.
// Owns whom something calls. Nobody is asked for permission but by their own click.

import { can, ring, want, wants } from "./calling.js";

const app = document.querySelector(".app");
const { open, me, visitor, mentioned, handedOff, assigned, ruled } = app.dataset;
const button = document.getElementById("notify");
const base = document.title;
const known = new Map(); // conversations as the stream told them last
let missed = 0;

function showTitle() {
  document.title = missed ? `(${missed}) ${base}` : base;
  if (missed) navigator.setAppBadge?.(missed);
  else navigator.clearAppBadge?.();
}

function showButton() {
  if (!button) return;
  button.hidden = !can("notify");
  button.setAttribute("aria-pressed", String(wants("notify")));
}

button?.addEventListener("click", async () => {
  await want("notify", !wants("notify"));
  showButton();
});
showButton();

// What is before their eyes calls nobody. Who works in another conversation hears the sound; more only what `anyway` calls.
function call(title, words, conversation, anyway = false) {
  if (!document.hidden && conversation === open) return;
  if (wants("sound")) ring();
  if (!document.hidden && !anyway) return;
  missed += 1;
  showTitle();
  if (!wants("notify")) return;
  const notification = new Notification(title, { body: words, tag: `tandem-${conversation}`, icon: document.querySelector("link[rel=icon]").href });
  notification.addEventListener("click", () => {
    window.focus();
    if (conversation !== open) location.assign(`/conversations/${conversation}#conversation`);
    notification.close();
  });
}

// It is theirs, or nobody has it and its visitor waits for a person.
function concerns(conversation) {
  if (conversation.assignee_id !== null) return String(conversation.assignee_id) === me;
  return conversation.waiting_since !== null || String(conversation.id) === open;
}

function callOfMessage(message, conversation) {
  if (message.author !== "visitor" || !concerns(conversation)) return;
  call(message.author_name ?? visitor, message.content.slice(0, 140), String(conversation.id));
}

function callOfEntry({ kind, actor, data }, conversation) {
  const name = conversation.visitor.name ?? visitor;
  const given = kind === "assigned" && String(data.to?.id) === me && String(actor.id) !== me;
  if (kind === "handed_off" && concerns(conversation)) call(name, handedOff, String(conversation.id));
  if (given) call(name, actor.type === "agent" ? assigned.replace("{name}", actor.name) : ruled, String(conversation.id));
}

document.addEventListener("tandem:event", ({ detail: { name, data } }) => {
  if (name === "conversation.updated") known.set(data.conversation_id, data.conversation);
  const told = { "message.created": ["message", callOfMessage], "timeline.created": ["entry", callOfEntry] }[name];
  if (!told) return;
  // The conversation comes in an event of its own with the same commit.
  setTimeout(() => {
    const conversation = known.get(data.conversation_id);
    if (conversation) told[1](data[told[0]], conversation);
  }, 50);
});
document.addEventListener("tandem:live", ({ detail: { name, data } }) => {
  if (name === "mention") call(mentioned.replace("{name}", data.by), data.words, String(data.conversation_id), true);
});
function looks() {
  if (document.hidden || !missed) return;
  missed = 0;
  showTitle();
}
document.addEventListener("visibilitychange", looks);
document.addEventListener("pointerdown", looks);
document.addEventListener("keydown", looks);
