// The list as it stands goes along to the next page: how far one has scrolled, what is loaded, what is chosen.
// A page that is loaded again, or gone back to, has it as well.
// Owns taking it along; static/js/kept-list.js puts it there before the next page is painted.

import { rouse } from "./resting.js";

const app = document.querySelector(".app");
const rows = document.getElementById("rows");
const KEY = "tandem:list";
const MOST = 1500; // rows, of which a browser keeps the text
const FRESH_MS = 600_000; // what no event tells (a label's colour, a new name) is seen after that, where nobody has scrolled

const ON_THE_WAY_MS = 15_000; // longer than a page may take to come
let kept = 0;

/** Whether the next page will find it. */
export function keepList(again = false) {
  kept = Date.now();
  sessionStorage.removeItem(KEY);
  if (!app.dataset.shown || !rows.childElementCount || rows.childElementCount > MOST) return false;
  const asSent = rows.scrollTop === 0 && !rows.querySelector(".pick :checked");
  if (asSent && (again || kept - app.dataset.sent > FRESH_MS)) return false;
  rouse([...rows.children]);
  for (const box of rows.querySelectorAll(".pick input")) box.toggleAttribute("checked", box.checked);
  for (const one of rows.querySelectorAll(".htmx-request")) one.classList.remove("htmx-request");
  for (const one of rows.querySelectorAll("[style]")) one.removeAttribute("style"); // of a browser's extension; the policy forbids it
  const { list, shown, sent, me, project } = app.dataset;
  const html = rows.innerHTML;
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ list, shown, sent, me, project, again, at: kept, top: rows.scrollTop, html }));
    return true;
  } catch {
    return false; // there is no room for it: the list begins anew
  }
}

addEventListener("pagehide", () => {
  if (Date.now() - kept > ON_THE_WAY_MS) keepList(true);
});
