// A reply that came while somebody writes theirs: said above the composer, before a second one goes out.
// Owns that line. What is sent stays the writer's choice; what nobody saw before sending is the server's to refuse.

const composer = document.getElementById("composer");
const reply = document.getElementById("reply");
const line = document.getElementById("meanwhile");
const { me } = document.querySelector(".app").dataset;

const editing = () => document.querySelector(".parked-reply.is-edited") !== null;
const writing = () => editing() || (composer.elements.kind.value === "public" && reply.value.trim() !== "");

function tell(arrived) {
  const other = arrived.filter((one) => one.matches(".msg.ours") && one.dataset.by !== me).at(-1);
  if (!other || !writing()) return;
  const name = other.querySelector(".meta b").textContent;
  line.querySelector("span").textContent = line.dataset.words.replace("{name}", name);
  line.classList.toggle("by-ai", other.matches(".by-ai"));
  line.hidden = false;
}

if (composer) {
  document.addEventListener("tandem:message", ({ detail }) => tell(detail.arrived));
  for (const kind of ["input", "tandem:shown"]) reply.addEventListener(kind, () => (line.hidden ||= !reply.value.trim()));
  document.body.addEventListener("htmx:oobAfterSwap", ({ detail }) => {
    if (detail.target.id === "parked") line.hidden ||= !writing();
  });
}
