// The visitor's side: one conversation, kept across visits, live, with words that wait for the network.
// Owns putting the parts together. What comes while one is here is read out by the log; what was there before is not.

import { openShared } from "../sharing.js";
import { openFiles } from "./files.js";
import { openOutbox } from "./outbox.js";
import { openPerson } from "./person.js";
import { openPersonWrites } from "./person-writes.js";
import { openRating } from "./rating.js";
import { openSeen } from "./seen.js";
import { openSession } from "./session.js";
import { openStanding } from "./standing.js";
import { openStore } from "./store.js";
import { openThread } from "./thread.js";

const widget = document.getElementById("widget");
const words = JSON.parse(widget.dataset.words);
const form = document.getElementById("ask");
const field = document.getElementById("message");
const failed = document.getElementById("failed");
const writing = document.getElementById("writing");

const store = await openStore(widget);
const session = openSession(store, widget.dataset.key);
const files = openFiles(words, session, say);
const thread = openThread(words, files.list);
const personWrites = openPersonWrites(thread);
const seen = openSeen(store, session, thread.atEnd);
const standing = openStanding(widget, words, session);
openRating(words, session, standing);
const outbox = openOutbox(store, session, {
  onWaiting: thread.showWaiting,
  onSent(message, key) {
    thread.show(message, key);
    listen();
  },
  onRefused(item, reason) {
    thread.drop(item.key);
    if (!field.value) field.value = item.body.content ?? "";
    say(reason);
  },
  onTrouble(trouble) {
    if (trouble) thread.waits();
    if (trouble && offline.hidden) say(words.kept);
    else if (failed.textContent === words.kept) say("");
    if (trouble && !session.exists()) restart();
  },
});

openPerson(words, session, standing, { send: outbox.add, say });

function say(text) {
  failed.textContent = text;
  failed.hidden = !text;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const content = field.value.trim();
  const attached = files.handOver();
  if (!content && !attached.length) return;
  say("");
  outbox.add({ content, ...(attached.length ? { attachment_ids: attached.map((file) => file.id) } : {}) }, attached);
  field.value = "";
  grow();
});

// Enter sends; with Shift it begins a new line, and in a word that is being composed it is part of composing.
field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});
const grow = () => (field.rows = Math.min(5, field.value.split("\n").length));
field.addEventListener("input", grow);

// Agents see that somebody is typing; the server is told at most every few seconds, and not again where it has no such route.
const TYPING_EVERY_MS = 3000;
let toldTypingAt = 0;
field.addEventListener("input", () => {
  if (!field.value || !session.exists() || Date.now() - toldTypingAt < TYPING_EVERY_MS) return;
  toldTypingAt = Date.now();
  session.send("POST", "/typing", {}).catch((error) => {
    if (error.status === 404) toldTypingAt = Infinity;
  });
});

// What came while the chat was closed is counted on its button.
let unread = 0;
let caughtUp = false;
function arrived(message) {
  seen.shown(message);
  if (message.author === "agent") personWrites.show(false);
  if (!thread.show(message) || !caughtUp || message.author === "visitor") return;
  if (!store.isOpen) store.unread(++unread);
}

async function catchUp() {
  let after = 0;
  try {
    for (;;) {
      const { items } = await session.get(`/messages?after=${after}&limit=200`);
      items.forEach(arrived);
      if (items.length < 200) break;
      after = items.at(-1).id;
    }
    caughtUp = true;
    setTimeout(() => document.getElementById("thread").setAttribute("aria-live", "polite"));
    const told = turnsTold;
    const now = await standing.refresh();
    if (now && told === turnsTold) showWriting(now.answering); // a turn that began before the stream was there
  } catch (error) {
    if (error.status !== 401) return; // the stream comes back, and then so do we
    session.forget();
    restart();
  }
}

function restart() {
  thread.clear();
  seen.clear();
  outbox.waiting().forEach(thread.showWaiting);
  caughtUp = false;
  stream?.close();
  stream = null;
  connected = true;
  standing.clear();
}

const offline = document.getElementById("offline");
function showOffline() {
  offline.hidden = connected && navigator.onLine;
  if (!offline.hidden && failed.textContent === words.kept) say(""); // the line above says it
}
window.addEventListener("offline", showOffline);
window.addEventListener("online", showOffline);

let stream = null;
let connected = true;
let turnsTold = 0;
function listen() {
  if (stream || !session.exists()) return;
  stream = openShared("/api/v1/widget/events?with=conversation", {
    headers: session.headers,
    onEvent(name, data) {
      if (name === "message.created") arrived(data.message);
      if (name === "message.removed") thread.show(data.message);
      if (name === "turn.updated") turnsTold += 1;
      if (name === "turn.updated") showWriting(["queued", "thinking"].includes(data.turn.status));
      if (name === "conversation.updated") standing.changed();
      if (name === "live.agent_typing") personWrites.show(true);
      if (name === "reset") catchUp();
    },
    onState(is) {
      connected = is;
      showOffline();
      if (connected) catchUp().then(outbox.flush);
    },
  }, widget.dataset.key);
}

function showWriting(is) {
  if (is && writing.hidden) thread.toEnd();
  writing.hidden = !is;
  if (is) thread.toEnd();
}

standing.watch((now) => {
  if (now.answered_by === "people") showWriting(false); // what the AI still writes is for them, not for the visitor
});

store.on("changed", (name) => {
  if (name === session.name()) listen();
});
store.on("open", () => {
  store.isOpen = true;
  unread = 0;
  thread.toEnd();
  seen.look();
  field.focus();
});
store.on("closed", () => (store.isOpen = false));
store.on("identity", ({ identity }) => {
  session.identify(identity);
  restart();
  start();
});

// A dialog: Escape closes it, and Tab stays inside as long as it is open.
document.getElementById("close")?.addEventListener("click", () => store.close());
if (widget.dataset.framed) {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") store.close();
    if (event.key !== "Tab") return;
    const stops = [...widget.querySelectorAll("button, input, textarea, a[href], [tabindex='0']")].filter((one) => one.checkVisibility() && !one.disabled);
    const [first, last] = [stops[0], stops.at(-1)];
    const from = event.shiftKey ? first : last;
    if (document.activeElement !== from) return;
    event.preventDefault();
    (event.shiftKey ? last : first).focus();
  });
}

// A signed identity opens its history at once; others begin with their first words.
async function start() {
  if (store.identity && !session.exists()) await session.begin().catch((error) => say(error.message));
  outbox.waiting().forEach(thread.showWaiting);
  listen();
  if (outbox.waiting().length) outbox.flush();
}

widget.querySelector(".ask").inert = false;
if (widget.dataset.framed && store.wantsFocus) field.focus();
await start();
