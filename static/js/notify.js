// What calls an agent back to the page: the count in the title, and the browser's notifications once they are wanted.
// Owns both. Nobody is asked for permission but by their own click.

const app = document.querySelector(".app");
const { open, me } = app.dataset;
const button = document.getElementById("notify");
const base = document.title;
const known = new Map(); // conversations as the stream told them last
let missed = 0;

function showTitle() {
  document.title = missed ? `(${missed}) ${base}` : base;
}

const wanted = () => "Notification" in window && Notification.permission === "granted" && localStorage.getItem("tandem:notify") === "yes";

function showButton() {
  if (!button) return;
  button.hidden = !("Notification" in window) || Notification.permission === "denied";
  button.setAttribute("aria-pressed", String(wanted()));
}

button?.addEventListener("click", async () => {
  if (wanted()) localStorage.setItem("tandem:notify", "no");
  else if ((await Notification.requestPermission()) === "granted") localStorage.setItem("tandem:notify", "yes");
  showButton();
});
showButton();

function call(title, words, conversation) {
  missed += 1;
  showTitle();
  if (!wanted()) return;
  const notification = new Notification(title, { body: words, tag: `tandem-${conversation}`, icon: document.querySelector("link[rel=icon]").href });
  notification.addEventListener("click", () => {
    window.focus();
    if (conversation !== open) location.assign(`/conversations/${conversation}#conversation`);
    notification.close();
  });
}

// A visitor's message calls its assignee, and everybody where the responder has handed off and nobody has it.
function concerns(conversation) {
  if (!conversation) return false;
  if (conversation.assignee_id !== null) return String(conversation.assignee_id) === me;
  return conversation.responder_state !== "active" || String(conversation.id) === open;
}

document.addEventListener("tandem:event", ({ detail: { name, data } }) => {
  if (name === "conversation.updated") known.set(data.conversation_id, data.conversation);
  if (name !== "message.created" || data.message.author !== "visitor" || !document.hidden) return;
  // The conversation comes in an event of its own with the same commit.
  setTimeout(() => {
    if (concerns(known.get(data.conversation_id))) {
      call(data.message.author_name ?? app.dataset.visitor, data.message.content.slice(0, 140), String(data.conversation_id));
    }
  }, 50);
});
document.addEventListener("tandem:live", ({ detail: { name, data } }) => {
  if (name !== "mention") return;
  const here = !document.hidden && String(data.conversation_id) === open;
  if (!here) call(app.dataset.mentioned.replace("{name}", data.by), data.words, String(data.conversation_id));
});
function looks() {
  if (document.hidden || !missed) return;
  missed = 0;
  showTitle();
}
document.addEventListener("visibilitychange", looks);
document.addEventListener("pointerdown", looks);
document.addEventListener("keydown", looks);
