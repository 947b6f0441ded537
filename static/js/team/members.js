// The team's page: copies the invitation's link, and sends a role's form as soon as the role is chosen.

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

for (const form of document.querySelectorAll("form[data-submits]")) {
  form.addEventListener("change", () => form.submit());
}

showDates(document);
