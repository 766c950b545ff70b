// Step 1: the address of the API, its credentials, and the way there step by step.

import { work } from "./api.js";
import { button, el, field, fill, select } from "./dom.js";
import { refresh, store } from "./store.js";

export const title = "Connect";

const NAMES = {
  none: "none",
  bearer_token: "bearer token",
  basic: "user name and password",
  api_key: "API key",
  oauth2: "OAuth 2",
  jwt: "JSON Web Token",
  aws_sigv4: "AWS signature",
  custom: "custom request",
};
const STEPS = { dns: "Name", connect: "Connection", tls: "TLS", http: "HTTP", authentication: "Authentication" };
const MORE = new Set(["apiKeyHeader", "apiKeyLocation", "apiKeyPrefix"]);

export function about() {
  const { connection } = store.state;
  if (connection.replay) return { status: "done", text: "a recording answers" };
  const bad = connection.steps.find((step) => !step.ok && !step.isOfRoot);
  if (bad) return { status: "bad", text: `${STEPS[bad.name]} fails` };
  if (!connection.connected) return { text: "where the API is" };
  return { status: "done", text: new URL(connection.baseUrl).host };
}

export async function render(place, tools) {
  const { connection } = store.state;
  const typed = {};
  const inputs = {};
  const way = el("ol", { class: "way" });
  const credentials = el("div", { class: "stack" });
  const value = (name) => typed[name] ?? connection.values[name];
  const set = (name) => (text) => {
    typed[name] = text;
  };

  const base = el("input", {
    type: "url",
    class: "code",
    value: value("baseUrl") ?? store.state.base,
    placeholder: "https://api.example.com/v2",
    required: true,
    spellcheck: "false",
    autocomplete: "off",
  });
  base.addEventListener("input", () => set("baseUrl")(base.value));
  const types = Object.keys(store.form.authTypes).map((name) => [name, NAMES[name] ?? name]);
  const kind = select(types, value("authType") === "basic_auth" ? "basic" : (value("authType") ?? "none"), (chosen) => {
    set("authType")(chosen);
    showCredentials();
  });

  function showCredentials() {
    const fields = store.form.authTypes[kind.value];
    const few = fields.filter((one) => one.required || !MORE.has(one.name));
    const isLong = few.length > 4;
    const main = isLong ? few.filter((one) => one.required || one.sensitive) : few;
    const rest = fields.filter((one) => !main.includes(one));
    fill(credentials, main.map(input), rest.length ? folded(`${rest.length} more for ${NAMES[kind.value]}`, rest) : null);
  }

  function folded(text, fields) {
    return el("details", {}, el("summary", {}, text), el("div", { class: "stack" }, fields.map(input)));
  }

  function input(one) {
    const has = connection.secrets.includes(one.name);
    const hint = has ? "given already; leave it empty to keep it" : one.about;
    if (one.options) return field(one.name, select(["", ...one.options], value(one.name) ?? one.default ?? "", set(one.name)), hint);
    if (one.type === "boolean") {
      const options = [["", `as usual (${one.default})`], "true", "false"];
      return field(one.name, select(options, String(value(one.name) ?? ""), set(one.name)), hint);
    }
    const isLong = one.type === "object" || one.name === "signingKey";
    const given = value(one.name);
    const made = el(isLong ? "textarea" : "input", {
      class: "code",
      type: isLong ? null : one.sensitive ? "password" : "text",
      rows: isLong ? 3 : null,
      value: one.sensitive ? "" : typeof given === "object" && given ? JSON.stringify(given) : (given ?? ""),
      placeholder: has ? "••••••••" : "",
      autocomplete: one.sensitive ? "new-password" : "off",
      spellcheck: "false",
    });
    made.addEventListener("input", () => set(one.name)(made.value));
    inputs[one.name] = made;
    return field(one.name, made, hint);
  }

  async function go() {
    fill(way, el("li", { class: "busy" }, el("span", { class: "mark" }, "…"), el("div", {}, el("b", {}, "Asking"))));
    const seen = [];
    nothing.hidden = true;
    set("baseUrl")(base.value);
    set("authType")(kind.value);
    const heard = ({ step }) => {
      seen.push(step);
      fill(way, seen.map(told));
    };
    const done = await tools.guarded(place, () => work("connect", { settings: typed }, heard));
    await refresh();
    if (!done) {
      fill(way, seen.map(told));
      return;
    }
    connection.secrets = store.state.connection.secrets;
    for (const name of connection.secrets) {
      delete typed[name];
      if (inputs[name]) inputs[name].value = "";
    }
    fill(way, done.steps.map(told));
    next.hidden = !done.ok;
    if (done.ok) next.focus();
  }

  const nothing = el("p", { class: "muted" }, "Nothing was asked yet.");
  nothing.hidden = connection.steps.length > 0;
  const next = button("Go on to endpoints", () => tools.show("endpoints"), { class: "main" });
  next.hidden = !connection.connected;
  const submit = button(connection.connected ? "Connect again" : "Connect", go, { class: "main" });
  const form = el(
    "form",
    { class: "panel stack", autocomplete: "off", on: { submit: (event) => { event.preventDefault(); submit.click(); } } },
    field("baseUrl", base, "The root of the API; paths of lists come below it."),
    field("authType", kind, "How requests prove who sends them."),
    credentials,
    folded("More settings", store.form.more),
    el("p", { class: "muted" }, el("small", {}, "Credentials stay in the memory of this run. They are written only where you ask for it, and never shown again.")),
    el("div", { class: "row" }, submit),
  );
  showCredentials();
  fill(way, connection.steps.map(told));
  fill(
    place,
    el("h1", {}, "Connect"),
    el("p", { class: "lead" }, connection.replay ? "A recording answers in place of the API: nothing is sent over the network." : "Where the API is, and how to get in. Each step of the way there says what it saw, and what helps."),
    el("div", { class: "two" }, form, el("section", { class: "panel", "aria-label": "The way to the API" }, el("h2", {}, "The way to the API"), way, nothing, el("div", { class: "row" }, next))),
  );
}

function told(step) {
  const kind = step.ok ? "ok" : step.isOfRoot ? "doubt" : "bad";
  return el(
    "li",
    { class: kind },
    el("span", { class: "mark", "aria-hidden": "true" }, step.ok ? "✓" : "!"),
    el("div", {}, el("b", {}, STEPS[step.name]), el("p", {}, step.detail), step.advice && el("p", { class: "advice" }, `→ ${step.advice}`)),
  );
}
