// Files that somebody hands to a composer. Owns hearing of them, what one may be, and its chip while it is on its way.

export const MOST_BYTES = 10 * 1024 * 1024; // as inbox/attachments.py has it
export const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]); // as inbox/file_types.py has it

/** Hands those that are picked with the input, or pasted into the field, to `take`. */
export function hearOfFiles(input, field, take) {
  input.addEventListener("change", () => {
    take(input.files);
    input.value = "";
  });
  field.addEventListener("paste", (event) => hand(event, event.clipboardData, take));
}

/** Those of an event's clipboard, or of what is dropped; where there are none the browser goes on as ever. */
export function hand(event, { files }, take) {
  if (!files.length) return;
  event.preventDefault();
  take(files);
}

/** It stands for a file; `busy` while the server has it not yet. */
export function chipOf(name, { busy }) {
  const chip = document.createElement("li");
  chip.textContent = name;
  if (busy) chip.setAttribute("aria-busy", "true");
  return chip;
}
