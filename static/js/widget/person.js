// Asking for a person: what is honest about when one answers, a word about what it is, and the hand-off.
// Owns the button, its form and the line that says that it was asked. What is typed here is sent as any message is.

export function openPerson(words, session, standing, { send, say }) {
  const button = document.getElementById("person");
  const form = document.getElementById("person-form");
  const when = document.getElementById("person-when");
  const fields = document.getElementById("person-fields");
  const about = document.getElementById("person-about");
  const wrong = document.getElementById("person-wrong");
  const asked = document.getElementById("person-asked");
  if (!button) return;

  standing.watch((now) => {
    button.parentElement.hidden = now.answered_by === "people";
    if (button.parentElement.hidden) form.hidden = true;
    asked.hidden = !(now.handed_off && !now.person);
  });

  async function open() {
    try {
      await session.begin();
      const [now, there] = await Promise.all([session.get("/conversation"), session.get("/availability")]);
      standing.show(now);
      const goes_on = now.asks_for_person ? "" : words.ai_goes_on;
      when.textContent = `${there.people_here ? words.here : standing.absent(there.back_at)} ${goes_on}`.trim();
      fields.hidden = !now.asks_for_person;
      form.hidden = button.parentElement.hidden;
    } catch (error) {
      say(words.not_kept);
      return;
    }
    form.scrollIntoView({ block: "end" });
    (fields.hidden ? document.getElementById("person-not") : about).focus();
  }

  function close() {
    form.hidden = true;
    document.getElementById("message").focus();
  }

  // Nobody can answer a conversation without a word in it.
  const saidNothing = () => !document.querySelector("#messages .visitor");

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const content = about.value.trim();
    wrong.hidden = true;
    about.removeAttribute("aria-invalid");
    if (!content && saidNothing()) return refuse(words.say_what);
    try {
      standing.show(await session.send("POST", "/ask-person", {}));
    } catch (error) {
      return refuse(words.not_kept);
    }
    about.value = "";
    close();
    if (content) send({ content });
  });

  function refuse(why) {
    wrong.textContent = why;
    wrong.hidden = false;
    about.setAttribute("aria-invalid", "true");
    about.focus();
  }

  button.addEventListener("click", open);
  document.getElementById("person-not").addEventListener("click", close);
}
