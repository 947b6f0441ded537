// The event streams of one browser's tabs: without HTTP/2 it has six lines to a server, and a stream takes one for good,
// so that the seventh tab would never load. Tabs out of sight rest, as long as another hears for the project.
// Owns who rests. A tab that is looked at has its stream, and catches up behind the last event that it saw.

import { openStream } from "./stream.js";

const MOST_OTHERS = 3; // with one's own four streams, which leaves two lines for everything else
const SOON_MS = 1_000; // longer than from one page to the next

// Some browsers have none in a frame of another site: there each is alone.
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
  const id = Math.random();
  const others = new Map(); // streams that are open elsewhere, and their projects
  let rests = false;
  let ended = false;
  let timer = null;
  const stream = openStream(url, { ...options, onState: (is) => rests || options.onState(is) });
  const { close } = stream;
  const say = (what) => ended || tabs.postMessage({ what, id, project });
  const isHeard = () => [...others.values()].includes(project);

  // Said again and again: whoever has a stream answers, and a tab that crashed does not.
  function rest() {
    rests = true;
    close();
    others.clear();
    say("closed");
    look();
  }

  function wake() {
    if (ended) return;
    clearTimeout(timer);
    timer = null;
    rests = false;
    close(); // what a page that comes back had before
    stream.reopen();
    others.clear();
    say("opened");
  }

  // Somebody has to hear what calls its reader; of those that rest, the first to notice.
  function wakeUnheard() {
    timer = null;
    if (rests && !isHeard()) wake();
  }

  function look() {
    if (!rests && document.hidden && others.size >= MOST_OTHERS && isHeard()) rest();
    else if (rests && !isHeard()) timer ??= setTimeout(wakeUnheard, SOON_MS * (1 + 2 * Math.random()));
  }

  tabs.addEventListener("message", ({ data }) => {
    if (data.what === "closed") others.delete(data.id);
    else others.set(data.id, data.project);
    if (data.what !== "there" && !rests) say("there");
    look();
  });
  document.addEventListener("visibilitychange", () => (rests && !document.hidden ? wake() : look()));
  addEventListener("pagehide", () => rests || say("closed"));
  addEventListener("pageshow", (event) => event.persisted && wake());
  setInterval(() => rests && rest(), 60 * SOON_MS);
  say("opened");
  return Object.assign(stream, {
    close() {
      close();
      say("closed");
      ended = true;
      tabs.close();
    },
  });
}
