// The page's language in scripts: `_("…")` says it in the reader's.
// Owns the look-up only; the words come with the page (inbox/language.py), English ones are in the code.

const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");

/** The text in the page's language, with `{name}` replaced by `values.name`. */
export function _(text, values = {}) {
  return (words[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
