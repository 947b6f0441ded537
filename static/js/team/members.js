// The team's page: offers to set a role once another is chosen: arrow keys choose too, so that choosing alone sends
// nothing.

import "../copying.js";
import { showDates } from "./dates.js";

for (const form of document.querySelectorAll("form[data-offers]")) {
  const now = form.elements.role.value;
  form.addEventListener("change", () => form.classList.toggle("is-changed", form.elements.role.value !== now));
}

showDates(document);
