// JSON as a tree that asks for what it shows: a hundred children at a time, however large a body is.

import { chip, el, fill, many } from "./dom.js";

const OPENED = new Set(["object", "array"]);

/**
 * Return a tree.
 *
 * load(path, start) gives a window of what is at a path; marks are {steps, kind, means}; actions(path,
 * node) gives buttons for a node; whatever leads to a mark is open from the start.
 */
export function tree({ load, marks = [], actions = () => [], label, root: top = "answer", open = [] }) {
  const byPlace = Map.groupBy(marks.filter((mark) => !mark.header), (mark) => JSON.stringify(mark.steps));
  const ways = new Set([...marks.map((mark) => mark.steps), ...open].flatMap((steps) => steps.map((_, length) => JSON.stringify(steps.slice(0, length)))));
  for (const steps of open) ways.add(JSON.stringify(steps));
  const root = el("div", { class: "tree", role: "tree", "aria-label": label });
  let chosen = null;

  root.addEventListener("keydown", (event) => {
    const item = event.target.closest("[role=treeitem]");
    const moved = item && event.target === item && KEYS[event.key];
    if (!moved) return;
    event.preventDefault();
    moved(item, root);
  });
  root.addEventListener("focusin", (event) => {
    const item = event.target.closest("[role=treeitem]");
    if (item && event.target === item) choose(item);
  });

  function choose(item) {
    if (chosen === item) return;
    chosen?.querySelector(":scope > .acts-here")?.remove();
    if (chosen) chosen.tabIndex = -1;
    chosen?.setAttribute("aria-selected", "false");
    chosen = item;
    item.tabIndex = 0;
    item.setAttribute("aria-selected", "true");
    const { path, node } = item.shown;
    const made = actions(path, node);
    const whole = node.type === "string" && node.text.endsWith("…") ? el("div", { class: "whole" }, node.text) : null;
    if (whole) load(path, 0).then((found) => fill(whole, found.text));
    if (made.length || whole) item.querySelector(":scope > .line").after(el("div", { class: "acts-here", vars: { "--d": path.length } }, made, whole));
  }

  function itemOf(path, node) {
    const key = JSON.stringify(path);
    const here = byPlace.get(key) ?? [];
    const canOpen = OPENED.has(node.type) && node.size > 0;
    const line = el("div", { class: "line", vars: { "--d": path.length } });
    const item = el("div", { role: "treeitem", tabindex: "-1", "aria-level": path.length + 1, "aria-selected": "false", class: here.length ? `marked ${here[0].kind}` : null }, line);
    item.shown = { path, node };
    const group = canOpen ? el("div", { role: "group" }) : null;
    const fold = el("span", { class: "fold", "aria-hidden": "true" }, canOpen ? "▸" : "");
    const name = path.length ? String(path.at(-1)) : top;
    fill(line, fold, el("span", { class: "key" }, typeof path.at(-1) === "number" ? `[${name}]` : name), here.map((mark) => chip(mark.means, mark.kind)), valueOf(node));
    if (!canOpen) {
      line.addEventListener("click", () => item.focus());
      return item;
    }
    item.setAttribute("aria-expanded", "false");
    item.append(group);
    item.toggle = async (isOpen = item.getAttribute("aria-expanded") === "false") => {
      item.setAttribute("aria-expanded", String(isOpen));
      fill(fold, isOpen ? "▾" : "▸");
      group.hidden = !isOpen;
      if (isOpen && !group.firstChild) await more(group, path, 0, node.size);
    };
    line.addEventListener("click", () => {
      item.focus();
      item.toggle();
    });
    return item;
  }

  async function more(group, path, start, total) {
    const found = await load(path, start);
    const items = found.children.map((child) => itemOf([...path, child.key], child));
    group.querySelector(":scope > .more")?.remove();
    group.append(...items);
    const shown = start + items.length;
    if (shown < total) {
      const next = el("button", { type: "button", class: "small more" }, `${Math.min(100, total - shown)} more of ${total.toLocaleString("en")}`);
      next.style.setProperty("margin", ".3rem 0 .3rem calc(2.2rem + " + (path.length + 1) + " * 1.05rem)");
      next.addEventListener("click", () => more(group, path, shown, total));
      group.append(next);
    }
    await Promise.all(items.filter((item) => item.toggle && ways.has(JSON.stringify(item.shown.path))).map((item) => item.toggle(true)));
  }

  root.ready = (async () => {
    const found = await load([], 0);
    const item = itemOf([], found);
    item.tabIndex = 0;
    root.append(item);
    if (item.toggle) await item.toggle(true);
  })();

  /** Show and choose a place. */
  root.reveal = async (steps) => {
    let item = root.firstElementChild;
    for (let length = 0; item && length < steps.length; length += 1) {
      await item.toggle?.(true);
      const wanted = JSON.stringify(steps.slice(0, length + 1));
      item = [...item.querySelectorAll(":scope > [role=group] > [role=treeitem]")].find((one) => JSON.stringify(one.shown.path) === wanted);
    }
    item?.focus();
    item?.scrollIntoView({ block: "center" });
  };
  return root;
}

function valueOf(node) {
  if (node.type === "object") return el("span", { class: "sum" }, `{${node.text}}`);
  if (node.type === "array") return el("span", { class: "sum" }, node.size ? `[${many(node.size, "element")}${node.text ? `: ${node.text}` : ""}]` : "[]");
  const text = node.type === "string" ? `"${node.text}"` : node.text;
  const told = node.size > node.text.length ? ` (${node.size.toLocaleString("en")} characters)` : "";
  return el("span", { class: `sum ${node.type}` }, text, told && el("span", { class: "muted" }, told));
}

const visibleItems = (root) => [...root.querySelectorAll("[role=treeitem]")].filter((item) => !item.closest("[hidden]"));
const step = (distance) => (item, root) => {
  const items = visibleItems(root);
  items[items.indexOf(item) + distance]?.focus();
};
const KEYS = {
  ArrowDown: step(1),
  ArrowUp: step(-1),
  ArrowRight: (item, root) => (item.getAttribute("aria-expanded") === "true" ? step(1)(item, root) : item.toggle?.(true)),
  ArrowLeft: (item) => (item.getAttribute("aria-expanded") === "true" ? item.toggle(false) : item.parentElement.closest("[role=treeitem]")?.focus()),
  Enter: (item) => item.toggle?.(),
  Home: (item, root) => visibleItems(root)[0]?.focus(),
  End: (item, root) => visibleItems(root).at(-1)?.focus(),
};
