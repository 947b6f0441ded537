// The API's page: a field that leaves only what holds all of its words. Without a script the whole page is there.

const field = document.getElementById("find");
const articles = [...document.querySelectorAll("main article, main .part")].map((element) => ({
  element,
  text: element.textContent.toLowerCase(),
}));
const groups = [...document.querySelectorAll("main .group")];
const none = document.getElementById("none");

function find() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const { element, text } of articles) {
    element.hidden = !words.every((word) => text.includes(word));
    found += element.hidden ? 0 : 1;
  }
  for (const group of groups) group.hidden = !group.querySelector("article:not([hidden])");
  none.hidden = found > 0;
}

document.getElementById("finding").hidden = false;
field.addEventListener("input", find);
window.addEventListener("hashchange", () => {
  const wanted = document.getElementById(location.hash.slice(1));
  if (wanted && wanted.closest("[hidden]")) {
    field.value = "";
    find();
    wanted.scrollIntoView();
  }
});
