// Questions to the studio's server. The key came in the fragment of the address that was opened; it
// is kept for this tab and this origin, and sent with each question.

const KEY = "studio-key";
const HEADER = "X-Studio-Key";

/** What the server says of a question that it cannot answer: a title, and problems. */
export class Problem extends Error {
  constructor({ title, problems = [] }) {
    super(title);
    this.title = title;
    this.problems = problems;
  }
}

/** Take the key out of the address, where nobody looking at the screen should see it. */
export function takeKey() {
  const given = location.hash.slice(1);
  if (/^[\w-]{40,}$/.test(given)) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", "/");
  }
  return sessionStorage.getItem(KEY) !== null;
}

/** Return the answer to a question. */
export async function ask(name, body = {}) {
  const response = await sent(name, body);
  const answer = await response.json();
  if (answer.failed) throw new Problem(answer.failed);
  return answer;
}

/** Return the last line of an answer that takes time; `told` hears the lines before. */
export async function work(name, body = {}, told = () => {}, signal = undefined) {
  const response = await sent(name, body, signal);
  for await (const line of lines(response.body)) {
    const heard = JSON.parse(line);
    if (heard.failed) throw new Problem(heard.failed);
    if ("done" in heard) return heard.done;
    told(heard);
  }
  throw new Problem({ title: "The studio ended before it had answered." });
}

async function sent(name, body, signal) {
  let response;
  try {
    response = await fetch(`/api/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", [HEADER]: sessionStorage.getItem(KEY) ?? "" },
      body: JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ title: "The studio does not answer: was it ended at the terminal?" });
  }
  const isOurs = /json/.test(response.headers.get("content-type") ?? "");
  if (!isOurs) throw new Problem({ title: await response.text() });
  return response;
}

async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    yield* parts.filter(Boolean);
  }
  if (rest) yield rest;
}
