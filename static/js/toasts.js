// Toasts: words about what became of an act. One about the same thing takes the place of the last.
// Owns showing, replacing and dismissing them; who did what and when is said by the server.

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
    if (seconds) setTimeout(() => one.remove(), seconds * 1000);
    showClocks(one);
  }
}).observe(toasts, { childList: true });

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
