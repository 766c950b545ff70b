// Step 6: the files, as init writes them: what would change first, then writing, and texts to copy.

import { ask, work } from "./api.js";
import { button, chip, el, fill, many, notice } from "./dom.js";
import { refresh, store, take } from "./store.js";

export const title = "Keep";
const WORDS = { new: "new", changed: "changed", same: "as it is" };
const KINDS = { new: "ok", changed: "doubt", same: "" };

export function about() {
  return store.written ? { status: "done", text: "files are written" } : { text: "files, after a look" };
}

export async function render(place, tools) {
  let secrets = false;
  const files = el("div");
  const exports = el("div");
  const check = el("input", { type: "checkbox" });
  const held = store.state.connection.secrets;
  check.addEventListener("change", () => {
    secrets = check.checked;
    return showChanges();
  });
  const writing = el("div", { class: "row between" });

  async function showChanges() {
    const found = await tools.guarded(place, () => ask("changes", { secrets }));
    if (!found) return;
    const changing = found.files.filter((file) => file.status !== "same");
    fill(files, el("section", { class: "panel flush", "aria-label": "Files" }, found.files.map(fileOf)));
    fill(exports, el("h2", {}, "To copy"), found.exports.map((one) => copyOf(one, tools)));
    const write = button(`Write ${many(changing.length, "file")}`, async () => {
      const written = await tools.guarded(place, () => ask("keep", { secrets, state: found.state }));
      if (!written) return;
      store.written = true;
      tools.say(`Written to ${found.folder}.`);
      await refresh();
      await showChanges();
      files.prepend(notice("ok", `Written: ${[...written.created, ...written.updated].join(", ") || "nothing, all was there"}`, [], "Run one sync with docker-run.sh, or give the files to your installation."));
    }, { class: "main" });
    write.disabled = !changing.length;
    fill(writing, el("span", { class: "muted" }, "to ", el("code", {}, found.folder)), write);
    if (!changing.length) write.replaceWith(chip("nothing to write", "ok"));
  }

  const port = el("div");
  const showPort = async () => {
    const found = await tools.guarded(place, () => work("compare"));
    if (found) fill(port, portOf(found, place, tools, showPort));
  };
  if (store.state.port) fill(port, el("section", { class: "panel", "aria-label": "Port" }, el("h2", {}, `In Port: ${store.state.port}`), el("div", { class: "row" }, button("Compare with Port", showPort))));

  fill(
    place,
    el("h1", {}, "Keep"),
    el("p", { class: "lead" }, "The files of this installation. What you changed in them by hand stays, comments too; look at the changes before they are written."),
    el("div", { class: "panel stack" }, held.length ? el("label", { class: "check" }, check, `Write the credentials too (${held.join(", ")}), into files that only you can read`) : null, writing),
    files,
    port,
    exports,
  );
  if (!store.state.draft.mapping.resources.length) return void fill(files, el("p", { class: "panel empty" }, "The mapping has no resource yet."));
  return showChanges();
}

function portOf(found, place, tools, again) {
  const put = button("Put the mapping into Port", async () => {
    const done = await tools.guarded(place, () => work("put", { state: found.state }));
    if (!done) return;
    tools.say("The mapping is in Port. An installation that runs syncs with it now.");
    await again();
  }, { class: "main", disabled: !found.lines.length });
  const get = button("Take the mapping from Port", async () => {
    const state = await tools.guarded(place, () => work("take"));
    if (!state) return;
    take(state);
    tools.say("The mapping is that of Port now.");
    await tools.show("entities");
  });
  const told = found.lines.length ? "What putting it there would change; an installation that runs syncs at once." : "The mapping in Port is the same.";
  return el("section", { class: "panel flush", "aria-label": "Port" }, el("div", { class: "pad" }, el("h2", {}, `In Port: ${found.name}`), el("p", { class: "muted" }, told), el("div", { class: "row" }, get, put)), found.lines.length ? el("div", { class: "diff", tabindex: "0", role: "region", "aria-label": "Changes in Port" }, coloured(found.lines)) : null);
}

const SIGNS = { "+": "add", "-": "del", "@": "at" };
const coloured = (lines) => lines.map((line) => el("span", { class: SIGNS[line[0]] ?? null }, line || " "));

function fileOf(file) {
  const lines = coloured(file.lines);
  const summary = el("summary", {}, el("code", {}, file.name), chip(WORDS[file.status], KINDS[file.status]), lines.length ? el("span", { class: "muted" }, counts(file.lines)) : null);
  if (!lines.length) return el("div", { class: "file" }, el("div", { class: "pad row" }, el("code", {}, file.name), chip(WORDS[file.status])));
  return el("details", { class: "file", open: file.name === "port-app-config.yml" }, summary, el("div", { class: "diff", tabindex: "0", role: "region", "aria-label": `Changes of ${file.name}` }, lines));
}

function counts(lines) {
  const count = (sign) => lines.filter((line) => line.startsWith(sign)).length;
  return `+${count("+")} −${count("-")}`;
}

function copyOf(one, tools) {
  const copy = button("Copy", async () => {
    await navigator.clipboard.writeText(one.text);
    tools.say(`${one.title} copied.`);
  }, { class: "small", "aria-label": `Copy ${one.title}` });
  return el("details", { class: "panel" }, el("summary", {}, one.title), el("div", { class: "copy" }, el("pre", { tabindex: "0" }, one.text), copy));
}
