// Goes on in another project as soon as it is chosen. With the keys one passes others on the way to it, so that they
// only offer the button.

import { _ } from "../words.js";

const form = document.getElementById("projects");
if (form) {
  const button = form.querySelector("button");
  let keyed = false;
  button.hidden = true;

  function offer() {
    const chosen = form.elements.project.selectedOptions[0];
    button.textContent = chosen.value === "new" ? chosen.textContent : _("Go to {name}", { name: chosen.textContent });
    button.hidden = chosen.defaultSelected;
  }
  form.addEventListener("keydown", () => (keyed = true));
  form.addEventListener("pointerdown", () => (keyed = false));
  form.addEventListener("change", () => (keyed ? offer() : form.submit()));
  addEventListener("pageshow", () => {
    form.reset(); // who comes back from making a new one is still in this one
    button.hidden = true;
  });
}
