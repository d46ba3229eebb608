// Addresses of pages: `#/run/page/rest?query`; and what was in sight where somebody comes back to.

/** Returns the parts of an address: `#/run/page/rest?query`. */
export function parse(hash) {
  const [path, asked = ""] = hash.replace(/^#\/?/, "").split("?");
  const [run = "", page = "", ...rest] = path.split("/").map(decodeURIComponent);
  return { run, page: page || (run ? "overview" : "runs"), rest: rest.join("/"), query: Object.fromEntries(new URLSearchParams(asked)) };
}

/** Returns the address of a page. */
export function address(run, page, rest = "", query = {}) {
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined));
  const tail = rest ? `/${rest.split("/").map(encodeURIComponent).join("/")}` : "";
  return `#/${run ? `${encodeURIComponent(run)}/${page}${tail}` : ""}${asked.size ? `?${asked}` : ""}`;
}

const seen = new Map(); // by entry of the browser's history
let entry = null;
let count = 0;
history.scrollRestoration = "manual";

/** Notes what is in sight before another page opens. Returns what was, if this entry of the history was open before. */
export function turnTo(list) {
  if (entry !== null) seen.set(entry, { top: window.scrollY, list });
  const known = history.state?.entry;
  entry = known ?? `${performance.timeOrigin}-${(count += 1)}`;
  if (!known) history.replaceState({ entry }, "");
  return seen.get(known) ?? { top: 0 };
}
