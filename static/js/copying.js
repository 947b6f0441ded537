// The buttons that copy the text of the field they name: a link, a tag, a secret that is shown once.

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  field.addEventListener("focus", () => field.select());
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // where the page is not served securely there is no clipboard for scripts
    }
    button.querySelector("span").textContent = button.dataset.done;
  });
}
