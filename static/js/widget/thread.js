// The conversation as it is shown. Everything that was written by somebody goes into the page as text, never as HTML.
// Owns the messages' elements: each message once, in the order of ids; what waits stands behind them, dashed.

import { firstName, initials } from "./names.js";

const ADDRESS = /(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)])/; // as inbox/pages/words.py has it
const CODE = /```[\w+-]*\n([\s\S]*?)\n?```/; // as well

export function openThread(words, listOfFiles) {
  const messages = document.getElementById("messages");
  const thread = document.getElementById("thread");
  const atEnd = () => thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80;
  const toEnd = () => (thread.scrollTop = thread.scrollHeight);
  let lastAuthor = null;

  // Who reads the newest words goes on reading them when a keyboard or larger letters take the room.
  let ended = true;
  thread.addEventListener("scroll", () => (ended = atEnd()), { passive: true });
  new ResizeObserver(() => ended && toEnd()).observe(thread);

  function show(message, key = null) {
    if (key) document.getElementById(`waiting-${key}`)?.remove();
    const there = document.getElementById(`message-${message.id}`);
    if (there && message.removed) fill(there.querySelector(".bubble"), message);
    if (there) return false;
    const stays = !atEnd() && message.author !== "visitor";
    const later = [...messages.children].find((other) => other.id.startsWith("waiting-") || Number(other.dataset.message) > message.id);
    const item = bubble(message);
    item.id = `message-${message.id}`;
    item.dataset.message = message.id;
    messages.insertBefore(item, later ?? null);
    if (message.author === "agent" && lastAuthor === "responder") item.before(happened(words.joined.replace("{person}", firstName(message.author_name))));
    if (message.author !== "visitor") lastAuthor = message.author;
    if (!stays) toEnd();
    return true;
  }

  function showWaiting({ key, body, at, attachments }) {
    if (document.getElementById(`waiting-${key}`)) return;
    const item = bubble({ author: "visitor", created_at: new Date(at).toISOString(), content: body.content, attachments });
    item.id = `waiting-${key}`;
    item.classList.add("queued");
    item.querySelector(".meta span").textContent = `· ${navigator.onLine ? words.sending : words.waiting}`;
    messages.append(item);
    toEnd();
  }

  // They could not be sent now.
  function waits() {
    for (const state of messages.querySelectorAll(".queued .meta span")) state.textContent = `· ${words.waiting}`;
  }

  function bubble(message) {
    const item = document.getElementById("bubble").content.firstElementChild.cloneNode(true);
    const mine = message.author === "visitor";
    const ai = message.author === "responder";
    item.classList.add(...(mine ? ["visitor"] : ["ours", ai ? "by-ai" : "by-person"]));
    item.querySelector("b").textContent = mine ? words.you : ai ? "AI" : message.author_name;
    item.querySelector(".meta span").textContent = ai ? `· ${words.not_person}` : mine ? "" : `· ${words.person}`;
    const time = item.querySelector("time");
    time.dateTime = message.created_at;
    time.textContent = new Date(message.created_at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hour12: false });
    const avatar = item.querySelector(".avatar");
    if (mine) avatar.remove();
    else {
      avatar.classList.add(ai ? "ai" : "person");
      avatar.textContent = ai ? "AI" : initials(message.author_name ?? "");
    }
    fill(item.querySelector(".bubble"), message);
    return item;
  }

  function fill(place, message) {
    if (message.removed) return place.replaceChildren(Object.assign(document.createElement("p"), { className: "removed", textContent: words.removed }));
    for (const [at, part] of (message.content ?? "").split(CODE).entries()) {
      if (at % 2) place.append(Object.assign(document.createElement("pre"), { textContent: part }));
      else place.append(...part.split(/\n{2,}/).filter((words) => words.trim()).map(paragraph));
    }
    if (message.attachments?.length) place.append(listOfFiles(message.attachments));
    return undefined;
  }

  function paragraph(words) {
    const one = document.createElement("p");
    one.append(...said(words.replace(/^\n+|\n+$/g, "")));
    return one;
  }

  // Addresses can be followed; all else is text.
  function said(text) {
    const parts = text.split(ADDRESS);
    return parts.map((part, place) => (place % 2 ? link(part) : part));
  }

  function link(address) {
    const one = document.createElement("a");
    return Object.assign(one, { href: address, textContent: address, target: "_blank", rel: "noopener noreferrer nofollow" });
  }

  function happened(text) {
    const line = document.createElement("p");
    line.className = "happened";
    const span = document.createElement("span");
    span.textContent = text;
    line.append(span);
    return line;
  }

  function clear() {
    messages.replaceChildren();
    lastAuthor = null;
  }

  return { show, showWaiting, waits, clear, atEnd, toEnd, drop: (key) => document.getElementById(`waiting-${key}`)?.remove() };
}
