// The workflow as a picture: cytoscape draws, dagre lays out. Owns the canvas; what it shows comes from the draft.

import cytoscape from "../../vendor/cytoscape-3.34.4/cytoscape.esm.min.mjs";
import dagre from "../../vendor/cytoscape-dagre-4.0.1/cytoscape-dagre.min.mjs";
import { nodesOf } from "./draft.js";
import { HEIGHT, ICONS, LEAST_FITTED, MARGIN, WIDTH, elements, placed } from "./shape.js";

cytoscape.use(dagre);

const TOKENS = [
  "sunken", "surface", "line-strong", "control", "ink", "ink-2", "ink-3", "ai", "ai-fill", "ai-tint", "ai-line",
  "bad", "bad-fill", "bad-tint", "on-bad", "focus",
];
export class Picture {
  // on: select(id or null), selectEdge(source, route), moved(positions by id)
  // places: where nodes were shown until now, by their centres
  constructor(container, { manager, places, on }) {
    this.on = on;
    this.places = places;
    this.cy = cytoscape({
      container,
      style: style(colours()),
      autoungrabify: !manager,
      boxSelectionEnabled: false,
      minZoom: 0.2,
      maxZoom: 1.6,
      pixelRatio: "auto",
    });
    this.cy.on("tap", (event) => {
      if (event.target === this.cy) on.select(null);
    });
    this.cy.on("tap", "node", (event) => on.select(event.target.data("node")));
    this.cy.on("tap", "edge", (event) => on.selectEdge(event.target.data("source"), event.target.data("route")));
    this.cy.on("dragfree", "node", () => on.moved(this.positions()));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.cy.style(style(colours()));
      this.shown?.();
    });
  }

  // problems: of the whole draft; walk: a conversation's path, or null; selected: a node's id, or null
  show(draft, { problems, walk, selected }) {
    this.shown = () => this.show(draft, { problems, walk, selected });
    const positions = placed(draft) ? null : this.known(draft);
    const { cy } = this;
    cy.batch(() => {
      cy.elements().remove();
      cy.add(painted(elements(draft, problems, walk, selected), colours()));
    });
    if (positions) {
      cy.nodes().forEach((node) => void (positions[node.id()] && node.position(positions[node.id()])));
      if (cy.nodes().some((node) => !node.data("ghost") && !positions[node.id()])) this.layout();
    }
    cy.nodes("[ghost]").forEach((ghost) => ghost.position(besides(ghost)));
    if (!this.wasFitted) this.fit();
  }

  // Where nodes stood that have no place of their own in the draft.
  known(draft) {
    const found = {};
    for (const node of nodesOf(draft)) {
      const shown = this.cy.$id(node.id);
      if (shown.nonempty()) found[node.id] = { ...shown.position() };
      else if (this.places[node.id]) found[node.id] = { ...this.places[node.id] };
    }
    return found;
  }

  layout() {
    this.cy
      .elements("[!ghost]")
      .layout({ name: "dagre", rankDir: "TB", nodeSep: 40, rankSep: 76, animate: false, fit: false })
      .run();
    this.cy.nodes("[ghost]").forEach((ghost) => ghost.position(besides(ghost)));
  }

  arrange() {
    this.layout();
    this.fit();
    return this.positions();
  }

  fit() {
    this.cy.resize();
    if (this.cy.elements().empty() || this.cy.width() === 0) return;
    this.cy.fit(undefined, MARGIN);
    if (this.cy.zoom() > 1) {
      this.cy.zoom(1);
      this.cy.center();
    }
    if (this.cy.zoom() < LEAST_FITTED) {
      this.cy.zoom(LEAST_FITTED);
      this.cy.center(this.cy.$("node.here, node.chosen").first().nonempty() ? this.cy.$("node.here, node.chosen").first() : this.cy.nodes().first());
    }
    this.wasFitted = true;
  }

  // In the workflow's own terms: the upper left corner of each node.
  positions() {
    const found = {};
    this.cy.nodes("[!ghost]").forEach((node) => {
      const { x, y } = node.position();
      found[node.id()] = { x: Math.round(x - node.width() / 2), y: Math.round(y - node.height() / 2) };
    });
    return found;
  }

  reveal(id) {
    const node = this.cy.$id(id);
    if (node.empty()) return;
    const seen = this.cy.extent();
    const { x, y } = node.position();
    if (x < seen.x1 || x > seen.x2 || y < seen.y1 || y > seen.y2) this.cy.center(node);
  }
}

function besides(ghost) {
  const { x, y } = ghost.cy().$id(ghost.data("at")).position();
  return { x: x + 92 + 40 * ghost.data("index"), y: y + 72 + 30 * ghost.data("index") };
}

const picture = (svg) => `data:image/svg+xml;utf8,${encodeURIComponent(svg)}`;
const escaped = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

function painted(all, ink) {
  for (const { data, classes } of all) {
    if (!data.words) continue;
    const hue = data.faults ? ink.bad : /\b(here|went)\b/.test(classes) ? ink.ai : ink["ink-3"];
    data.pictures = pictures(data.type, data.words, data.width, data.faults, hue, ink);
  }
  return all;
}

// The icon with the kind of step above the name, and how many problems it has.
function pictures(type, words, width, faults, hue, ink) {
  const font = 'font-family="system-ui, sans-serif" font-size="11"';
  const icon = `<g transform="translate(14 20)" fill="none" stroke="${hue}" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round"><path d="${ICONS[type] ?? ""}"/></g>`;
  const card = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${HEIGHT}">${icon}<text x="42" y="23" fill="${hue}" ${font}>${escaped(words)}</text></svg>`;
  const badge = `<svg xmlns="http://www.w3.org/2000/svg" width="18" height="18"><circle cx="9" cy="9" r="9" fill="${ink["bad-fill"]}"/><text x="9" y="13" text-anchor="middle" fill="${ink["on-bad"]}" font-weight="600" ${font}>${faults}</text></svg>`;
  return faults ? [picture(card), picture(badge)] : [picture(card)];
}

// The tokens as colours that a canvas can take: a hidden element resolves light and dark.
function colours() {
  const probe = document.createElement("i");
  probe.hidden = true;
  document.body.append(probe);
  const found = {};
  for (const name of TOKENS) {
    probe.style.color = `var(--${name})`;
    found[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return found;
}

function style(ink) {
  const font = { "font-family": "system-ui, sans-serif", "font-size": 13, color: ink.ink };
  return [
    {
      selector: "node",
      style: {
        ...font, shape: "round-rectangle", "corner-radius": 10, width: "data(width)", height: HEIGHT,
        "background-color": ink.surface, "border-width": 1, "border-color": ink["line-strong"],
        label: "data(name)", "text-halign": "right", "text-valign": "center", "text-margin-y": 8,
        "text-margin-x": (node) => 42 - (node.data("width") ?? WIDTH),
        "text-wrap": "ellipsis", "text-max-width": (node) => `${(node.data("width") ?? WIDTH) - 54}px`, "font-weight": 500,
        "overlay-opacity": 0,
      },
    },
    {
      selector: "node[pictures]",
      style: {
        "background-image": (node) => node.data("pictures"), "background-fit": ["none", "none"],
        "background-clip": ["none", "none"], "background-image-containment": ["over", "over"], "bounds-expansion": 12,
        "background-width": (node) => (node.data("faults") ? [node.data("width"), 18] : [node.data("width")]),
        "background-height": (node) => (node.data("faults") ? [HEIGHT, 18] : [HEIGHT]),
        "background-position-x": (node) => (node.data("faults") ? [0, node.data("width") - 10] : [0]),
        "background-position-y": (node) => (node.data("faults") ? [0, -8] : [0]),
      },
    },
    { selector: "node.went", style: { "border-color": ink["ai-fill"] } },
    {
      selector: "node.here",
      style: {
        "background-color": ink["ai-tint"], "border-color": ink["ai-fill"], "border-width": 2,
        "underlay-color": ink["ai-line"], "underlay-padding": 5, "underlay-opacity": 1, "underlay-shape": "round-rectangle",
      },
    },
    { selector: "node.wrong", style: { "border-color": ink["bad-fill"], "border-width": 2 } },
    { selector: "node.chosen", style: { "outline-color": ink.focus, "outline-width": 2, "outline-offset": 3 } },
    {
      selector: "node.ghost",
      style: {
        width: 116, height: 20, "corner-radius": 10, "background-color": ink["bad-tint"], "border-color": ink["bad-fill"],
        "text-halign": "center", "text-margin-x": 0, "text-margin-y": 0, "font-size": 11, color: ink.bad, "text-max-width": "112px",
      },
    },
    {
      selector: "edge",
      style: {
        ...font, width: 1.5, "line-color": ink.control, "target-arrow-color": ink.control, "target-arrow-shape": "triangle",
        "arrow-scale": 0.9, "curve-style": "bezier", label: "data(name)", "font-size": 11, color: ink["ink-2"],
        "text-background-color": ink.sunken, "text-background-opacity": 1, "text-background-padding": 4,
        "text-background-shape": "round-rectangle", "text-border-width": 1, "text-border-opacity": 1,
        "text-border-color": ink["line-strong"], "overlay-opacity": 0,
      },
    },
    { selector: "edge[name = '']", style: { "text-background-opacity": 0, "text-border-opacity": 0 } },
    {
      selector: "edge.went",
      style: { width: 2.25, "line-color": ink["ai-fill"], "target-arrow-color": ink["ai-fill"], color: ink.ai, "text-border-color": ink["ai-fill"] },
    },
    {
      selector: "edge.missing",
      style: { "line-style": "dashed", "line-color": ink["bad-fill"], "target-arrow-shape": "none", "text-background-opacity": 0, "text-border-opacity": 0 },
    },
  ];
}
