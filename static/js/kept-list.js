// Puts the list of the page before in the place of the one that the server sent, where both show the same. Where it is
// known to be here, `kept` in the address, the server sends none; should it not be here after all, it is asked for.
// Runs while the page is read, so that nothing moves; what happened since comes from the events behind `shown`.
(() => {
  const app = document.querySelector(".app");
  const rows = document.getElementById("rows");
  const LONGEST_MS = 60_000; // the way from one page to the next
  app.dataset.sent = Date.now(); // when the server sent these rows
  const plain = new URL(location.href);
  const awaited = plain.searchParams.has("kept");
  plain.searchParams.delete("kept");
  if (awaited) history.replaceState(history.state, "", plain);
  let kept = null;
  try {
    kept = JSON.parse(sessionStorage.getItem("tandem:list"));
    sessionStorage.removeItem("tandem:list");
  } catch {
    kept = null;
  }
  const same = ["list", "me", "project"].every((name) => kept?.[name] === app.dataset[name]);
  // Whoever comes by another way, such as a link to the inbox, begins at its beginning.
  const elsewhere = kept?.again && performance.getEntriesByType("navigation")[0]?.type === "navigate";
  if (!same || elsewhere || Date.now() - kept.at > LONGEST_MS) {
    if (awaited) location.reload();
    return;
  }
  rows.innerHTML = kept.html; // the server's own, of the same origin
  rows.querySelector('[aria-current="true"]')?.removeAttribute("aria-current");
  document.getElementById(`row-${app.dataset.open}`)?.querySelector("a.row").setAttribute("aria-current", "true");
  document.getElementById("list").classList.toggle("is-choosing", Boolean(rows.querySelector(".pick input[checked]")));
  document.getElementById("no-rows").hidden = rows.childElementCount > 0; // it takes the list's room
  rows.scrollTop = kept.top;
  app.dataset.position = kept.shown;
  app.dataset.sent = kept.sent;
})();
