// The tabs beside the workflow's picture: steps, JSON, the trial. Owns which of them is open.

const tabs = [...document.querySelectorAll("[role=tab]")];

export function openTab(name) {
  for (const tab of tabs) {
    const open = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", String(open));
    tab.tabIndex = open ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = !open;
  }
}

for (const [index, tab] of tabs.entries()) {
  tab.addEventListener("click", () => openTab(tab.id.slice(4)));
  tab.addEventListener("keydown", (event) => {
    const turn = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!turn) return;
    const next = tabs[(index + turn + tabs.length) % tabs.length];
    openTab(next.id.slice(4));
    next.focus();
  });
}
