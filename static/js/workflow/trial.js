// "Try it": the draft answers a typed message and nothing lands. Owns asking, and showing each step, its prompt and its
// decision.

import { h } from "./build.js";
import { nameOf, nodeOf } from "./draft.js";
import { send } from "./server.js";
import { _ } from "../words.js";

const REASONS = {
  model_failed: _("the model failed"), model_timeout: _("the model took too long"), bad_decision: _("the model gave no usable decision"),
  cycle: _("the workflow goes in circles"), no_answer: _("it had no answer"), spend_cap: _("the spend cap is reached"), asked: _("it was asked to"),
};
const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`;

const form = document.getElementById("trial");
const tried = document.getElementById("tried");

/** Try the draft as it is when somebody asks; managers only have the form. */
export function offerTrial(draftNow) {
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const began = performance.now();
    const waiting = () => {
      tried.textContent = _("AI is thinking, {seconds} s", { seconds: Math.round((performance.now() - began) / 1000) });
    };
    waiting();
    const clock = setInterval(waiting, 1000);
    const draft = draftNow();
    try {
      const { ok, answer } = await send("/try", { message: document.getElementById("typed").value, workflow: draft });
      if (ok) showTrial(tried, answer, draft);
      else tried.textContent = [answer.error.message, ...(answer.error.problems ?? []).map((one) => one.message)].join(" ");
    } catch {
      tried.textContent = _("The server cannot be reached. Try again.");
    } finally {
      clearInterval(clock);
    }
  });
}

function showTrial(element, tried, draft) {
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
    h("ol", { class: "steps", "aria-label": _("Steps of the trial") }, steps),
    h("article", { class: "msg by-ai", "aria-label": _("What the AI would say") }, h("p", { class: "meta" }, h("b", {}, "AI"), h("span", {}, ` ${_("would say")}`)), h("div", { class: "bubble" }, tried.reply, cites(tried))),
    h("p", { class: "hint" }, ending(tried, draft)),
    ...tried.wishes.map((wish) => h("p", { class: "hint" }, _("It would also {act}: {what}", { act: wish.tool.replaceAll("_", " "), what: Object.values(wish.arguments).join(", ") }))),
  );
}

function cites(tried) {
  if (tried.citations.length === 0) return null;
  return h("p", { class: "cites" }, tried.citations.map((title, index) => h("span", { class: "chip cite" }, h("b", {}, String(index + 1)), h("span", {}, title))));
}

function ending(tried, draft) {
  if (tried.hand_off) return _("Handed off, because {why}. {detail}", { why: REASONS[tried.hand_off] ?? tried.hand_off, detail: tried.detail });
  const next = tried.next_node_id && nodeOf(draft, tried.next_node_id);
  const goes = next ? _("The next message begins at {step}.", { step: nameOf(next) }) : _("The workflow is finished; the next message begins it anew.");
  return _("{goes} {model}, {tokens} prompt tokens, {spent}.", { goes, model: tried.model ?? "", tokens: tried.prompt_tokens, spent: seconds(tried.milliseconds) });
}

function showCall(call) {
  const said = call.calls.length ? call.calls.map((one) => `${one.name}(${one.arguments})`).join("\n") : call.answer || _("(no answer)");
  return h(
    "details", {},
    h("summary", {}, _("Prompt and answer")),
    ...call.messages.map((message) => [h("b", {}, String(message.role)), h("pre", { class: "sql" }, String(message.content ?? JSON.stringify(message.tool_calls ?? "")))]).flat(),
    h("b", {}, _("answer")),
    h("pre", { class: "sql" }, said),
  );
}
