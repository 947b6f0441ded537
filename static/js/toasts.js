// Toasts: words about what became of an act. One about the same thing takes the place of the last.
// Owns showing, replacing and dismissing them; who did what and when is said by the server. What can still be undone
// goes along to the next page.

import { showClocks } from "./clock.js";
import { _ } from "./words.js";

const SECONDS = 10;
const toasts = document.getElementById("toasts");

/** Words of the page itself, for a while. */
export function toast(words, about = "") {
  const box = document.createElement("div");
  box.className = "toast";
  box.dataset.toast = "";
  box.dataset.seconds = SECONDS;
  if (about) box.dataset.about = about;
  const strong = document.createElement("strong");
  strong.textContent = words;
  box.append(strong);
  toasts.append(box);
}

new MutationObserver((changes) => {
  for (const one of changes.flatMap((change) => [...change.addedNodes])) {
    if (!one.dataset) continue;
    const { about, seconds } = one.dataset;
    for (const older of toasts.children) if (about && older !== one && older.dataset.about === about) older.remove();
    if (seconds) {
      one.dataset.until ??= Date.now() + seconds * 1000;
      setTimeout(() => one.remove(), one.dataset.until - Date.now());
    }
    showClocks(one);
  }
}).observe(toasts, { childList: true });

// What can still be undone goes along --------------------------------------------------------------------------------

const KEY = "tandem:toast";

addEventListener("pagehide", () => {
  const last = [...toasts.children].findLast((one) => one.dataset.until && one.querySelector("[data-undo]"));
  for (const one of last?.querySelectorAll("[style]") ?? []) one.removeAttribute("style"); // of an extension; the policy forbids it
  if (last) sessionStorage.setItem(KEY, last.outerHTML);
  else sessionStorage.removeItem(KEY);
});

const brought = document.createElement("template");
brought.innerHTML = sessionStorage.getItem(KEY) ?? ""; // the server's own, of the same origin
const still = brought.content.firstElementChild;
if (still && Number(still.dataset.until) > Date.now()) {
  toasts.append(still);
  htmx.process(still);
}

document.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest("[data-toast]").remove());
// A button that is used once; where the server did not hear it, it stays.
document.body.addEventListener("htmx:afterRequest", ({ detail: { elt, xhr } }) => {
  if (xhr.status && xhr.status < 500 && elt.querySelector?.("[data-dismiss-after]")) elt.closest("[data-toast]")?.remove();
});

document.body.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  toast(status === 429 ? _("Too fast. Wait a moment and try again.") : _("That did not work ({status}). Your words are kept.", { status }));
});
document.addEventListener("tandem:connected", () => toasts.querySelectorAll("[data-about=network]").forEach((one) => one.remove()));
document.body.addEventListener("htmx:sendError", () => toast(_("Not done: the server cannot be reached."), "network"));
