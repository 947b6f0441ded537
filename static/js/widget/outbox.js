// What was typed and is not stored by the server yet. Each thing has a place and a key of its own: tabs never overwrite
// each other's, and the key makes the server store it once, however often it is sent.
// Owns sending, in the order of typing, and trying again.

import { newKey, Refused } from "./session.js";

const RETRY_MS = 3000;
const PREFIX = "waiting:";

export function openOutbox(store, session, { onWaiting, onSent, onRefused, onTrouble }) {
  let sending = null;
  let timer = null;

  const waiting = () =>
    store
      .names()
      .filter((name) => name.startsWith(PREFIX))
      .map((name) => ({ ...JSON.parse(store.get(name)), key: name.slice(PREFIX.length) }))
      .sort((one, other) => one.at - other.at);

  function add(body, attachments = []) {
    const item = { at: Date.now(), body, attachments };
    const key = newKey();
    store.set(PREFIX + key, JSON.stringify(item));
    onWaiting({ ...item, key });
    flush();
  }

  function flush() {
    clearTimeout(timer);
    sending ??= sendAll()
      .then(() => onTrouble(false))
      .catch(() => {
        onTrouble(true);
        timer = setTimeout(flush, RETRY_MS);
      })
      .finally(() => {
        sending = null;
      })
      // A page that is left gives timers the number 0 and fails at once: it would go round for ever, and the tab stand still.
      .then(() => waiting().length && timer === null && flush());
    timer = null;
  }

  async function sendAll() {
    for (let next = waiting()[0]; next; next = waiting()[0]) {
      await session.begin();
      try {
        onSent(await session.send("POST", "/messages", next.body, next.key), next.key);
      } catch (error) {
        if (!(error instanceof Refused) || error.status >= 500 || error.status === 409 || error.status === 429) throw error;
        if (error.status === 401) {
          session.forget(); // the server knows it no more: what was typed goes into a new one
          throw error;
        }
        onRefused(next, error.message);
      }
      store.set(PREFIX + next.key, null);
    }
  }

  window.addEventListener("online", flush);
  return { add, flush, waiting };
}
