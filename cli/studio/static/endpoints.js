// Step 2: the lists to read, typed or picked from a document, and what fills their placeholders.

import { ask, work } from "./api.js";
import { button, chip, el, field, fill, many, notice, select, tile } from "./dom.js";
import { look, refresh, store, take } from "./store.js";

export const title = "Endpoints";
const MOST_SHOWN = 60;

export function about() {
  const { endpoints, draft } = store.state;
  const bad = endpoints.filter((one) => !one.ok).length;
  if (bad) return { status: "bad", text: `${bad} of ${endpoints.length} cannot be read` };
  if (endpoints.length) return { status: "done", text: many(endpoints.length, "endpoint") };
  const { length } = draft.mapping.resources;
  return length ? { status: "done", text: `${many(length, "resource")} in the mapping` } : { text: "which lists to read" };
}

export async function render(place, tools) {
  const cards = el("ul", { class: "cards" });
  const progress = el("p", { class: "muted", role: "status" });
  const typed = el("input", { type: "text", class: "code", placeholder: "/users, /teams/{team_id}/members", spellcheck: "false", autocomplete: "off" });
  const source = el("input", { type: "text", class: "code", placeholder: "https://api.example.com/openapi.json, or a file", spellcheck: "false", autocomplete: "off" });
  const documented = el("div");

  const told = (line) => line.asked && fill(progress, `asked ${line.asked}`);
  async function lookAt(address, choices) {
    fill(progress, `looking at ${address}`);
    await tools.guarded(place, () => look(address, choices, told));
    fill(progress);
    showCards();
  }

  function showCards() {
    const { endpoints } = store.state;
    fill(cards, endpoints.map((one) => card(one, { lookAt, tools, showCards })));
    if (!endpoints.length) fill(cards, el("li", { class: "panel empty" }, "No endpoint yet. Type the path of a list, such as /users."));
    next.hidden = !endpoints.some((one) => one.ok);
  }

  const add = button("Look", async () => {
    const address = typed.value.trim();
    if (!address) return typed.focus();
    await lookAt(address);
    if (!place.querySelector(":scope > .notice.bad")) typed.value = "";
    return typed.focus();
  }, { class: "main" });
  const read = button("Read", async () => {
    fill(progress, "reading the document");
    const found = await tools.guarded(place, () => work("document", { source: source.value.trim() }, told));
    fill(progress);
    if (!found) return;
    await refresh();
    showDocumented(found);
  });
  const onEnter = (pressed) => (event) => event.key === "Enter" && (event.preventDefault(), pressed.click());
  typed.addEventListener("keydown", onEnter(add));
  source.addEventListener("keydown", onEnter(read));
  const next = button("See the response", () => tools.show("response"));

  function showDocumented(found = null) {
    const all = store.state.documented;
    if (!all.length) return;
    const filter = el("input", { type: "search", placeholder: `Filter ${all.length} lists`, "aria-label": "Filter the lists of the document" });
    const list = el("tbody");
    const showList = () => {
      const words = filter.value.toLowerCase().split(/\s+/);
      const fitting = all.filter((one) => words.every((word) => `${one.path} ${one.summary} ${one.tag}`.toLowerCase().includes(word)));
      fill(list, fitting.slice(0, MOST_SHOWN).map((one) => el("tr", {}, el("td", { class: "url head" }, el("code", {}, one.path)), el("td", { "data-label": "" }, one.summary), el("td", {}, button("Look", () => lookAt(one.path), { class: "small", "aria-label": `Look at ${one.path}` })))));
    };
    filter.addEventListener("input", showList);
    showList();
    const lost = found?.leftOut.length ? el("details", { class: "pad" }, el("summary", {}, `${many(found.leftOut.length, "endpoint")} left out, and why`), el("ul", {}, found.leftOut.slice(0, 200).map((one) => el("li", {}, el("code", {}, one.path), ` ${one.why}`)))) : null;
    const server = found?.server && el("p", { class: "muted" }, "The document names ", el("code", {}, found.server), " as the API. Credentials go there only if you connect to it.");
    fill(documented, el("div", { class: "panel flush" }, el("div", { class: "pad" }, server, filter), el("div", { class: "scroll" }, el("table", { class: "rows" }, el("thead", {}, el("tr", {}, ["List", "What it is", ""].map((name) => el("th", {}, name || el("span", { "aria-hidden": "true" }))))), list)), lost));
  }

  fill(
    place,
    el("h1", {}, "Endpoints"),
    el("p", { class: "lead" }, "Each address is asked, and a second page has to prove how it goes on. Values of placeholders come from other lists."),
    el("div", { class: "panel two" }, el("div", { class: "beside" }, field("Path or URL of a list", typed), add), el("div", { class: "beside" }, field("Or an OpenAPI document", source), read)),
    progress,
    documented,
    cards,
    el("div", { class: "row end after" }, next),
  );
  showDocumented();
  showCards();
  if (!store.state.connection.connected) place.prepend(notice("doubt", "There is no connection yet.", [], "Connect first, so that endpoints can be asked."));
  else if (store.state.url && !store.state.endpoints.length) await offer();

  async function offer() {
    const { url, connection } = store.state;
    if (url.startsWith(`${connection.baseUrl}/`)) await lookAt(url);
  }
}

function card(one, { lookAt, tools, showCards }) {
  const go = (step) => () => {
    store.kind = one.kind;
    return tools.show(step);
  };
  const remove = async () => {
    take(await ask("remove", { kind: one.kind }));
    showCards();
  };
  const again = () => lookAt(one.kind);
  const acts = el("div", { class: "acts" }, button("Response", go("response"), { class: "small plain" }), one.ok && button("Pages", go("pagination"), { class: "small plain" }), button("Look again", again, { class: "small plain" }), button("Remove", remove, { class: "small plain" }));
  return el(
    "li",
    { class: "card" },
    tile(one.kind.replaceAll(/\{[^}]*\}/g, "")),
    el("div", { class: "name" }, el("b", {}, one.kind), el("small", {}, one.ok ? `${one.dataPath === "." ? "the whole answer" : `items at ${one.dataPath}`}${one.identifier ? `, identified by ${one.identifier.expression}` : ""}` : "cannot be read yet")),
    one.ok && el("div", { class: "count" }, one.items.toLocaleString("en"), el("small", {}, "seen")),
    one.placeholders.length ? el("div", { class: "full joins" }, one.placeholders.map((name) => join(one, name, lookAt))) : null,
    one.error && el("div", { class: "full" }, notice("bad", one.error, [], one.advice)),
    one.ok && one.index === null && el("div", { class: "full" }, notice("doubt", one.items ? "Nothing identifies its items: choose a field in its response." : "It is empty, so that nothing can be said of its items.")),
    el("div", { class: "foot" }, one.ok && pagingChip(one.paging), one.ok && one.paging.doubt && chip(one.paging.doubt, "doubt"), acts),
  );
}

/** Return how an endpoint pages, and whether that is proven. */
export function pagingChip(paging) {
  if (paging.type === "none") return chip(paging.incomplete ? "more than one page, no way on" : paging.proven ? "one page" : "one page, by all that is seen", paging.incomplete ? "bad" : paging.proven ? "ok" : "");
  return chip(`pages by ${paging.type}${paging.proven ? ", proven" : ""}`, paging.proven ? "ok" : "doubt");
}

function join(one, placeholder, lookAt) {
  const lists = store.state.endpoints.filter((other) => other.kind !== one.kind && other.ok);
  const from = placeholder.list;
  const line = el("div", { class: "join" }, el("code", {}, `{${placeholder.name}}`), el("span", { class: "muted" }, "is filled by"));
  if (from) line.append(el("code", {}, placeholder.field), el("span", { class: "muted" }, "of"), el("code", {}, from));
  const fields = lists.flatMap((list) => list.fields.map((path) => [JSON.stringify([list.kind, path]), `${path.join(".")} of ${list.kind}`]));
  if (!fields.length) {
    if (!from) line.append(el("span", { class: "muted" }, "nothing yet: look at the list that has its values"));
    return line;
  }
  const choose = select([["", from ? "another field…" : "choose a field…"], ...fields], "", async (value) => {
    if (!value) return;
    const [path, keys] = JSON.parse(value);
    await lookAt(one.kind, { joins: { [placeholder.name]: { path, keys } } });
  }, { "aria-label": `Field that gives ${placeholder.name}` });
  line.append(choose);
  return line;
}
