// Data and checks: what the scores rest on.

import { card, empty, h, s, table, tag, terms, trialLink } from "../dom.js";
import { again, said } from "../parts.js";

const room = (ctx) => Math.min(820, Math.max(280, ctx.width - 80));
const digest = (text) => h("code", { class: "digest", title: text }, text.slice(0, 16));

/** Draws each fold as a line of rows: learned from, asked for, and the sealed rows that no fold shows. */
function splitMap(data, ctx) {
  const split = data.split;
  const sealed = split.sealed?.test.value ?? 0;
  const folds = split.folds.filter((fold) => fold.test.value);
  const unknown = folds.some((fold) => fold.train.value === null); // the views are gone: only what was graded is known
  if (!folds.length || (unknown && (split.in_order || folds.length < 2))) return null;
  const asked = folds.reduce((sum, fold) => sum + fold.test.value, 0);
  const whole = Math.max(split.sealed?.train.value ?? 0, unknown ? asked : 0, ...folds.map((fold) => (fold.train.value ?? 0) + fold.test.value));
  const total = whole + sealed;
  let capped = false;
  const width = room(ctx), left = 78, step = 24, plot = width - left - 2;
  const x = (rows) => (plot * rows) / total;
  const gap = sealed ? 4 : 0;
  const parts = [];
  const piece = (kind, from, rows, y, title) => rows > 0 && parts.push(s("rect", { class: kind, x: left + x(from), y: y + 3, width: Math.max(1.5, x(rows) - 1), height: step - 8, rx: 2 }, s("title", {}, title)));
  let before = 0;
  folds.forEach((fold, i) => {
    const y = i * step, test = fold.test.value, train = fold.train.value ?? whole - test;
    const at = split.in_order ? Math.min(train, whole - test) : Math.min(before, Math.max(0, whole - test));
    const beside = split.in_order ? at : whole - test; // rows that the fold could have learned from
    const part = beside > train && train ? train / beside : 1;
    capped ||= part < 1;
    const learn = (from, count) => {
      piece("learn", from, count * part, y, `${fold.name}: ${fold.train.text || train.toLocaleString("en")} rows to learn from`);
      if (part < 1) piece("idle", from + count * part, count * (1 - part), y, "not shown during the search");
    };
    parts.push(s("text", { x: 0, y: y + 15 }, fold.name));
    if (train) learn(0, at);
    piece("ask", at, test, y, `${fold.name}: ${fold.test.text} rows asked for`);
    if (train && !split.in_order) learn(at + test, whole - at - test);
    if (sealed) piece("seal", total - sealed + (gap * total) / plot, sealed - (gap * total) / plot, y, `${split.sealed.test.text} sealed rows`);
    before += test;
  });
  const height = folds.length * step;
  const square = (kind, words) => h("span", { class: "swatch" }, s("svg", { width: 14, height: 12, "aria-hidden": "true" }, s("rect", { class: kind, x: 1, y: 1, width: 12, height: 10, rx: 2 })), words);
  return [
    s("svg", { class: "plot split", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Rows of ${folds.length} folds: learned from, asked for, sealed` }, parts),
    h("p", { class: "swatches" }, square("learn", "learned from"), square("ask", "asked for, labels hidden"), capped ? square("idle", "not shown during the search") : null, sealed ? square("seal", "sealed until the end") : null),
  ];
}

function splitCard(data, ctx) {
  const split = data.split;
  const rows = [...split.folds, ...(split.sealed ? [split.sealed] : []), split.final];
  return card("How the rows are split",
    h("p", {}, `${split.words}.`, split.note ? ` ${split.note}` : ""),
    splitMap(data, ctx) ?? h("p", { class: "faint" }, "How many rows each fold has is known as soon as something was graded."),
    table([{ title: "view" }, { title: "rows to learn from", right: true }, { title: "rows asked for", right: true }],
      rows.filter((row) => row.train.text || row.test.text).map((row) => [row.name === "final" ? "final: all labelled rows, the real test" : row.name, row.train.text || "–", row.test.text || "–"])));
}

function holdoutCard(data, ctx) {
  const held = data.holdout;
  if (!held.sealed) return card("Sealed rows", h("p", {}, "No rows were sealed. The search score is the only one, and choosing by it makes it look better than it is."));
  const opened = held.openings;
  return card("Sealed rows",
    h("p", { class: "seal-state" }, tag(opened.length ? "opened" : "sealed"), " ", h("span", {}, opened.length === 0
      ? `${held.fraction.text} of the labelled rows. Nobody has seen a score on them; they are opened once, for the winner.`
      : opened.length === 1 ? `${held.fraction.text} of the labelled rows, opened once.` : `${held.fraction.text} of the labelled rows, opened ${opened.length} times.`)),
    opened.length ? table([{ title: "opened (UTC)" }, { title: "for" }, { title: "score", right: true }, { title: "95 % interval", right: true }, { title: "rows", right: true }],
      opened.map((one) => [one.at.text, trialLink(one.trial, ctx), one.score ? one.score.text : said(one.problems.join("; ")) ?? "none", one.score && one.score.low.value !== null ? `${one.score.low.text} to ${one.score.high.text}` : "–", one.score ? one.score.rows.value.toLocaleString("en") : "–"])) : null,
    opened.length ? h("p", {}, held.after_count
      ? [h("strong", {}, "Look: "), `${held.after_count} trial${held.after_count === 1 ? " was" : "s were"} made or judged after the first opening and could rest on it: `, held.after.slice(-8).map((n, i) => [i ? ", " : "", trialLink(n, ctx)]), held.after_count > 8 ? " …" : "", "."]
      : "No trial was made or judged after the opening: nothing could be chosen by it.") : null);
}

function findingsCard(data, ctx) {
  const found = data.findings;
  again(ctx, found.state);
  const title = "What the data show";
  if (found.state === "none") return card(title, empty("Not looked at", found.why, found.command));
  if (found.state === "failed") return card(title, empty("The data could not be looked at", found.why, found.command));
  if (found.state === "working") return card(title, h("p", { class: "loading" }, "Reading the data …"));
  if (found.state === "idle")
    return card(title, h("p", {}, "Columns that give the target away, rows that stand on both sides of the split, drift and the like: the checks of ", h("code", {}, "assay check"), ", which read your data and take some seconds."),
      ctx.bundle ? h("p", { class: "faint" }, "Not looked at when this bundle was written.") : h("p", {}, h("button", { onclick: () => ctx.go(ctx.link("data", "", { look: "1" })) }, "Look at the data")));
  if (!found.value.length) return card(title, h("p", {}, "Nothing was found that would mislead: ", h("code", {}, found.command), "."));
  const order = { error: "grave", warning: "warning", note: "note" };
  return card(title, h("ul", { class: "findings" }, found.value.map((one) =>
    h("li", { class: order[one.severity] }, tag(order[one.severity]), " ", h("code", {}, one.code), " ", one.sentence,
      one.fix ? h("div", { class: "faint" }, "Next: ", h("code", {}, one.fix)) : null))));
}

function locksCard(data, ctx) {
  const locks = data.locks;
  if (!locks) return null;
  if (!locks.cells.length) return card("Locked cells", empty("No locked cells", locks.why || locks.broken.join("; ")));
  return card("Locked cells",
    h("p", {}, locks.broken.length ? [h("strong", {}, "Look: "), `${locks.broken.join("; ")}.`] : [tag("kept"), ` All ${locks.cells.length} are in `, trialLink(locks.trial, ctx), " as they were, by type, text, tags and place."]),
    table([{ title: "cell" }, { title: "id" }, { title: "digest" }, { title: "why" }], locks.cells.map((cell) => [said(cell.name || "–"), h("code", {}, cell.id), digest(cell.digest), said(cell.reason)])));
}

function evidenceCards(data, ctx) {
  const { jobs, queue } = data.evidence;
  return [
    queue ? card("The queue", h("p", {}, queue.headline), queue.rows.length ? table(queue.head.map((title) => ({ title })), queue.rows.map((row) => row.map((cell, i) => (i === 3 ? tag(cell) : said(cell) ?? "–")))) : null, queue.decision ? h("p", {}, "Decision: ", queue.decision) : null) : null,
    jobs.length ? card("Evidence", h("p", {}, "What each job left was compared with what had been declared before it ran. Numbers in it are reported by the job, never graded."),
      jobs.map((job) => h("div", { class: "job" },
        h("p", {}, trialLink(job.trial, ctx), " ", said(job.title), " ", tag(job.passed ? "passed" : "failed"), job.reason ? [" ", said(job.reason)] : null),
        job.findings.length ? table([{ title: "looked for" }, { title: "" }, { title: "found" }], job.findings.map((one) => [one.name, tag(one.passed ? "passed" : "failed"), one.sentence])) : null,
        job.files.length ? table([{ title: "file" }, { title: "sha256" }], job.files.map((one) => [said(one.name), digest(one.digest)])) : null))) : null,
  ];
}

function rejected(data, ctx) {
  return card("What checks said of candidates", data.rejected.length
    ? table([{ title: "trial" }, { title: "idea" }, { title: "" }, { title: "the check says" }], data.rejected.map((one) => [trialLink(one.trial, ctx), said(one.title), tag(one.state), one.text]))
    : h("p", {}, "No candidate was rejected, and none has a remark."));
}

export const page = {
  ask: (ctx) => ctx.query,
  render(data, ctx) {
    const title = h("h1", {}, "Data and checks");
    const end = [
      card("Isolation", h("p", {}, data.isolation.off ? [h("strong", {}, "Look: "), "isolation was off for at least a part of the run, so a candidate could have read the answers. "] : null, `Candidates ran in ${data.isolation.tiers.join(", then ") || "an unknown tier"}${data.isolation.words ? `: ${data.isolation.words}` : ""}.`),
        data.remarks.length ? table([{ title: "time (UTC)" }, { title: "code" }, { title: "remark" }], data.remarks.map((one) => [one.at.text, h("code", {}, one.code), said(one.text)])) : null),
      card("Digests", terms(data.digests.map((one) => [one.name, h("code", { class: "digest" }, one.digest)])), h("p", { class: "faint" }, "Whether journal and files are what was written: ", h("code", {}, `assay audit ${ctx.run}`))),
    ];
    if (!data.graded) return [title, card("", empty("No folds and no sealed rows", data.why_no_split)), evidenceCards(data, ctx), rejected(data, ctx), end];
    const task = data.task;
    return [
      title,
      h("div", { class: "two" },
        card("Task", terms([
          ["name", said(task.name)], ["problem", task.problem], ["target", said(task.targets.slice(0, 12).join(", ") + (task.targets.length > 12 ? ` … (${task.targets.length})` : ""))],
          ["metric", `${task.metric}, ${task.direction} is better`], ["row id", said(task.id_column)],
          ["files", task.files.slice(0, 12).map((file, i) => [i ? ", " : "", h("code", {}, file.name), h("span", { class: "faint" }, ` ${file.role}`)])],
          ["folder", [h("code", {}, task.folder), task.there ? null : h("span", { class: "faint" }, " (no longer there)")]],
        ])),
        holdoutCard(data, ctx)),
      splitCard(data, ctx), findingsCard(data, ctx), locksCard(data, ctx), rejected(data, ctx),
      data.claims.length ? card("Claims that differ from what was graded", table([{ title: "trial" }, { title: "idea" }, { title: "claimed", right: true }, { title: "graded", right: true }], data.claims.map((one) => [trialLink(one.trial, ctx), said(one.title), one.claimed.text, one.graded.text]), { caption: "What a script says of itself is never ranked." })) : null,
      card("Checks of the winner", data.checks.length ? table([{ title: "check" }, { title: "" }, { title: "of" }, { title: "what it showed" }], data.checks.map((one) => [one.name, tag(one.verdict), trialLink(one.trial, ctx), said(one.detail)])) : data.finished ? empty("None was made", "The run ended without a winner, without time for its checks, or they were switched off.") : empty("Not made yet", "The winner is checked at the end of the run: shuffled labels, the same seed again, other seeds.")),
      end,
    ];
  },
};
