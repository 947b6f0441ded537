// An event stream over fetch: it can carry a token in a header, and resumes behind the last event that it saw.
// Owns reconnecting. `onEvent(name, data)`, `onState(connected)`; `headers()` is asked anew for each connection.
// A line on which nothing comes, not even a beat, is dead: a proxy, or a network that one has left, tells nobody.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;
const LONGEST_SILENCE = 40_000; // two beats that did not come, and some

export function openStream(url, { headers = () => ({}), onEvent, onState, from = null }) {
  let last = from;
  let wait = FIRST_WAIT;
  let timer = null;

  let closed = false;
  let line = new AbortController();
  let silence = null;

  function heard() {
    clearTimeout(silence);
    silence = setTimeout(() => line.abort(), LONGEST_SILENCE);
  }

  async function connect() {
    if (closed) return;
    timer = null;
    const mine = new AbortController();
    line = mine;
    heard();
    try {
      const sent = await headers();
      if (last !== null) sent["Last-Event-ID"] = last;
      const response = await fetch(url, { headers: sent, cache: "no-store", signal: mine.signal });
      if (response.status === 400) last = null; // the server knows this id no more
      if (!response.ok) throw new Error(String(response.status));
      onState(true);
      wait = FIRST_WAIT;
      await read(response.body.getReader());
    } catch {
      // Whatever it was, the answer is the same: wait a little and come back.
    }
    if (line !== mine) return; // closed, and opened anew before this one knew
    clearTimeout(silence);
    if (closed) return;
    onState(false);
    timer = setTimeout(connect, wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }

  // A person need not wait for the next try, nor does a browser that is online again.
  function now() {
    if (timer === null) return;
    clearTimeout(timer);
    wait = FIRST_WAIT;
    connect();
  }

  async function read(reader) {
    const decoder = new TextDecoder();
    let buffer = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      buffer += decoder.decode(value, { stream: true });
      const frames = buffer.split("\n\n");
      buffer = frames.pop();
      frames.forEach(take);
    }
  }

  function take(frame) {
    const fields = {};
    for (const line of frame.split("\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 1).trimStart();
    }
    if (fields.id) last = fields.id;
    if (fields.event) onEvent(fields.event, JSON.parse(fields.data || "{}"));
  }

  addEventListener("online", now);
  addEventListener("offline", () => line.abort()); // the line itself would be silent for long
  connect();
  return Object.assign(now, {
    last: () => last,
    close() {
      closed = true;
      clearTimeout(timer);
      timer = null;
      line.abort();
    },
    reopen() {
      closed = false;
      wait = FIRST_WAIT;
      connect();
    },
  });
}
