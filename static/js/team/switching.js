// Goes on in another project as soon as it is chosen.

const form = document.getElementById("projects");
if (form) {
  form.querySelector("button").hidden = true;
  form.addEventListener("change", () => form.submit());
  addEventListener("pageshow", () => form.reset()); // who comes back from making a new one is still in this one
}
