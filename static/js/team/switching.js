// Goes on in another project as soon as it is chosen.

const form = document.getElementById("projects");
if (form) {
  form.querySelector("button").hidden = true;
  form.addEventListener("change", () => form.submit());
}
