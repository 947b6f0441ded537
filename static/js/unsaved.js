// A settings form that holds words which are not saved: said beside its button, which stays in reach, and asked before
// they are lost. Owns that for every form that ends in a filled Save. What the server refused is shown at its field.

import { _ } from "./words.js";

const forms = [...document.querySelectorAll(".settings form[method=post]:has(> .save > .btn.primary)")];
let sent = null; // the form that is on its way, or whose Cancel was pressed

for (const form of forms) {
  const said = document.createElement("span");
  said.className = "not-saved";
  said.setAttribute("role", "status");
  form.querySelector(":scope > .save > .btn.primary").after(said);
  const show = () => {
    const unsaved = holdsMore(form);
    form.classList.toggle("is-unsaved", unsaved);
    said.textContent = unsaved ? _("Not saved yet") : "";
  };
  form.addEventListener("input", show);
  form.addEventListener("change", show);
  form.addEventListener("click", (event) => {
    if (event.target.closest(".save a")) sent = form;
    setTimeout(show); // a button may have filled fields in
  });
  form.addEventListener("reset", () => setTimeout(show));
  addEventListener("pageshow", show); // a browser that comes back fills in what was typed
  show();
}

document.addEventListener("submit", (event) => {
  sent = event.target;
});

addEventListener("beforeunload", (event) => {
  if (forms.some((form) => form !== sent && holdsMore(form))) event.preventDefault();
  sent = null; // they may stay
});

document.querySelector('.settings [aria-invalid="true"]:not([autofocus])')?.focus();

/** Whether a form differs from what the server has: from how it came, or because it was refused. */
function holdsMore(form) {
  return Boolean(form.querySelector('[aria-invalid="true"]')) || [...form.elements].some(changed);
}

function changed(field) {
  if (field.disabled || field.readOnly || field.type === "hidden") return false;
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.type === "file") return field.files.length > 0;
  if (field.tagName !== "SELECT") return field.value !== undefined && field.value !== (field.defaultValue ?? field.value);
  const first = [...field.options].findIndex((one) => one.defaultSelected);
  return field.selectedIndex !== Math.max(first, 0);
}
