// The settings' pages in one row, where there is no room beside the page: the one that is open is in sight.
// Owns where that row stands; without a script it begins at its first.

const list = document.querySelector(".settings-tabs ul");
const here = list?.querySelector("[aria-current]")?.parentElement;
if (here && list.scrollWidth > list.clientWidth) here.scrollIntoView({ block: "nearest", inline: "center" });
