// Trials: every trial in one table. Filters and order are in the address, so that a view can be shared.

import { empty, h, tag } from "../dom.js";
import { virtualList } from "../list.js";

const ORDER = ["real", "maybe", "noise", "baseline", "complete", "running", "waiting", "failed", "rejected", "stopped"];
const COLUMNS = [
  { key: "number", title: "#", right: true },
  { key: "rank", title: "Rank", right: true, from: 760, graded: true },
  { key: "score", title: "Score", right: true },
  { key: "spread_text", title: "± SE", right: true, from: 980, fixed: true, graded: true },
  { key: "gain", title: "Gain", right: true, from: 640, graded: true },
  { key: "mark", title: "Verdict" },
  { key: "wall_s", title: "Time", right: true, from: 860 },
  { key: "operator", title: "Made by", from: 1080 },
  { key: "title", title: "Idea" },
];

function compare(sort, rising) {
  const down = sort.startsWith("-");
  const key = sort.replace(/^-/, "");
  const better = key === "score" && !rising ? -1 : 1; // the first click on the score shows the best first
  return (a, b) => {
    const [x, y] = [a[key], b[key]];
    const missing = (x === null || x === undefined ? 1 : 0) - (y === null || y === undefined ? 1 : 0);
    if (missing) return missing;
    const sign = (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1) * better;
    return sign || a.number - b.number;
  };
}

function mount(root, ctx) {
  const known = new Map();
  let seen = ""; // the mark of what is known
  let metric = null;
  let reported = false;
  const heads = h("div", { class: "row heads", role: "row" });
  const list = virtualList({
    label: "Trials",
    heads,
    height: () => (root.clientWidth < 560 ? 58 : 36),
    keyOf: (row) => row.number,
    open: (row) => ctx.go(ctx.link("trial", String(row.number))),
    draw: (row) => {
      const values = {
        number: h("a", { class: "t", href: ctx.link("trial", String(row.number)) }, `#${row.number}`),
        rank: row.rank?.toLocaleString("en-US") ?? "",
        score: h("strong", {}, row.score === null ? "–" : row.score_text),
        spread_text: row.spread_text,
        gain: h("span", { title: row.against === null ? "" : `against #${row.against}` }, row.gain_text),
        mark: tag(row.mark, row.verdict),
        wall_s: row.wall_text,
        operator: row.operator,
        title: h("span", { title: row.reason || row.title }, !row.reason ? row.title : row.score === null ? [h("span", { class: row.mark === "stopped" ? "faint" : "why" }, row.reason), h("span", { class: "faint" }, ` · ${row.title}`)] : [row.title, h("span", { class: "faint" }, ` · ${row.reason}`)]),
      };
      return h("div", { class: `row${row.counts || !metric ? "" : " variant"}` }, shown().map((column) => h("div", { role: "gridcell", class: `cell c-${column.key}${column.right ? " r" : ""}` }, values[column.key])));
    },
  });
  const shown = () => COLUMNS.filter((column) => (!column.from || root.clientWidth >= column.from) && (metric || !column.graded) && (metric || reported || column.key !== "score"));
  const search = h("input", { type: "search", placeholder: "Search ideas and reasons", "aria-label": "Search ideas and reasons", oninput: () => filter({ q: search.value }) });
  const chips = h("div", { class: "toggles", role: "group", "aria-label": "Verdicts" });
  const count = h("p", { class: "faint count", role: "status" });
  const variants = h("button", { class: "toggle", onclick: () => filter({ variants: ctx.query.variants ? "" : "1" }) });
  const nothing = h("div", {});
  const table = list.grid;
  root.replaceChildren(h("div", { class: "page trials" }, h("h1", {}, "Trials"), h("div", { class: "tools" }, search, chips), count, nothing, table));
  search.value = ctx.query.q ?? "";

  function filter(change) {
    ctx.set({ ...ctx.query, ...change });
    draw();
  }

  function draw() {
    const { q = "", mark = "", sort = "number", op = "", variants: all = "" } = ctx.query;
    const rows = [...known.values()];
    const counted = rows.filter((row) => row.counts);
    const base = all || !counted.length ? rows : counted;
    const marks = new Set(mark.split(",").filter(Boolean));
    const words = q.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (row) =>
      (!marks.size || marks.has(row.mark)) && (!op || row.operator === op) &&
      words.every((word) => `#${row.number} ${row.title} ${row.reason} ${row.operator}`.toLowerCase().includes(word));
    const found = base.filter(fits).sort(compare(sort, rising()));
    const tally = new Map();
    for (const row of base) tally.set(row.mark, (tally.get(row.mark) ?? 0) + 1);
    chips.replaceChildren(...ORDER.filter((name) => tally.has(name)).map((name) => h("button", {
      class: `toggle tag ${name}`, "aria-pressed": String(marks.has(name)),
      onclick: () => {
        if (!marks.delete(name)) marks.add(name);
        filter({ mark: [...marks].join(",") });
      },
    }, `${name} ${tally.get(name).toLocaleString("en-US")}`)), ...(counted.length && counted.length < rows.length ? [variants] : []));
    variants.textContent = all ? "variants shown" : `${rows.length - counted.length} variants hidden`;
    variants.setAttribute("aria-pressed", String(Boolean(all)));
    const limited = found.length < base.length ? `${found.length.toLocaleString("en-US")} of ${base.length.toLocaleString("en-US")}` : base.length.toLocaleString("en-US");
    count.textContent = `${limited} ${base.length === 1 ? "trial" : "trials"}${metric ? ` · ${metric.name}, ${metric.better} is better` : reported ? " · scores are what experiments reported, not graded" : ""}`;
    heads.replaceChildren(...shown().map((column) => {
      const on = sort.replace("-", "") === column.key;
      const down = on && sort.startsWith("-");
      const sorted = on ? (down ? "descending" : "ascending") : "none";
      const words = [column.key === "mark" && !metric ? "State" : column.key === "score" && reported ? "Reported" : column.title, on ? h("span", { "aria-hidden": "true" }, down ? " ↓" : " ↑") : ""];
      return h("div", { class: `cell c-${column.key}${column.right ? " r" : ""}`, role: "columnheader", "aria-sort": sorted },
        column.fixed ? column.title : h("button", { onclick: () => filter({ sort: on && !down ? `-${column.key}` : on ? "" : column.key }) }, words));
    }));
    table.classList.toggle("gone", !found.length);
    nothing.replaceChildren(...(found.length ? [] : [rows.length ? empty("No trial fits", "Take a filter back, or press x to take back all.") : empty("No trial yet", "Each trial appears here as soon as its idea exists.")]));
    list.set(found);
  }

  const rising = () => metric?.better === "higher" ? false : true;

  return {
    ask: () => (seen ? { after: seen } : {}),
    update(data) {
      metric = data.metric;
      reported = data.reported;
      if (!data.partial) known.clear();
      for (const values of data.rows) {
        const row = Object.fromEntries(data.columns.map((name, i) => [name, values[i]]));
        known.set(row.number, row);
      }
      if (data.ranking) {
        const places = new Map(data.ranking.map((number, i) => [number, i + 1]));
        for (const row of known.values()) row.rank = places.get(row.number) ?? null;
      }
      seen = ctx.head?.mark ?? "";
      draw();
    },
    redraw: draw,
    keep: list.keep,
    restore: list.restore,
    key(event) {
      if (event.key === "/") {
        event.preventDefault();
        search.focus();
      } else if (event.key === "x") {
        search.value = "";
        ctx.set({});
        draw();
      } else list.key(event);
    },
  };
}

export const page = { mount };
