// The workflow's page: one draft, shown as a picture (canvas.js), as a list with forms and as JSON (text.js); edited in
// any of them. Owns the draft, its history and its problems; saving.js makes it the next version.
// What is typed survives failures, reloads and faster colleagues.

import { openTab } from "./beside.js";
import { h } from "./build.js";
import { openCanvas } from "./canvas.js";
import * as drafts from "./draft.js";
import { listNodes, showForm } from "./form.js";
import { openSaving } from "./saving.js";
import { address, send } from "./server.js";
import { openText } from "./text.js";
import { toast } from "./toast.js";
import { offerTrial } from "./trial.js";
import { own } from "../own.js";
import { _ } from "../words.js";

const CHECK_MS = 250; // after the last edit

const at = (id) => document.getElementById(id);
const given = JSON.parse(at("given").textContent);
const { manager, walk } = given;

const history = new drafts.History(given.workflow);
let problems = given.problems;
let selected = walk?.stands_at ?? null;

const picture = openCanvas({
  manager,
  now: () => ({ draft: history.draft, problems, walk, selected }),
  picked(way, id) {
    if (drafts.nodeOf(history.draft, id).type !== "start") edit(drafts.connect(history.draft, way.id, way.route, id));
  },
  on: {
    select,
    selectEdge(source, route) {
      select(source);
      openTab("steps");
      form();
      at("form").querySelector(`[data-way="${CSS.escape(route ?? "")}"]`)?.focus();
    },
    moved: (positions) => edit(drafts.setPositions(history.draft, positions)),
  },
});

const text = openText({
  draft: () => history.draft,
  version: () => saving.version(),
  typed(draft) {
    if (draft !== null) edit(draft);
    showState();
  },
  left: show,
  loaded(draft) {
    edit(draft);
    picture.fit();
  },
});

const saving = openSaving(given, history, { take: edit, refused: (found) => (problems = found), show });

// Showing ----------------------------------------------------------------------------------------------------------

function show() {
  if (selected !== null && !drafts.nodeOf(history.draft, selected)) selected = null;
  picture.show();
  listNodes(at("nodes"), history.draft, { problems, walk, selected, onSelect: select });
  formSoon();
  text.show();
  showState();
}

let forming = null;
function formSoon() {
  clearTimeout(forming);
  forming = setTimeout(form); // a field that is being left tells its change before the next one has the focus
}

function form() {
  clearTimeout(forming);
  showForm(at("form"), history.draft, { problems, selected, manager, tools: given.tools, change: (made) => edit(made(history.draft)), onRemove: remove, onPick: picture.pick, onLeft: formSoon });
}

function showState() {
  at("problems").hidden = problems.length === 0;
  const first = problems[0];
  at("problems-words").replaceChildren(
    h("b", {}, `${problems.length === 1 ? _("1 problem") : _("{count} problems", { count: problems.length })}. `),
    first ? `${named(first)}${first.message}` : "",
  );
  if (!manager) return;
  const base = saving.version();
  const changed = saving.isChanged();
  at("undo").disabled = history.past.length === 0;
  at("redo").disabled = history.future.length === 0;
  at("save").disabled = !text.isReadable() || problems.length > 0 || (!changed && base > 0);
  at("next").textContent = String(base + 1);
  at("base").textContent = changed ? _("Draft from version {base}", { base }) : _("From version {base}", { base });
  if (base === 0) at("base").textContent = _("Nothing saved yet");
}

function named(problem) {
  const node = drafts.nodeOf(history.draft, problem.node);
  return node ? `“${drafts.nameOf(node)}”: ` : "";
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
  saving.remember();
  show();
  checkSoon();
}

function remove(id) {
  edit(drafts.removeNode(history.draft, id));
  at("nodes").querySelector("button")?.focus();
}

function step(direction) {
  text.stopTyping();
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

at("fit").addEventListener("click", async () => (await picture.canvas())?.fit());
at("arrange")?.addEventListener("click", async () => {
  const drawn = await picture.canvas();
  if (drawn) edit(drafts.setPositions(history.draft, drawn.arrange()));
});
at("undo")?.addEventListener("click", () => step("undo"));
at("redo")?.addEventListener("click", () => step("redo"));

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "Escape") picture.stopPicking();
  if (event.key === "Delete" && !typing && selected !== null && manager) remove(selected);
  if (!(event.ctrlKey || event.metaKey) || !manager) return;
  const key = event.key.toLowerCase();
  if (key === "s") {
    document.activeElement?.blur(); // a field tells its change when it is left
    saving.save();
  } else if (key === "z" && !typing) step(event.shiftKey ? "redo" : "undo");
  else if (key === "y" && !typing) step("redo");
  else return;
  event.preventDefault();
});

document.addEventListener("click", async (event) => {
  const chosen = event.target.closest("[data-version], [data-template]")?.dataset;
  if (!chosen || event.target.closest("dialog")) return;
  const { version, template, title } = chosen;
  const response = await fetch(template ? `${address}/templates/${template}` : `${address}/versions/${version}`, { headers: own });
  if (!response.ok) return;
  edit((await response.json()).workflow);
  toast(_("{name} is loaded as a draft. Undo brings the other back.", { name: title ?? _("Version {version}", { version }) }));
});

// Checking ---------------------------------------------------------------------------------------------------------

let checking = null;
function checkSoon() {
  clearTimeout(checking);
  checking = setTimeout(check, CHECK_MS);
}

async function check() {
  const judged = history.now;
  try {
    const { ok, answer } = await send("/check", { workflow: JSON.parse(judged) });
    if (judged !== history.now) return; // an older draft's problems
    problems = ok ? answer.problems : [{ code: answer.error.code, message: answer.error.message, node: null, edge: null }];
    show();
  } catch {
    toast(_("The server cannot be reached. Your draft is kept."));
  }
}

// ------------------------------------------------------------------------------------------------------------------

offerTrial(() => history.draft);
if (at(`tab-${location.hash.slice(1)}`)) openTab(location.hash.slice(1));
if (manager && saving.bringBack()) checkSoon();
show();
