// Time and cost: where both went.

import { card, empty, h, s, table, tag, terms, trialLink } from "../dom.js";
import { bar, said, stepPlot } from "../parts.js";

const LANES = 12;
const room = (ctx) => Math.max(280, ctx.width - 80);

function packed(bars) {
  const ends = [];
  return [...bars].sort((a, b) => a.from - b.from).map((one) => {
    let lane = ends.findIndex((end) => end <= one.from + 1e-6);
    if (lane < 0) lane = ends.length < LANES ? ends.length : ends.indexOf(Math.min(...ends));
    ends[lane] = Math.max(ends[lane] ?? 0, one.to);
    return { ...one, row: lane };
  });
}

function timeline(data, ctx) {
  const t = data.timeline;
  if (!t.bars.length && !t.phases.length) return empty("Nothing has run yet", "Executions and answers stand here as they happen.", "assay status");
  const width = room(ctx), step = 15, span = Math.max(t.to - t.from, 1);
  const x = (at) => ((at - t.from) / span) * width;
  const groups = ["executions", "answers"].map((lane) => [lane, packed(t.bars.filter((one) => one.lane === lane))]).filter(([, bars]) => bars.length);
  const parts = [];
  let y = 4;
  if (t.phases.length) {
    t.phases.forEach((phase) => {
      const from = x(phase.from), wide = Math.max(1, x(phase.to) - from);
      parts.push(s("rect", { class: "phase", x: from, y, width: Math.max(1, wide - 1), height: 20, rx: 2 }, s("title", {}, phase.name)));
      if (wide > phase.name.length * 7 + 8) parts.push(s("text", { x: from + 5, y: y + 14 }, phase.name));
    });
    y += 30;
  }
  groups.forEach(([lane, bars]) => {
    const rows = 1 + Math.max(...bars.map((one) => one.row));
    parts.push(s("text", { class: "axis", x: 0, y: y + 10 }, lane));
    y += 15;
    bars.forEach((one) => {
      const from = x(one.from);
      const kind = one.outcome === "running" || one.outcome === "waiting" ? "going" : one.good ? "ok" : "broken";
      parts.push(s("rect", { class: `run ${lane} ${kind}`, x: from, y: y + one.row * step + 1, width: Math.max(2, x(one.to) - from), height: step - 4, rx: 1.5 },
        s("title", {}, `${one.trial === null ? "" : `#${one.trial} `}${one.what}: ${one.outcome}, ${one.time}`)));
    });
    y += rows * step + 8;
  });
  const marks = t.bars.some((one) => !one.good);
  return [
    s("svg", { class: "plot", width, height: y, viewBox: `0 0 ${width} ${y}`, role: "img", "aria-label": "Phases, executions and answers over time" }, parts),
    h("p", { class: "faint" }, "By the calendar’s clock, pauses included. Filled: ended well.", marks ? " Hollow: failed, was stopped or had no answer." : "", t.bars.some((one) => one.outcome === "running" || one.outcome === "waiting") ? " Dashed: under way." : "", t.left_out ? ` The first ${t.left_out.toLocaleString("en")} are left out here.` : ""),
  ];
}

function totals(data) {
  const t = data.total;
  return terms([
    ["running time", [t.running.text, t.limit.value ? h("span", { class: "faint" }, ` of ${t.limit.text}`) : null]],
    ["money", t.paid ? [t.money.text, t.cap ? h("span", { class: "faint" }, ` of ${t.cap.text}`) : null] : "nobody was paid"],
    ["requests", t.paid ? t.requests.text : null],
    ["tokens", t.paid ? `${t.tokens_in.text} in, ${t.tokens_out.text} out${t.cached.value ? `, ${t.cached.text} of those in from the cache` : ""}` : null],
    ["prices", data.prices ? `${data.prices} (${data.prices_from})` : t.paid ? "unknown: money is unknown, not nothing" : null],
    ["resumed", t.resumes ? `${t.resumes} time${t.resumes === 1 ? "" : "s"}` : null],
  ]);
}

function bill(title, items, paid) {
  const heads = [{ title }, { title: "questions", right: true }, { title: "waiting", right: true }];
  const more = paid ? ["requests", "repeats", "tokens in", "tokens out", "money", "share"].map((head) => ({ title: head, right: true })) : [];
  return table([...heads, ...more], items.map((one) => [
    [one.name, one.failed ? h("span", { class: "faint" }, ` (${one.failed} without an answer)`) : null], one.questions.text, one.waiting.text,
    ...(paid ? [one.requests.text, String(one.repeats), one.tokens_in.text, one.tokens_out.text, one.money.text, one.share.text] : []),
  ]));
}

function frontier(data, ctx) {
  const f = data.frontier;
  if (!f || !f.steps.length) return empty("No score yet", "Every new best stands here with what it had cost by then.");
  const by = f.paid ? ["money", "money"] : ["time", "running time"];
  const plot = stepPlot(f.steps, (step) => step[by[0]].value ?? (f.paid ? 0 : null), f.end[by[0]].value, Math.min(room(ctx), 860), { xTitle: by[1], yTitle: f.metric, higher: f.direction === "higher" });
  return [
    plot,
    table([{ title: "new best" }, { title: "idea" }, { title: f.metric, right: true }, ...(f.reported ? [] : [{ title: "verdict" }]), { title: "after", right: true }, ...(f.paid ? [{ title: "for", right: true }, { title: "tokens", right: true }] : [])],
      f.steps.map((step) => [trialLink(step.trial, ctx), said(step.title), step.score.text, ...(f.reported ? [] : [step.verdict ? tag(step.verdict) : "–"]), step.time.text, ...(f.paid ? [step.money.text, step.tokens.text] : [])]),
      { caption: `${f.metric}${f.reported ? "" : " on the search folds"}, ${f.direction} is better${f.reported ? "; what experiments reported of themselves, not graded" : ""}. The run as a whole took ${f.end.time.text}${f.paid ? ` and ${f.end.money.text}` : ""}.` }),
  ];
}

function retries(data, ctx) {
  const r = data.retries;
  const lines = [
    r.repeats ? `${r.repeats} request${r.repeats === 1 ? " was" : "s were"} put again for a reply out of form or broken off.` : "No question had to be put twice.",
    r.unanswered ? `${r.unanswered} question${r.unanswered === 1 ? "" : "s"} had no usable answer.` : "",
    r.repaired.value ? `${r.repaired.text} needed repairs.` : "No trial needed a repair.",
  ];
  return [
    h("p", {}, lines.filter(Boolean).join(" ")),
    r.outcomes.length ? table([{ title: "executions that ended" }, { title: "times", right: true }, { title: "time", right: true }], r.outcomes.map((one) => [one.outcome, one.times.text, one.time.text])) : null,
    r.repairs.length ? table([{ title: "trial" }, { title: "attempt", right: true }, { title: "mended by" }, { title: "because" }, { title: "it is now" }],
      r.repairs.map((one) => [trialLink(one.trial, ctx), String(one.attempt), one.by, said(one.cause), tag(one.state)])) : null,
  ];
}

export const page = {
  render(data, ctx) {
    const paid = data.total.paid;
    return [
      h("h1", {}, "Time and cost"),
      h("div", { class: "two" },
        card("In all", totals(data)),
        card("By phase", data.phases.length ? table([{ title: "phase" }, { title: "took", right: true }, { title: "of the run" }], data.phases.map((one) => [one.name, one.time.text, bar(one.share.value, one.share.text)])) : empty("Not begun", "Phases stand here once the run has begun."))),
      card("Timeline", timeline(data, ctx)),
      data.frontier ? card(paid ? "What the score has cost" : "When the score rose", frontier(data, ctx)) : null,
      data.activities.length ? card("By activity", table([{ title: "activity" }, { title: "times", right: true }, { title: "time", right: true }], data.activities.map((one) => [one.name, one.times.text, one.time.text]), { caption: "Summed over what ran side by side, so it can exceed the clock." })) : null,
      card("By who was asked", data.roles.length ? [bill("role", data.roles, paid), data.models.length > 1 || paid ? bill("model", data.models, paid) : null] : empty("Nobody was asked yet", "Every role that is asked stands here with what its answers took.")),
      card("Retries and repairs", retries(data, ctx)),
    ];
  },
};
