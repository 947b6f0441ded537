// A line above the first of each day in a thread, in the reader's zone, and what that day is called today.
// The server draws the lines as the account's zone has them; this moves those that are wrong.

import { _ } from "./words.js";

const messages = document.getElementById("messages");
const timeZone = document.documentElement.dataset.timeZone || undefined;
// Made once: making one costs as much as writing hundreds of days.
const keys = new Intl.DateTimeFormat("en-CA", { timeZone });
const key = (at) => keys.format(at);

function called(at) {
  const now = new Date();
  const yesterday = new Date(now.getTime() - 86_400_000);
  if (key(at) === key(now)) return _("Today");
  if (key(at) === key(yesterday)) return _("Yesterday");
  const year = at.getFullYear() === now.getFullYear() ? {} : { year: "numeric" };
  return at.toLocaleDateString(document.documentElement.lang, { weekday: "long", month: "long", day: "numeric", ...year, timeZone });
}

function showDays() {
  let before = null;
  for (const item of messages?.querySelectorAll("[data-message], [data-entry]") ?? []) {
    const at = new Date(item.querySelector("time[datetime]").dateTime);
    const above = item.previousElementSibling?.id === "new-line" ? item.previousElementSibling : item;
    const line = above.previousElementSibling?.matches(".day") ? above.previousElementSibling : null;
    if (key(at) === before) line?.remove();
    else name(line ?? drawn(above), at);
    before = key(at);
  }
}

function drawn(above) {
  const line = document.createElement("p");
  line.className = "day";
  line.append(document.createElement("span"));
  above.before(line);
  return line;
}

function name(line, at) {
  const words = called(at);
  if (line.textContent !== words) line.firstElementChild.textContent = words;
}

if (messages) {
  showDays();
  new MutationObserver(showDays).observe(messages, { childList: true });
  setInterval(showDays, 60_000); // midnight passes
}
