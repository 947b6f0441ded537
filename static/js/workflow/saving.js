// The draft on its way to the next version. Owns from which version it was made, what this browser keeps of it until it
// is saved, and the choice of whoever finds that a colleague was faster.

import { h } from "./build.js";
import { differences, ordered } from "./draft.js";
import { send } from "./server.js";
import { toast } from "./toast.js";
import { _ } from "../words.js";

const at = (id) => document.getElementById(id);

/** `given` is what the page began with. `take` makes a workflow the draft, `refused` hears its problems, `show` draws. */
export function openSaving(given, history, { take, refused, show }) {
  const kept = `tandem:workflow:${given.project}`;
  let base = given.version; // the version that the draft was made from
  let saved = JSON.stringify(given.workflow);

  const isChanged = () => history.now !== saved;

  function remember() {
    if (isChanged()) localStorage.setItem(kept, JSON.stringify({ base, text: history.now }));
    else localStorage.removeItem(kept);
  }

  // A draft that was not saved comes back. Whether one did.
  function bringBack() {
    const stored = JSON.parse(localStorage.getItem(kept) ?? "null");
    if (!stored || stored.text === saved) return false;
    base = stored.base;
    history.commit(JSON.parse(stored.text));
    toast(_("Your unsaved draft is back. Undo brings the saved version."));
    return true;
  }

  async function save() {
    if (at("save").disabled) return;
    const text = history.now;
    at("save").disabled = true;
    try {
      const { ok, answer } = await send("", { version: base, workflow: JSON.parse(text) });
      if (ok) took(answer.version, text);
      else if (answer.error.code === "stale_workflow") conflict(answer.error);
      else if (answer.error.code === "invalid_workflow") refused(answer.error.problems);
      else toast(answer.error.message);
    } catch {
      toast(_("The server cannot be reached. Your draft is kept."));
    }
    show();
  }

  function took(version, text) {
    base = version;
    saved = text;
    at("answers").replaceChildren(given.answers ? _("version {version} is saved", { version }) : h("a", { href: "/settings#mode" }, _("the mode is Simple: no workflow answers")));
    remember();
    toast(given.answers ? _("Version {version} is saved and answers from the next turn on.", { version }) : _("Version {version} is saved. It answers once the mode is Orchestrator, in Settings, Responder.", { version }));
  }

  function conflict({ message, current, yours }) {
    const dialog = at("conflict");
    at("conflict-words").textContent = message;
    at("conflict-differences").replaceChildren(...differences(current.workflow, yours.workflow).map((words) => h("li", {}, words)));
    at("theirs").value = JSON.stringify(ordered(current.workflow), null, 2);
    at("mine").value = JSON.stringify(ordered(yours.workflow), null, 2);
    dialog.dataset.version = current.version;
    dialog.showModal();
    dialog.querySelector("[data-choice=edit]").focus();
  }

  at("conflict").addEventListener("click", (event) => {
    const choice = event.target.closest("[data-choice]")?.dataset.choice;
    if (!choice) return;
    at("conflict").close();
    if (choice === "edit") return;
    base = Number(at("conflict").dataset.version);
    saved = JSON.stringify(JSON.parse(at("theirs").value));
    if (choice === "theirs") take(JSON.parse(saved)); // one undo away from one's own
    remember();
    show();
    if (choice === "mine") save();
  });

  at("save")?.addEventListener("click", save);
  return { save, remember, bringBack, isChanged, version: () => base };
}
