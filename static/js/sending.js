// Sending what an agent wrote: shown at once as being sent, said exactly once, kept where it could not be; held for a while
// first where its writer wants to be able to take it back.
// Owns the open conversation's outbox; what was left in another one goes out by static/js/left-behind.js.

import { giveBack, hasFiles, takeFiles } from "./attach.js";
import { heldUntil, isHeld } from "./holding.js";
import { keepWaiting, newKey, post, postLeaving, waitingIn } from "./posting.js";
import { own } from "./own.js";
import { newest } from "./reading.js";
import { toast } from "./toasts.js";
import { forget, show } from "./unsent.js";
import { _ } from "./words.js";

const RETRY_MS = 3_000;
const composer = document.getElementById("composer");
const reply = document.getElementById("reply");
const box = document.getElementById("outbox");
const { open } = document.querySelector(".app").dataset;
let queue = [];
let busy = false;
let held = null; // what a colleague was faster than

const remember = () => keepWaiting(open, queue);

function send(content, kind, then) {
  for (const before of queue) before.until = 0; // who writes on has let it go
  queue.push({ id: newKey(), content, kind, then, seen: newest() ?? "0", files: takeFiles(), own, at: Date.now(), until: heldUntil(kind) });
  if (isHeld(queue.at(-1))) document.querySelector('[data-key="t"]')?.click(); // the responder must not speak meanwhile
  remember();
  draw();
  document.getElementById("thread").scrollTo({ top: 0 });
  work();
}

// One after the other, so that they arrive in the order in which they were written.
async function work() {
  if (busy || !queue.length) return;
  const entry = queue[0];
  if (isHeld(entry)) {
    setTimeout(work, entry.until - Date.now());
    return;
  }
  busy = true;
  draw();
  const outcome = await post(open, entry);
  busy = false;
  if (outcome === "again") {
    entry.waits = true;
    remember();
    draw();
    setTimeout(work, RETRY_MS);
    return;
  }
  queue.shift();
  remember();
  if (outcome.message_id) {
    await arrived(outcome.message_id);
    if (entry.then === "solve") tellSolved(outcome.solved);
  } else {
    await refreshed(); // what stands in the way is before their eyes when they choose
    refused(entry, outcome);
  }
  draw();
  work();
}

async function refreshed() {
  const event = new CustomEvent("tandem:refresh", { detail: { done: null } });
  document.dispatchEvent(event);
  await event.detail.done?.catch(() => {});
}

// The message's own bubble takes the place of the one that was being sent.
async function arrived(id) {
  await refreshed();
  if (!document.getElementById(`message-${id}`)) await new Promise((resolve) => setTimeout(resolve, 300));
}

function tellSolved(act) {
  if (!act) return toast(_("Sent, and not solved: the visitor has written meanwhile."), "left");
  const word = document.getElementById("solved-shape").content.querySelector(".toast").cloneNode(true);
  const undo = word.querySelector("form");
  undo.setAttribute("hx-post", undo.getAttribute("hx-post").replace("/0/", `/${act}/`));
  document.getElementById("toasts").append(word);
  if (!reply.value) reply.blur(); // nothing is to be said here any more, and keys lead on
  return htmx.process(word);
}

function refused(entry, { message, owner, at, signedOut }) {
  const rest = reply.value.trim() ? `${entry.content}\n\n${reply.value}` : entry.content;
  show({ content: rest, kind: entry.kind });
  giveBack(entry.files ?? []);
  reply.dispatchEvent(new Event("input", { bubbles: true }));
  held = entry;
  const keep = document.getElementById("keep");
  const seconds = at ? Math.max(0, Math.round((entry.at - new Date(at)) / 1000)) : 0;
  keep.querySelector("b").textContent = owner ? keep.dataset.faster.replace("{name}", owner.name).replace("{seconds}", seconds) : keep.dataset.failed;
  keep.querySelector("span").textContent = owner ? keep.dataset.kept : `${signedOut ? composer.dataset.signedOut : message ?? ""} ${keep.dataset.kept}`;
  for (const button of keep.querySelectorAll("[data-faster-only]")) button.hidden = !owner;
  keep.hidden = false;
}

function answered(then) {
  document.getElementById("keep").hidden = true;
  const content = reply.value.trim() ? reply.value : held?.content ?? "";
  held = null;
  if (then && (content || hasFiles())) submit(content, then);
}

function submit(content, kind, then = "") {
  forget();
  reply.value = "";
  reply.dispatchEvent(new CustomEvent("tandem:shown", { bubbles: true }));
  send(content, kind, then);
}

// The page may be gone before an answer comes.
function letGo() {
  for (const entry of queue.filter(isHeld)) {
    entry.until = 0;
    postLeaving(open, entry);
  }
  remember();
}

function draw() {
  box.replaceChildren(...queue.map(bubble));
}

function bubble(entry) {
  const shape = document.getElementById(entry.kind === "note" ? "outgoing-note" : "outgoing-reply");
  const item = shape.content.firstElementChild.cloneNode(true);
  item.querySelector(".words").textContent = [entry.content, ...(entry.files ?? []).map((file) => file.name)].filter(Boolean).join("\n");
  const undoable = isHeld(entry);
  const state = item.querySelector(".state");
  if (undoable) state.append(secondsOf(entry, false), secondsOf(entry, true));
  else state.textContent = entry.waits ? box.dataset.waits : box.dataset.sending;
  const back = item.querySelector("button");
  back.hidden = !undoable && !entry.waits;
  back.toggleAttribute("data-undo", undoable);
  back.addEventListener("click", () => {
    if (busy && queue[0] === entry) return;
    queue = queue.filter((one) => one !== entry);
    remember();
    draw();
    show({ content: reply.value.trim() ? `${entry.content}\n\n${reply.value}` : entry.content, kind: entry.kind });
    giveBack(entry.files ?? []);
    reply.dispatchEvent(new Event("input", { bubbles: true }));
    reply.focus();
  });
  return item;
}

const left = (entry) => box.dataset.held.replace("{seconds}", Math.max(0, Math.ceil((entry.until - Date.now()) / 1000)));

// Who sees it sees the seconds go by; who hears it hears them once.
function secondsOf(entry, areSeen) {
  const words = document.createElement("span");
  words.textContent = left(entry);
  if (areSeen) words.ariaHidden = "true";
  else words.className = "visually-hidden";
  return words;
}

function count() {
  for (const [place, entry] of queue.entries()) {
    const seen = isHeld(entry) && box.children[place]?.querySelector(".state [aria-hidden]");
    if (seen) seen.textContent = left(entry);
  }
}

if (composer) {
  composer.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!reply.value.trim() && !hasFiles()) return reply.focus();
    document.getElementById("keep").hidden = true;
    submit(reply.value, composer.elements.kind.value, event.submitter?.value);
    return undefined;
  });
  document.getElementById("send-as-well").addEventListener("click", () => answered(held?.kind ?? "public"));
  document.getElementById("keep-as-note").addEventListener("click", () => answered("note"));
  document.getElementById("discard-mine").addEventListener("click", () => {
    answered(null);
    show({ content: "", kind: "public" });
    reply.dispatchEvent(new Event("input", { bubbles: true }));
    reply.focus();
  });
  document.addEventListener("tandem:connected", work);
  // Who has just sent it is still in the field.
  reply.addEventListener("keydown", (event) => {
    const back = event.key === "z" && (event.ctrlKey || event.metaKey) && !reply.value && box.querySelector("[data-undo]");
    if (!back) return;
    event.preventDefault();
    back.click();
  });
  addEventListener("pagehide", letGo);
  // A phone may end a page that is out of sight without a word.
  document.addEventListener("visibilitychange", () => document.hidden && matchMedia("(pointer: coarse)").matches && letGo());
  queue = waitingIn(open);
  setInterval(count, 500);
  draw();
  work();
}
