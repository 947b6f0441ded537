// That the visitor has had the newest words for them before their eyes: told once they are there and somebody looks.
// Owns the telling. Whether it was heard matters to nobody here.

const TOGETHER_MS = 300; // what was said before comes in one go
const thread = document.getElementById("thread");

export function openSeen(store, session, atEnd) {
  let newest = 0;
  let told = 0;
  let timer = null;

  function look() {
    timer ??= setTimeout(tell, TOGETHER_MS);
  }

  function tell() {
    timer = null;
    if (newest <= told || document.hidden || !store.isOpen || !atEnd() || !session.exists()) return;
    told = newest;
    session.send("POST", "/seen", { message_id: newest }).catch(() => (told = 0)); // the next look says it
  }

  function shown(message) {
    if (message.author === "visitor" || message.id <= newest) return;
    newest = message.id;
    look();
  }

  document.addEventListener("visibilitychange", look);
  thread.addEventListener("scroll", look, { passive: true });
  return { shown, look, clear: () => (newest = told = 0) };
}
