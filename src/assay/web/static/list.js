// A list of any length: only the rows in sight are elements.

import { h } from "./dom.js";

const SPARE = 10;

/**
 * Makes a list in which one row is selected.
 * `draw(row, selected)` gives a row's element, `open(row)` follows it, `height` is that of a row in pixels,
 * `heads` the row of headings, if there is one.
 */
export function virtualList({ label, height, draw, open, keyOf, role = "grid", heads = null }) {
  const space = h("div", { class: "space", role: heads ? "presentation" : "rowgroup" });
  const box = h("div", { class: "rows", role: heads ? "rowgroup" : null, "data-keep": true }, space);
  const grid = heads ? h("div", { class: "grid" }, heads, box) : box;
  for (const [name, value] of Object.entries({ role, tabindex: 0, "aria-label": label })) grid.setAttribute(name, value);
  let rows = [];
  let at = -1;
  let waiting = false;

  function paint() {
    waiting = false;
    const tall = height();
    space.style.height = `${rows.length * tall}px`;
    const first = Math.max(0, Math.floor(box.scrollTop / tall) - SPARE);
    const last = Math.min(rows.length, Math.ceil((box.scrollTop + box.clientHeight) / tall) + SPARE);
    const nodes = [];
    for (let i = first; i < last; i++) {
      const node = draw(rows[i], i === at);
      node.id = `row-${keyOf(rows[i])}`;
      node.setAttribute("role", "row");
      node.setAttribute("aria-rowindex", String(i + 1));
      if (i === at) node.setAttribute("aria-selected", "true");
      node.style.top = `${i * tall}px`;
      node.onclick = (event) => {
        if (event.target.closest("a, button")) return;
        select(i);
        open(rows[i]);
      };
      nodes.push(node);
    }
    space.replaceChildren(...nodes);
    grid.setAttribute("aria-rowcount", String(rows.length));
    if (at >= 0 && rows[at]) grid.setAttribute("aria-activedescendant", `row-${keyOf(rows[at])}`);
    else grid.removeAttribute("aria-activedescendant");
  }

  function later() {
    if (!waiting) requestAnimationFrame(paint);
    waiting = true;
  }

  function select(i) {
    at = Math.max(0, Math.min(rows.length - 1, i));
    const tall = height();
    if (at * tall < box.scrollTop) box.scrollTop = at * tall;
    else if ((at + 1) * tall > box.scrollTop + box.clientHeight) box.scrollTop = (at + 1) * tall - box.clientHeight;
    paint();
  }

  box.addEventListener("scroll", later, { passive: true });
  return {
    grid,
    paint,
    /** Shows these rows; the selected one stays selected where it is still there. */
    set(fresh) {
      const chosen = rows[at] ? keyOf(rows[at]) : null;
      rows = fresh;
      at = chosen === null ? -1 : rows.findIndex((row) => keyOf(row) === chosen);
      paint();
    },
    /** Returns what is in sight, for `restore`. */
    keep: () => ({ top: box.scrollTop, chosen: rows[at] ? keyOf(rows[at]) : null }),
    /** Shows again what was in sight. */
    restore(kept) {
      if (!kept) return;
      at = rows.findIndex((row) => keyOf(row) === kept.chosen);
      box.scrollTop = kept.top;
      paint();
    },
    /** Takes a key; returns whether it meant something. */
    key(event) {
      const page = Math.max(1, Math.floor(box.clientHeight / height()) - 1);
      const by = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length }[event.key];
      if (by !== undefined && rows.length) select(at < 0 ? (by > 0 && by < rows.length ? 0 : by > 0 ? rows.length : 0) : at + by);
      else if (event.key === "Enter" && rows[at] && !event.target.closest?.("a, button")) open(rows[at]);
      else return false;
      event.preventDefault();
      return true;
    },
  };
}
