// The inbox in the browser: live parts, and typed words that are never lost.
// Owns no state of conversations: what changed is fetched as HTML from the server.

import { count, showClocks, showWaits } from "./clock.js";
import { refreshViews, rowsChanged } from "./list.js";
import { own } from "./own.js";
import { newest, sawArrivals } from "./reading.js";
import { openShared } from "./sharing.js";
import "./toasts.js";

const app = document.querySelector(".app");
const { open, position } = app.dataset;
app.dataset.shown = position;

// Live parts -------------------------------------------------------------------------------------------------------

const pending = new Set();
let timer = null;

let openChanged = false;
const ONCE_MORE_MS = 2_000;

function changed(conversation, whole = true) {
  pending.add(String(conversation));
  openChanged ||= whole && String(conversation) === open;
  timer ??= setTimeout(refresh, 20); // events of one commit come together
}

async function refresh() {
  timer = null;
  const ids = [...pending];
  pending.clear();
  const whole = openChanged;
  openChanged = false;
  const upTo = tryNow.last();
  await Promise.all([rowsChanged(ids), whole ? refreshOpen() : null]);
  refreshViews();
  if (!pending.size) app.dataset.shown = upTo ?? ""; // the list shows all that happened until then
}

let busy = false;
let again = false;

async function refreshOpen() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    do {
      again = false;
      const before = newest() ?? 0;
      await htmx.ajax("GET", `/conversations/${open}/parts?after=${before}&entry=${lastEntry()}`, { swap: "none", source: app });
      sawArrivals(before);
    } while (again);
  } catch {
    setTimeout(() => changed(open), ONCE_MORE_MS); // nothing of what was missed may stay missing
  } finally {
    busy = false;
  }
}

function lastEntry() {
  const all = [...document.querySelectorAll("#messages, #messages [data-entry]")];
  return Math.max(...all.map((one) => Number(one.dataset.entry)));
}

// A response may bring a message that an event brought already.
document.body.addEventListener("htmx:oobBeforeSwap", (event) => {
  for (const message of event.detail.fragment.querySelectorAll?.("[data-message], [data-entry]") ?? []) {
    if (document.getElementById(message.id)) message.remove();
  }
});
// A menu that is open in front of a person is not replaced under their hand.
document.body.addEventListener("htmx:oobBeforeSwap", (event) => {
  if (event.detail.target.id === "controls" && event.detail.target.contains(document.activeElement)) {
    if (document.activeElement.tagName === "SELECT") document.activeElement.blur();
  }
});

// The step that somebody is choosing to move the workflow to stays chosen.
document.body.addEventListener("htmx:oobBeforeSwap", (event) => {
  const chosen = event.detail.target.querySelector?.("#move-to");
  const fresh = event.detail.fragment.querySelector?.("#move-to");
  if (!chosen || !fresh || (chosen !== document.activeElement && chosen.options[chosen.selectedIndex]?.defaultSelected)) return;
  for (const option of fresh.options) option.selected = option.value === chosen.value;
  if (chosen === document.activeElement) setTimeout(() => document.getElementById("move-to")?.focus());
});

// Who sent a message has it shown at once, whatever the stream says.
document.addEventListener("tandem:refresh", (event) => {
  event.detail.done = refreshOpen();
});

const tryNow = openShared(open ? `/events?open=${open}` : "/events", {
  headers: () => ({ ...own }),
  from: position || null,
  onEvent(name, data) {
    if (name === "reset") location.reload();
    else if (name.startsWith("live.")) passing(name.slice(5), data);
    else {
      document.dispatchEvent(new CustomEvent("tandem:event", { detail: { name, data } }));
      changed(data.conversation_id);
    }
  },
  onState(connected) {
    showConnection(connected);
    if (!connected) return;
    document.dispatchEvent(new CustomEvent("tandem:connected"));
    if (document.querySelector("#run .run")) changed(open); // what passed by before the stream was open is not sent again
  },
});

document.addEventListener("tandem:seen", () => changed(open, false));
document.getElementById("try-now")?.addEventListener("click", tryNow);

// A moment without a connection is nobody's business; after it the banner says since when.
const UNNOTICED_MS = 800;
let bannerTimer = null;

function showConnection(connected) {
  const banner = document.getElementById("offline");
  if (!banner) return;
  if (connected) {
    clearTimeout(bannerTimer);
    bannerTimer = null;
    banner.hidden = true;
  } else if (!bannerTimer) {
    document.getElementById("offline-since").dataset.since = new Date().toISOString();
    bannerTimer = setTimeout(() => {
      count();
      banner.hidden = false;
    }, UNNOTICED_MS);
  }
}

// Signs that nobody waits for. That something was read, or somebody mentioned, changes a row and the figures.
function passing(name, data) {
  if (name === "seen") changed(data.conversation_id, false);
  else if (name === "mention" || name === "gone") refreshViews();
  document.dispatchEvent(new CustomEvent("tandem:live", { detail: { name, data } }));
}

// Told once for each element that came, so only its own times are written: a page of the list brings fifty.
document.body.addEventListener("htmx:afterSettle", ({ target }) => {
  if (!(target instanceof Element)) return;
  showClocks(target);
  count(target);
});
setInterval(() => count(), 1000);
setInterval(() => showWaits(), 30_000);
showClocks(document);
count();
