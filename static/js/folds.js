// Which sections of the panel beside a conversation are folded: as one left them, in every conversation.
// Runs while the page is read, so that nothing moves. Owns that; what is in a section is the server's.
(() => {
  const KEY = "tandem:folded";
  const side = document.getElementById("about");
  let folded = {};
  try {
    folded = JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    folded = {};
  }

  function fold() {
    for (const one of side.querySelectorAll("details[data-fold]")) one.open = one.dataset.fold in folded ? !folded[one.dataset.fold] : one.open;
  }

  fold();
  side.addEventListener("toggle", ({ target }) => {
    if (!target.dataset.fold) return;
    folded[target.dataset.fold] = !target.open;
    localStorage.setItem(KEY, JSON.stringify(folded));
  }, true);
  document.body.addEventListener("htmx:oobAfterSwap", ({ detail }) => side.contains(detail.target) && fold()); // one that came anew is open
})();
