// How the conversation stands: who answers, whether anybody is there, whether to ask for an e-mail address.
// Owns the widget's head and the form for the address. Says "a person" only where one writes, and by name.

import { firstName, initials } from "./names.js";

export function openStanding(widget, words, session) {
  const form = document.getElementById("mail-form");
  const mail = document.getElementById("mail");
  const wrong = document.getElementById("mail-wrong");
  const kept = document.getElementById("mail-kept");
  const mailBack = document.getElementById("mail-back");
  const head = { title: document.getElementById("with"), line: document.getElementById("who"), faces: document.getElementById("faces") };
  const first = { title: head.title.textContent, line: head.line.textContent, faces: head.faces.innerHTML };
  const field = document.getElementById("message");
  const watchers = [];
  let timer = null;

  function show(now) {
    const withPerson = now.answered_by === "people" && now.person;
    put(head.title, withPerson ? words.from.replace("{person}", firstName(now.person)) : words.title);
    put(head.line, line(now, withPerson));
    faces(now, withPerson);
    field.placeholder = now.status === "solved" ? words.reopen : withPerson ? words.write_to.replace("{person}", firstName(now.person)) : words.write;
    form.hidden = !now.asks_email;
    watchers.forEach((watch) => watch(now));
    if (!form.hidden) mailBack.textContent = now.back_at ? absent(now.back_at) : words.nobody;
    if (!form.hidden || now.asks_rating) form.closest(".thread").scrollTop = form.closest(".thread").scrollHeight;
  }

  function line(now, withPerson) {
    if (now.status === "solved") return words.solved;
    if (withPerson) return words.person_writes;
    if (now.answered_by === "ai") return words.ai_first;
    if (now.people_here) return words.people_answer;
    return absent(now.back_at);
  }

  const absent = (backAt) => (backAt ? words.back_at.replace("{time}", when(backAt)) : words.nobody);

  // In the visitor's own language and zone, with the day: "tomorrow" would be another one by the time it is read.
  function when(moment) {
    const form = { weekday: "short", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };
    return new Date(moment).toLocaleString(document.documentElement.lang || [], form);
  }

  function put(place, text) {
    if (place.textContent !== text) place.textContent = text; // the same words again would be read out again
  }

  function faces(now, withPerson) {
    const face = document.createElement("span");
    face.className = `avatar ${now.answered_by === "ai" ? "ai" : "person"}`;
    face.textContent = now.answered_by === "ai" ? "AI" : initials(withPerson ? now.person : words.title);
    head.faces.replaceChildren(face);
  }

  async function refresh() {
    if (!session.exists()) return null;
    const now = await session.get("/conversation");
    show(now);
    return now;
  }

  // Events of one commit come together.
  function changed() {
    timer ??= setTimeout(() => {
      timer = null;
      refresh().catch(() => {}); // the stream that told of it comes back, and then this is asked again
    }, 100);
  }

  function clear() {
    head.title.textContent = first.title;
    head.line.textContent = first.line;
    head.faces.innerHTML = first.faces;
    form.hidden = true;
    kept.hidden = true;
    watchers.forEach((watch) => watch({ asks_rating: false, score: null }));
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    wrong.hidden = true;
    mail.removeAttribute("aria-invalid");
    try {
      show(await session.send("PATCH", "/visitor", { email: mail.value.trim() }));
      kept.textContent = words.mail_saved.replace("{email}", mail.value.trim());
      kept.hidden = false;
      field.focus();
    } catch (error) {
      wrong.textContent = error.status === 422 ? words.mail_wrong : words.kept;
      wrong.hidden = false;
      mail.setAttribute("aria-invalid", "true");
      mail.focus();
    }
  });

  return { refresh, changed, clear, absent, watch: (does) => watchers.push(does), show };
}
