// The account's page: what calls one in this browser, adding a passkey, and times in the reader's zone.

import { can, want, wants } from "../calling.js";
import { holdFor, holdForSeconds } from "../holding.js";
import { showDates } from "./dates.js";
import { known, make, send } from "./passkey.js";

showDates(document);

for (const box of document.querySelectorAll("[data-wants]")) {
  const kind = box.dataset.wants;
  box.disabled = !can(kind);
  box.checked = wants(kind);
  box.addEventListener("change", async () => {
    await want(kind, box.checked);
    box.checked = wants(kind);
    box.disabled = !can(kind);
  });
}

const hold = document.getElementById("hold");
hold.disabled = false;
hold.value = String(holdFor());
hold.addEventListener("change", () => holdForSeconds(hold.value));

const form = document.getElementById("add-passkey");
if (form && known()) {
  const wrong = document.getElementById("key-wrong");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { csrf_token: token, password, name } = Object.fromEntries(new FormData(form));
    wrong.hidden = true;
    try {
      const credential = await make(await send(form.dataset.options, { password }, token));
      const { recovery_codes: codes } = await send(form.dataset.keep, { credential, name }, token);
      if (codes.length) showPaper(codes);
      else location.reload();
    } catch (error) {
      wrong.textContent = error.status === 422 ? wrong.dataset.password : wrong.dataset.failed;
      wrong.hidden = false;
    }
  });
}

function showPaper(codes) {
  const card = document.getElementById("paper-card").content.cloneNode(true);
  const list = card.querySelector("ul");
  for (const code of codes) list.append(Object.assign(document.createElement("li"), { textContent: code }));
  card.querySelector("a").addEventListener("click", (event) => {
    event.preventDefault(); // the same address with another place in it would load nothing
    location.reload();
  });
  form.replaceWith(card);
}
