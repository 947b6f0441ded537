// The widget's settings: what is chosen shows in the preview at once, and texts can be copied.

import "../copying.js";

const preview = document.getElementById("preview");
const brand = document.getElementById("widget_brand");
const hint = document.getElementById("widget_brand-hint");
const greeting = document.getElementById("widget_greeting");
const position = document.getElementById("widget_position");

function show() {
  const white = contrast(brand.value, "#ffffff");
  const black = contrast(brand.value, "#000000");
  preview.style.setProperty("--brand", brand.value);
  preview.style.setProperty("--brand-ink", white >= black ? "#ffffff" : "#000000");
  hint.textContent = (white >= black ? hint.dataset.white : hint.dataset.black).replace("{contrast}", Math.max(white, black).toFixed(1));
  const line = document.getElementById("preview-greeting");
  line.textContent = greeting.value;
  line.hidden = !greeting.value.trim();
  preview.dataset.side = position.value;
}

// As inbox/colour.py has it.
function contrast(one, other) {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour) {
  const [red, green, blue] = [1, 3, 5]
    .map((place) => Number.parseInt(colour.slice(place, place + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

document.getElementById("look").addEventListener("input", show);
show();
