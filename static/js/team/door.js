// The sign-in pages: shows what is typed on demand, and proves a passkey.

import { known, prove, send } from "./passkey.js";

const peek = document.getElementById("peek");
if (peek) {
  const field = document.getElementById("password");
  peek.hidden = false;
  peek.addEventListener("click", () => {
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    peek.setAttribute("aria-pressed", String(!shown));
    field.focus();
  });
}

const passkey = document.getElementById("by-passkey");
if (passkey && known()) {
  const wrong = passkey.querySelector(".error-text");
  const token = document.querySelector("[name=csrf_token]").value;
  passkey.hidden = false;
  passkey.querySelector("button").addEventListener("click", async () => {
    wrong.hidden = true;
    try {
      const credential = await prove(await send(passkey.dataset.options, {}, token));
      const { next } = await send(passkey.dataset.prove, { credential }, token);
      location.assign(next);
    } catch (error) {
      wrong.textContent =
        error.status === 429 ? wrong.dataset.wait : error.status ? wrong.dataset.refused : wrong.dataset.cancelled;
      wrong.hidden = false;
    }
  });
}
