// The list as it stands goes along to the next page: how far one has scrolled, what is loaded, what is chosen.
// Owns taking it along; static/js/kept-list.js puts it there before the next page is painted.

import { rouse } from "./resting.js";

const app = document.querySelector(".app");
const rows = document.getElementById("rows");
const KEY = "tandem:list";
const MOST = 1500; // rows, of which a browser keeps the text

export function keepList() {
  sessionStorage.removeItem(KEY);
  if (!app.dataset.shown || rows.scrollTop === 0 || rows.childElementCount > MOST) return; // at the beginning it is what the server sends
  rouse([...rows.children]);
  for (const box of rows.querySelectorAll(".pick input")) box.toggleAttribute("checked", box.checked);
  for (const one of rows.querySelectorAll(".htmx-request")) one.classList.remove("htmx-request");
  for (const one of rows.querySelectorAll("[style]")) one.removeAttribute("style"); // of a browser's extension; the policy forbids it
  const { list, shown } = app.dataset;
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ list, shown, at: Date.now(), top: rows.scrollTop, html: rows.innerHTML }));
  } catch {
    // There is no room for it: the list begins anew.
  }
}
