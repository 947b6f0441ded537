// The team's page: copies the invitation's link, and offers to set a role once another is chosen: arrow keys choose too,
// so that choosing alone sends nothing.

import { showDates } from "./dates.js";

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // where the page is not served securely there is no clipboard for scripts
    }
    button.querySelector("span").textContent = button.dataset.done;
  });
}

for (const form of document.querySelectorAll("form[data-offers]")) {
  const now = form.elements.role.value;
  form.addEventListener("change", () => form.classList.toggle("is-changed", form.elements.role.value !== now));
}

showDates(document);
