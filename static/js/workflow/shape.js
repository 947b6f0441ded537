// What a picture of the workflow shows, whoever draws it: steps, edges, what is missing, and how large they are.
// Owns that. Pure functions over a draft; must not touch the page.

import { edgesOf, nameOf, nodesOf, routeOf, waysOf } from "./draft.js";

export const WIDTH = 184;
export const HEIGHT = 56;
export const MARGIN = 40;
export const LEAST_FITTED = 0.55; // smaller cannot be read: a part is shown then, and panned
export const ICONS = {
  start: "M5 3.5v9l7.5-4.5z",
  llm: "M2.5 4a1 1 0 0 1 1-1h9a1 1 0 0 1 1 1v6.5a1 1 0 0 1-1 1H7l-3 2.3v-2.3h-.5a1 1 0 0 1-1-1z",
  condition: "M4 3.5h1.5v4a3 3 0 0 0 3 3h3.5M9.5 8l2.5 2.5L9.5 13",
  switch: "M3 8h3.5M6.5 8 10 4h3M6.5 8h6.5M6.5 8l3.5 4h3",
  action: "M8.5 2.5 4 9h3.5L7 13.5 11.5 7H8z",
};

const hasPlace = (node) => Number.isFinite(node.position?.x) && Number.isFinite(node.position?.y);

/** Whether every node has a place of its own. */
export function placed(draft) {
  const nodes = nodesOf(draft);
  const corners = new Set(nodes.filter(hasPlace).map((node) => `${node.position.x} ${node.position.y}`));
  return nodes.every(hasPlace) && corners.size === nodes.length;
}

/** Steps, edges and missing edges, with their classes: as cytoscape takes them. */
export function elements(draft, problems, walk, selected) {
  const nodes = [...new Map(nodesOf(draft).map((node) => [node.id, node])).values()];
  const ids = new Set(nodes.map((node) => node.id));
  const went = new Set(walk?.steps.map((step) => step.node_id));
  const isPlaced = placed(draft);
  const drawn = nodes.map((node) => {
    const faults = problems.filter((problem) => problem.node === node.id).length;
    const here = walk?.stands_at === node.id;
    const width = node.type === "start" ? 132 : WIDTH;
    const classes = [faults && "wrong", went.has(node.id) && "went", here && "here", selected === node.id && "chosen"];
    const words = here ? `${node.type} · #${walk.conversation_id} stands here` : String(node.type);
    return {
      group: "nodes",
      data: { id: node.id, node: node.id, name: nameOf(node), type: node.type, words, width, faults },
      classes: classes.filter(Boolean).join(" "),
      ...(isPlaced ? { position: { x: node.position.x + width / 2, y: node.position.y + HEIGHT / 2 } } : {}),
    };
  });
  const lines = edgesOf(draft)
    .filter((edge) => ids.has(edge.source) && ids.has(edge.target))
    .map((edge, index) => {
      const route = routeOf(edge);
      const plain = waysOf(nodes.find((node) => node.id === edge.source))[0] === null;
      const taken = walk?.steps.some((step) => step.node_id === edge.source && (plain || step.route === route));
      return {
        group: "edges",
        data: { id: `edge ${index}`, source: edge.source, target: edge.target, route: plain ? null : route, name: plain ? "" : (route ?? "") },
        classes: taken && (went.has(edge.target) || walk.stands_at === edge.target) ? "went" : "",
      };
    });
  return [...drawn, ...lines, ...nodes.flatMap((node) => ghosts(draft, node))];
}

// A way out that must lead somewhere and does not.
function ghosts(draft, node) {
  const needed = { condition: ["yes", "no"], switch: ["default"], start: [null] }[node.type] ?? [];
  return needed
    .filter((route) => !edgesOf(draft).some((edge) => edge.source === node.id && (route === null || routeOf(edge) === route)))
    .flatMap((route, index) => {
      const id = `ghost ${node.id} ${route}`;
      return [
        { group: "nodes", data: { id, ghost: true, node: node.id, at: node.id, index, name: route === null ? "leads nowhere" : `no edge for “${route}”` }, classes: "ghost", grabbable: false },
        { group: "edges", data: { id: `${id} edge`, source: node.id, target: id, ghost: true, route, name: "" }, classes: "missing" },
      ];
    });
}
