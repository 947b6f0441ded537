// Times in the reader's zone, and seconds that count up beside a turn.

export function showClocks(root) {
  const timeZone = document.documentElement.dataset.timeZone || undefined; // the account's, where one is chosen
  for (const element of root.querySelectorAll("[data-clock]")) {
    const at = new Date(element.dateTime ?? element.dataset.at) // of a picture, which has no element for times;
    if (element.dataset.clock === "moment") {
      element.textContent = at.toLocaleString([], { weekday: "short", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false, timeZone });
      continue;
    }
    const seconds = element.dataset.clock === "seconds" ? { second: "2-digit" } : {};
    if (element.dataset.clock === "day") {
      element.textContent = at.toLocaleDateString([], { year: "numeric", month: "short", day: "numeric", timeZone });
      continue;
    }
    element.textContent = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false, timeZone, ...seconds });
    if ("title" in element) element.title = at.toLocaleString([], { timeZone });
  }
}

export function count() {
  for (const element of document.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, Math.round((Date.now() - new Date(element.dataset.since)) / 1000));
    element.textContent = `${seconds} s`;
  }
}
