// What the workflow's page asks of the server. Owns the request, and what an answer that is no JSON is taken for.

import { _ } from "../words.js";

export const address = "/settings/workflow";

export async function send(path, body) {
  const response = await fetch(address + path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content },
    body: JSON.stringify(body),
  });
  if (response.status === 401) location.reload();
  const answer = await response.json().catch(() => ({ error: { code: "unknown", message: _("The server said {status}.", { status: response.status }) } }));
  return { ok: response.ok, answer };
}
