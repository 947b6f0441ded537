// What passes by in an open conversation: who else is here or types, the visitor's typing, a reply being written.
// Owns those signs on the page. Everything here may be missing; nothing else waits for it.

import { form } from "./form.js";
import { own } from "./own.js";

const BEAT_MS = 15_000; // the server believes a page for 40 s
const TYPING_MS = 4_000; // and its typing for 8 s
const VISITOR_TYPES_MS = 6_000;

const app = document.querySelector(".app");
const { open, me } = app.dataset;
const company = document.getElementById("company");
const reply = document.getElementById("reply");
const WRITING = "#reply, .parked-reply textarea";

// Who else is here -------------------------------------------------------------------------------------------------

let saidTypingAt = -Infinity;
let toVisitor = false;

async function say(doing) {
  try {
    const response = await fetch(`/conversations/${open}/here`, { method: "POST", body: form({ doing, to: toVisitor ? "visitor" : "" }) });
    if (response.ok) showPeople((await response.json()).people);
    else if (response.status === 404) document.dispatchEvent(new CustomEvent("tandem:gone"));
  } catch {
    // The next beat says it again.
  }
}

function showPeople(people) {
  const others = people.filter((one) => String(one.id) !== me);
  const typing = others.filter((one) => one.doing === "typing");
  const words = (key, list) => company.dataset[key].replace("{names}", list.map((one) => one.name).join(", "));
  const text = typing.length ? words(typing.length > 1 ? "manyType" : "oneTypes", typing)
    : others.length ? words(others.length > 1 ? "manyHere" : "oneHere", others) : "";
  if (company.textContent !== text) company.textContent = text;
  company.classList.toggle("is-typing", typing.length > 0);
  for (const item of document.querySelectorAll("#crew [data-agent]")) {
    const there = people.find((one) => String(one.id) === item.dataset.agent);
    if (item.dataset.agent === me) continue;
    item.lastElementChild.textContent = there ? company.dataset[there.doing] : item.dataset.state;
  }
}

if (open) {
  const beat = () => document.hidden || say(performance.now() - saidTypingAt < TYPING_MS ? "typing" : "viewing");
  beat();
  setInterval(beat, BEAT_MS);
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : beat()));
  addEventListener("pagehide", leave);
  document.addEventListener("input", (event) => {
    if (!event.target.matches(WRITING) || !event.isTrusted || !event.target.value || performance.now() - saidTypingAt < TYPING_MS) return;
    saidTypingAt = performance.now();
    toVisitor = event.target !== reply || reply.form.elements.kind.value === "public"; // a note is nobody's else
    say("typing");
    setTimeout(() => performance.now() - saidTypingAt >= TYPING_MS && beat(), TYPING_MS * 2);
  });
  // Who has sent their words writes no more, whatever was said a moment ago.
  document.addEventListener("submit", ({ target }) => {
    if (!target.querySelector(WRITING)) return;
    saidTypingAt = -Infinity;
    beat();
  });
}

function leave() {
  navigator.sendBeacon(`/conversations/${open}/here`, form({ doing: "left" }));
}

// Here or away -----------------------------------------------------------------------------------------------------

const ACTIVE_MS = 30_000;
let touched = true;
for (const kind of ["pointerdown", "keydown", "scroll", "pointermove"]) addEventListener(kind, () => (touched = true), { passive: true, capture: true });

function sayActive() {
  if (!touched || document.hidden) return;
  touched = false;
  fetch("/active", { method: "POST", body: form() }).catch(() => {});
}
sayActive();
setInterval(sayActive, ACTIVE_MS);
setInterval(refreshCrew, ACTIVE_MS * 2);

async function refreshCrew() {
  const crew = document.getElementById("crew");
  if (!crew || document.hidden) return;
  const response = await fetch("/parts/crew", { cache: "no-store", headers: own }).catch(() => null);
  if (response?.ok) crew.outerHTML = await response.text();
}

// The visitor types ------------------------------------------------------------------------------------------------

const visitorTypes = document.getElementById("visitor-types");
let typesTimer = null;
let quietUntil = 0;

function showVisitorTyping() {
  if (performance.now() < quietUntil) return; // a sign that the message itself has overtaken
  visitorTypes.hidden = false;
  clearTimeout(typesTimer);
  typesTimer = setTimeout(hideVisitorTyping, VISITOR_TYPES_MS);
}

function hideVisitorTyping() {
  visitorTypes.hidden = true;
}

// The run card: where the responder is, and its words as they come. Screen readers hear the node, not each word. -----

let told = "";
let newest = null;

// A refresh that was asked for before a sign came brings an older state; the sign's stays.
document.body.addEventListener("htmx:oobAfterSwap", () => {
  const draft = newest && document.querySelector(`.run[data-turn="${newest.turn_id}"] .draft`);
  if (draft && draft.textContent.length < newest.text.length) showProgress(newest);
});

function showProgress(data) {
  newest = data;
  const card = document.querySelector(`.run[data-turn="${data.turn_id}"]`);
  if (!card) return;
  const node = card.querySelector(".node");
  node.hidden = !data.node;
  node.querySelector("b").textContent = data.node;
  const tool = node.querySelector(".tool");
  tool.textContent = data.tool ? `· ${data.tool}` : "";
  const draft = card.querySelector(".draft");
  draft.hidden = !data.text;
  draft.textContent = data.text;
  const said = `${data.node}${data.tool ?? ""}`;
  if (said !== told) {
    told = said;
    document.getElementById("run-said").textContent = node.textContent.trim();
  }
}

document.addEventListener("tandem:live", ({ detail: { name, data } }) => {
  if (name === "crew") return refreshCrew();
  if (String(data.conversation_id) !== open) return undefined;
  if (name === "people") return showPeople(data.people);
  if (name === "visitor_typing") return showVisitorTyping();
  if (name === "visitor_saw") return document.dispatchEvent(new CustomEvent("tandem:refresh", { detail: { done: null } }));
  if (name === "progress") return showProgress(data);
  return undefined;
});
document.addEventListener("tandem:message", () => {
  quietUntil = performance.now() + 2_000;
  hideVisitorTyping();
});
