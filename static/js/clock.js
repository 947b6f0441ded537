// Times in the reader's zone, and seconds that count up beside a turn.

export function showClocks(root) {
  for (const element of root.querySelectorAll("time[data-clock]")) {
    const at = new Date(element.dateTime);
    if (element.dataset.clock === "moment") {
      element.textContent = at.toLocaleString([], { weekday: "short", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });
      continue;
    }
    const seconds = element.dataset.clock === "seconds" ? { second: "2-digit" } : {};
    if (element.dataset.clock === "day") {
      element.textContent = at.toLocaleDateString([], { year: "numeric", month: "short", day: "numeric" });
      continue;
    }
    element.textContent = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false, ...seconds });
    element.title = at.toLocaleString();
  }
}

export function count() {
  for (const element of document.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, Math.round((Date.now() - new Date(element.dataset.since)) / 1000));
    element.textContent = `${seconds} s`;
  }
}
