// Step 5: the entities that Port would get, and the JQ that makes them, evaluated as one types.

import { ask, work } from "./api.js";
import { button, chip, el, field, fill, many, notice, visible } from "./dom.js";
import { graph } from "./graph.js";
import { outcome } from "./pagination.js";
import { drafted, edit, preview, store } from "./store.js";
import { tree } from "./tree.js";

export const title = "Entities";
const PATIENCE = 260;
const SHOWN = 100;
// A table of hundreds of lines would hold the page up.
const AT_ONCE = 30;

export function about() {
  const { length } = store.state.draft.mapping.resources;
  if (!length) return { text: "what Port would get" };
  return { status: "done", text: many(length, "resource") };
}

export async function render(place, tools) {
  const head = [el("h1", {}, "Entities"), el("p", { class: "lead" }, "What the catalog would get, by the code of a sync. Change an expression and see its result as you type.")];
  const { resources } = store.state.draft.mapping;
  if (!resources.length) return void fill(place, head, el("p", { class: "panel empty" }, "The mapping has no resource yet. Look at an endpoint first."));
  store.resource = Math.min(store.resource, resources.length - 1);
  const tabs = el("div", { class: "tabs", role: "tablist", "aria-label": "Resources" }, resources.map((one, index) => el("button", { type: "button", role: "tab", id: `tab-${index}`, "aria-controls": "resource", "aria-selected": String(index === store.resource), tabindex: index === store.resource ? "0" : "-1", on: { click: () => choose(index), keydown: (event) => move(event, index) } }, one.kind)));
  const inside = el("div", { id: "resource", role: "tabpanel", "aria-labelledby": `tab-${store.resource}` });
  const choose = (index) => {
    store.resource = index;
    return tools.show("entities").then(() => document.getElementById(`tab-${index}`)?.focus());
  };
  const move = (event, index) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = index + step;
    if (step && next >= 0 && next < resources.length) choose(next);
  };
  fill(place, head, tabs, inside);
  return resource(inside, store.resource, tools);
}

async function resource(place, index, tools) {
  const results = el("div", { "aria-live": "polite" }, el("p", { class: "panel empty" }, "Reading and mapping…"));
  const editor = new Editor(index, place, tools, () => showResults());
  fill(place, editor.element, results);
  let turn = 0;
  async function showResults() {
    const mine = ++turn;
    const report = await tools.guarded(place, () => preview());
    if (mine !== turn || !report) return;
    if (!report.resources) fill(results, notice("bad", "The mapping cannot be used", report.problems));
    else fill(results, problems(report), shown(report, index));
    editor.evaluate();
  }
  await showResults();
}

function problems(report) {
  return report.problems?.length ? notice("bad", "The mapping has problems", report.problems) : null;
}

class Editor {
  constructor(index, place, tools, changed) {
    Object.assign(this, { index, place, tools, changed, lines: [], timers: new Map() });
    this.mappings = ["mapping", "resources", index, "port", "entity", "mappings"];
    this.element = el("section", { class: "panel", "aria-label": "Mapping" });
    this.show();
  }

  get written() {
    return drafted(this.index);
  }

  show() {
    const { selector = {}, port } = this.written;
    const mappings = port?.entity?.mappings ?? {};
    const plain = ["identifier", "title", "blueprint"].filter((name) => typeof (mappings[name] ?? "") === "string");
    const group = (name) => Object.entries(mappings[name] ?? {}).map(([key, expression]) => this.line(key, [...this.mappings, name, key], expression, true));
    this.lines = [];
    fill(
      this.element,
      el("h2", {}, "Mapping"),
      el(
        "div",
        { class: "map" },
        plain.map((name) => this.line(name, [...this.mappings, name], mappings[name] ?? "")),
        this.line("query", ["mapping", "resources", this.index, "selector", "query"], selector.query ?? "true"),
        el("h3", {}, "Properties"),
        group("properties"),
        el("h3", {}, "Relations"),
        group("relations"),
      ),
      this.adding(),
    );
  }

  line(name, path, expression, canGo = false) {
    const isText = typeof expression === "string";
    const input = el("input", { type: "text", class: "jq", value: isText ? expression : JSON.stringify(expression), disabled: !isText, "aria-label": `JQ of ${name}`, spellcheck: "false", autocomplete: "off" });
    const got = el("div", { class: "got", "aria-live": "polite" });
    const line = { input, got, path };
    if (isText) this.lines.push(line);
    input.addEventListener("input", () => this.typed(line));
    const go = canGo ? button("×", () => this.remove(path), { class: "small plain", "aria-label": `Remove ${name}` }) : el("span");
    return el("div", { class: "jq-line" }, el("div", { class: "name" }, name), el("div", { class: "field" }, input), got, go);
  }

  typed(line) {
    clearTimeout(this.timers.get(line));
    this.timers.set(line, setTimeout(() => this.take(line), PATIENCE));
  }

  async take(line) {
    this.last?.abort();
    const mine = (this.last = new AbortController());
    await this.tools.guarded(this.place, async () => {
      await this.evaluate([line], mine.signal);
      if (mine.signal.aborted) return;
      await edit([{ path: line.path, value: line.input.value }]);
      await this.changed();
    });
  }

  /** Show what the expressions of some lines give on the first items. */
  async evaluate(lines = this.lines, signal = undefined) {
    const expressions = lines.map((line) => line.input.value);
    try {
      const { values } = await work("evaluate", { index: this.index, expressions }, () => {}, signal);
      lines.forEach((line, number) => this.result(line, values[number]));
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  }

  result(line, values) {
    const failed = values.find((one) => one.error);
    line.input.setAttribute("aria-invalid", String(Boolean(failed)));
    line.got.classList.toggle("bad", Boolean(failed));
    fill(line.got, failed ? failed.error : told(values));
  }

  async remove(path) {
    const edits = [{ path }];
    const place = this.blueprint();
    if (place && path.at(-2) === "properties") edits.push({ path: [...place, "schema", "properties", path.at(-1)] });
    if (place && path.at(-2) === "relations") edits.push({ path: [...place, "relations", path.at(-1)] });
    await this.tools.guarded(this.place, () => edit(edits));
    this.show();
    await this.changed();
  }

  blueprint() {
    const { blueprints } = store.state.draft;
    const wanted = this.written.port?.entity?.mappings?.blueprint;
    const found = blueprints.findIndex((one) => JSON.stringify(one.identifier) === wanted);
    return found >= 0 ? ["blueprints", found] : null;
  }

  adding() {
    const name = el("input", { type: "text", class: "code", spellcheck: "false", autocomplete: "off", placeholder: "name" });
    const jq = el("input", { type: "text", class: "jq", spellcheck: "false", autocomplete: "off", placeholder: ".field" });
    const add = button("Add property", async () => {
      if (!/^[A-Za-z_][\w-]*$/.test(name.value)) return name.focus();
      const { values } = await work("evaluate", { index: this.index, expressions: [jq.value || `.${name.value}`] });
      const type = values[0].find((one) => one.type && one.type !== "null")?.type ?? "string";
      const edits = [{ path: [...this.mappings, "properties", name.value], value: jq.value || `.${name.value}` }];
      const place = this.blueprint();
      if (place) edits.push({ path: [...place, "schema", "properties", name.value], value: { title: name.value, type } });
      await this.tools.guarded(this.place, () => edit(edits));
      this.show();
      return this.changed();
    });
    return el("details", {}, el("summary", {}, "Add a property"), el("div", { class: "row" }, el("div", { class: "grow" }, field("Name", name)), el("div", { class: "grow" }, field("JQ", jq)), add));
  }
}

function told(values) {
  if (!values.length) return "no item to try it on";
  const texts = values.slice(0, 3).map(textOf);
  return texts.join("  ·  ") + (values.length > 3 ? "  …" : "");
}

const textOf = (one) => (one.type === "object" ? `{${one.text}}` : one.type === "array" ? `[${many(one.size, "element")}]` : one.type === "string" ? one.text : one.text);

function shown(report, index) {
  const one = report.resources[index];
  const findings = [...one.findings, ...report.findings];
  const dropped = [...one.refused.map((each) => ({ ...each, kind: "bad" })), ...one.droppedByQuery.map((each) => ({ ...each, kind: "" }))];
  const { blueprints } = store.state.draft;
  const counts = {};
  for (const each of report.resources) for (const row of each.rows) counts[row.blueprint.text] = (counts[row.blueprint.text] ?? 0) + 1;
  return [
    el("dl", { class: "facts" }, fact("Items", one.itemCount), fact("Entities", one.entityCount), dropped.length ? fact("Left out", dropped.length) : null, el("div", {}, el("dt", {}, "A sync would be"), el("dd", {}, outcome(one)))),
    one.error ? notice("bad", one.error.split("\n")[0], one.error.split("\n").slice(1)) : null,
    findings.length ? el("section", { class: "panel", "aria-label": "To look at" }, el("h2", {}, "To look at"), el("ul", { class: "says" }, findings.map((each) => el("li", {}, chip(each.topic.replace("-", " "), each.error ? "bad" : "doubt"), " ", each.message)))) : null,
    table(one, index),
    dropped.length ? el("section", { class: "panel", "aria-label": "Left out" }, el("h2", {}, `${many(dropped.length, "item")} left out`), el("ul", { class: "says" }, dropped.slice(0, SHOWN).map((each) => el("li", {}, chip(`item ${each.item}`, each.kind), " ", el("code", {}, each.label), el("p", {}, each.why))))) : null,
    blueprints.length ? el("section", { class: "panel", "aria-label": "Blueprints and relations" }, el("h2", {}, "Blueprints and relations"), el("div", { class: "scroll" }, graph(blueprints, counts))) : null,
  ];
}

function fact(name, value) {
  return el("div", {}, el("dt", {}, name), el("dd", {}, value.toLocaleString("en")));
}

function table(one, index) {
  const groups = ["properties", "relations"];
  const columns = groups.flatMap((group) => [...new Set(one.rows.flatMap((row) => Object.keys(row[group])))].map((name) => [group, name]));
  const raw = el("div", { class: "panel flush" }, el("p", { class: "empty" }, "Choose an entity to see the item it was made of."));
  if (!one.rows.length) return el("p", { class: "panel empty" }, one.error ? "Nothing was mapped." : "No item becomes an entity.");
  const lineOf = (row) => {
    const choose = async (event) => {
      if (event.type === "keydown" && event.key !== "Enter") return;
      for (const each of body.children) each.setAttribute("aria-selected", String(each === made));
      if (row.item === null) fill(raw, el("p", { class: "empty" }, "An item becomes several entities here."));
      else fill(raw, el("div", { class: "pad" }, el("h2", {}, `Item ${row.item + 1}`)), tree({ label: "The item", root: "item", load: (path, start) => ask("tree", { index, number: row.item, path, start }) }));
    };
    const made = el("tr", { class: "pick", tabindex: "0", "aria-selected": "false", on: { click: choose, keydown: choose } }, el("td", { class: "head" }, el("b", {}, cell(row.title)), el("code", { class: "muted" }, row.identifier.text)), columns.map(([group, name]) => valueCell(row[group][name], name, group)));
    return made;
  };
  const body = el("tbody", {}, one.rows.slice(0, AT_ONCE).map(lineOf));
  const rest = one.rows.slice(AT_ONCE);
  const more = button(`${rest.length} more`, () => {
    body.append(...rest.map(lineOf));
    more.remove();
  }, { class: "small" });
  const heads = el("tr", {}, el("th", { class: "head" }, "Entity"), columns.map(([group, name]) => el("th", {}, group === "relations" ? `→ ${name}` : name)));
  return el("div", { class: "two wide" }, el("div", { class: "panel flush tall", tabindex: "0", role: "region", "aria-label": "Entities" }, el("table", { class: "rows entities" }, el("thead", {}, heads), body), rest.length ? el("div", { class: "pad" }, more) : null), raw);
}

function cell(node) {
  return !node || node.type === "null" ? "–" : node.text;
}

function valueCell(node, name, group) {
  if (!node || node.type === "null") return el("td", { class: "none", "data-label": name }, "–");
  const text = textOf(node);
  const isRelation = group === "relations";
  return el("td", { "data-label": name }, isRelation && node.type !== "array" ? chip(text, "items") : el("span", { class: "clip", title: visible(text) }, text));
}
