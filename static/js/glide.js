// What comes by itself moves nothing at once: what one sees is held where it is, and then glides to its new place.
// Owns that movement. Who asked the system for less motion, or looks elsewhere, has it at once.

const still = matchMedia("(prefers-reduced-motion: reduce)");
const STOPS = ["wheel", "touchstart", "pointerdown", "keydown"]; // the hand of a person, which leads from then on
const STILL_MS = 300; // for which no glide stands still
const gliding = new Map(); // a box -> how far it still has to go

/** Whether the box is on its way to where it was let go. */
export const glides = (box) => gliding.has(box) && Math.abs(box.scrollTop) <= gliding.get(box) + 1;

/** `by` pixels came before what one sees in the box; from there it glides to its beginning, at 0. */
export function glide(box, by) {
  const smooth = !still.matches && !document.hidden;
  if (smooth && by > 0) fill(box, by);
  box.scrollTop += by;
  if (smooth) leadBack(box);
  box.scrollTo({ top: 0, behavior: smooth ? "smooth" : "instant" });
}

// A box that is not full cannot be scrolled: it has room below for as long as it glides.
function fill(box, by) {
  const { offsetTop, offsetHeight } = box.lastElementChild;
  box.style.paddingBlockEnd = `${Math.max(0, box.clientHeight - offsetTop - offsetHeight + by)}px`;
}

function leadBack(box) {
  const known = gliding.has(box);
  gliding.set(box, Math.abs(box.scrollTop));
  if (known) return;
  box.style.overflowAnchor = "none"; // the browser would hold what one sees as well, and the glide take it for a person
  const over = new AbortController();
  const letGo = () => {
    over.abort();
    clearInterval(watching);
    gliding.delete(box);
    box.style.paddingBlockEnd = box.style.overflowAnchor = "";
  };
  const options = { passive: true, signal: over.signal };
  const moved = () => {
    const left = Math.abs(box.scrollTop);
    if (left > gliding.get(box) + 1) letGo(); // somebody scrolls away
    else gliding.set(box, left);
  };
  // The first end is of the hold, and what changes in the box may end a glide before its time: it goes on.
  const ended = () => {
    moved();
    if (Math.abs(box.scrollTop) < 1) letGo();
    else if (gliding.has(box)) box.scrollTo({ top: 0, behavior: "smooth" });
  };
  // A browser may drop a glide that another follows at once, without a word of its end.
  let before = null;
  const watching = setInterval(() => {
    if (box.scrollTop === before) ended();
    before = box.scrollTop;
  }, STILL_MS);
  box.addEventListener("scroll", moved, options);
  box.addEventListener("scrollend", ended, options);
  for (const name of STOPS) box.addEventListener(name, letGo, options);
}
