// Where data comes from: the server, or what a bundle wrote into the page.

const bundled = document.getElementById("assay-data");
const data = bundled ? JSON.parse(bundled.textContent) : null;

/** Whether the page was opened from a bundle: nothing is live then, and nothing can be told. */
export const isBundle = data !== null;

/** Returns the key of an answer in a bundle, which is its address without the head `/api/run/`. */
export const keyOf = (run, page, rest = "", query = {}) => {
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined));
  return `${encodeURIComponent(run)}/${page}${rest ? `/${rest}` : ""}${asked.size ? `?${asked}` : ""}`;
};

/** Returns an answer; throws an error with the parts of a coded one. */
export async function get(key) {
  if (data) {
    const answer = data[key] ?? data[key.split("?")[0]];
    if (!answer) throw { code: "", message: "this part is not in the bundle" };
    return answer;
  }
  const address = key === "runs" ? "/api/runs" : `/api/run/${key}`;
  let answer;
  try {
    answer = await fetch(address, { headers: { Accept: "application/json" } });
  } catch {
    throw { code: "", message: "the dashboard does not answer: its process has ended", fix: "assay ui", lost: true };
  }
  if (answer.headers.get("content-type")?.startsWith("application/json")) {
    const value = await answer.json();
    if (value.error) throw value.error;
    return value;
  }
  throw { code: String(answer.status), message: (await answer.text()).trim(), fix: "assay ui" };
}

/** Sends words to a run; throws an error with the parts of a coded one. */
export const tell = (run, text) => send(run, "tell", { text });

/** Asks a run to skip a trial or to finish up; throws an error with the parts of a coded one. */
export const steer = (run, verb, trial) => send(run, "steer", trial === undefined ? { verb } : { verb, trial });

async function send(run, where, body) {
  const answer = await fetch(`/api/run/${encodeURIComponent(run)}/${where}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const isJson = answer.headers.get("content-type")?.startsWith("application/json");
  const value = isJson ? await answer.json() : { error: { code: String(answer.status), message: (await answer.text()).trim() } };
  if (value.error) throw value.error;
  return value;
}

/** Follows a run from event `after` on. Returns what ends it. */
export function follow(run, after, on) {
  if (data) return () => {};
  const stream = new EventSource(`/api/run/${encodeURIComponent(run)}/events?after=${after}`);
  stream.addEventListener("journal", (e) => on.journal(JSON.parse(e.data)));
  stream.addEventListener("pulse", () => on.pulse());
  stream.addEventListener("life", () => on.life());
  stream.addEventListener("replaced", () => on.replaced());
  stream.addEventListener("gone", (e) => {
    stream.close();
    on.gone(JSON.parse(e.data));
  });
  stream.onopen = () => on.open();
  stream.onerror = () => on.lost();
  return () => stream.close();
}
