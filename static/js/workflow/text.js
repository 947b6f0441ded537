// The draft as JSON: typed beside the picture, saved as a file and loaded from one.
// Owns the field, and whether what was typed can be read; words that cannot stay there as they are.

import { h } from "./build.js";
import { toast } from "./toast.js";
import { _ } from "../words.js";

const TYPING_MS = 500;

const isWorkflow = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** `draft` and `version` say what there is now; `typed` takes a draft as it is being typed, `left` hears that it is all,
 * and `loaded` takes one from a file. */
export function openText({ draft, version, typed, left, loaded }) {
  const field = document.getElementById("json");
  const fault = document.getElementById("json-fault");
  let readable = true;
  let typing = null;

  function show() {
    if (document.activeElement === field) return;
    field.value = JSON.stringify(draft(), null, 2);
    readable = true;
    fault.textContent = "";
  }

  function read() {
    let found = null;
    try {
      found = JSON.parse(field.value);
    } catch (error) {
      fault.textContent = _("This is no valid JSON yet: {why}. Your words are kept; the picture shows the last that was.", { why: error.message });
    }
    readable = isWorkflow(found);
    if (readable) fault.textContent = "";
    else if (found !== null) fault.textContent = _("A workflow is an object with nodes and edges.");
    typed(readable ? found : null);
    return readable;
  }

  field.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(read, TYPING_MS);
  });
  field.addEventListener("blur", () => {
    clearTimeout(typing);
    if (read()) left();
  });

  document.getElementById("export").addEventListener("click", () => {
    const file = URL.createObjectURL(new Blob([`${JSON.stringify(draft(), null, 2)}\n`], { type: "application/json" }));
    h("a", { href: file, download: `workflow-${version()}.json` }).click();
    setTimeout(() => URL.revokeObjectURL(file));
  });

  document.getElementById("import")?.addEventListener("change", async (event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (!file) return;
    try {
      const read = JSON.parse(await file.text());
      const found = read.workflow && !read.nodes ? read.workflow : read;
      if (!isWorkflow(found)) throw new Error("it holds no workflow");
      loaded(found);
      toast(_("{name} is loaded as a draft. Undo brings the old one back.", { name: file.name }));
    } catch (error) {
      toast(_("{name} was not loaded: {why}", { name: file.name, why: error.message }));
    }
  });

  return { show, isReadable: () => readable, stopTyping: () => document.activeElement === field && field.blur() };
}
