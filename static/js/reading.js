// Reading a thread: what is new comes below and moves nothing; a line says where it begins, a pill leads there.
// Owns the place where one reads, and saying that it was read.

import { form } from "./form.js";
import { glide, glides } from "./glide.js";

const thread = document.getElementById("thread");
const messages = document.getElementById("messages");
const pill = document.getElementById("new-below");
const { open, me } = document.querySelector(".app").dataset;
const NEAR = 80; // pixels from the end that still count as the end
let fresh = 0;
let saidSeen = null;

// The thread is upside down for the browser: its end is at 0, and what lies above is negative.
const atEnd = () => !thread || thread.scrollTop > -NEAR || glides(thread);

export const newest = () => [...(messages?.querySelectorAll("[data-message]") ?? [])].at(-1)?.dataset.message;

// Who reads the end follows what is new, without a jump: the height is taken before a swap, the rest done after it.
let height = null;
document.body.addEventListener("htmx:beforeSwap", () => (height = thread && atEnd() ? thread.scrollHeight : null));
document.body.addEventListener("htmx:afterSettle", () => {
  if (height !== null && thread.scrollHeight > height) glide(thread, height - thread.scrollHeight);
  height = null;
});

export function sawArrivals(before) {
  const arrived = [...messages.querySelectorAll("[data-message]")].filter((one) => Number(one.dataset.message) > Number(before));
  if (!arrived.length) return;
  document.dispatchEvent(new CustomEvent("tandem:message", { detail: { arrived } }));
  if (arrived.some((one) => one.dataset.by === me && !one.matches(".note"))) answered();
  const theirs = arrived.filter((one) => one.dataset.by !== me);
  if (theirs.length && (document.hidden || !atEnd())) {
    fresh += theirs.length;
    if (!document.getElementById("new-line")) line(theirs[0]);
  }
  show();
  seen();
}

// Who answers has read what is above: nothing is new there any more.
function answered() {
  document.getElementById("new-line")?.remove();
  fresh = 0;
}

function line(before) {
  const mark = document.createElement("p");
  mark.className = "new-line";
  mark.id = "new-line";
  mark.textContent = pill.dataset.line;
  before.before(mark);
}

function show() {
  pill.hidden = fresh === 0 || atEnd();
  pill.querySelector("span").textContent = (fresh === 1 ? pill.dataset.one : pill.dataset.many).replace("{count}", fresh);
}

async function seen() {
  if (!open || document.hidden || !document.hasFocus() || !atEnd() || saidSeen === newest()) return;
  saidSeen = newest() ?? "none";
  try {
    const response = await fetch(`/conversations/${open}/seen`, { method: "POST", body: form() });
    // Told here as well: the sign may pass before this page's stream is open.
    if (response.ok && (await response.json()).changed) document.dispatchEvent(new CustomEvent("tandem:seen"));
  } catch {
    saidSeen = null;
  }
}

if (thread) {
  pill.addEventListener("click", () => {
    document.getElementById("new-line")?.scrollIntoView({ block: "start" });
    thread.focus();
    fresh = 0;
    show();
  });
  thread.addEventListener("scroll", () => {
    if (atEnd()) fresh = 0;
    show();
    seen();
  }, { passive: true });
  document.addEventListener("visibilitychange", seen);
  addEventListener("focus", seen);
  seen();
}
