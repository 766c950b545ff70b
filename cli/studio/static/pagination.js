// Step 4: how an endpoint is read to its end, what was asked, and what any other type would give.

import { ask, work } from "./api.js";
import { button, chip, el, field, fill, many, notice, select, size } from "./dom.js";
import { pagingChip } from "./endpoints.js";
import { blockOf } from "./response.js";
import { current, drafted, preview, store, take } from "./store.js";

export const title = "Pagination";
const FEW = ["page_size", "param", "size_param", "start_page", "cursor_path", "next_link_path", "header_link_rel", "has_more_path", "last_page_path", "total_path"];

export function about() {
  const one = current();
  if (!one?.ok) return { text: "how pages follow" };
  const { paging } = one;
  const isChanged = one.index !== null && drafted(one.index)?.selector?.pagination;
  if (paging.incomplete && !isChanged) return { status: "doubt", text: "there is more" };
  const { type } = blockOf(one);
  return { status: "done", text: type === "none" ? "one page" : `by ${type}` };
}

export async function render(place, tools) {
  const one = current();
  fill(place, el("h1", {}, "Pagination"), el("p", { class: "lead" }, "The guess and its proof, each request with what decided, and the result of any other type at once. Nothing is deleted without proof that all was read."));
  if (!one?.ok) return void place.append(el("p", { class: "panel empty" }, "No endpoint that can be read was looked at yet."));
  const kinds = store.state.endpoints.filter((each) => each.ok).map((each) => each.kind);
  const choose = field("Endpoint", select(kinds, one.kind, (kind) => {
    store.kind = kind;
    return tools.show("pagination");
  }));
  const pages = el("div", { class: "panel flush", "aria-live": "polite" }, el("p", { class: "empty" }, "Reading…"));
  place.append(el("div", { class: "panel two" }, choose, el("div", {}, el("span", { class: "label" }, "Found out"), el("div", { class: "row" }, pagingChip(one.paging), el("span", { class: "muted" }, one.paging.why)))));
  if (one.paging.doubt) place.append(notice("doubt", one.paging.doubt));
  if (one.index === null) return void place.append(notice("doubt", "It is not in the mapping yet, because nothing identifies its items."));
  place.append(pages, other(one, place, tools));
  const report = await preview();
  return fill(pages, result(report.resources?.[one.index], report.problems));
}

/** Return the pages of a resource that were read, and what a sync would come to. */
export function result(resource, problems = []) {
  if (!resource) return el("div", { class: "pad" }, notice("bad", "It cannot be read like this", problems));
  const rows = resource.requests.map((each, number) =>
    el(
      "tr",
      {},
      el("td", { class: "num", "data-label": "Request" }, number + 1),
      el("td", { class: "url" }, el("code", {}, `${each.method === "GET" ? "" : `${each.method} `}${short(each.url)}`), each.page && el("code", {}, ` ${each.page}`), each.isDiscovery && chip("for values"), each.isExport && chip("export job")),
      el("td", { "data-label": "Status" }, chip(String(each.status ?? "no answer"), each.error ? "bad" : "ok")),
      el("td", { class: "num", "data-label": "Time" }, `${each.ms} ms`),
      el("td", { class: "num", "data-label": "Size" }, size(each.bytes)),
      el("td", { class: "num", "data-label": "Items" }, each.items ?? "–"),
      el("td", { class: "why" }, each.error ?? each.pagination ?? ""),
    ),
  );
  const heads = ["", "Request", "Status", "Time", "Size", "Items", "What decided"].map((name, index) => el("th", { class: [0, 3, 4, 5].includes(index) ? "num" : null }, name || el("span", { "aria-label": "Number" }, "#")));
  return [
    el("div", { class: "pad row between" }, el("div", { class: "row" }, outcome(resource), el("span", { class: "muted" }, `${many(resource.items, "item")} in ${many(resource.requests.length, "request")}`)), el("span", { class: "muted" }, ending(resource))),
    resource.error ? el("div", { class: "pad" }, notice("bad", firstLine(resource.error), resource.error.split("\n").slice(1))) : null,
    (resource.doubts ?? []).length ? el("div", { class: "pad" }, notice("doubt", "A sync would delete nothing of it", resource.doubts)) : null,
    el("div", { class: "scroll" }, el("table", { class: "rows" }, el("thead", {}, el("tr", {}, heads)), el("tbody", {}, rows))),
  ];
}

const firstLine = (text) => text.split("\n")[0];

function ending(resource) {
  return resource.complete ? (resource.endings[0] ?? "") : resource.error ? "" : "a limit of the preview ended it";
}

const OUTCOMES = { proven: "proven: all was read", kept: "kept: nothing would be deleted", failed: "failed" };

/** Return what a sync would come to. */
export function outcome(resource) {
  return chip(OUTCOMES[resource.outcome] ?? "read in part", resource.outcome ?? "");
}

function short(url) {
  try {
    const { pathname, search } = new URL(url);
    return pathname + search;
  } catch {
    return url;
  }
}

function other(one, place, tools) {
  const before = blockOf(one);
  let type = before.type;
  let block = { ...before };
  const options = el("div", { class: "options" });
  const rest = el("div");
  const tried = el("div", { "aria-live": "polite" });
  const types = el("fieldset", { class: "types" }, el("legend", { class: "label" }, "Type"), Object.keys(store.form.pagination).map((name) => {
    const input = el("input", { type: "radio", name: "type", value: name, checked: name === type });
    input.addEventListener("change", () => {
      type = name;
      block = type === before.type ? { ...before } : { type };
      showOptions();
      return attempt();
    });
    return el("label", {}, input, el("span", {}, name));
  }));

  function showOptions() {
    const all = store.form.pagination[type].filter(({ name }) => !["ignore_markers", "stop", "max_pages", "in", "size_in"].includes(name));
    const few = all.filter(({ name }) => FEW.includes(name));
    const others = all.filter(({ name }) => !FEW.includes(name));
    fill(options, few.map(input));
    fill(rest, others.length ? el("details", {}, el("summary", {}, "More options"), el("div", { class: "options" }, others.map(input))) : null);
  }

  function input({ name, about, usual }) {
    const made = el("input", { type: "text", class: "code", value: block[name] ?? "", placeholder: usual, spellcheck: "false", autocomplete: "off" });
    made.addEventListener("change", () => {
      const isNumber = ["page_size", "start_page"].includes(name) && /^\d+$/.test(made.value);
      if (made.value === "" && name !== "size_param") delete block[name];
      else block[name] = isNumber ? Number(made.value) : made.value;
      return attempt();
    });
    return field(name, made, about);
  }

  const written = () => (Object.keys(block).length > 1 ? block : type);
  let last = null;
  async function attempt() {
    last?.abort();
    const mine = (last = new AbortController());
    fill(tried, el("p", { class: "pad muted" }, `Trying ${type}…`));
    try {
      const found = await work("try", { index: one.index, pagination: written() }, () => {}, mine.signal);
      if (!mine.signal.aborted) fill(tried, result(found.requests ? found : null, found.problems));
    } catch (error) {
      if (error.name !== "AbortError") fill(tried, el("div", { class: "pad" }, notice("bad", error.message)));
    }
  }
  const use = button("Use this", () => tools.guarded(place, async () => {
    take(await ask("paginate", { kind: one.kind, pagination: written() }));
    tools.say(`${one.kind} pages by ${type} now.`);
    await tools.show("pagination");
  }), { class: "main" });
  showOptions();
  return el("div", { class: "panel flush" }, el("div", { class: "pad" }, el("h2", {}, "Try another way"), types, options, rest, el("div", { class: "row" }, button("Try", attempt), use)), tried);
}
