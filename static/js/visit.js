// The visitor's side: one conversation, kept across visits, live, with words that wait for the network.
// Everything that was written by somebody goes into the page as text, never as HTML.

import { openStream } from "./stream.js";

const widget = document.getElementById("widget");
const key = widget.dataset.key;
const place = `tandem:visit:${key}`;
const waiting = `tandem:waiting:${key}`;
const api = "/api/v1/widget";
const messages = document.getElementById("messages");
const form = document.getElementById("ask");
const field = document.getElementById("message");
const failed = document.getElementById("failed");
const writing = document.getElementById("writing");

let session = JSON.parse(localStorage.getItem(place) ?? "null");
let queue = JSON.parse(localStorage.getItem(waiting) ?? "[]");
const headers = () => ({ Authorization: `Bearer ${session.token}` });

async function begin() {
  if (session) return;
  const response = await fetch(`${api}/sessions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ project_key: key }),
  });
  if (!response.ok) throw new Error(String(response.status));
  session = await response.json();
  localStorage.setItem(place, JSON.stringify(session));
}

async function catchUp() {
  let after = 0;
  for (;;) {
    const response = await fetch(`${api}/messages?after=${after}&limit=200`, { headers: headers(), cache: "no-store" });
    if (response.status === 401) {
      localStorage.removeItem(place);
      location.reload();
      return;
    }
    const { items } = await response.json();
    items.forEach(show);
    if (items.length < 200) return;
    after = items.at(-1).id;
  }
}

function show(message) {
  if (document.getElementById(`message-${message.id}`)) return;
  const item = document.getElementById("bubble").content.firstElementChild.cloneNode(true);
  const mine = message.author === "visitor";
  const ai = message.author === "responder";
  item.id = `message-${message.id}`;
  item.classList.add(...(mine ? ["visitor"] : ["ours", ai ? "by-ai" : "by-person"]));
  item.querySelector("b").textContent = mine ? "You" : ai ? "AI" : message.author_name;
  item.querySelector(".meta span").textContent = ai ? "· not a person" : "";
  const at = new Date(message.created_at);
  const time = item.querySelector("time");
  time.dateTime = message.created_at;
  time.textContent = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
  const avatar = item.querySelector(".avatar");
  if (mine) avatar.remove();
  else {
    avatar.classList.add(ai ? "ai" : "person");
    avatar.textContent = ai ? "AI" : initials(message.author_name ?? "");
  }
  for (const part of message.content.split(/\n{2,}/)) {
    const paragraph = document.createElement("p");
    paragraph.textContent = part;
    item.querySelector(".bubble").append(paragraph);
  }
  const later = [...messages.children].find((other) => Number(other.id.slice(8)) > message.id);
  messages.insertBefore(item, later ?? null);
  toEnd();
}

const initials = (name) => name.split(/\s+/).map((part) => part[0] ?? "").join("").slice(0, 2).toUpperCase();
const toEnd = () => {
  const thread = document.getElementById("thread");
  thread.scrollTop = thread.scrollHeight;
};

// Each message carries a key of its own, so that sending it again after a lost answer stores it once.
async function flush() {
  while (queue.length) {
    const [next] = queue;
    const response = await fetch(`${api}/messages`, {
      method: "POST",
      headers: { ...headers(), "Content-Type": "application/json", "Idempotency-Key": next.key },
      body: JSON.stringify({ content: next.content }),
    });
    if (response.status >= 500 || response.status === 429) throw new Error(String(response.status));
    const body = await response.json();
    if (response.ok) show(body);
    else say(body.error.message);
    queue.shift();
    keep();
  }
  say("");
}

const keep = () => localStorage.setItem(waiting, JSON.stringify(queue));
const say = (words) => {
  failed.textContent = words;
  failed.hidden = !words;
};

let sending = null;
function send() {
  sending ??= begin()
    .then(flush)
    .then(listen)
    .catch(() => {
      say("Not sent yet. It is kept here and sent as soon as the network is back.");
      setTimeout(send, 3000);
    })
    .finally(() => {
      sending = null;
      if (queue.length && failed.hidden) send();
    });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const content = field.value.trim();
  if (!content) return;
  queue.push({ key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, content });
  keep();
  field.value = "";
  send();
});

let listening = false;
function listen() {
  if (listening || !session) return;
  listening = true;
  openStream(`${api}/events`, {
    headers,
    onEvent(name, data) {
      if (name === "message.created") show(data.message);
      if (name === "turn.updated") writing.hidden = !["queued", "thinking"].includes(data.turn.status);
      toEnd();
    },
    onState(connected) {
      document.getElementById("offline").hidden = connected;
      if (connected) catchUp();
    },
  });
}

if (session) catchUp().then(listen);
if (queue.length) send();
