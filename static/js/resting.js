// Rows far from what one sees rest: the row keeps its place and its height, what is in it waits as text.
// Owns that, so that a list of ten thousand weighs what one of some hundreds does. Must not change their order.

const MOST = 400; // rows of which none rests
const NEAR = "1500px"; // above and below what is seen
const rows = document.getElementById("rows");
const resting = new WeakMap();
const far = new Set(); // rows that will rest once there are many

/** What is in these rows is there again. */
export function rouse(some) {
  for (const row of some) {
    if (!resting.has(row)) continue;
    row.innerHTML = resting.get(row);
    resting.delete(row);
  }
}

/** Whether the browser's own search misses some of the list. */
export const someRest = () => [...rows.children].some((row) => resting.has(row));

function rest(row) {
  if (row.contains(document.activeElement) || row.querySelector('[aria-current="true"], .pick :checked')) return;
  far.delete(row);
  for (const one of row.querySelectorAll("[style]")) one.removeAttribute("style"); // of an extension; the policy forbids it
  resting.set(row, row.innerHTML);
  row.replaceChildren();
}

const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) {
      if (!resting.has(target)) far.add(target);
    } else {
      far.delete(target);
      rouse([target]);
    }
  }
  if (rows.childElementCount > MOST) far.forEach(rest);
}, { root: rows, rootMargin: NEAR });

const watch = (some) => some.forEach((one) => one.dataset?.active && seen.observe(one));
watch([...rows.children]);
new MutationObserver((changes) => {
  for (const { addedNodes, removedNodes } of changes) {
    watch([...addedNodes]);
    for (const one of removedNodes) {
      if (!one.dataset || one.isConnected) continue;
      seen.unobserve(one);
      far.delete(one);
    }
  }
}).observe(rows, { childList: true });
