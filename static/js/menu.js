// A menu that opens under what is typed in a text field: `/` for canned replies, `@` for colleagues, `:` for emoji.
// Owns which entry is chosen and the keys while it is open. What entries there are, it asks; it sends nothing.

const MOST = 8; // entries in sight

// `openers` are {before: RegExp whose last group is the word so far, entries: async () => [{name, words, insert}]}.
export function offerMenu(field, list, openers) {
  let found = [];
  let chosen = 0;
  let token = null;

  // A field of several lines stays a text field to those who cannot see the menu; what is chosen in it is told.
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-haspopup", "listbox");
  field.setAttribute("aria-controls", list.id);

  async function look() {
    const before = field.value.slice(0, field.selectionStart);
    for (const opener of openers) {
      const match = field.selectionStart === field.selectionEnd && before.match(opener.before);
      if (!match || opener.when?.() === false) continue;
      const word = match[match.length - 1];
      const entries = await opener.entries();
      if (field.value.slice(0, field.selectionStart) !== before) return; // typed on meanwhile
      token = { start: before.length - word.length - 1, end: before.length };
      return show(fitting(entries, word), opener);
    }
    close();
  }

  function show(entries, opener) {
    found = entries.slice(0, MOST);
    if (!found.length && !opener.empty) return close();
    chosen = 0;
    list.hidden = false;
    list.setAttribute("aria-label", opener.label);
    list.replaceChildren(...found.map(row));
    if (!found.length) list.append(nothing(opener.empty));
    return mark();
  }

  function row(entry, place) {
    const item = document.createElement("li");
    item.id = `${list.id}-${place}`;
    item.setAttribute("role", "option");
    const name = document.createElement("b");
    name.textContent = entry.shown ?? entry.name;
    const words = document.createElement("span");
    words.textContent = entry.words;
    item.append(name, words);
    item.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the field keeps the focus
      chosen = place;
      take();
    });
    return item;
  }

  function nothing(words) {
    const item = document.createElement("li");
    item.className = "quiet";
    item.setAttribute("role", "option");
    item.setAttribute("aria-disabled", "true");
    item.textContent = words;
    return item;
  }

  function mark() {
    [...list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === chosen && !!found.length)));
    if (found.length) {
      field.setAttribute("aria-activedescendant", `${list.id}-${chosen}`);
      list.children[chosen].scrollIntoView({ block: "nearest" });
    } else field.removeAttribute("aria-activedescendant");
  }

  function take() {
    const entry = found[chosen];
    if (!entry) return close();
    field.setSelectionRange(token.start, token.end);
    close();
    // As if it had been typed, so that it can be taken back with Ctrl Z.
    if (document.execCommand("insertText", false, entry.insert)) return undefined;
    field.setRangeText(entry.insert, token.start, token.end, "end");
    return field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function close() {
    if (list.hidden) return;
    list.hidden = true;
    found = [];
    field.removeAttribute("aria-activedescendant");
  }

  field.addEventListener("input", look);
  field.addEventListener("click", look);
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowDown") chosen = Math.min(chosen + 1, found.length - 1);
    else if (event.key === "ArrowUp") chosen = Math.max(chosen - 1, 0);
    else if ((event.key === "Enter" || event.key === "Tab") && found.length) take();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!list.hidden) mark();
  });
}

export const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

// Those whose name begins with the word come first, then those that hold it anywhere.
function fitting(entries, word) {
  const wanted = fold(word);
  const rank = ({ name, words }) => {
    if (fold(name).startsWith(wanted)) return 0;
    if (fold(name).includes(wanted)) return 1;
    return wanted.length > 2 && fold(words).includes(wanted) ? 2 : 3;
  };
  return entries.filter((entry) => rank(entry) < 3).sort((one, other) => rank(one) - rank(other));
}
