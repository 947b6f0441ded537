// Files, from both sides. Each is fetched with the visitor's token and shown from memory: its address alone opens nothing.
// Owns what is about to be sent with the words, and how files stand in a message. Only raster images are shown in place;
// everything else is only ever downloaded, as bytes without a type.

import { chipOf, hearOfFiles, MOST_BYTES, PICTURES } from "../picking.js";
import { newKey, Refused } from "./session.js";

export function openFiles(words, session, say) {
  const chips = document.getElementById("attached");
  const input = document.getElementById("attach");
  const field = document.getElementById("message");
  let files = [];

  async function take(file) {
    const chip = chipOf(file.name, { busy: true });
    chips.append(chip);
    const one = { chip, file: null };
    files.push(one);
    show();
    try {
      if (file.size > MOST_BYTES) throw new Refused(413);
      if (!file.size) throw new Refused(422, { fields: { body: "" } });
      await session.begin();
      one.file = await session.upload(file, newKey());
      chip.removeAttribute("aria-busy");
      chip.append(removal(one));
    } catch (error) {
      remove(one);
      say(words.file_failed.replace("{name}", file.name).replace("{why}", why(error)));
    }
  }

  // In the reader's language; the server's own sentences are English.
  function why(error) {
    if (error.status === 413) return words.too_large;
    if (error.status === 422) return "body" in error.fields ? words.empty_file : words.too_many_files;
    return error.status === 429 ? words.too_fast : words.not_kept;
  }

  function removal(one) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "×";
    button.setAttribute("aria-label", words.remove_file.replace("{name}", one.file.name));
    button.addEventListener("click", () => {
      remove(one);
      field.focus();
    });
    return button;
  }

  function remove(one) {
    one.chip.remove();
    files = files.filter((other) => other !== one);
    show();
  }

  const show = () => (chips.hidden = !files.length);

  function takeAll(list) {
    say("");
    [...list].forEach(take);
  }

  hearOfFiles(input, field, takeAll);

  // What goes with the words now; a file that is still on its way stays for the next.
  function handOver() {
    const ready = files.filter((one) => one.file);
    ready.forEach(remove);
    return ready.map((one) => one.file);
  }

  function list(attachments) {
    const shown = document.createElement("ul");
    shown.className = "files";
    for (const file of attachments) {
      const item = document.createElement("li");
      item.append(PICTURES.has(file.type) ? picture(file) : download(file));
      shown.append(item);
    }
    return shown;
  }

  function picture(file) {
    const button = fileButton("picture", file);
    const image = document.createElement("img");
    image.alt = file.name;
    button.append(image);
    session
      .bytes(file.url)
      .then((data) => (image.src = URL.createObjectURL(new Blob([data], { type: file.type }))))
      .catch(() => {}); // its name stands there
    return button;
  }

  function download(file) {
    const button = fileButton("file", file);
    const size = document.createElement("span");
    size.textContent = file.bytes < 1024 * 1024 ? `${Math.ceil(file.bytes / 1024)} KB` : `${(file.bytes / 1024 / 1024).toFixed(1)} MB`;
    const name = document.createElement("bdi");
    name.textContent = file.name;
    button.append(name, size);
    return button;
  }

  function fileButton(kind, file) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = kind;
    button.addEventListener("click", () => save(file).catch(() => say(words.not_kept)));
    return button;
  }

  async function save(file) {
    const data = await session.bytes(file.url);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([data], { type: "application/octet-stream" }));
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  return { handOver, list };
}
