// That a person is writing to the visitor. What they write may never be sent, so nothing waits for it.
// Owns the sign below the messages: told again every few seconds for as long as somebody types, it goes by itself.

const BELIEVED_MS = 7000; // an agent's page tells of it every 4 s

export function openPersonWrites(thread) {
  const sign = document.getElementById("person-writing");
  let timer = null;

  function show(is) {
    clearTimeout(timer);
    if (is) timer = setTimeout(() => show(false), BELIEVED_MS);
    if (sign.hidden !== is) return;
    const follows = thread.atEnd(); // who reads further up goes on reading there
    sign.hidden = !is;
    if (is && follows) thread.toEnd();
  }

  return { show };
}
