// A small drawing of blueprints and their relations.

import { hue, svg, visible } from "./dom.js";

const [WIDTH, HEIGHT, GAP_X, GAP_Y] = [190, 54, 90, 26];

/** Return the drawing; what a relation leads to and no blueprint is, is drawn with dashes. */
export function graph(blueprints, counts) {
  const names = blueprints.map((one) => one.identifier);
  const edges = blueprints.flatMap((one) => Object.entries(one.relations ?? {}).map(([name, relation]) => ({ from: one.identifier, to: relation.target, name, many: relation.many })));
  const all = [...new Set([...names, ...edges.map((edge) => edge.to)])];
  const columns = columnsOf(all, edges);
  const places = placesOf(columns);
  const width = columns.length * (WIDTH + GAP_X) - GAP_X + 8;
  const height = Math.max(1, ...columns.map((column) => column.length)) * (HEIGHT + GAP_Y) - GAP_Y + 8;
  const titles = Object.fromEntries(blueprints.map((one) => [one.identifier, one.title ?? one.identifier]));
  const drawing = svg(
    "svg",
    { class: "graph", viewBox: `-4 -4 ${width} ${height}`, role: "img", "aria-label": label(blueprints, edges) },
    svg("defs", {}, svg("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" }, svg("path", { d: "M0 0 8 4 0 8z" }))),
    edges.map((edge) => line(edge, places, edges.some((one) => one.from === edge.to && one.to === edge.from))),
    all.map((name) => box(name, titles[name] ?? name, places[name], counts[name], names.includes(name))),
  );
  drawing.style.setProperty("max-width", `${width}px`);
  return drawing;
}

function columnsOf(names, edges) {
  const depth = Object.fromEntries(names.map((name) => [name, 0]));
  // As often as there are names, so that a circle ends.
  for (let turn = 0; turn < Math.min(names.length, 6); turn += 1) {
    for (const { from, to } of edges) if (from !== to && depth[to] <= depth[from] && depth[from] < 5) depth[to] = depth[from] + 1;
  }
  const used = [...new Set(Object.values(depth))].sort((a, b) => a - b);
  return used.map((one) => names.filter((name) => depth[name] === one));
}

function placesOf(columns) {
  const most = Math.max(1, ...columns.map((column) => column.length));
  const places = {};
  columns.forEach((column, index) => {
    const free = ((most - column.length) * (HEIGHT + GAP_Y)) / 2;
    column.forEach((name, row) => {
      places[name] = { x: index * (WIDTH + GAP_X), y: free + row * (HEIGHT + GAP_Y) };
    });
  });
  return places;
}

function box(name, title, { x, y }, count, isKnown) {
  const letters = String(title).slice(0, 2).toUpperCase();
  const text = count === undefined ? (isKnown ? "" : "no blueprint here") : `${count.toLocaleString("en")} in the preview`;
  return svg(
    "g",
    { transform: `translate(${x} ${y})`, class: isKnown ? null : "ghost" },
    svg("title", {}, name),
    svg("rect", { width: WIDTH, height: HEIGHT, rx: 11 }),
    svg("rect", { class: "swatch", vars: { "--h": hue(name) }, x: 11, y: 12, width: 30, height: 30, rx: 9 }),
    svg("text", { class: "letter", vars: { "--h": hue(name) }, x: 26, y: 31 }, letters),
    svg("text", { x: 52, y: text ? 24 : 32 }, cut(title, 18)),
    text && svg("text", { class: "sub", x: 52, y: 41 }, text),
  );
}

function line({ from, to, name, many }, places, isBack) {
  const [a, b] = [places[from], places[to]];
  const title = svg("title", {}, `${from}.${name} → ${to}${many ? " (many)" : ""}`);
  if (from === to) {
    const [x, y] = [a.x + WIDTH / 2, a.y];
    return svg("path", { d: `M${x - 24} ${y}C${x - 24} ${y - 22} ${x + 24} ${y - 22} ${x + 24} ${y}`, "marker-end": "url(#arrow)" }, title);
  }
  const forward = b.x > a.x;
  const aside = isBack ? (forward ? -9 : 9) : 0;
  const [x1, x2] = forward ? [a.x + WIDTH, b.x - 2] : [a.x, b.x + WIDTH + 2];
  const [y1, y2] = [a.y + HEIGHT / 2 + aside, b.y + HEIGHT / 2 + aside];
  const bend = forward ? GAP_X / 2 : -GAP_X / 2;
  return svg("path", { d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`, "marker-end": "url(#arrow)" }, title);
}

function label(blueprints, edges) {
  const told = edges.map((edge) => `${edge.from} to ${edge.to}`).join(", ");
  return visible(`${blueprints.length} blueprints${told ? `; relations: ${told}` : ", no relations"}`);
}

const cut = (text, length) => (String(text).length > length ? `${String(text).slice(0, length - 1)}…` : text);

