// How long what is sent to a visitor is held, so that its writer can take it back: not at all, unless they chose so in this
// browser. Owns that choice. Whoever leaves the page meanwhile sends it at once (static/js/sending.js).

const KEY = "tandem:hold";

/** In seconds. */
export const holdFor = () => Number(localStorage.getItem(KEY)) || 0;

export function holdForSeconds(seconds) {
  localStorage.setItem(KEY, String(seconds));
}

/** Until when a message that is sent now is held; a note is nobody's to wait for. */
export const heldUntil = (kind) => (kind === "public" && holdFor() ? Date.now() + holdFor() * 1000 : 0);

export const isHeld = (entry) => entry.until > Date.now();
