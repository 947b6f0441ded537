// Files in the composer: taken at once, shown as chips, sent with the words. Owns the chips and their hidden fields.

import { chipOf, hand, hearOfFiles, MOST_BYTES, PICTURES } from "./picking.js";

const PREVIEW_HEIGHT = 96; // pixels, twice what is shown
const composer = document.getElementById("composer");
const input = document.getElementById("attach");
const chips = document.getElementById("attached");
const failed = document.getElementById("attach-failed");
const reply = document.getElementById("reply");

async function take(file) {
  const chip = chipOf(file.name, { busy: true });
  chips.append(chip);
  changed();
  preview(chip, file);
  try {
    if (file.size > MOST_BYTES) throw new Error(input.dataset.large);
    const address = `${input.dataset.to}?name=${encodeURIComponent(file.name)}`;
    const headers = { "X-CSRFToken": composer.elements.csrf_token.value, "Content-Type": "application/octet-stream" };
    const response = await fetch(address, { method: "POST", headers, body: file }).catch(() => {
      throw new Error(input.dataset.away);
    });
    const answer = await response.json().catch(() => null);
    if (!response.ok) throw new Error(answer?.error?.message ?? String(response.status));
    taken(chip, answer);
  } catch (error) {
    chip.remove();
    failed.textContent = input.dataset.failed.replace("{name}", file.name).replace("{why}", error.message);
    failed.hidden = false;
  }
  changed();
}

// A small picture of a picture, so that one sees what was pasted; a file that is none has its name alone.
async function preview(chip, file) {
  if (!PICTURES.has(file.type)) return;
  try {
    const small = await createImageBitmap(file, { resizeHeight: PREVIEW_HEIGHT, resizeQuality: "medium" });
    const canvas = Object.assign(document.createElement("canvas"), { width: small.width, height: small.height });
    canvas.getContext("2d").drawImage(small, 0, 0);
    chip.prepend(canvas);
  } catch {
    // It cannot be drawn; the server says what it is.
  }
}

function taken(chip, { id, name }) {
  chip.removeAttribute("aria-busy");
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: "attachment", value: id });
  field.dataset.name = name;
  const remove = document.createElement("button");
  Object.assign(remove, { type: "button", className: "icon-btn mini", textContent: "×" });
  remove.setAttribute("aria-label", input.dataset.remove.replace("{name}", name));
  remove.addEventListener("click", () => {
    chip.remove();
    changed();
    reply.focus();
  });
  chip.append(field, remove);
}

function changed() {
  const waiting = chips.childElementCount;
  chips.hidden = !waiting;
  reply.required = !chips.querySelector("input");
}

export const hasFiles = () => Boolean(chips?.querySelector("input"));

// What goes with the words now; a file that is still on its way stays for the next.
export function takeFiles() {
  const fields = [...(chips?.querySelectorAll("input") ?? [])];
  const files = fields.map((field) => ({ id: field.value, name: field.dataset.name }));
  for (const field of fields) field.parentElement.remove();
  if (chips) changed();
  return files;
}

// They could not be sent, and are there again.
export function giveBack(files) {
  for (const file of files) {
    const chip = chipOf(file.name, { busy: false });
    chips.append(chip);
    taken(chip, file);
  }
  if (files.length) changed();
}

function takeAll(files) {
  failed.hidden = true;
  [...files].forEach(take);
}

if (composer && input) {
  hearOfFiles(input, reply, takeAll);
  composer.addEventListener("dragover", (event) => event.preventDefault());
  composer.addEventListener("drop", (event) => hand(event, event.dataTransfer, takeAll));
}
