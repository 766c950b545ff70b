// What the page knows: the server's state, and the preview of the draft as it is now.

import { Problem, ask, work } from "./api.js";

export const store = {
  state: null,
  form: null,
  kind: null,
  resource: 0,
  preview: null,
  listeners: [],
};

/** Tell whoever shows the state that it changed. */
export function changed() {
  for (const heard of store.listeners) heard();
}

/** Take a state that the server gave; what was previewed before is of another draft. */
export function take(state) {
  store.state = state;
  store.preview = null;
  changed();
}

/** Ask for the state anew. */
export async function refresh() {
  take(await ask("state"));
}

/** Return the endpoint that is looked at: the chosen one, else the first. */
export function current() {
  const { endpoints } = store.state;
  return endpoints.find((one) => one.kind === store.kind) ?? endpoints.at(-1) ?? null;
}

/** Return the preview of the draft, which is asked for once after each change. */
export async function preview(told) {
  store.preview ??= work("preview", {}, told).catch((error) => {
    store.preview = null;
    throw error;
  });
  return store.preview;
}

/** Return a resource of the draft; null where there is none. */
export function drafted(index) {
  return store.state.draft.mapping.resources[index] ?? null;
}

/** Look at an endpoint, and take what it came to into the state. */
export async function look(address, choices = {}, told = () => {}) {
  const found = await work("look", { address, choices }, told);
  store.kind = found.kind;
  await refresh();
  return found;
}

/** Change parts of the draft. */
export async function edit(edits) {
  take(await ask("edit", { edits }));
}

/** Return what a problem says, for a notice. */
export function wordsOf(error) {
  if (error instanceof Problem) return [error.title, error.problems];
  console.error(error);
  return [`The page has a fault: ${error.message}`, []];
}
