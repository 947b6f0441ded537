// The words of the workflow's page about what became of an act. Owns showing them: toasts.js is for pages with htmx.

import { h } from "./build.js";

const SECONDS = 10;

export function toast(words) {
  const box = h("div", { class: "toast", "data-toast": "" }, h("strong", {}, words));
  document.getElementById("toasts").replaceChildren(box); // the newest alone: more would stand over the problems and the picture
  setTimeout(() => box.remove(), SECONDS * 1000);
}
