// The steps as a list with a form for each: everything that the picture can do, by keyboard. Owns no draft.

import { choose, field, h, isTyped, told } from "./build.js";
import * as drafts from "./draft.js";
import { _ } from "../words.js";

const KIND_WORDS = {
  start: _("Start"), llm: _("Speaks (llm)"), condition: _("Asks yes or no (condition)"), switch: _("Chooses a case (switch)"), action: _("Acts (action)"),
};
// The tools that every project has; its own are called what their makers called them.
const BUILT_IN = {
  add_note: _("add note"), set_status: _("set status"), set_priority: _("set priority"), add_label: _("add label"), assign_to: _("assign to"),
  hand_off: _("hand off"), search_knowledge: _("search knowledge"), set_visitor_attribute: _("set visitor attribute"),
};
const called = (name) => BUILT_IN[name] ?? name;

export function listNodes(element, draft, { problems, walk, selected, onSelect }) {
  const nodes = drafts.nodesOf(draft);
  const kept = element.contains(document.activeElement) ? document.activeElement.dataset.node : null;
  const rows = [null, ...nodes].map((node) => {
    const id = node?.id ?? null;
    const faults = problems.filter((problem) => (id === null ? !nodes.some((one) => one.id === problem.node) : problem.node === id)).length;
    const here = walk && id !== null && walk.stands_at === id;
    return h(
      "li", {},
      h(
        "button",
        { type: "button", "data-node": id ?? "", "aria-current": id === selected ? "true" : null, onclick: () => onSelect(id) },
        h("b", {}, node ? drafts.nameOf(node) : _("The whole workflow")),
        h("span", { class: "quiet" }, node ? String(node.type) : _("instructions, language, tools")),
        here ? h("span", { class: "chip" }, _("#{number} stands here", { number: walk.conversation_id })) : null,
        faults ? h("span", { class: "chip bad" }, faults === 1 ? _("1 problem") : _("{count} problems", { count: faults })) : null,
      ),
    );
  });
  element.replaceChildren(...rows);
  if (kept !== null) element.querySelector(`[data-node="${CSS.escape(kept)}"]`)?.focus();
}

// `change(edit)` takes a function from the draft as it is then to the edited one; `manager` false shows the same, not to be edited.
// `tools` are the names of the project's own. `onLeft` is told when a list was left: it draws what was not to be drawn under somebody's hand.
export function showForm(element, draft, { problems, selected, manager, tools, change, onRemove, onPick, onLeft }) {
  const node = selected === null ? null : drafts.nodeOf(draft, selected);
  const nodes = drafts.nodesOf(draft);
  const mine = problems.filter((problem) => (node ? problem.node === node.id : !nodes.some((one) => one.id === problem.node)));
  const faults = h("ul", { class: "faults", "aria-label": _("Problems here"), hidden: mine.length === 0 }, mine.map((problem) => h("li", {}, problem.edge && !node ? _("{message} (edge {edge})", problem) : problem.message)));
  const id = node?.id ?? "";
  const text = JSON.stringify(draft);
  if (element.dataset.of === id && (text === drawn || isInHand(element, document.activeElement))) {
    element.querySelector(".faults").replaceWith(faults);
    return;
  }
  drawn = text;
  const fields = node ? ofNode(draft, node, change, { tools, onRemove, onPick }) : ofWorkflow(draft, change, tools);
  const title = node ? drafts.nameOf(node) : _("The whole workflow");
  const form = h("form", { class: "node-form", "aria-label": title, onsubmit: (event) => event.preventDefault() }, h("h2", {}, title), faults, h("fieldset", { disabled: !manager }, h("legend", { class: "visually-hidden" }, _("Settings of this step")), fields));
  form.addEventListener("change", (event) => told(event.target), { capture: true });
  form.addEventListener("focusout", (event) => event.target.matches("select") && onLeft());
  const at = element.dataset.of === id ? focusedPlace(element) : null;
  element.dataset.of = id;
  element.replaceChildren(form);
  if (at !== null) form.querySelectorAll("input, select, textarea, button")[at]?.focus();
}

// Half a word in a field, or in a list, which forgets it and closes when it is drawn anew; a kind has a form of its own.
function isInHand(element, control) {
  return element.contains(control) && (isTyped(control) || control.matches("select:not([data-kind])"));
}

let drawn = ""; // the draft that the form was made from

// Which control had the focus: an edit draws the form anew under it.
function focusedPlace(element) {
  if (!element.contains(document.activeElement)) return null;
  return [...element.querySelectorAll("input, select, textarea, button")].indexOf(document.activeElement);
}

function ofNode(draft, node, change, { tools, onRemove, onPick }) {
  const data = drafts.dataOf(node);
  const set = (edit) => change((now) => drafts.changeNode(now, node.id, edit));
  const parts = [
    field(_("Name"), h("input", { class: "input", value: drafts.nameOf(node), onchange: (event) => set((_n, d) => void (d.label = event.target.value)) })),
    field(_("Kind"), choose(Object.entries(KIND_WORDS), node.type, { "data-kind": node.type, onchange: (event) => change((now) => drafts.setType(now, node.id, event.target.value)) })),
  ];
  if (node.type !== "start") {
    const hint = { llm: _("Left empty: the built-in prompt. Variables such as {{visitor.name|there}} are filled in."), condition: _("A question that the visitor’s words answer with yes or no.") }[node.type];
    parts.push(field(_("Prompt"), h("textarea", { class: "input", rows: 5, value: data.prompt ?? "", onchange: (event) => set((_n, d) => setPrompt(d, event.target.value)) }), hint));
  }
  if (node.type === "action") parts.push(...ofAction(data, set, tools));
  if (node.type === "switch") parts.push(ofCases(draft, node, change));
  parts.push(ofWays(draft, node, change, onPick));
  parts.push(h("button", { class: "btn small", type: "button", onclick: () => onRemove(node.id) }, _("Delete this step")));
  return parts;
}

function setPrompt(data, words) {
  if (words === "") delete data.prompt;
  else data.prompt = words;
}

function ofAction(data, set, tools) {
  const content = data.toolArgs?.content;
  const write = (words) =>
    set((_node, d) => {
      d.toolArgs = { ...d.toolArgs, content: words };
      if (words === "") delete d.toolArgs.content;
    });
  const names = [...Object.keys(BUILT_IN), ...tools];
  const own = tools.includes(data.toolName) && content === undefined; // the model alone knows what to ask it
  return [
    field(_("Tool"), choose(names.map((name) => [name, called(name)]), data.toolName ?? "", { "data-kind": "", onchange: (event) => set((_n, d) => void (d.toolName = event.target.value)) })),
    own ? null : field(_("Content"), h("textarea", { class: "input", rows: 2, value: typeof content === "string" ? content : "", onchange: (event) => write(event.target.value) }), _("With content the tool runs without the model; left empty, the model calls it.")),
  ];
}

function ofCases(draft, node, change) {
  const cases = drafts.casesOf(node);
  const rows = cases.map((one, index) =>
    h(
      "li", { class: "case" },
      field(_("Route of case {number}", { number: index + 1 }), h("input", { class: "input", value: String(one.route ?? ""), onchange: (event) => change((now) => drafts.setCase(now, node.id, index, { route: event.target.value })) })),
      field(_("When case {number}", { number: index + 1 }), h("textarea", { class: "input", rows: 2, value: String(one.when ?? ""), onchange: (event) => change((now) => drafts.setCase(now, node.id, index, { when: event.target.value })) })),
      h("button", { class: "btn small plain", type: "button", onclick: () => change((now) => drafts.removeCase(now, node.id, index)) }, _("Delete case {number}", { number: index + 1 })),
    ),
  );
  return h("fieldset", {}, h("legend", {}, _("Cases")), h("ol", { class: "cases" }, rows), h("button", { class: "btn small", type: "button", onclick: () => change((now) => drafts.addCase(now, node.id)) }, _("Add a case")));
}

function ofWays(draft, node, change, onPick) {
  const targets = drafts.nodesOf(draft).filter((one) => one.type !== "start").map((one) => [one.id, drafts.nameOf(one)]);
  const nowhere = { condition: _("Nowhere: a problem"), start: _("Nowhere: a problem"), switch: _("Nowhere") }[node.type] ?? _("Nowhere: the workflow ends");
  const rows = drafts.waysOf(node).map((route) => {
    const edge = drafts.edgeFor(draft, node.id, route);
    const words = route === null ? _("Leads to") : _("{route} leads to", { route: route || _("(no route)") });
    const isCase = route !== null && route !== "default" && node.type === "switch";
    const lead = (target) => {
      if (isCase) labelled.querySelector(".hint").hidden = target !== null;
      change((now) => drafts.connect(now, node.id, route, target));
    };
    const select = choose([["", nowhere], ...targets], edge?.target ?? "", { "data-way": route ?? "", onchange: (event) => lead(event.target.value || null) });
    const labelled = field(words, select, isCase ? _("Goes where default goes.") : null);
    if (isCase) labelled.querySelector(".hint").hidden = Boolean(edge);
    labelled.append(h("button", { class: "btn small plain", type: "button", onclick: () => onPick(node.id, route) }, _("Pick in the picture")));
    return labelled;
  });
  return h("fieldset", {}, h("legend", {}, _("Connections")), rows);
}

function ofWorkflow(draft, change, own) {
  const set = (name) => (event) => change((now) => drafts.setField(now, name, event.target.value));
  const tools = drafts.globalTools(draft);
  // One that is offered and is there no more is shown as well: it can be taken away.
  const names = new Set([...Object.keys(BUILT_IN), ...own, ...tools.filter((one) => one.enabled !== false).map((one) => String(one.name))]);
  const rows = [...names].map((name) => {
    const tool = tools.find((one) => one.name === name);
    const on = Boolean(tool) && tool.enabled !== false;
    const box = h("label", { class: "check" }, h("input", { type: "checkbox", checked: on, onchange: (event) => change((now) => drafts.setGlobalTool(now, name, { enabled: event.target.checked })) }), ` ${called(name)}`);
    const words = on ? field(_("When to use {tool}", { tool: called(name) }), h("input", { class: "input", value: tool.instruction ?? "", onchange: (event) => change((now) => drafts.setGlobalTool(now, name, { instruction: event.target.value })) })) : null;
    return h("li", {}, box, words);
  });
  return [
    field(_("Instructions"), h("textarea", { class: "input", rows: 4, value: draft.instructions ?? "", onchange: set("instructions") }), _("Put before every prompt of this workflow.")),
    field(_("Language"), h("input", { class: "input", value: draft.language ?? "", onchange: set("language") }), _("Of replies. Left empty: the project’s.")),
    h("fieldset", {}, h("legend", {}, _("Tools offered wherever it speaks")), h("ul", { class: "global-tools" }, rows)),
  ];
}
