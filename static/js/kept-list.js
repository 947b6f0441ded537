// Puts the list of the page before in the place of the one that the server sent, where both show the same.
// Runs while the page is read, so that nothing moves; what happened since comes from the events behind `shown`.
(() => {
  const app = document.querySelector(".app");
  const rows = document.getElementById("rows");
  const LONGEST_MS = 60_000; // the way from one page to the next
  let kept = null;
  try {
    kept = JSON.parse(sessionStorage.getItem("tandem:list"));
    sessionStorage.removeItem("tandem:list");
  } catch {
    return;
  }
  if (!kept || ["list", "me", "project"].some((name) => kept[name] !== app.dataset[name])) return;
  if (Date.now() - kept.at > LONGEST_MS) return;
  // Whoever comes by another way, such as a link to the inbox, begins at its beginning.
  if (kept.again && performance.getEntriesByType("navigation")[0]?.type === "navigate") return;
  rows.innerHTML = kept.html; // the server's own, of the same origin
  rows.querySelector('[aria-current="true"]')?.removeAttribute("aria-current");
  document.getElementById(`row-${app.dataset.open}`)?.querySelector("a.row").setAttribute("aria-current", "true");
  document.getElementById("list").classList.toggle("is-choosing", Boolean(rows.querySelector(".pick input[checked]")));
  rows.scrollTop = kept.top;
  app.dataset.position = kept.shown;
})();
