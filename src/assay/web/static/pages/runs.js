// Runs: every run of the folder.

import { empty, h, s, table, tag } from "../dom.js";

function spark(values) {
  if (values.length < 2) return "";
  const low = Math.min(...values), span = Math.max(...values) - low || 1;
  const at = values.map((v, i) => `${((i / (values.length - 1)) * 72 + 2).toFixed(1)},${(18 - ((v - low) / span) * 14).toFixed(1)}`);
  return s("svg", { class: "spark", viewBox: "0 0 76 20", width: 76, height: 20, "aria-hidden": "true" }, s("polyline", { points: at.join(" ") }));
}

const picked = (ctx) => (ctx.query.pick ?? "").split(",").filter(Boolean);

function pick(run, ctx) {
  const names = picked(ctx);
  return h("input", {
    type: "checkbox", checked: names.includes(run.name), "aria-label": `Pick ${run.name} to compare`,
    onchange: (event) => {
      ctx.set({ ...ctx.query, pick: (event.target.checked ? [...names, run.name] : names.filter((name) => name !== run.name)).join(",") });
      ctx.redraw();
    },
  });
}

function row(run, ctx) {
  const name = h("a", { class: "t strong", href: `#/${encodeURIComponent(run.name)}/overview` }, run.name);
  if (run.error) return ["", name, tag("failed", "unreadable"), h("span", { class: "said" }, run.error.message), "", "", "", "", ""];
  const best = run.best;
  return [
    ctx.bundle ? "" : pick(run, ctx),
    h("div", {}, name, h("div", { class: "faint" }, run.task)),
    h("span", { class: `life ${run.life}` }, h("i", { "aria-hidden": "true" }), run.life),
    best ? h("div", {}, h("strong", {}, best.score_text), " ", h("span", { class: "faint" }, best.spread_text), h("div", { class: "faint" }, run.metric?.name ?? "")) : h("span", { class: "faint" }, run.metric || run.strategy === "" ? "no score" : "not graded"),
    best ? h("div", {}, tag(best.mark, best.verdict), h("div", { class: "faint" }, run.change)) : "",
    spark(run.curve),
    run.counted,
    run.wall_text,
    run.money_text || h("span", { class: "faint" }, "–"),
  ];
}

/** Returns a run as a part of its own, where there is no room for a table. */
function part(run, ctx) {
  const [box, name, life, best, verdict, curve, size, time, money] = row(run, ctx);
  return h("li", { class: "card", "data-key": run.name }, h("div", { class: "spread" }, h("div", { class: "boxed" }, box, name), life),
    h("div", { class: "spread" }, best, curve), verdict, h("p", { class: "faint small" }, size, " · ", time, run.money_text && [" · ", money]));
}

export const page = {
  render(data, ctx) {
    const names = picked(ctx).filter((name) => data.runs.some((run) => run.name === name));
    if (!data.runs.length) return empty("No run yet", `There is no run in ${data.folder}. The demonstration takes a minute and needs no key.`, "assay demo");
    const columns = [{ title: "" }, { title: "Run" }, { title: "State" }, { title: "Best", right: true }, { title: "Verdict" }, { title: "Best so far" }, { title: "Size", right: true }, { title: "Time", right: true }, { title: "Money", right: true }];
    return [
      h("div", { class: "spread top" },
        h("div", {}, h("h1", {}, "Runs"), h("p", { class: "faint" }, data.folder)),
        h("p", { class: "faint" }, names.length > 1 ? h("a", { class: "toggle", href: `#/${encodeURIComponent(names[0])}/compare?runs=${names.slice(1).map(encodeURIComponent).join(",")}` }, `Compare ${names.length} runs`) : ctx.bundle || data.runs.length < 2 ? "" : "pick two to compare them")),
      ctx.width < 640 ? h("ul", { class: "plain" }, data.runs.map((run) => part(run, ctx))) : table(columns, data.runs.map((run) => row(run, ctx)), { label: "Runs" }),
      data.hidden > 0 && h("p", { class: "faint" }, `${data.hidden} older runs are not shown.`),
    ];
  },
};
