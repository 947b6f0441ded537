// What calls an agent, as this browser has it: its notifications, and a sound. Both are off until somebody wants them.
// Owns what is wanted, and the sound itself. Whom something calls is said by static/js/notify.js.

const QUIET_MS = 4_000; // one sound for all that comes at once, in however many tabs
const PATIENCE_MS = 300;
const NOTES = [[660, 0], [880, 0.12]]; // hertz, and seconds from the first
const key = (kind) => `tandem:${kind}`;
let audio = null;

/** Whether this browser shows or plays it. */
export function wants(kind) {
  if (localStorage.getItem(key(kind)) !== "yes") return false;
  return kind !== "notify" || ("Notification" in window && Notification.permission === "granted");
}

/** Whether it could, if somebody wanted it. */
export const can = (kind) => (kind === "sound" ? "AudioContext" in window : "Notification" in window && Notification.permission !== "denied");

/** Somebody's click: the browser asks them, where it has to. */
export async function want(kind, yes) {
  const granted = !yes || kind !== "notify" || (await Notification.requestPermission()) === "granted";
  localStorage.setItem(key(kind), yes && granted ? "yes" : "no");
  if (yes && kind === "sound") play();
}

/** The sound, unless it was heard a moment ago. */
export function ring() {
  const now = Date.now();
  if (now - Number(localStorage.getItem(key("rang"))) < QUIET_MS) return;
  localStorage.setItem(key("rang"), String(now));
  play();
}

async function play() {
  audio ??= new AudioContext();
  // A browser lets no page be heard before a click in it: until then there is no sound, and none that comes late.
  await Promise.race([audio.resume(), new Promise((over) => setTimeout(over, PATIENCE_MS))]);
  if (audio.state !== "running") return;
  for (const [hertz, after] of NOTES) note(hertz, audio.currentTime + after);
  document.dispatchEvent(new CustomEvent("tandem:rang"));
}

function note(hertz, at) {
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = hertz;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.12, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, at + 0.35);
  tone.connect(volume).connect(audio.destination);
  tone.start(at);
  tone.stop(at + 0.4);
}
