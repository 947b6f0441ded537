// The list as it stands goes along to the next page: how far one has scrolled, what is loaded, what is chosen.
// A page that is loaded again, or gone back to, has it as well.
// Owns taking it along; static/js/kept-list.js puts it there before the next page is painted.

import { rouse } from "./resting.js";

const app = document.querySelector(".app");
const rows = document.getElementById("rows");
const KEY = "tandem:list";
const MOST = 1500; // rows, of which a browser keeps the text

const ON_THE_WAY_MS = 15_000; // longer than a page may take to come
let kept = 0;

export function keepList(again = false) {
  kept = Date.now();
  sessionStorage.removeItem(KEY);
  const asSent = rows.scrollTop === 0 && !rows.querySelector(".pick :checked");
  if (!app.dataset.shown || asSent || rows.childElementCount > MOST) return;
  rouse([...rows.children]);
  for (const box of rows.querySelectorAll(".pick input")) box.toggleAttribute("checked", box.checked);
  for (const one of rows.querySelectorAll(".htmx-request")) one.classList.remove("htmx-request");
  for (const one of rows.querySelectorAll("[style]")) one.removeAttribute("style"); // of a browser's extension; the policy forbids it
  const { list, shown, me, project } = app.dataset;
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ list, shown, me, project, again, at: Date.now(), top: rows.scrollTop, html: rows.innerHTML }));
  } catch {
    // There is no room for it: the list begins anew.
  }
}

addEventListener("pagehide", () => {
  if (Date.now() - kept > ON_THE_WAY_MS) keepList(true);
});
