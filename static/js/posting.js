// One message of an outbox goes to the server: what it is asked, and what its answer means.
// Owns the request. A message keeps its id, so the server says it once, however often it is sent.

import { form } from "./form.js";
import { own } from "./own.js";

const DAY_MS = 86_400_000; // the server remembers ids for as long
const { me } = document.querySelector(".app").dataset;

/** A name that nothing else has. A page without TLS has no UUIDs. */
export const newKey = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;

/** Where a person's outbox of a conversation lies in the browser. */
const outbox = (conversation) => `tandem:outbox:${me}:${conversation}`;

/** The conversations in which this person has something to be sent. */
export const waiting = () => Object.keys(localStorage).filter((key) => key.startsWith(outbox(""))).map((key) => key.slice(outbox("").length));

export function waitingIn(conversation) {
  try {
    return (JSON.parse(localStorage.getItem(outbox(conversation))) ?? []).filter((entry) => Date.now() - entry.at < DAY_MS);
  } catch {
    return [];
  }
}

export function keepWaiting(conversation, queue) {
  if (queue.length) localStorage.setItem(outbox(conversation), JSON.stringify(queue));
  else localStorage.removeItem(outbox(conversation));
}

const address = (conversation) => `/conversations/${conversation}/say`;

function fields({ content, kind, seen, id, then = "", files = [] }) {
  const data = form({ content, kind, seen_message: seen, send_id: id, then });
  for (const file of files) data.append("attachment", file.id);
  return data;
}

/** As the page is left: nobody hears the answer, so it stays in the outbox, and is said once however often it is sent. */
export const postLeaving = (conversation, entry) => navigator.sendBeacon(address(conversation), fields(entry));

/** "again", or what the server told: `message_id`, or why not. */
export async function post(conversation, entry) {
  try {
    const response = await fetch(address(conversation), { method: "POST", headers: entry.own ?? own, body: fields(entry) });
    if (response.status >= 500 || response.status === 429) return "again";
    if (response.status === 401) return { signedOut: true };
    const told = await response.json();
    return told.code === "idempotency_in_flight" ? "again" : told;
  } catch {
    return "again";
  }
}
