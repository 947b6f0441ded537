// The visitor's session: begun once, also where two tabs begin at once, and asked again when the server knows it no more.
// Owns every call to the server. A signed identity has a session of its own; when it goes, so does that session.

const API = "/api/v1/widget";

export class Refused extends Error {
  constructor(status, error) {
    super(error?.message ?? String(status));
    this.status = status;
    this.fields = error?.fields ?? {};
  }
}

export function openSession(store, key) {
  let who = subjectOf(store.identity);
  let beginning = null;
  const name = () => (who === null ? "session" : `session:${who}`);
  const current = () => JSON.parse(store.get(name()) ?? "null");
  forgetOthers();

  function forgetOthers() {
    for (const other of store.names()) if (other.startsWith("session:") && other !== name()) store.set(other, null);
  }

  async function begin() {
    const known = current();
    if (known) return known;
    const made = store.identity ? await beginVerified() : await beginUnknown();
    store.set(name(), JSON.stringify(made));
    return made;
  }

  async function beginUnknown() {
    const beginKey = store.get("begin") ?? newKey(); // two tabs that begin at once send the same one and get the same session
    store.set("begin", beginKey);
    const made = await call("POST", "/sessions", { body: { project_key: key }, once: beginKey, token: null });
    store.set("begin", null);
    return made;
  }

  async function beginVerified() {
    try {
      return await call("POST", "/sessions", { body: { project_key: key, visitor: { identity: store.identity } }, token: null });
    } catch (error) {
      if (error.status !== 422) throw error;
      identify(null); // expired, or not signed by this project: they may write all the same, as somebody unknown
      return beginUnknown();
    }
  }

  function identify(identity) {
    store.identity = identity;
    who = subjectOf(identity);
    forgetOthers();
  }

  async function call(method, path, { body, once, token } = {}) {
    const headers = { ...(token === null ? {} : bearer(token)) };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (once) headers["Idempotency-Key"] = once;
    const response = await fetch(API + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store" });
    const answer = await response.json().catch(() => null);
    if (!response.ok) throw new Refused(response.status, answer?.error);
    return answer;
  }

  async function upload(file, once) {
    const headers = { ...bearer(), "Content-Type": "application/octet-stream", "Idempotency-Key": once };
    const response = await fetch(`${API}/attachments?name=${encodeURIComponent(file.name)}`, { method: "POST", headers, body: file });
    const answer = await response.json().catch(() => null);
    if (!response.ok) throw new Refused(response.status, answer?.error);
    return answer;
  }

  async function bytes(address) {
    const response = await fetch(address, { headers: bearer(), cache: "no-store" });
    if (!response.ok) throw new Refused(response.status);
    return response.arrayBuffer();
  }

  const bearer = (token) => ({ Authorization: `Bearer ${token ?? current()?.token ?? ""}` });

  return {
    exists: () => current() !== null,
    name,
    headers: () => bearer(),
    begin: () => (beginning ??= begin().finally(() => (beginning = null))),
    get: (path) => call("GET", path),
    send: (method, path, body, once) => call(method, path, { body, once }),
    forget: () => store.set(name(), null),
    identify,
    upload,
    bytes,
  };
}

export const newKey = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;

// Who the identity is about, only to keep sessions of different people apart; the server checks the signature.
function subjectOf(identity) {
  if (!identity) return null;
  try {
    const claims = identity.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return String(JSON.parse(atob(claims)).sub);
  } catch {
    return "?";
  }
}
