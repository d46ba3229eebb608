// Runs: every run of the folder.

import { empty, failure, h, s, table, tag } from "../dom.js";

function spark(values) {
  if (values.length < 2) return "";
  const low = Math.min(...values), span = Math.max(...values) - low || 1;
  const at = values.map((v, i) => `${((i / (values.length - 1)) * 72 + 2).toFixed(1)},${(18 - ((v - low) / span) * 14).toFixed(1)}`);
  return s("svg", { class: "spark", viewBox: "0 0 76 20", width: 76, height: 20, "aria-hidden": "true" }, s("polyline", { points: at.join(" ") }));
}

function row(run) {
  const name = h("a", { class: "t strong", href: `#/${encodeURIComponent(run.name)}/overview` }, run.name);
  if (run.error) return [name, tag("failed", "unreadable"), h("span", { class: "said" }, run.error.message), "", "", "", "", ""];
  const best = run.best;
  return [
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

export const page = {
  render(data) {
    if (!data.runs.length) return empty("No run yet", `There is no run in ${data.folder}. The demonstration takes a minute and needs no key.`, "assay demo");
    const columns = [{ title: "Run" }, { title: "State" }, { title: "Best", right: true }, { title: "Verdict" }, { title: "Best so far" }, { title: "Size", right: true }, { title: "Time", right: true }, { title: "Money", right: true }];
    return [
      h("h1", {}, "Runs"),
      h("p", { class: "faint" }, data.folder),
      table(columns, data.runs.map(row), { label: "Runs" }),
      data.hidden > 0 && h("p", { class: "faint" }, `${data.hidden} older runs are not shown.`),
    ];
  },
};
