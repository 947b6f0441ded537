// Goes on in another project as soon as it is chosen. With the keys one passes others on the way to it, so that they
// only offer the button.

const form = document.getElementById("projects");
if (form) {
  const button = form.querySelector("button");
  let keyed = false;
  button.hidden = true;
  form.addEventListener("keydown", () => (keyed = true));
  form.addEventListener("pointerdown", () => (keyed = false));
  form.addEventListener("change", () => (keyed ? (button.hidden = false) : form.submit()));
  addEventListener("pageshow", () => form.reset()); // who comes back from making a new one is still in this one
}
