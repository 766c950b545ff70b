// The shell: the steps, what each comes to, and the one that is shown.

import { ask, takeKey, work } from "./api.js";
import * as connect from "./connect.js";
import { el, fill, notice } from "./dom.js";
import * as endpoints from "./endpoints.js";
import * as entities from "./entities.js";
import * as keep from "./keep.js";
import * as pagination from "./pagination.js";
import * as response from "./response.js";
import { changed, refresh, store, wordsOf } from "./store.js";

const STEPS = { connect, endpoints, response, pagination, entities, keep };
const main = document.getElementById("main");
let shown = "";
let toasts = 0;

/** Show a step, from its beginning. */
export async function show(name) {
  const isOther = shown !== name;
  shown = name;
  if (location.hash !== `#${name}`) history.replaceState(null, "", `#${name}`);
  showSteps();
  document.title = `${STEPS[name].title} · Studio`;
  const place = el("div");
  fill(main, place);
  if (isOther) scrollTo({ top: 0 });
  await guarded(place, () => STEPS[name].render(place, tools));
}

/** Do something, and show what goes wrong in front of a place. */
export async function guarded(place, action) {
  place.querySelector(":scope > .notice.bad")?.remove();
  try {
    return await action();
  } catch (error) {
    const [title, problems] = wordsOf(error);
    place.prepend(notice("bad", title, problems));
    place.scrollIntoView({ block: "nearest" });
    return undefined;
  }
}

/** Say something for a moment. */
export function say(text) {
  const toast = document.getElementById("toast");
  const mine = ++toasts;
  fill(toast, text).classList.add("on");
  setTimeout(() => mine === toasts && toast.classList.remove("on"), 3500);
}

const tools = { show, guarded, say };

function showSteps() {
  const items = Object.entries(STEPS).map(([name, step], number) => {
    const { status = "", text = "" } = store.state ? step.about() : {};
    const signs = { done: "✓", bad: "!", doubt: "?" };
    const made = el(
      "button",
      { type: "button", class: status, "aria-current": name === shown ? "step" : null, on: { click: () => show(name) } },
      el("span", { class: "n", "aria-hidden": "true" }, signs[status] ?? number + 1),
      el("b", {}, step.title),
      el("small", {}, text),
    );
    return el("li", {}, made);
  });
  const nav = document.getElementById("steps");
  const had = nav.contains(document.activeElement);
  fill(nav, el("ol", {}, items));
  const mine = nav.querySelector("[aria-current]");
  if (had) mine?.focus();
  if (mine && nav.scrollWidth > nav.clientWidth) nav.scrollLeft = mine.offsetLeft - 24;
  showWhere();
}

function showWhere() {
  const { connection } = store.state ?? {};
  const where = document.getElementById("where");
  if (!connection) return;
  const isBad = connection.steps.some((step) => !step.ok && !step.isOfRoot);
  const kind = connection.connected ? (isBad ? "bad" : "on") : "";
  const text = connection.replay ? "a recording" : connection.baseUrl || "not connected";
  fill(where, el("span", { class: `dot ${kind}`, "aria-hidden": "true" }), el("code", { title: text }, text));
}

async function start() {
  if (!takeKey()) {
    fill(main, notice("bad", "This tab is not open to the studio.", [], "Open the address that the terminal shows."));
    return;
  }
  await guarded(main, async () => {
    store.form = await ask("form");
    await refresh();
    if (store.state.connection.replay && !store.state.connection.connected) {
      await work("connect", { settings: {} });
      await refresh();
    }
    store.listeners.push(showSteps);
    const wanted = location.hash.slice(1);
    await show(STEPS[wanted] ? wanted : first());
    changed();
  });
}

function first() {
  const { connection, endpoints, draft } = store.state;
  if (!connection.connected) return "connect";
  return endpoints.length || !draft.mapping.resources.length ? "endpoints" : "entities";
}

addEventListener("hashchange", () => {
  const wanted = location.hash.slice(1);
  if (STEPS[wanted] && wanted !== shown) show(wanted);
});
start();
