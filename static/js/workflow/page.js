// The workflow's page: one draft, shown as a picture, as a list with forms and as JSON; edited in any of them.
// Owns the draft, its history, checking and saving. What is typed survives failures, reloads and faster colleagues.

import { openTab } from "./beside.js";
import { h } from "./build.js";
import * as drafts from "./draft.js";
import { listNodes, showForm } from "./form.js";
import { address, send } from "./server.js";
import { Sketch } from "./sketch.js";
import { offerTrial } from "./trial.js";
import { _ } from "../words.js";

const CHECK_MS = 250; // after the last edit
const TYPING_MS = 500; // of JSON

const at = (id) => document.getElementById(id);
const given = JSON.parse(at("given").textContent);
const { manager, walk } = given;
const kept = `tandem:workflow:${given.project}`;

let base = given.version; // the version that the draft was made from
let saved = JSON.stringify(given.workflow);
let problems = given.problems;
let selected = walk?.stands_at ?? null;
let readable = true; // the JSON as typed
let history = new drafts.History(given.workflow);

let picking = null; // the way out whose target is being picked in the picture

const on = {
  select(id) {
    const way = picking;
    stopPicking();
    if (way === null || id === null) select(id);
    else if (drafts.nodeOf(history.draft, id).type !== "start") edit(drafts.connect(history.draft, way.id, way.route, id));
  },
  selectEdge(source, route) {
    select(source);
    openTab("steps");
    form();
    at("form").querySelector(`[data-way="${CSS.escape(route ?? "")}"]`)?.focus();
  },
  moved: (positions) => edit(drafts.setPositions(history.draft, positions)),
};
let picture = new Sketch(at("picture"), { on });

// The canvas weighs more than all the rest together: it comes when somebody's hand is on the picture.
let coming = null;
function canvas() {
  coming ??= import("./picture.js").then(({ Picture }) => {
    const { places } = picture;
    picture.remove();
    picture = new Picture(at("picture"), { manager, places, on });
    picture.show(history.draft, { problems, walk, selected });
    return picture;
  });
  return coming.catch(() => {
    coming = null;
    toast(_("The picture cannot be edited now. The list of steps does the same."));
  });
}
for (const kind of ["pointerenter", "pointerdown"]) at("picture").addEventListener(kind, canvas);

// Showing ----------------------------------------------------------------------------------------------------------

function show() {
  const draft = history.draft;
  if (selected !== null && !drafts.nodeOf(draft, selected)) selected = null;
  picture.show(draft, { problems, walk, selected });
  listNodes(at("nodes"), draft, { problems, walk, selected, onSelect: select });
  formSoon();
  if (document.activeElement !== at("json")) {
    at("json").value = JSON.stringify(draft, null, 2);
    readable = true;
    at("json-fault").textContent = "";
  }
  showState();
}

let forming = null;
function formSoon() {
  clearTimeout(forming);
  forming = setTimeout(form); // a field that is being left tells its change before the next one has the focus
}

function form() {
  clearTimeout(forming);
  showForm(at("form"), history.draft, { problems, selected, manager, tools: given.tools, change: (made) => edit(made(history.draft)), onRemove: remove, onPick: pick, onLeft: formSoon });
}

function showState() {
  at("problems").hidden = problems.length === 0;
  const first = problems[0];
  at("problems-words").replaceChildren(
    h("b", {}, `${problems.length === 1 ? _("1 problem") : _("{count} problems", { count: problems.length })}. `),
    first ? `${named(first)}${first.message}` : "",
  );
  if (!manager) return;
  const changed = history.now !== saved;
  at("undo").disabled = history.past.length === 0;
  at("redo").disabled = history.future.length === 0;
  at("save").disabled = !readable || problems.length > 0 || (!changed && base > 0);
  at("next").textContent = String(base + 1);
  at("base").textContent = changed ? _("Draft from version {base}", { base }) : _("From version {base}", { base });
  if (base === 0) at("base").textContent = _("Nothing saved yet");
}

function named(problem) {
  const node = drafts.nodeOf(history.draft, problem.node);
  return node ? `“${drafts.nameOf(node)}”: ` : "";
}

// A way out is connected by picking its target; the list beside does the same without a mouse.
function pick(id, route) {
  picking = { id, route };
  at("picture").classList.add("is-picking");
  toast(_("Click the step that it leads to, or Escape."));
}

function stopPicking() {
  picking = null;
  at("picture").classList.remove("is-picking");
}

function select(id) {
  selected = id;
  if (id !== null) picture.reveal(id);
  show();
}

at("show-problem").addEventListener("click", () => {
  openTab("steps");
  select(drafts.nodeOf(history.draft, problems[0]?.node) ? problems[0].node : null);
  at("nodes").querySelector("[aria-current]")?.focus();
});

// Editing ----------------------------------------------------------------------------------------------------------

function edit(draft) {
  if (!manager || !history.commit(draft)) return;
  changed();
}

function changed() {
  remember();
  show();
  checkSoon();
}

function remember() {
  if (history.now === saved) localStorage.removeItem(kept);
  else localStorage.setItem(kept, JSON.stringify({ base, text: history.now }));
}

function remove(id) {
  edit(drafts.removeNode(history.draft, id));
  at("nodes").querySelector("button")?.focus();
}

function step(direction) {
  if (document.activeElement === at("json")) at("json").blur();
  history[direction]();
  changed();
}

for (const button of document.querySelectorAll("[data-add]")) {
  button.addEventListener("click", () => {
    const from = drafts.nodeOf(history.draft, selected);
    const near = from?.position;
    const [draft, id] = drafts.addNode(history.draft, button.dataset.add, near ? { x: near.x + 40, y: near.y + 130 } : corner());
    edit(drafts.continued(draft, from, id));
    openTab("steps");
    select(id);
    form();
    at("form").querySelector("input")?.focus();
  });
}

// A free place where all nodes have theirs; else the layout finds one.
function corner() {
  const places = drafts.nodesOf(history.draft).map((node) => node.position);
  if (!places.every((place) => Number.isFinite(place?.x) && Number.isFinite(place?.y))) return null;
  return { x: Math.min(0, ...places.map((place) => place.x)), y: Math.max(0, ...places.map((place) => place.y)) + 100 };
}

at("fit").addEventListener("click", async () => (await canvas())?.fit());
at("arrange")?.addEventListener("click", async () => {
  const drawn = await canvas();
  if (drawn) edit(drafts.setPositions(history.draft, drawn.arrange()));
});
at("undo")?.addEventListener("click", () => step("undo"));
at("redo")?.addEventListener("click", () => step("redo"));

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "Escape") stopPicking();
  if (event.key === "Delete" && !typing && selected !== null && manager) remove(selected);
  if (!(event.ctrlKey || event.metaKey) || !manager) return;
  const key = event.key.toLowerCase();
  if (key === "s") {
    document.activeElement?.blur(); // a field tells its change when it is left
    save();
  } else if (key === "z" && !typing) step(event.shiftKey ? "redo" : "undo");
  else if (key === "y" && !typing) step("redo");
  else return;
  event.preventDefault();
});

// JSON beside it ---------------------------------------------------------------------------------------------------

let typing = null;
at("json").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(readJson, TYPING_MS);
});
at("json").addEventListener("blur", () => {
  clearTimeout(typing);
  if (readJson()) show();
});

function readJson() {
  const text = at("json").value;
  let draft = null;
  try {
    draft = JSON.parse(text);
  } catch (error) {
    at("json-fault").textContent = _("This is no valid JSON yet: {why}. Your words are kept; the picture shows the last that was.", { why: error.message });
  }
  readable = draft !== null && typeof draft === "object" && !Array.isArray(draft);
  if (readable) {
    at("json-fault").textContent = "";
    edit(draft);
  } else if (draft !== null) at("json-fault").textContent = _("A workflow is an object with nodes and edges.");
  showState();
  return readable;
}

at("export").addEventListener("click", () => {
  const file = URL.createObjectURL(new Blob([`${JSON.stringify(history.draft, null, 2)}\n`], { type: "application/json" }));
  h("a", { href: file, download: `workflow-${base}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(file));
});

at("import")?.addEventListener("change", async (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (!file) return;
  try {
    const read = JSON.parse(await file.text());
    const draft = read.workflow && !read.nodes ? read.workflow : read;
    if (draft === null || typeof draft !== "object" || Array.isArray(draft)) throw new Error("it holds no workflow");
    edit(draft);
    picture.fit();
    toast(_("{name} is loaded as a draft. Undo brings the old one back.", { name: file.name }));
  } catch (error) {
    toast(_("{name} was not loaded: {why}", { name: file.name, why: error.message }));
  }
});

// Checking and saving ----------------------------------------------------------------------------------------------

let checking = null;
function checkSoon() {
  clearTimeout(checking);
  checking = setTimeout(check, CHECK_MS);
}

async function check() {
  const text = history.now;
  try {
    const { ok, answer } = await send("/check", { workflow: JSON.parse(text) });
    if (text !== history.now) return; // an older draft's problems
    problems = ok ? answer.problems : [{ code: answer.error.code, message: answer.error.message, node: null, edge: null }];
    show();
  } catch {
    toast(_("The server cannot be reached. Your draft is kept."));
  }
}

at("save")?.addEventListener("click", () => save());

async function save() {
  if (at("save").disabled) return;
  const text = history.now;
  at("save").disabled = true;
  try {
    const { ok, answer } = await send("", { version: base, workflow: JSON.parse(text) });
    if (ok) {
      took(answer.version, text);
      toast(given.answers ? _("Version {version} is saved and answers from the next turn on.", { version: answer.version }) : _("Version {version} is saved. It answers once the mode is Orchestrator, in Settings, Responder.", { version: answer.version }));
    } else if (answer.error.code === "stale_workflow") conflict(answer.error);
    else if (answer.error.code === "invalid_workflow") problems = answer.error.problems;
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
}

function conflict({ message, current, yours }) {
  const dialog = at("conflict");
  at("conflict-words").textContent = message;
  at("conflict-differences").replaceChildren(...drafts.differences(current.workflow, yours.workflow).map((words) => h("li", {}, words)));
  at("theirs").value = JSON.stringify(drafts.ordered(current.workflow), null, 2);
  at("mine").value = JSON.stringify(drafts.ordered(yours.workflow), null, 2);
  dialog.dataset.version = current.version;
  dialog.showModal();
  dialog.querySelector("[data-choice=edit]").focus();
}

at("conflict").addEventListener("click", (event) => {
  const choice = event.target.closest("[data-choice]")?.dataset.choice;
  if (!choice) return;
  const version = Number(at("conflict").dataset.version);
  at("conflict").close();
  if (choice === "edit") return;
  base = version;
  saved = JSON.stringify(JSON.parse(at("theirs").value));
  if (choice === "theirs") edit(JSON.parse(saved)); // one undo away from one's own
  remember();
  show();
  if (choice === "mine") save();
});

document.addEventListener("click", async (event) => {
  const chosen = event.target.closest("[data-version], [data-template]")?.dataset;
  if (!chosen || event.target.closest("dialog")) return;
  const { version, template, title } = chosen;
  const response = await fetch(template ? `${address}/templates/${template}` : `${address}/versions/${version}`);
  if (!response.ok) return;
  edit((await response.json()).workflow);
  toast(_("{name} is loaded as a draft. Undo brings the other back.", { name: title ?? _("Version {version}", { version }) }));
});

offerTrial(() => history.draft);

function toast(words) {
  const box = h("div", { class: "toast", "data-toast": "" }, h("strong", {}, words));
  at("toasts").replaceChildren(box); // the newest alone: more would stand over the problems and the picture
  setTimeout(() => box.remove(), 10_000);
}

if (at(`tab-${location.hash.slice(1)}`)) openTab(location.hash.slice(1));

// A draft that was not saved comes back.
const stored = manager ? JSON.parse(localStorage.getItem(kept) ?? "null") : null;
if (stored && stored.text !== saved) {
  base = stored.base;
  history.commit(JSON.parse(stored.text));
  toast(_("Your unsaved draft is back. Undo brings the saved version."));
  checkSoon();
}
show();
