// Step 3: what an endpoint answered, what that says of itself, and what the user makes of it.

import { ask } from "./api.js";
import { button, chip, el, field, fill, many, notice, select, size } from "./dom.js";
import { current, drafted, edit, look, store, take } from "./store.js";
import { tree } from "./tree.js";

export const title = "Response";

export function about() {
  const one = current();
  if (!one) return { text: "where the items are" };
  return one.ok ? { status: "done", text: one.dataPath === "." ? "the whole answer" : one.dataPath } : { status: "bad", text: "no items found" };
}

export async function render(place, tools) {
  const one = current();
  const head = [el("h1", {}, "Response"), el("p", { class: "lead" }, "What came back, and what it says of further pages, of errors, of being ready. Choose a node to say what it is.")];
  if (!one) return void fill(place, head, el("p", { class: "panel empty" }, "No endpoint was looked at yet."));
  const found = await ask("endpoint", { kind: one.kind });
  const inside = el("div");
  fill(place, head, inside);
  return shown(inside, one, found, tools);
}

async function shown(place, one, found, tools) {
  const kinds = store.state.endpoints.map((each) => each.kind);
  const exchange = found.exchanges[found.shown];
  const choose = field("Endpoint", select(kinds, one.kind, (kind) => {
    store.kind = kind;
    return tools.show("response");
  }));
  const answers = found.exchanges.map((each, number) => [String(number), `${number + 1}. ${each.status ?? "no answer"} ${each.method} ${each.url}`]);
  const answer = field("Answer", select(answers, String(found.shown), async (number) => shown(place, one, await ask("endpoint", { kind: one.kind, number: Number(number) }), tools)));
  const body = el("div", { class: "panel flush" });
  const says = el("ul", { class: "says" });
  fill(
    place,
    el("div", { class: "panel two" }, choose, answers.length ? answer : el("div")),
    found.error && notice("bad", found.error, [], found.advice),
    el("div", { class: "two wide" }, body, el("section", { class: "panel", "aria-label": "What it says" }, el("h2", {}, "What it says"), says, notes(found))),
  );
  if (!exchange) return fill(body, el("p", { class: "empty" }, "Nothing was answered."));
  const made = tree({
    label: `The answer of ${one.kind}`,
    load: (path, start) => ask("tree", { kind: one.kind, number: found.shown, path, start }),
    marks: found.marks,
    open: openFrom(found),
    actions: (path, node) => actions(path, node, one, found, place, tools),
  });
  fill(body, el("div", { class: "pad row" }, chip(String(exchange.status ?? "no answer"), exchange.error ? "bad" : "ok"), el("span", { class: "muted" }, `${size(exchange.bytes)} in ${exchange.ms} ms`), el("code", {}, `${exchange.method} ${exchange.url}`)), made);
  fill(says, found.marks.map((mark) => say(mark, made)), found.marks.length ? null : el("li", { class: "muted" }, "Nothing that a sync would hear."), found.lists.slice(1).map((list) => other(list, one, place, tools)));
  return made.ready;
}

function openFrom(found) {
  const [best] = found.lists;
  if (!best || best.form !== "array") return best ? [best.path] : [];
  return best.count ? [best.path, [...best.path, 0]] : [best.path];
}

function say(mark, made) {
  const place = mark.header || mark.steps.join(".") || "the answer";
  const where = mark.header ? el("code", {}, place) : el("button", { type: "button", class: "plain small", on: { click: () => made.reveal(mark.steps) } }, el("code", {}, place));
  return el("li", {}, chip(WORDS[mark.kind], mark.kind), " ", where, el("p", {}, mark.means), mark.way && el("p", {}, `→ ${mark.way}`));
}

const WORDS = { items: "items", more: "there is more", end: "no more", total: "total", partial: "not whole", error: "an error", pending: "not ready" };

function other(list, one, place, tools) {
  const choose = button("The items are here", () => chooseItems(list.path, one, place, tools), { class: "small" });
  return el("li", {}, el("span", { class: "muted" }, "another list: "), el("code", {}, list.dataPath), ` ${many(list.count, "item")} `, choose);
}

function notes(found) {
  const lost = Object.entries(found.leftOut ?? {});
  return [
    found.notes.length ? [el("h3", {}, "Assumed"), el("ul", { class: "says" }, found.notes.map((note) => el("li", {}, note)))] : null,
    found.headers.length ? el("details", {}, el("summary", {}, many(found.headers.length, "header")), el("ul", { class: "says" }, found.headers.map(([name, text]) => el("li", {}, el("code", {}, name), ` ${text}`)))) : null,
    lost.length ? el("details", {}, el("summary", {}, `${many(lost.length, "field")} left out`), el("ul", { class: "says" }, lost.map(([name, why]) => el("li", {}, el("code", {}, name), ` ${why}`)))) : null,
  ];
}

const chooseItems = (path, one, place, tools) =>
  tools.guarded(place, async () => {
    await look(one.kind, { place: path.map(String) });
    tools.say("The items are there now.");
    await tools.show("response");
  });

function actions(path, node, one, found, place, tools) {
  const keys = keysInItem(path, found.lists[0]);
  const act = (text, action) => button(text, () => tools.guarded(place, action), { class: "small" });
  if (node.type === "object" || node.type === "array") {
    const isPlain = path.every((step) => typeof step === "string");
    return isPlain && !keys ? [act("The items are here", () => chooseItems(path, one, place, tools))] : [];
  }
  if (keys) return ofItem(keys, node, one, act, tools);
  return path.length && path.every((step) => typeof step === "string") ? ofAnswer(path, one, act, tools) : [];
}

/** Return the keys within an item that a path leads to; null where it leads into no item. */
function keysInItem(path, list) {
  if (!list || (list.form !== "array" && list.form !== "object")) return null;
  const depth = list.path.length + (list.form === "array" ? 1 : 0);
  const isBelow = list.path.every((step, index) => path[index] === step);
  const keys = path.slice(depth);
  return isBelow && keys.length && keys.every((step) => typeof step === "string") ? keys : null;
}

function ofItem(keys, node, one, act, tools) {
  const made = [
    act("Identifies an item", async () => {
      take(await ask("identify", { kind: one.kind, keys }));
      tools.say(`${keys.join(".")} identifies the items of ${one.kind}.`);
    }),
  ];
  if (one.index !== null) {
    made.push(act("Is its title", () => putTitle(keys, one, tools)));
    made.push(act("Becomes a property", () => addProperty(keys, node, one, tools)));
  }
  for (const other of store.state.endpoints) {
    for (const placeholder of other.kind === one.kind ? [] : other.placeholders) {
      made.push(act(`Gives {${placeholder.name}} of ${other.kind}`, async () => {
        const { name } = placeholder;
        await look(other.kind, { joins: { [name]: { path: one.kind, keys } } });
        await tools.show("endpoints");
      }));
    }
  }
  return made;
}

const jqOf = (keys) => keys.map((key) => `.${/^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key)}`).join("");

async function putTitle(keys, one, tools) {
  await edit([{ path: ["mapping", "resources", one.index, "port", "entity", "mappings", "title"], value: jqOf(keys) }]);
  tools.say(`${jqOf(keys)} is the title.`);
}

async function addProperty(keys, node, one, tools) {
  const name = keys.join("_").replaceAll(/[^A-Za-z0-9_]/g, "_");
  const mappings = drafted(one.index).port.entity.mappings;
  const blueprint = store.state.draft.blueprints.findIndex((each) => JSON.stringify(each.identifier) === mappings.blueprint);
  const edits = [{ path: ["mapping", "resources", one.index, "port", "entity", "mappings", "properties", name], value: jqOf(keys) }];
  const type = node.type === "null" ? "string" : node.type;
  if (blueprint >= 0) edits.push({ path: ["blueprints", blueprint, "schema", "properties", name], value: { title: name, type } });
  await edit(edits);
  tools.say(`${name} is a property now.`);
}

const CHOICES = [
  ["Cursor of the next page", "cursor", "cursor_path"],
  ["Address of the next page", "next_link", "next_link_path"],
  ["True while there is more", "", "has_more_path"],
  ["True on the last page", "", "last_page_path"],
  ["Counts all items", "", "total_path"],
];
const MARKED = { has_more_path: new Set(["offset", "page", "cursor"]), last_page_path: new Set(["offset", "page", "cursor", "next_link", "header_link"]) };

function ofAnswer(path, one, act, tools) {
  const dotted = path.join(".");
  return CHOICES.map(([text, type, option]) =>
    act(text, async () => {
      const before = blockOf(one);
      const kind = type || (MARKED[option] && !MARKED[option].has(before.type) ? "page" : before.type);
      const kept = kind === before.type ? before : {};
      take(await ask("paginate", { kind: one.kind, pagination: { ...kept, type: kind, [option]: dotted } }));
      tools.say(`${dotted}: ${text.toLowerCase()}`);
      await tools.show("pagination");
    }),
  );
}

/** Return the pagination block of an endpoint: its own, else what was found out. */
export function blockOf(one) {
  const own = one.index === null ? null : drafted(one.index)?.selector?.pagination;
  const block = own ?? one.paging?.block ?? "none";
  return typeof block === "string" ? { type: block } : block;
}
