// An agent's words that are not sent yet: in this browser at once, on the server a moment later, the newest win.
// Owns keeping them and bringing them back. Must not send them.

import { newKey } from "./posting.js";

const PAUSE_MS = 500; // after the last key
const composer = document.getElementById("composer");
const reply = document.getElementById("reply");
const { open, me } = document.querySelector(".app").dataset;
const key = `tandem:unsent:${me}:${open}`;
const tab = newKey();
let timer = null;
let saving = null;
let typedAt = 0;

const kindNow = () => composer.elements.kind.value;

function local() {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function keepLocally(saved) {
  const words = { content: reply.value, kind: kindNow(), at: typedAt, saved };
  if (reply.value || !saved) localStorage.setItem(key, JSON.stringify(words));
  else localStorage.removeItem(key);
}

export function show({ content, kind }) {
  if (kind !== kindNow()) composer.querySelector(`input[value="${kind}"]`).click();
  if (reply.value === content) return;
  const end = document.activeElement === reply;
  reply.value = content;
  if (end) reply.setSelectionRange(content.length, content.length);
  reply.dispatchEvent(new CustomEvent("tandem:shown", { bubbles: true }));
}

function body() {
  const data = new FormData(composer);
  data.set("age", String((Date.now() - typedAt) / 1000));
  data.set("tab", tab);
  return data;
}

async function save() {
  timer = null;
  const mine = typedAt;
  saving = new AbortController();
  try {
    const response = await fetch(composer.dataset.unsent, { method: "POST", body: body(), signal: saving.signal });
    if (!response.ok) return;
    const kept = await response.json();
    if (typedAt !== mine) return; // typed on meanwhile: the next save tells
    keepLocally(true);
    if (kept.content !== reply.value.trimEnd() && kept.content !== reply.value) show(kept);
    keepLocally(true);
  } catch {
    // Offline: the words are in this browser, and go out with the next key or the next connection.
  }
}

function changed() {
  typedAt = Date.now();
  keepLocally(false);
  clearTimeout(timer);
  timer = setTimeout(save, PAUSE_MS);
}

// Sent: what is still on its way to be kept must not come after.
export function forget() {
  clearTimeout(timer);
  timer = null;
  saving?.abort();
  typedAt = Date.now();
  localStorage.removeItem(key);
}

function begin() {
  const mine = local();
  if (reply.value !== reply.defaultValue) changed(); // typed before this script was there
  else if (mine && !mine.saved) {
    typedAt = mine.at;
    show(mine);
    save();
  } else if (reply.dataset.kept) {
    if (reply.dataset.kept === "note") composer.querySelector("input[value=note]").click();
  }
}

if (composer) {
  begin();
  reply.addEventListener("input", changed);
  composer.addEventListener("change", (event) => event.target.name === "kind" && event.isTrusted && reply.value && changed());
  document.addEventListener("tandem:live", ({ detail: { name, data } }) => {
    if (name !== "unsent" || data.tab === tab || String(data.conversation_id) !== open || timer) return;
    show(data);
    keepLocally(true);
  });
  document.addEventListener("tandem:connected", () => {
    const mine = local();
    if (mine && !mine.saved && !timer) save();
  });
  addEventListener("pagehide", () => {
    if (timer) navigator.sendBeacon(composer.dataset.unsent, body());
  });
}
