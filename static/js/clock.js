// Times in the reader's zone, seconds that count up beside a turn, and for how long somebody waits.
// Owns how a moment is written. A format is made once: making one costs as much as writing hundreds of moments.

const timeZone = document.documentElement.dataset.timeZone || undefined; // the account's, where one is chosen
const CLOCK = { hour: "2-digit", minute: "2-digit", hour12: false };
const FORMATS = {
  moment: { weekday: "short", month: "short", day: "numeric", ...CLOCK },
  seconds: { ...CLOCK, second: "2-digit" },
  date: { month: "short", day: "numeric" },
  day: { year: "numeric", month: "short", day: "numeric" },
  minutes: CLOCK,
  whole: { dateStyle: "medium", timeStyle: "medium" },
};
const made = new Map();
const counting = new Map(); // units of time
const shown = new WeakMap(); // what an element says already

function written(at, name) {
  if (!made.has(name)) made.set(name, new Intl.DateTimeFormat(undefined, { ...FORMATS[name], timeZone }));
  return made.get(name).format(at);
}

// Of a list that goes back for years: the time today, else the day.
function recent(at) {
  const now = new Date();
  if (written(at, "day") === written(now, "day")) return "minutes";
  return at.getFullYear() === now.getFullYear() ? "date" : "day";
}

export function showClocks(root) {
  for (const element of root.querySelectorAll("[data-clock]")) {
    const said = element.dateTime ?? element.dataset.at; // of a picture, which has no element for times
    if (shown.get(element) === said) continue;
    shown.set(element, said);
    const at = new Date(said);
    const name = element.dataset.clock === "recent" ? recent(at) : element.dataset.clock in FORMATS ? element.dataset.clock : "minutes";
    element.textContent = written(at, name);
    if (element.dateTime && !["day", "moment"].includes(name)) element.setAttribute("title", written(at, "whole"));
  }
  showWaits(root);
}

const LENGTHS = [["day", 1440], ["hour", 60], ["minute", 1]]; // in minutes

/** For how long, in the largest unit that is whole: a glance along the list compares them. Below a minute the time stays. */
export function showWaits(root = document) {
  for (const element of root.querySelectorAll("[data-waits]")) {
    const minutes = Math.floor((Date.now() - new Date(element.dateTime)) / 60_000);
    const [unit, size] = LENGTHS.find(([, most]) => minutes >= most) ?? [];
    const words = unit && length(Math.floor(minutes / size), unit);
    if (words && element.textContent !== words) element.textContent = words;
  }
}

function length(count, unit) {
  if (!counting.has(unit)) counting.set(unit, new Intl.NumberFormat(document.documentElement.lang || undefined, { style: "unit", unit, unitDisplay: "short" }));
  return counting.get(unit).format(count);
}

/** As a field for a moment has it: in the browser's zone, to the minute. */
export const typed = (at) => new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

export function count(root = document) {
  for (const element of root.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, Math.round((Date.now() - new Date(element.dataset.since)) / 1000));
    element.textContent = `${seconds} s`;
  }
}
