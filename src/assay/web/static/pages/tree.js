// Tree: which trial came from which. A trial with one successor stands above it; branches are drawn to the right.

import { empty, h, s, tag } from "../dom.js";
import { virtualList } from "../list.js";

const KEPT = new Set(["real", "maybe", "baseline", "running", "waiting"]);
const MANY = 150;
const TALL = 34;

/** Returns the rows of the outline, each with its column and the lines that pass it. */
export function outline(nodes, keep, strong) {
  const byNumber = new Map(nodes.map((node) => [node.number, node]));
  const children = new Map();
  const roots = [];
  for (const node of nodes) {
    const parent = node.parents.find((number) => byNumber.has(number) && number !== node.number);
    if (parent === undefined) roots.push(node);
    else children.set(parent, [...(children.get(parent) ?? []), node]);
  }
  const shown = new Set();
  for (const node of nodes) {
    if (!keep(node)) continue;
    // an ancestor of a kept trial is never dropped
    for (let one = node; one && !shown.has(one.number); one = byNumber.get(one.parents.find((number) => byNumber.has(number)))) shown.add(one.number);
  }
  const rows = [];
  const stack = roots.filter((node) => shown.has(node.number)).reverse().map((node) => ({ node, column: 0, guides: [], from: null, last: true }));
  while (stack.length) {
    const row = stack.pop();
    const below = (children.get(row.node.number) ?? []).filter((node) => shown.has(node.number));
    rows.push({ ...row, below: below.length, strongBelow: strong(row.node) && below.some(strong) });
    const straight = below.length === 1;
    for (let i = below.length - 1; i >= 0; i--) {
      const last = i === below.length - 1;
      stack.push({
        node: below[i],
        column: straight ? row.column : row.column + 1,
        from: row.column,
        guides: straight || last ? row.guides : [...row.guides, { column: row.column, strong: below.slice(i + 1).some(strong) }],
        last,
      });
    }
  }
  return { rows, hidden: nodes.length - shown.size };
}

function mount(root, ctx) {
  const known = new Map();
  let seen = ""; // the mark of what is known
  let nodes = [];
  let data = null;
  let most = 1;
  let way = new Set();
  let deepest = 0;
  const step = () => (root.clientWidth < 560 || deepest > 8 ? 12 : 20);
  const cap = () => (root.clientWidth < 560 ? 6 : 16);
  const x = (column) => 12 + Math.min(column, cap()) * step();

  function lines(row) {
    const width = x(deepest) + 14, middle = TALL / 2, own = x(row.column);
    const strong = way.has(row.node.number);
    const size = row.node.gain > 0 ? 4 + 4 * Math.sqrt(Math.min(1, row.node.gain / most)) : 4;
    const from = row.from === null ? null : x(row.from);
    return s("svg", { class: "lines", width, height: TALL, viewBox: `0 0 ${width} ${TALL}`, "aria-hidden": "true" },
      from !== null && s("path", { class: strong ? "way" : null, d: from === own ? `M${own},0V${middle}` : `M${from},0V${middle - 6}Q${from},${middle} ${from + 6},${middle}H${own}` }),
      row.guides.map((guide) => s("line", { class: guide.strong ? "way" : null, x1: x(guide.column), x2: x(guide.column), y1: 0, y2: TALL })),
      row.below > 0 && s("line", { class: row.strongBelow ? "way" : null, x1: own, x2: own, y1: middle, y2: TALL }),
      row.node.mark === "baseline"
        ? s("rect", { class: "node baseline", x: own - 4.5, y: middle - 4.5, width: 9, height: 9 })
        : row.node.mark === "rejected" || row.node.mark === "failed"
          ? s("path", { class: "node cross", d: `M${own - 4},${middle - 4}L${own + 4},${middle + 4}M${own + 4},${middle - 4}L${own - 4},${middle + 4}` })
          : s("circle", { class: `node ${row.node.mark}`, cx: own, cy: middle, r: size }));
  }

  const list = virtualList({
    label: "Search tree",
    role: "treegrid",
    height: () => TALL,
    keyOf: (row) => row.node.number,
    open: (row) => ctx.go(ctx.link("trial", String(row.node.number))),
    draw: (row) => {
      const node = row.node;
      const also = node.parents.slice(1);
      return h("div", { class: `row branch${way.has(node.number) ? " on-way" : ""}${node.counts || !data.metric ? "" : " variant"}`, "aria-level": row.column + 1 },
        lines(row),
        h("div", { role: "gridcell", class: "cell" },
          h("a", { class: "t", href: ctx.link("trial", String(node.number)) }, `#${node.number}`),
          h("strong", { class: "num" }, node.score === null ? "" : node.score_text),
          h("span", { class: "kind" }, tag(node.mark, node.number === data.best ? `${node.mark} · best` : node.mark)),
          h("span", { class: "cut", title: node.title }, node.title),
          also.length > 0 && h("span", { class: "faint" }, `with ${also.slice(0, 4).map((n) => `#${n}`).join(", ")}${also.length > 4 ? " …" : ""}`)));
    },
  });
  const count = h("p", { class: "faint count", role: "status" });
  const toggle = h("button", { class: "toggle", onclick: () => flip() });
  const legend = h("p", { class: "legend faint small" }, h("span", { class: "sign real" }, "real"), h("span", { class: "sign maybe" }, "maybe"), h("span", { class: "sign noise" }, "noise"), h("span", { class: "sign baseline" }, "baseline"), h("span", { class: "sign cross" }, "failed or rejected"), h("span", {}, "size: gain"));
  const nothing = h("div", {});
  root.replaceChildren(h("div", { class: "page tree" }, h("h1", {}, "Search tree"), h("div", { class: "tools" }, toggle, count), legend, nothing, list.grid));

  const all = () => (ctx.query.show ? ctx.query.show === "all" : nodes.length <= MANY);

  function flip() {
    ctx.set({ ...ctx.query, show: all() ? "kept" : "all" });
    draw();
  }

  function draw() {
    const keep = all() ? () => true : (node) => KEPT.has(node.mark) || way.has(node.number) || node.number === data?.best;
    const made = outline(nodes, keep, (node) => way.has(node.number));
    deepest = made.rows.reduce((most, row) => Math.max(most, row.column), 0);
    toggle.textContent = all() ? "Hide discarded (d)" : "Show discarded (d)";
    count.textContent = `${made.rows.length.toLocaleString("en-US")} of ${nodes.length.toLocaleString("en-US")} trials${made.hidden ? `, ${made.hidden.toLocaleString("en-US")} discarded are hidden` : ""}`;
    nothing.replaceChildren(...(nodes.length ? [] : [empty("No trial yet", "The tree grows from the baselines as soon as ideas exist.")]));
    list.set(made.rows);
  }

  return {
    ask: () => (seen ? { after: seen } : {}),
    update(fresh) {
      data = fresh;
      if (!fresh.partial) known.clear();
      for (const values of fresh.rows) known.set(values[0], Object.fromEntries(fresh.columns.map((name, i) => [name, values[i]])));
      nodes = [...known.values()];
      seen = ctx.head?.mark ?? "";
      most = nodes.reduce((sum, node) => (node.mark === "baseline" ? sum : Math.max(sum, node.gain ?? 0)), 1e-12);
      way = new Set(fresh.way);
      draw();
    },
    redraw: draw,
    keep: list.keep,
    restore: list.restore,
    key(event) {
      if (event.key === "d") flip();
      else list.key(event);
    },
  };
}

export const page = { mount };
