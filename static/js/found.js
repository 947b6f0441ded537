// A conversation that a search opened: the message that was found is before one's eyes, the words are marked in all.
// Owns the marks, and the bar that leads from one message to the next. Must not search: the server said what is found.

import { _ } from "./words.js";

const bar = document.getElementById("found");
const messages = document.getElementById("messages");
const terms = JSON.parse(bar.dataset.terms);
const escaped = (term) => term.replace(/[\\^$.*+?()[\]{}|\-/]/g, "\\$&");
// As the server finds them: each term is the beginning of a word.
const beginning = (term, flags) => new RegExp(`(?<![\\p{L}\\p{N}])${escaped(term)}`, flags);
const each = terms.map((term) => beginning(term, "iu"));
const any = new RegExp(terms.map((term) => beginning(term, "").source).join("|"), "giu");
let holding = []; // the messages that hold all terms, oldest first
let at = document.getElementById(`message-${bar.dataset.at}`);

function look() {
  const all = [...messages.querySelectorAll("[data-message]")];
  holding = all.filter((one) => one === at || each.every((term) => term.test(one.querySelector(".bubble").textContent)));
  globalThis.CSS.highlights?.set("found", new Highlight(...all.flatMap(ranges)));
  show();
}

function ranges(message) {
  const texts = document.createTreeWalker(message.querySelector(".bubble"), NodeFilter.SHOW_TEXT);
  const found = [];
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    for (const { index, 0: words } of text.data.matchAll(any)) {
      const range = new Range();
      range.setStart(text, index);
      range.setEnd(text, index + words.length);
      found.push(range);
    }
  }
  return found;
}

function show() {
  const more = messages.querySelector(".earlier") ? "+" : ""; // what lies further up is not known yet
  const place = holding.indexOf(at) + 1;
  bar.hidden = !holding.length;
  bar.querySelector(".num").textContent = place
    ? _("{place} of {count}", { place, count: `${holding.length}${more}` })
    : _("in {count} messages", { count: `${holding.length}${more}` });
}

function go(message) {
  at?.classList.remove("is-found");
  at = message;
  at.classList.add("is-found");
  at.scrollIntoView({ block: "center" });
  show();
}

// From the message that one is at, else from the end, which is where a thread opens. What lies further up is brought
// until one is found in it, or the thread begins.
async function step(by) {
  const place = holding.indexOf(at);
  let to = place < 0 ? holding.length - 1 : place + by;
  while (to < 0 && (await earlier())) to = holding.indexOf(at) - 1;
  go(holding[(to + holding.length) % holding.length]);
}

// The part of the thread before the one that is here; false where there is none, or it does not come.
function earlier() {
  const link = messages.querySelector(".earlier a");
  if (!link) return false;
  return new Promise((done) => {
    const came = ({ target }) => target.closest("#messages") && over(true);
    const failed = ({ detail }) => detail.elt === link && !detail.successful && over(false);
    const over = (is) => {
      document.body.removeEventListener("htmx:afterSettle", came);
      document.body.removeEventListener("htmx:afterRequest", failed);
      look();
      done(is);
    };
    document.body.addEventListener("htmx:afterSettle", came);
    document.body.addEventListener("htmx:afterRequest", failed);
    if (!link.matches(".htmx-request")) link.click();
  });
}

function unmark() {
  changes.disconnect();
  globalThis.CSS.highlights?.delete("found");
  at?.classList.remove("is-found");
  bar.hidden = true;
  document.getElementById("thread").focus();
}

const changes = new MutationObserver(look);
changes.observe(messages, { childList: true });
bar.addEventListener("click", (event) => {
  const { step: by, unmark: over } = event.target.closest("button")?.dataset ?? {};
  if (by) step(Number(by));
  else if (over !== undefined) unmark();
});
look();
if (at) go(at);
