// Elements made of code and text nodes only: no text of an API ever becomes HTML, an address or a
// style. The page's policy (require-trusted-types-for) makes browsers refuse anything else.

// What a text could hide or turn around with, as escapes: the same as escapes.py on the server.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;
const LONGEST = 100_000;
const SVG = "http://www.w3.org/2000/svg";

/** Return a text in which nothing acts on what stands around it; a NUL becomes \u0000. */
export function visible(text) {
  return String(text).slice(0, LONGEST).replace(HIDDEN, (found) => {
    const code = found.codePointAt(0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
  });
}

/** Return an element: el("button", {class: "main", on: {click}}, "Connect"). */
export function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** Return an element of a drawing. */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, { on = {}, vars = {}, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "value" || name === "checked" || name === "disabled") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const [name, value] of Object.entries(vars)) element.style.setProperty(name, value);
  for (const [name, heard] of Object.entries(on)) element.addEventListener(name, heard);
  element.append(...nodes(children));
  return element;
}

function nodes(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false && child !== "")
    .map((child) => (child instanceof Node ? child : document.createTextNode(visible(child))));
}

/** Put children in place of those that an element has. */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

/** Return a hue that is the same for the same name, as in the catalog. */
export function hue(name) {
  let number = 7;
  for (const letter of String(name)) number = (number * 31 + letter.codePointAt(0)) % 360;
  return number;
}

/** Return the tile of a thing: its first letters on its own colour. */
export function tile(name) {
  const words = String(name).match(/[\p{L}\p{N}]+/gu) ?? ["?"];
  const letters = words.length > 1 ? words[0][0] + words.at(-1)[0] : words[0].slice(0, 2);
  return el("span", { class: "tile", vars: { "--h": hue(name) }, "aria-hidden": "true" }, letters.toUpperCase());
}

/** Return a short text on a coloured ground. */
export function chip(text, kind = "") {
  return el("span", { class: `chip ${kind}`.trim(), title: visible(text) }, text);
}

/** Return a button; while what it starts goes on, it cannot be pressed again. */
export function button(text, pressed, attributes = {}) {
  const made = el("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", async () => {
    made.disabled = true;
    try {
      await pressed(made);
    } finally {
      made.disabled = false;
    }
  });
  return made;
}

let fields = 0;

/** Return a text with what stands in backticks as code. */
export function prose(text) {
  return String(text).split("`").map((part, index) => (index % 2 ? el("code", {}, part) : part));
}

/** Return an input with its label and a hint. */
export function field(text, input, hint = "") {
  input.id ||= `field-${++fields}`;
  const told = hint && el("span", { class: "hint", id: `${input.id}-hint` }, prose(hint));
  if (told) input.setAttribute("aria-describedby", told.id);
  return el("div", { class: "field" }, el("label", { for: input.id }, text), input, told);
}

/** Return a choice of options, each a text or [value, text]. */
export function select(options, chosen, changed, attributes = {}) {
  const made = el(
    "select",
    { ...attributes, on: { change: () => changed(made.value) } },
    options.map((option) => {
      const [value, text] = Array.isArray(option) ? option : [option, option];
      return el("option", { value, selected: value === chosen }, text);
    }),
  );
  return made;
}

/** Return a notice: a line, what belongs to it, and what to do. */
export function notice(kind, title, lines = [], advice = "") {
  const told = lines.map((line) => String(line).trim().replace(/^- /, ""));
  const more = told.length ? el("ul", {}, told.map((line) => el("li", {}, line))) : null;
  return el("div", { class: `notice ${kind}`, role: kind === "bad" ? "alert" : null }, el("b", {}, title), more, advice && el("p", {}, advice));
}

/** Return a number of bytes for people. */
export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}

/** Return a count with its noun: 1 item, 2 items. */
export function many(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
