// The workflow as a light picture, there at once: it can be looked at and chosen from. Owns drawing it as SVG.
// Who takes it in hand gets the canvas instead (picture.js), at the same places; must not load that.

import { HEIGHT, ICONS, LEAST_FITTED, MARGIN, WIDTH, elements } from "./shape.js";

const SVG = "http://www.w3.org/2000/svg";
const APART = { x: 40, y: 76 }; // between steps that have no place of their own
const ICON_AT = { x: 14, y: 20 };
const WORDS_AT = { x: 42, y: 23, below: 39 };
const GHOST = { width: 116, height: 20 };

function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value) element.setAttribute(name, value);
  element.append(...children.filter(Boolean));
  return element;
}

export class Sketch {
  // on: select(id or null), selectEdge(source, route); both as of the canvas
  constructor(container, { on }) {
    this.container = container;
    this.on = on;
    this.places = {}; // the centre of each step, by its id
    this.group = s("g");
    const head = s("marker", { id: "arrow", viewBox: "0 0 10 10", refX: "9", refY: "5", markerUnits: "userSpaceOnUse", markerWidth: "9", markerHeight: "9", orient: "auto" }, s("path", { d: "M0 0 10 5 0 10z" }));
    this.svg = s("svg", { class: "sketch", "aria-hidden": "true" }, s("defs", {}, head), this.group);
    this.svg.addEventListener("click", (event) => this.clicked(event.target.closest("[data-node], [data-source]")?.dataset));
    container.append(this.svg);
    this.watch = new ResizeObserver(() => this.fit());
    this.watch.observe(container);
  }

  show(draft, { problems, walk, selected }) {
    const all = elements(draft, problems, walk, selected);
    this.nodes = all.filter((one) => one.group === "nodes");
    this.place();
    const at = (id) => ({ ...this.places[id], ...size(this.nodes.find((one) => one.data.id === id).data) });
    const edges = all.filter((one) => one.group === "edges").map((one) => line(one, at(one.data.source), at(one.data.target)));
    this.group.replaceChildren(...edges, ...this.nodes.map((one) => (one.data.ghost ? ghost : step)(one, this.places[one.data.id])));
    this.fit();
  }

  // Where a step has no place: where it was, else below what leads to it.
  place() {
    const bare = this.nodes.filter((one) => !one.position && !one.data.ghost);
    const rows = new Map();
    const known = this.places;
    this.places = Object.fromEntries(this.nodes.filter((one) => one.position).map((one) => [one.data.id, one.position]));
    const lowest = Math.max(0, ...Object.values(this.places).map((one) => one.y + HEIGHT / 2 + APART.y));
    for (const [index, { data }] of bare.entries()) {
      const row = Math.floor(index / 3);
      const column = rows.get(row) ?? 0;
      rows.set(row, column + 1);
      this.places[data.id] = known[data.id] ?? { x: column * (WIDTH + APART.x), y: lowest + row * (HEIGHT + APART.y) };
    }
    for (const { data } of this.nodes.filter((one) => one.data.ghost)) {
      const { x, y } = this.places[data.at];
      this.places[data.id] = { x: x + 92 + 40 * data.index, y: y + 72 + 30 * data.index };
    }
  }

  // The same part at the same size as the canvas shows it.
  fit() {
    const { clientWidth: width, clientHeight: height } = this.container;
    if (!this.nodes?.length || !width) return;
    const boxes = this.nodes.map(({ data }) => ({ ...this.places[data.id], ...size(data) }));
    const left = Math.min(...boxes.map((one) => one.x - one.width / 2)), right = Math.max(...boxes.map((one) => one.x + one.width / 2));
    const top = Math.min(...boxes.map((one) => one.y - one.height / 2)), bottom = Math.max(...boxes.map((one) => one.y + one.height / 2));
    const wanted = Math.min((width - 2 * MARGIN) / (right - left), (height - 2 * MARGIN) / (bottom - top), 1);
    const zoom = Math.max(wanted, LEAST_FITTED);
    const shown = this.nodes.find((one) => /\b(here|chosen)\b/.test(one.classes)) ?? this.nodes[0];
    const middle = wanted < LEAST_FITTED ? this.places[shown.data.id] : { x: (left + right) / 2, y: (top + bottom) / 2 };
    this.group.setAttribute("transform", `translate(${width / 2 - middle.x * zoom} ${height / 2 - middle.y * zoom}) scale(${zoom})`);
  }

  reveal() {}

  clicked(what) {
    if (what?.source) this.on.selectEdge(what.source, what.route ?? null);
    else this.on.select(what?.node ?? null);
  }

  remove() {
    this.watch.disconnect();
    this.svg.remove();
  }
}

const size = (data) => (data.ghost ? GHOST : { width: data.width, height: HEIGHT });

function step({ data, classes }, { x, y }) {
  const group = s("g", { class: `step ${classes}`, transform: `translate(${x - data.width / 2} ${y - HEIGHT / 2})`, "data-node": data.node });
  const words = s("text", { class: "kind", x: WORDS_AT.x, y: WORDS_AT.y });
  words.textContent = data.words;
  const name = s("text", { class: "name", x: WORDS_AT.x, y: WORDS_AT.below });
  name.textContent = data.name;
  group.append(
    s("rect", { class: "halo", x: -5, y: -5, width: data.width + 10, height: HEIGHT + 10, rx: 14 }),
    s("rect", { class: "card", width: data.width, height: HEIGHT, rx: 10 }),
    s("path", { d: ICONS[data.type] ?? "", transform: `translate(${ICON_AT.x} ${ICON_AT.y})` }),
    words,
    name,
  );
  if (data.faults) {
    const count = s("text", { class: "count", x: data.width - 1, y: 5 });
    count.textContent = data.faults;
    group.append(s("circle", { cx: data.width - 1, cy: 1, r: 9 }), count);
  }
  setTimeout(() => shorten(name, data.width - 54));
  return group;
}

// As long as fits, with an ellipsis: SVG text knows none.
function shorten(text, width) {
  const whole = text.textContent;
  for (let end = whole.length - 1; end > 0 && text.getComputedTextLength() > width; end -= 1) text.textContent = `${whole.slice(0, end)}…`;
}

function ghost({ data }, { x, y }) {
  const name = s("text", { x, y: y + 4 });
  name.textContent = data.name;
  return s("g", { class: "ghost", "data-node": data.node }, s("rect", { x: x - GHOST.width / 2, y: y - GHOST.height / 2, ...GHOST, rx: 10 }), name);
}

function line({ data, classes }, from, to) {
  const [x1, y1] = edge(from, to);
  const [x2, y2] = edge(to, from);
  const group = s("g", { class: `way ${classes}`, "data-source": data.source, "data-route": data.route }, s("path", { d: `M${x1} ${y1}L${x2} ${y2}` }));
  if (data.name) {
    const name = s("text", { x: (x1 + x2) / 2, y: (y1 + y2) / 2 + 4 });
    name.textContent = data.name;
    group.append(name);
  }
  return group;
}

// Where the straight line from one centre to the other leaves the first box.
function edge(from, to) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const part = Math.min(from.width / 2 / Math.abs(dx || 1e-9), from.height / 2 / Math.abs(dy || 1e-9), 1);
  return [from.x + dx * part, from.y + dy * part];
}
