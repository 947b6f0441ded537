// The counts of the labels' page as they change. A label that is new, or gone, loads the page unless somebody is at work.

import { own } from "../own.js";
import { openShared } from "../sharing.js";

const list = document.getElementById("all-labels");
let timer = null;

async function refresh() {
  timer = null;
  const response = await fetch(location.href, { cache: "no-store", headers: own }).catch(() => null);
  if (!response?.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const names = (root) => [...root.querySelectorAll("[data-label]")].map((one) => one.dataset.label).join("\n");
  if (names(fresh) !== names(document)) {
    if (!document.querySelector("details[open]")) location.reload();
    return;
  }
  const counts = fresh.querySelectorAll(".count-of");
  list?.querySelectorAll(".count-of").forEach((one, n) => one.textContent === counts[n].textContent || one.replaceChildren(...counts[n].childNodes));
}

function soon() {
  timer ??= setTimeout(refresh, 1000);
}

openShared("/events", {
  headers: () => ({ ...own }),
  onEvent: (name) => name === "conversation.updated" && soon(),
  onState: (connected) => connected && soon(), // what happened before the first event, or while it rested, is not sent again
});
