// Where an agent writes: canned replies behind `/`, colleagues behind `@`, emoji behind `:`.
// Owns what is offered while one writes. Must not send.

import { offerMenu } from "./menu.js";
import { own } from "./own.js";
import { _ } from "./words.js";

const FRESH_MS = 60_000; // a list older than this is asked for again
const composer = document.getElementById("composer");
const reply = document.getElementById("reply");
const list = document.getElementById("offered");

function remembered(load) {
  let kept = null;
  let at = -Infinity;
  return async () => {
    if (performance.now() - at > FRESH_MS) {
      at = performance.now();
      kept = load().catch(() => {
        at = -Infinity;
        return [];
      });
    }
    return kept;
  };
}

async function canned() {
  const response = await fetch(composer.dataset.canned, { cache: "no-store", headers: own });
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()).map(({ name, words }) => ({ name, words, shown: `/${name}`, insert: words }));
}

async function colleagues() {
  return [...document.querySelectorAll("#colleagues li")].map(({ dataset: { name, email } }) => ({
    name,
    words: email,
    shown: `@${name}`,
    insert: `@${name} `,
  }));
}

// As high as its words, up to a third of the screen.
function grow() {
  reply.rows = Math.min(Math.max(2, reply.value.split("\n").length), 10);
}

// The sign that opens a menu, as if it had been typed.
function offer(sign) {
  reply.focus();
  const gap = /\S$/.test(reply.value.slice(0, reply.selectionStart)) ? " " : "";
  reply.setRangeText(`${gap}${sign}`, reply.selectionStart, reply.selectionEnd, "end");
  reply.dispatchEvent(new Event("input", { bubbles: true }));
}

if (composer) {
  const isNote = () => composer.elements.kind.value === "note";
  offerMenu(reply, list, [
    { before: /(^|\s)\/([\p{L}\p{N}_-]*)$/u, entries: remembered(canned), label: list.dataset.canned, empty: list.dataset.noCanned },
    { before: /(^|[\s(])@([\p{L}\p{N}._-]*(?: [\p{L}\p{N}._-]*)?)$/u, entries: colleagues, when: isNote, label: list.dataset.colleagues, empty: list.dataset.noColleague },
    { before: /(^|\s):([a-z_]{2,})$/u, entries: async () => (await import("./emoji.js")).EMOJI, label: _("Emoji") },
  ]);
  composer.addEventListener("change", () => {
    composer.classList.toggle("is-note", isNote());
    const hint = document.getElementById("hint");
    hint.textContent = hint.dataset[isNote() ? "note" : "public"];
  });
  reply.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) composer.requestSubmit(event.shiftKey && !isNote() ? document.getElementById("send-solve") : null);
  });
  for (const kind of ["input", "tandem:shown"]) reply.addEventListener(kind, grow);
  grow();
  document.getElementById("mention").addEventListener("click", () => {
    composer.querySelector("input[value=note]").click();
    offer("@");
  });
  document.getElementById("canned").addEventListener("click", () => offer("/"));
}
