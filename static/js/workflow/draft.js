// The draft of a workflow: what may be done to its JSON. Pure functions over a copy; fields they do not know stay.
// Owns the form of nodes and edges. Must not touch the page.

import { _ } from "../words.js";

const DEFAULT_ROUTE = "default";

const copy = (value) => structuredClone(value);
const list = (value) => (Array.isArray(value) ? value : []);
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

export const nodesOf = (draft) => list(draft?.nodes).filter((node) => isObject(node) && typeof node.id === "string");
export const edgesOf = (draft) => list(draft?.edges).filter(isObject);
export const nodeOf = (draft, id) => nodesOf(draft).find((node) => node.id === id);
export const dataOf = (node) => (isObject(node?.data) ? node.data : {});
export const nameOf = (node) => String(dataOf(node).label || dataOf(node).name || dataOf(node).title || node.id);
export const casesOf = (node) => list(dataOf(node).cases).filter(isObject);
export const globalTools = (draft) =>
  list(draft?.globalTools).map((tool) => (typeof tool === "string" ? { name: tool, enabled: true } : tool)).filter(isObject);

// The ways out of a node: a route for each decision, null for the one plain way.
export function waysOf(node) {
  if (node.type === "condition") return ["yes", "no"];
  if (node.type === "switch") return [...casesOf(node).map((one) => String(one.route ?? "")), DEFAULT_ROUTE];
  return [null];
}

export function routeOf(edge) {
  const handle = edge.sourceHandle;
  if (typeof handle !== "string" || !handle.startsWith(`${edge.source}-`)) return null;
  const encoded = handle.slice(String(edge.source).length + 1);
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

const leaves = (edge, id, route) => edge.source === id && (route === null || routeOf(edge) === route);
export const edgeFor = (draft, id, route) => edgesOf(draft).find((edge) => leaves(edge, id, route));
const handleOf = (id, route) => `${id}-${encodeURIComponent(route)}`;

// Make the way lead to the target, or nowhere with null.
export function connect(draft, id, route, target) {
  const next = copy(draft);
  const known = edgesOf(next).filter((edge) => leaves(edge, id, route));
  next.edges = list(next.edges).filter((edge) => !known.includes(edge));
  if (target === null) return next;
  const edge = known[0] ?? { id: fresh(`${id}-${route ?? "next"}`, edgesOf(next)), source: id, target };
  edge.target = target;
  if (known.length === 0 && route !== null) edge.sourceHandle = handleOf(id, route);
  next.edges.push(edge);
  return next;
}

export function addNode(draft, kind, near) {
  const next = copy(draft);
  const id = fresh(kind, nodesOf(next));
  const label = { llm: "Answer", condition: "Question", switch: "Choice", action: "Action", start: "Start" }[kind];
  const node = { id, type: kind, data: { label } };
  if (kind === "action") node.data.toolName = "add_note";
  if (kind === "switch") node.data.cases = [{ route: "first", when: "" }];
  if (near) node.position = near;
  next.nodes = [...list(next.nodes), node];
  return [next, id];
}

// A step that leads nowhere yet leads to the one that was added beside it.
export function continued(draft, from, id) {
  const free = from ? waysOf(from).find((route) => !edgeFor(draft, from.id, route)) : undefined;
  return free === undefined ? draft : connect(draft, from.id, free, id);
}

export function removeNode(draft, id) {
  const next = copy(draft);
  next.nodes = list(next.nodes).filter((node) => node?.id !== id);
  next.edges = list(next.edges).filter((edge) => edge?.source !== id && edge?.target !== id);
  return next;
}

// `change(node, data)` edits the copy in place.
export function changeNode(draft, id, change) {
  const next = copy(draft);
  const node = nodeOf(next, id);
  if (node) {
    if (!isObject(node.data)) node.data = {};
    change(node, node.data);
  }
  return next;
}

export function setType(draft, id, type) {
  return changeNode(draft, id, (node, data) => {
    node.type = type;
    if (type === "switch" && !Array.isArray(data.cases)) data.cases = [{ route: "first", when: "" }];
    if (type === "action" && !data.toolName) data.toolName = "add_note";
  });
}

// A case's new route takes its edges with it.
export function setCase(draft, id, index, one) {
  const before = casesOf(nodeOf(draft, id))[index];
  const next = changeNode(draft, id, (_node, data) => {
    data.cases[index] = { ...data.cases[index], ...one };
  });
  if (one.route !== undefined && one.route !== before.route) {
    for (const edge of edgesOf(next)) {
      if (leaves(edge, id, String(before.route ?? ""))) edge.sourceHandle = handleOf(id, one.route);
    }
  }
  return next;
}

export function addCase(draft, id) {
  return changeNode(draft, id, (_node, data) => {
    data.cases = [...list(data.cases), { route: fresh("case", casesOf({ data }).map((one) => ({ id: one.route }))), when: "" }];
  });
}

export function removeCase(draft, id, index) {
  const route = String(casesOf(nodeOf(draft, id))[index].route ?? "");
  const next = connect(draft, id, route, null);
  nodeOf(next, id).data.cases.splice(index, 1);
  return next;
}

export function setGlobalTool(draft, name, change) {
  const next = copy(draft);
  const tools = globalTools(next);
  const known = tools.find((tool) => tool.name === name);
  if (known) Object.assign(known, change);
  else tools.push({ name, enabled: true, instruction: "", ...change });
  next.globalTools = tools;
  return next;
}

// Fields of the workflow itself; an empty one is left out.
export function setField(draft, name, value) {
  const next = copy(draft);
  if (value === "") delete next[name];
  else next[name] = value;
  return next;
}

export function setPositions(draft, positions) {
  const next = copy(draft);
  for (const node of nodesOf(next)) if (positions[node.id]) node.position = positions[node.id];
  return next;
}

// The same JSON with its keys in order, so that two writings of one value are equal.
export function ordered(value) {
  if (Array.isArray(value)) return value.map(ordered);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, ordered(value[key])]));
}

const text = (value) => JSON.stringify(ordered(value));

// Which steps differ between two drafts, in words.
export function differences(theirs, mine) {
  const words = [];
  const ids = new Set([...nodesOf(theirs), ...nodesOf(mine)].map((node) => node.id));
  for (const id of ids) {
    const [one, other] = [nodeOf(theirs, id), nodeOf(mine, id)];
    if (!one) words.push(_("{name} is only in yours.", { name: nameOf(other) }));
    else if (!other) words.push(_("{name} is only in theirs.", { name: nameOf(one) }));
    else if (text([one.type, one.data]) !== text([other.type, other.data])) words.push(_("{name} differs.", { name: nameOf(one) }));
  }
  const ends = (draft) => JSON.stringify(edgesOf(draft).map((edge) => [edge.source, routeOf(edge), edge.target]).sort());
  if (ends(theirs) !== ends(mine)) words.push(_("The connections differ."));
  const fields = { instructions: _("instructions"), language: _("language of replies"), globalTools: _("offered tools"), variables: _("variables") };
  for (const [name, called] of Object.entries(fields)) {
    if (text(theirs?.[name]) !== text(mine?.[name])) words.push(_("Not the same: {called}.", { called }));
  }
  return words.length ? words : [_("Only the layout differs.")];
}

// Undo and redo over the draft's text.
export class History {
  constructor(draft) {
    this.past = [];
    this.future = [];
    this.now = JSON.stringify(draft);
  }

  get draft() {
    return JSON.parse(this.now);
  }

  commit(draft) {
    const text = JSON.stringify(draft);
    if (text === this.now) return false;
    this.past.push(this.now);
    this.future = [];
    this.now = text;
    return true;
  }

  undo() {
    if (this.past.length === 0) return;
    this.future.push(this.now);
    this.now = this.past.pop();
  }

  redo() {
    if (this.future.length === 0) return;
    this.past.push(this.now);
    this.now = this.future.pop();
  }
}

function fresh(stem, taken) {
  const ids = new Set(taken.map((one) => one.id));
  if (!ids.has(stem)) return stem;
  let number = 2;
  while (ids.has(`${stem}-${number}`)) number += 1;
  return `${stem}-${number}`;
}
