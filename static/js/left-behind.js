// What was written in a conversation that is not open any more, and could not be sent there: it goes out from here.
// Owns only those outboxes. What the server refuses stays in its own, and is told: there one can choose what becomes of it.

import { isHeld } from "./holding.js";
import { keepWaiting, post, waiting, waitingIn } from "./posting.js";
import { toast } from "./toasts.js";
import { _ } from "./words.js";

const AGAIN_MS = 5_000; // and as long a message is its own page's alone
const { open } = document.querySelector(".app").dataset;
let busy = false;

async function sendLeft() {
  if (busy) return;
  busy = true;
  for (const conversation of waiting()) if (conversation !== open) await sendIn(conversation);
  busy = false;
}

// In the order in which they were written: the next waits for the one before.
async function sendIn(conversation) {
  for (const entry of waitingIn(conversation)) {
    if (entry.refused || isHeld(entry) || Date.now() - entry.at < AGAIN_MS) return;
    const told = await post(conversation, entry);
    const values = { number: conversation };
    if (told === "again") toast(_("What you wrote in #{number} is not sent yet. It is tried again.", values), `left-${conversation}`);
    else if (told.message_id) done(conversation, entry, values);
    else refused(conversation, entry, values);
    if (!told.message_id) return;
  }
}

function done(conversation, entry, values) {
  keepWaiting(conversation, waitingIn(conversation).filter((one) => one.id !== entry.id));
  toast(_("What you wrote in #{number} is sent now.", values), `left-${conversation}`);
}

function refused(conversation, entry, values) {
  keepWaiting(conversation, waitingIn(conversation).map((one) => (one.id === entry.id ? { ...one, refused: true } : one)));
  toast(_("What you wrote in #{number} was not sent. Open it to see why.", values), `left-${conversation}`);
}

document.addEventListener("tandem:connected", sendLeft);
setInterval(sendLeft, AGAIN_MS);
