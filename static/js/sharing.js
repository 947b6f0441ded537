// The event streams of one browser's tabs: without HTTP/2 it has six lines to a server, and a stream takes one for good, so
// that with six tabs open the next would never load. Tabs out of sight rest, as long as another tab hears for the project.
// Owns who rests. A tab that is looked at has its stream, and catches up behind the last event that it saw.

import { openStream } from "./stream.js";

const MOST_OTHERS = 3; // with one's own four streams, which leaves two lines for everything else
const SOON_MS = 1_000; // longer than from one page to the next

// A browser that keeps a frame of another site from its like has no such channel: there each frame is alone.
function channel() {
  try {
    return new BroadcastChannel("tandem:streams");
  } catch {
    return null;
  }
}

export function openShared(url, options, project = document.body.dataset.project ?? "") {
  const tabs = channel();
  return tabs ? shared(tabs, url, options, project) : openStream(url, options);
}

function shared(tabs, url, options, project) {
  const id = `${Date.now()}-${Math.random()}`;
  const others = new Map(); // streams that are open elsewhere, and their projects
  let rests = false;
  let ended = false;
  let timer = null;
  const stream = openStream(url, { ...options, onState: (is) => rests || options.onState(is) });
  const { close } = stream;
  const say = (what) => tabs.postMessage({ what, id, project });
  const isHeard = () => [...others.values()].includes(project);

  function rest() {
    rests = true;
    close();
    say("closed");
  }

  function wake() {
    clearTimeout(timer);
    timer = null;
    rests = false;
    stream.reopen();
    say("opened");
  }

  // Somebody has to hear what calls its reader; of those that rest, the first to notice.
  function wakeUnheard() {
    timer = null;
    if (rests && !ended && !isHeard()) wake();
  }

  function look() {
    if (ended) return;
    if (!rests && document.hidden && others.size >= MOST_OTHERS && isHeard()) rest();
    else if (rests && !isHeard()) timer ??= setTimeout(wakeUnheard, SOON_MS * (1 + 2 * Math.random()));
  }

  tabs.addEventListener("message", ({ data }) => {
    if (data.what === "closed") others.delete(data.id);
    else others.set(data.id, data.project);
    if (data.what === "opened" && !rests) say("there");
    look();
  });
  document.addEventListener("visibilitychange", () => (rests && !ended && !document.hidden ? wake() : look()));
  addEventListener("pagehide", () => rests || ended || say("closed"));
  addEventListener("pageshow", (event) => event.persisted && !ended && wake());
  say("opened");
  return Object.assign(stream, {
    close() {
      ended = true;
      close();
      say("closed");
      tabs.close();
    },
  });
}
