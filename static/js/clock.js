// Times in the reader's zone, and seconds that count up beside a turn.

export function showClocks(root) {
  for (const element of root.querySelectorAll("time[data-clock]")) {
    const seconds = element.dataset.clock === "seconds" ? { second: "2-digit" } : {};
    const at = new Date(element.dateTime);
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
