// Builds and updates elements. Text always becomes a text node: nothing that a candidate or a model wrote is parsed.

const SVG = "http://www.w3.org/2000/svg";
const OWN = /^(#|\/files\/|\/static\/|data\/)/;

function build(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node[name] = value;
    else if ((name === "href" || name === "src") && !OWN.test(value)) continue; // only addresses of our own
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

/** Returns an HTML element. Properties that begin with `on` are handlers, the rest are attributes. */
export const h = (tag, props, ...children) => build(document.createElement(tag), props, children);
/** Returns an SVG element. */
export const s = (tag, props, ...children) => build(document.createElementNS(SVG, tag), props, children);

const HANDLERS = ["onclick", "oninput", "onchange", "onsubmit", "onkeydown", "ontoggle", "onpointermove", "onpointerleave"];
const keyOf = (node) => (node.nodeType === 1 ? node.getAttribute("data-key") : null);

/** Makes `old` look like `fresh`, touching only what differs, so that focus, scroll and open parts stay. */
export function morph(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || keyOf(old) !== keyOf(fresh)) {
    old.replaceWith(fresh);
    return fresh;
  }
  if (old.nodeType !== 1) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return old;
  }
  const theirs = (name) => name === "open" && old.nodeName === "DETAILS"; // who looks opens and closes it
  for (const { name, value } of [...fresh.attributes]) if (old.getAttribute(name) !== value && !theirs(name)) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !theirs(name)) old.removeAttribute(name);
  for (const name of HANDLERS) if (old[name] !== fresh[name]) old[name] = fresh[name];
  if (old.hasAttribute("data-keep")) return old;
  morphChildren(old, fresh);
  return old;
}

function morphChildren(old, fresh) {
  const keyed = new Map();
  for (const child of old.childNodes) if (keyOf(child)) keyed.set(keyOf(child), child);
  let at = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const known = keyOf(wanted) ? keyed.get(keyOf(wanted)) : null;
    if (known && known !== at) old.insertBefore(known, at);
    const here = known ?? at;
    if (!here || (!known && keyOf(here))) {
      old.insertBefore(wanted, here);
      continue;
    }
    const next = here.nextSibling;
    morph(here, wanted);
    at = next;
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

/** Returns the mark of a trial: a word, with a shape of its own beside the colour. */
export const tag = (mark, words = mark) => h("span", { class: `tag ${mark}` }, words);

/** Returns a link to a trial. */
export const trialLink = (number, ctx) => h("a", { class: "t", href: ctx.link("trial", String(number)) }, `#${number}`);

/** Returns a list of names with what belongs to each; rows without a value are left out. */
export const terms = (rows) =>
  h("dl", {}, rows.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false)
    .map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));

/** Returns a table. Columns are `{title, right}`; rows are lists of strings or nodes. */
export const table = (columns, rows, { caption = "", label = "" } = {}) =>
  h("div", { class: "table", tabindex: 0, role: "region", "aria-label": label || caption || columns.map((c) => c.title).filter((title) => title && typeof title === "string").join(", ") || "table" },
    h("table", {},
      caption && h("caption", {}, caption),
      h("thead", {}, h("tr", {}, columns.map((c) => (c.title ? h("th", { scope: "col", class: c.right ? "r" : null }, c.title) : h("td", {}))))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, i) => h("td", { class: columns[i].right ? "r" : null }, cell)))))));

/** Returns a part of a page with a heading. */
export const card = (title, ...children) => h("section", { class: "card" }, title && h("h2", {}, title), ...children);

/** Returns what stands where there is nothing yet: why, and what to do. */
export const empty = (title, words, command = "") =>
  h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), words && h("p", {}, words), command && h("p", {}, h("code", {}, command)));

/** Returns a coded error as a card. */
export const failure = (error) =>
  h("div", { class: "empty error", role: "alert" },
    h("p", { class: "empty-title" }, h("code", {}, error.code ?? "error"), " ", error.message ?? "something went wrong"),
    error.kept && h("p", {}, "Kept: ", error.kept),
    error.fix && h("p", {}, "Next: ", h("code", {}, error.fix)));

/** Returns `12s`, `1m40s`, `9h05m`: a time as the command line writes it. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !(seconds >= 0)) return "–";
  const two = (n) => String(n).padStart(2, "0");
  if (seconds < 9.95) return `${seconds.toFixed(1).replace(/\.0$/, "")}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
  return `${Math.floor(whole / 86400)}d${two(Math.floor((whole % 86400) / 3600))}h`;
}
