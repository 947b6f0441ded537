// The list says in which conversations one has begun to write and not sent: such words are easily forgotten.
// Owns that sign. The words are kept by static/js/unsent.js; those of another browser are not known here.

import { _ } from "./words.js";

const rows = document.getElementById("rows");
const prefix = `tandem:unsent:${document.querySelector(".app").dataset.me}:`;

function hasWords(conversation) {
  try {
    return Boolean(JSON.parse(localStorage.getItem(prefix + conversation))?.content.trim());
  } catch {
    return false;
  }
}

function sign() {
  const chip = document.createElement("span");
  chip.className = "chip unsent";
  chip.append(document.getElementById("unsent-icon").content.cloneNode(true), _("Not sent"));
  return chip;
}

// Not the open one: there one sees the words themselves.
function mark(row) {
  const foot = row.querySelector?.(".row-foot");
  if (!foot) return;
  const wanted = hasWords(row.id.slice(4)) && row.querySelector("a.row").getAttribute("aria-current") !== "true";
  const there = foot.querySelector(".unsent");
  if (wanted && !there) foot.prepend(sign());
  else if (!wanted) there?.remove();
}

[...rows.children].forEach(mark);
new MutationObserver((changes) => changes.forEach(({ addedNodes }) => addedNodes.forEach(mark))).observe(rows, { childList: true });
addEventListener("storage", ({ key }) => {
  const row = key?.startsWith(prefix) && document.getElementById(`row-${key.slice(prefix.length)}`);
  if (row) mark(row);
});
