// Compare: trials of the run side by side, fold by fold and line by line; or runs.

import { card, empty, h, table, tag, terms, trialLink } from "../dom.js";
import { again, diff, fold, gainsPlot, said } from "../parts.js";

const room = (ctx) => Math.min(760, Math.max(280, ctx.width - 80));
const withTrials = (ctx, numbers, more = {}) => ctx.link("compare", "", { trials: numbers.join(","), ...more });
const withRuns = (ctx, names) => ctx.link("compare", "", { runs: names.join(",") });

function chips(data, ctx) {
  const numbers = data.trials.map((one) => one.number);
  const left = data.choices.filter((one) => !numbers.includes(one.number));
  const full = numbers.length >= data.most;
  return h("div", { class: "chips" },
    data.trials.map((one, i) =>
      h("span", { class: "chip" }, trialLink(one.number, ctx), " ", h("span", { class: "clip" }, one.title), i === 0 ? h("span", { class: "faint" }, " compared with") : null,
        numbers.length > 1 && !ctx.bundle ? h("button", { class: "x", title: `Take #${one.number} away`, "aria-label": `Take #${one.number} away`, onclick: () => ctx.go(withTrials(ctx, numbers.filter((n) => n !== one.number))) }, "×") : null)),
    ctx.bundle || full || !left.length ? null : h("select", { class: "pick", "aria-label": "Add a trial", onchange: (e) => e.target.value && ctx.go(withTrials(ctx, [...numbers, e.target.value])) },
      h("option", { value: "" }, "add a trial …"),
      left.map((one) => h("option", { value: one.number }, `#${one.number} ${one.title}${one.score ? ` · ${one.score}` : ""}`))),
    numbers.length > 1 && !ctx.bundle ? h("button", { class: "quiet", onclick: () => ctx.go(withTrials(ctx, [numbers.at(-1), ...numbers.slice(0, -1)])), title: "The last becomes the one that the others are compared with" }, "turn round") : null);
}

function runPicker(data, ctx) {
  if (ctx.bundle || (!data.neighbours.length && !data.runs)) return null;
  const names = data.runs ? data.runs.names.slice(1) : [];
  const left = data.neighbours.filter((name) => !names.includes(name));
  return h("div", { class: "chips" },
    names.map((name) => h("span", { class: "chip" }, name, h("button", { class: "x", "aria-label": `Take ${name} away`, onclick: () => ctx.go(withRuns(ctx, names.filter((n) => n !== name))) }, "×"))),
    names.length + 1 < data.most && left.length ? h("select", { class: "pick", "aria-label": "Compare with another run", onchange: (e) => e.target.value && ctx.go(withRuns(ctx, [...names, e.target.value])) },
      h("option", { value: "" }, names.length ? "add a run …" : "with another run …"),
      left.map((name) => h("option", { value: name }, name))) : null,
    names.length ? h("a", { href: ctx.link("compare") }, "back to trials") : null);
}

function sides(data, ctx) {
  const rows = [
    ["title", (t) => said(t.title)],
    [data.metric ? `${data.metric.name} (${data.metric.direction} is better)` : "score", (t) => (data.reported || data.evidence ? null : [t.score.text, t.score.value !== null && t.std_error.value !== null ? [" ", h("span", { class: "faint" }, `± ${t.std_error.text}`)] : null])],
    ["verdict", (t) => (t.verdict ? tag(t.verdict) : t.state === "complete" ? "–" : tag(t.state))],
    ["folds", (t) => (t.folds ? String(t.folds) : null)],
    ["made by", (t) => [t.operator, t.parents.length ? [" from ", t.parents.map((n, i) => [i ? ", " : "", trialLink(n, ctx)])] : null]],
    [data.reported || data.evidence ? "time" : "time of a fold", (t) => (t.wall.value === null ? null : t.wall.text)],
    ["most memory", (t) => (t.memory.value === null ? null : t.memory.text)],
    ["repairs", (t) => (t.repairs ? String(t.repairs) : null)],
    ["why it ended", (t) => said(t.reason)],
  ];
  const shown = rows.map(([name, cell]) => [name, ...data.trials.map(cell)]).filter(([, ...cells]) => cells.some(Boolean));
  return table([{ title: "" }, ...data.trials.map((t) => ({ title: trialLink(t.number, ctx) }))], shown, { label: "Side by side" });
}

function scores(data, ctx) {
  if (!data.folds.length) return null;
  return table([{ title: data.reported ? "reported" : data.evidence ? "reported metric, last value" : "fold" }, ...data.trials.map((t) => ({ title: trialLink(t.number, ctx), right: true }))],
    data.folds.map((row) => [row.view, ...row.scores.map((score) => score.text)]),
    { caption: data.reported || data.evidence ? "Numbers that jobs reported of themselves; nobody graded them." : "Graded on labels that no candidate saw." });
}

function overlap(data, ctx) {
  const found = data.overlap;
  if (!found) return null;
  again(ctx, found.state);
  const numbers = data.trials.map((t) => t.number);
  const ask = () => ctx.go(withTrials(ctx, numbers, { overlap: "1" }));
  if (found.state === "none") return card("Where their errors overlap", empty("Nothing to compare here", `${found.why[0].toUpperCase()}${found.why.slice(1)}.`));
  if (found.state === "failed") return card("Where their errors overlap", empty("It could not be worked out", found.why));
  if (found.state === "idle")
    return card("Where their errors overlap",
      h("p", {}, "Two solutions that are wrong on different rows are worth blending. The grading process reads the stored predictions of ", String(found.folds), found.folds === 1 ? " fold" : " folds", " and says how alike the errors are; it takes some seconds."),
      ctx.bundle ? h("p", { class: "faint" }, "Not worked out when this bundle was written.") : h("p", {}, h("button", { onclick: ask }, "Work it out")));
  if (found.state === "working") return card("Where their errors overlap", h("p", { class: "loading" }, "Reading the stored predictions …"));
  const value = found.value;
  if (!value.alike.length && !value.trials.length) return card("Where their errors overlap", empty("Nothing can be said", value.why || "The errors of one of them do not vary."));
  const like = (a, b) => value.alike.find((one) => (one.one === a && one.other === b) || (one.one === b && one.other === a));
  const say = (one) => (one.value >= 0.95 ? "nearly the same errors" : one.value >= 0.7 ? "much alike" : one.value >= 0.3 ? "partly alike" : "wrong on different rows");
  return card("Where their errors overlap",
    table([{ title: "correlation of errors" }, ...numbers.slice(1).map((n) => ({ title: trialLink(n, ctx) }))],
      numbers.slice(0, -1).map((a, i) => [trialLink(a, ctx), ...numbers.slice(1).map((b, j) => (j < i ? "" : ((one) => (one ? [h("span", { class: "strong" }, one.text), h("span", { class: "faint" }, ` ${say(one)}`)] : "–"))(like(a, b))))]),
      { caption: `Row by row over ${value.folds} fold${value.folds === 1 ? "" : "s"}; 1 is the same error on every row, 0 none in common.` }),
    value.trials.map((one) => fold(`weak-${one.trial}`, `Where #${one.trial} is wrong: ${one.measure} ${one.loss.text} over ${one.rows.text}`, false,
      one.segments.length ? table([{ title: "by" }, { title: "rows with" }, { title: "rows", right: true }, { title: "loss", right: true }, { title: "of all loss", right: true }],
        one.segments.map((part) => [part.by, said(part.name), part.rows.text, part.loss.text, part.share.text])) : h("p", { class: "faint" }, "No part of the rows stands out."))));
}

function pairs(list, ctx, name) {
  return list.map((one) =>
    card(`Gain of ${name(one)[0]} over ${name(one)[1]}`,
      gainsPlot(one, room(ctx)),
      h("p", {}, one.words, one.words.endsWith(".") ? "" : "."),
      one.undefined ? h("p", { class: "faint" }, `No interval: ${one.undefined}.`) : null,
      one.gains ? h("p", { class: "faint" }, one.parts ? "Paired by the parts that runs with the same seed report" : "Paired by fold", ", right is better; the bar on the mean is its 95 % interval, corrected for what they share (Nadeau and Bengio 2003).", one.floor ? ` Shaded: the measured noise, ± ${one.floor.text}.` : "") : null));
}

function diffs(list, ctx, name) {
  return list.map((one, i) => fold(`diff-${one.old}-${one.new}`, `Code: ${name(one)[0]} against ${name(one)[1]}`, list.length === 1 || i === 0, diff(one)));
}

export const page = {
  ask: (ctx) => ctx.query,
  render(data, ctx) {
    if (data.runs) {
      const name = (one) => [one.new, one.old];
      return [
        h("h1", {}, "Compare runs"), runPicker(data, ctx),
        data.runs.refused.length ? card("", data.runs.refused.map((one) => h("p", {}, `Not compared: ${one.why}.`))) : null,
        card("Side by side", table([{ title: "" }, ...data.runs.names.map((run) => ({ title: run }))], data.runs.rows.slice(1).map((row) => [row.name, ...row.cells]), { caption: "As assay compare tells them." })),
        pairs(data.runs.paired, ctx, name), diffs(data.runs.diffs, ctx, name),
      ];
    }
    const name = (one) => [`#${one.trial ?? one.new}`, `#${one.against ?? one.old}`];
    const title = h("h1", {}, "Compare");
    const wanted = ctx.bundle && ctx.query.trials;
    if (wanted && wanted !== data.trials.map((t) => t.number).join(",")) return [title, card("", empty("This comparison is not in the bundle", "A bundle has the usual pair and the best trials beside the first. With the run folder, any can be compared.", "assay ui"))];
    if (!data.trials.length) return [title, card("", empty("Nothing to compare yet", "As soon as two trials have finished, they stand here side by side.", "assay status"))];
    return [
      title, chips(data, ctx), runPicker(data, ctx),
      card("Side by side", sides(data, ctx)),
      data.trials.length < 2 ? card("", empty("Only one trial so far", "Choose a second one as soon as there is one.")) : null,
      pairs(data.paired, ctx, name),
      data.folds.length ? card(data.reported || data.evidence ? "What they reported" : "Scores by fold", scores(data, ctx)) : null,
      overlap(data, ctx), diffs(data.diffs, ctx, name),
    ];
  },
};
