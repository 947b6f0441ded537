// The picture of the draft: light as long as it is only looked at, and the canvas once somebody's hand is on it.
// Owns which of the two is there, and the picking of a step in it.

import { Sketch } from "./sketch.js";
import { toast } from "./toast.js";
import { _ } from "../words.js";

/** `now` gives the draft and what is marked in it; `on` hears what a hand does, and `picked` which step a way shall lead to. */
export function openCanvas({ manager, now, on, picked }) {
  const box = document.getElementById("picture");
  let picking = null; // the way out whose target is being picked
  let coming = null;

  const hand = {
    ...on,
    select(id) {
      const way = picking;
      stopPicking();
      if (way === null || id === null) on.select(id);
      else picked(way, id);
    },
  };
  let picture = new Sketch(box, { on: hand });

  // The canvas weighs more than all the rest together: it comes when it is wanted.
  function canvas() {
    coming ??= import("./picture.js").then(({ Picture }) => {
      const { places } = picture;
      picture.remove();
      picture = new Picture(box, { manager, places, on: hand });
      show();
      return picture;
    });
    return coming.catch(() => {
      coming = null;
      toast(_("The picture cannot be edited now. The list of steps does the same."));
    });
  }

  function show() {
    const { draft, ...marked } = now();
    picture.show(draft, marked);
  }

  // A way out is connected by picking its target; the list beside does the same without a mouse.
  function pick(id, route) {
    picking = { id, route };
    box.classList.add("is-picking");
    toast(_("Click the step that it leads to, or Escape."));
  }

  function stopPicking() {
    picking = null;
    box.classList.remove("is-picking");
  }

  for (const kind of ["pointerenter", "pointerdown"]) box.addEventListener(kind, canvas);
  return { show, canvas, pick, stopPicking, reveal: (id) => picture.reveal(id), fit: () => picture.fit() };
}
