// Words into the clipboard. Owns the way there; a page that is not served securely has no clipboard for scripts.

/** Whether they are in it. */
export async function copyWords(words) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    return selected(words);
  }
}

function selected(words) {
  const field = Object.assign(document.createElement("textarea"), { value: words, readOnly: true, className: "visually-hidden" });
  const before = document.activeElement;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  before?.focus();
  return done;
}
