// "Try it": the draft answers a typed message and nothing lands. Owns showing each step, its prompt and its decision.

import { h } from "./build.js";
import { nameOf, nodeOf } from "./draft.js";

const REASONS = {
  model_failed: "the model failed", model_timeout: "the model took too long", bad_decision: "the model gave no usable decision",
  cycle: "the workflow goes in circles", no_answer: "it had no answer", spend_cap: "the spend cap is reached", asked: "it was asked to",
};
const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`;

export function showTrial(element, tried, draft) {
  const steps = tried.steps.map((step, index) => {
    const spent = step.calls.reduce((sum, call) => sum + call.milliseconds, 0);
    const named = nodeOf(draft, step.node_id);
    const facts = [step.route, step.calls.length ? seconds(spent) : null].filter(Boolean).join(" · ");
    return h(
      "li", { "aria-current": index === tried.steps.length - 1 ? "step" : null },
      h("span", {}, named ? nameOf(named) : step.node_id),
      h("span", { class: "route" }, facts),
      h("div", { class: "why" }, step.calls.map(showCall)),
    );
  });
  element.replaceChildren(
    h("ol", { class: "steps", "aria-label": "Steps of the trial" }, steps),
    h("article", { class: "msg by-ai", "aria-label": "What the AI would say" }, h("p", { class: "meta" }, h("b", {}, "AI"), h("span", {}, " would say")), h("div", { class: "bubble" }, tried.reply, cites(tried))),
    h("p", { class: "hint" }, ending(tried, draft)),
    ...tried.wishes.map((wish) => h("p", { class: "hint" }, `It would also ${wish.tool.replaceAll("_", " ")}: ${Object.values(wish.arguments).join(", ")}`)),
  );
}

function cites(tried) {
  if (tried.citations.length === 0) return null;
  return h("p", { class: "cites" }, tried.citations.map((title, index) => h("span", { class: "chip cite" }, h("b", {}, String(index + 1)), h("span", {}, title))));
}

function ending(tried, draft) {
  if (tried.hand_off) return `Handed off, because ${REASONS[tried.hand_off] ?? tried.hand_off}. ${tried.detail}`;
  const next = tried.next_node_id && nodeOf(draft, tried.next_node_id);
  const goes = next ? `The next message begins at ${nameOf(next)}.` : "The workflow is finished; the next message begins it anew.";
  return `${goes} ${tried.model ?? ""}, ${tried.prompt_tokens} prompt tokens, ${seconds(tried.milliseconds)}.`;
}

function showCall(call) {
  const said = call.calls.length ? call.calls.map((one) => `${one.name}(${one.arguments})`).join("\n") : call.answer || "(no answer)";
  return h(
    "details", {},
    h("summary", {}, "Prompt and answer"),
    ...call.messages.map((message) => [h("b", {}, String(message.role)), h("pre", { class: "sql" }, String(message.content ?? JSON.stringify(message.tool_calls ?? "")))]).flat(),
    h("b", {}, "answer"),
    h("pre", { class: "sql" }, said),
  );
}
