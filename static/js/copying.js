// The buttons that copy the text of the field they name: a link, a tag, a secret that is shown once.

import { copyWords } from "./clipboard.js";

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  field.addEventListener("focus", () => field.select());
  button.hidden = false;
  button.addEventListener("click", async () => {
    await copyWords(field.value);
    field.select();
    button.querySelector("span").textContent = button.dataset.done;
  });
}
