// "Did that help?", asked once a conversation is solved. Owns the form; the server keeps one answer for each solving.

import { newKey } from "./session.js";

export function openRating(words, session, standing) {
  const form = document.getElementById("rating");
  const thanks = document.getElementById("rated");
  const more = document.getElementById("rating-more");
  const wrong = document.getElementById("rating-wrong");
  const scores = [...form.querySelectorAll("[data-score]")];
  let score = null;
  let key = null;

  const chosen = (value) => {
    score = value;
    for (const one of scores) one.setAttribute("aria-pressed", String(Number(one.dataset.score) === value));
    more.hidden = value === null;
  };

  standing.watch((now) => {
    if (!now.asks_rating) chosen(null);
    form.hidden = !now.asks_rating;
    thanks.hidden = now.score === null;
    thanks.textContent = now.score === null ? "" : words.rated.replace("{score}", now.score);
  });

  for (const one of scores) {
    one.addEventListener("click", () => {
      chosen(Number(one.dataset.score));
      key = newKey();
      more.querySelector("button").scrollIntoView({ block: "nearest" });
    });
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    wrong.hidden = true;
    const comment = document.getElementById("rating-comment");
    try {
      await session.send("POST", "/rating", { score, comment: comment.value.trim() }, key);
      comment.value = "";
    } catch (error) {
      wrong.textContent = error.status === 422 ? error.message : words.not_kept;
      wrong.hidden = false;
    }
    await standing.refresh().catch(() => {});
    if (form.hidden) document.getElementById("message").focus();
  });
}
