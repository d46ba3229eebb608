// Trial: one trial with everything that is known of it.

import { card, empty, h, table, tag, terms, trialLink } from "../dom.js";
import { gainBars } from "../plot.js";

/** Returns a patch, a line each, in the colours of what was added and removed. */
export function diff(text) {
  const kinds = { "+": "add", "-": "del", "@": "at" };
  return h("pre", { class: "code", tabindex: 0 }, text.split("\n").map((line) => h("span", { class: /^(\+\+\+|---)/.test(line) ? "file" : kinds[line[0]] ?? null }, line, "\n")));
}

const code = (text) => h("pre", { class: "code", tabindex: 0 }, text);
const fold = (title, body, open = false) => h("details", { open, "data-key": title }, h("summary", {}, title), body);

function verdictCard(data, ctx) {
  const t = data.trial;
  if (!data.metric && !data.verdict && !t.reason && !data.flags.length) return "";
  const v = data.verdict;
  const rows = data.folds.rows;
  const bars = data.folds.against !== null && rows.length ? gainBars(rows) : null;
  return card("Verdict",
    h("p", {}, tag(t.mark, t.verdict), v && v.against !== null && [" against ", trialLink(v.against, ctx)], v && v.gain_text && `: gain ${v.gain_text}`, v && v.interval && h("span", { class: "faint" }, ` (${v.interval})`)),
    v && h("p", { class: "faint" }, [v.p && `adjusted p ${v.p}`, v.fresh].filter(Boolean).join(" · ")),
    v && v.reasons.length > 0 && h("ul", {}, v.reasons.map((reason) => h("li", {}, reason))),
    t.reason && h("p", { class: "warning" }, t.reason),
    data.flags.map((flag) => h("p", { class: "warning" }, flag)),
    rows.length > 0 && table(
      [{ title: "Fold" }, { title: "Score", right: true }, ...(bars ? [{ title: ["Gain over #", String(data.folds.against)], right: true }, { title: "" }] : [])],
      rows.map((row, i) => [row.view, row.score_text, ...(bars ? [row.gain_text, bars[i]] : [])]),
      { caption: bars ? `mean gain ${data.folds.mean}; bars to the right are better` : "", label: "Scores by fold" }),
    data.checks.length > 0 && table([{ title: "Check" }, { title: "Result" }, { title: "What was found" }], data.checks.map((c) => [c.name, tag(c.standing === "failed" ? "failed" : c.standing === "passed" ? "good" : "noise", c.standing), c.detail]), { label: "Checks" }));
}

function notebook(data, ctx) {
  if (!data.code.cells.length) return "";
  const n = data.trial.number;
  return fold(`Notebook, ${data.code.cells.length} cells`, h("div", { class: "cells" }, data.code.cells.map((cell, i) =>
    h("div", { class: `nb ${cell.type}` }, h("span", { class: "faint nb-no" }, String(i + 1)), h("div", { class: "nb-body" }, code(cell.source), cell.outputs.map((output, j) =>
      output.kind === "frame"
        ? ctx.bundle ? h("p", { class: "faint" }, "an output in HTML, not in the bundle") : h("iframe", { class: "frame", sandbox: "", loading: "lazy", title: `Output of cell ${i + 1}`, src: `/files/${encodeURIComponent(ctx.run)}/trial/${n}/${i}/${j}` })
        : h("pre", { class: `out ${output.kind}` }, output.text)))))), false);
}

function codeCard(data, ctx) {
  const c = data.code;
  if (c.missing) return card("Code", empty("The code is missing", "Its object is not in the run folder any more."));
  return card("Code",
    c.against !== null && fold(`Change against #${c.against}`, c.diff ? diff(c.diff) : h("p", { class: "faint pad" }, "the code is the same"), true),
    c.files.map((file, i) => fold(file.name, code(file.text), c.against === null && i === 0)),
    c.left_out > 0 && h("p", { class: "faint" }, `${c.left_out.toLocaleString("en")} more files are in the run folder.`),
    notebook(data, ctx));
}

/** Shows what an execution printed, and brings it into sight: of many executions it stands far below. */
async function showLog(ctx, i) {
  ctx.set({ ...ctx.query, log: String(i) });
  await ctx.refresh();
  document.querySelector("#log")?.scrollIntoView({ block: "nearest" });
}

function logCard(data, ctx) {
  const claims = data.executions.some((e) => e.claimed_text);
  if (!data.executions.length) return card("Executions", empty("It has not run", data.trial.reason || "Equal code on equal data is run once; a waiting trial comes when its turn does."));
  return card("Executions",
    table([{ title: "" }, { title: "View" }, { title: "Outcome" }, { title: "Time", right: true }, { title: "Memory", right: true }, { title: "Score", right: true }, ...(claims ? [{ title: "It claims", right: true }] : [])],
      data.executions.map((e, i) => [
        h("button", { class: "toggle", "aria-pressed": String(i === data.log.at), onclick: () => showLog(ctx, i), "aria-label": `log of ${e.view}` }, "log"),
        h("span", { class: "nowrap" }, `${e.view}${e.attempt > 1 ? `, attempt ${e.attempt}` : ""}`),
        [tag(e.outcome === "ok" ? "good" : e.outcome === "running" ? "running" : "failed", e.outcome), (e.detail || e.problems.length > 0) && h("div", { class: "faint" }, [e.detail, ...e.problems].filter(Boolean).join("; "))],
        e.wall_text, e.memory_text, e.score_text, ...(claims ? [e.claimed_text] : []),
      ]), { caption: claims ? "What a script claims of itself is never ranked." : "", label: "Executions" }),
    data.log.at !== null && h("div", { id: "log" }, fold(`Output of ${data.executions[data.log.at].view}`, [data.log.cut && h("p", { class: "faint pad" }, "only its end is shown"), data.log.text.trim() ? code(data.log.text) : h("p", { class: "faint pad" }, data.executions[data.log.at].outcome === "running" ? "its output is shown when it has ended" : "nothing was printed")], true)));
}

function questionsCard(data) {
  if (!data.questions.length) return "";
  return card("Questions", data.questions.map((q) =>
    h("details", { "data-key": q.key },
      h("summary", {}, h("strong", {}, q.role), " ", h("span", { class: "faint" }, [q.by, q.latency, q.tokens && `${q.tokens} tokens`, q.cost].filter(Boolean).join(" · "))),
      q.error && h("p", { class: "warning pad" }, q.error),
      q.reply && [h("p", { class: "faint pad" }, "Answer, in the model's own words"), code(q.reply)],
      q.prompt && [h("p", { class: "faint pad" }, "Prompt"), code(q.prompt)])));
}

function evidenceCard(data) {
  const e = data.evidence;
  if (!e && !data.reviews.length) return "";
  return card("Evidence",
    e && h("p", {}, tag(e.passed ? "good" : "failed", e.passed ? "verified" : "not verified"), e.run && h("span", { class: "faint" }, ` tracking run ${e.run}`)),
    e && e.findings.length > 0 && h("ul", { class: "plain" }, e.findings.map((f) => h("li", {}, tag(f.passed ? "good" : "failed", f.passed ? "found" : "missing"), " ", f.sentence))),
    e && e.numbers.length > 0 && table([{ title: "Reported, not graded" }, { title: "Values", right: true }], e.numbers.map((n) => [n.name, n.values.join(", ")])),
    e && e.files.length > 0 && table([{ title: "File" }, { title: "SHA-256" }], e.files.map((f) => [f.name, h("code", {}, f.digest.slice(0, 16))])),
    data.reviews.map((r) => h("p", {}, tag(r.verdict === "approve" ? "good" : r.verdict === "reject" ? "rejected" : "maybe", r.verdict), " ", h("strong", {}, r.reviewer), h("span", { class: "faint" }, ` ${r.point} the run`), r.reason && `: ${r.reason}`, r.critical.map((flag) => h("span", { class: "warning" }, ` ${flag}`)))));
}

const named = (list, ctx) => list.map((one, i) => [i > 0 && h("br"), trialLink(one.number, ctx), " ", one.title]);

export const page = {
  render(data, ctx) {
    const t = data.trial;
    const score = data.reported_text || (t.score === null ? "" : t.score_text);
    return h("div", { class: "trial" },
      h("div", { class: "spread top" },
        h("h1", {}, h("span", { class: "faint" }, `#${t.number} `), t.title),
        h("p", { class: "steps" },
          data.before !== null ? h("a", { class: "toggle", href: ctx.link("trial", String(data.before)), title: "k" }, `← #${data.before}`) : "",
          data.after !== null ? h("a", { class: "toggle", href: ctx.link("trial", String(data.after)), title: "j" }, `#${data.after} →`) : "")),
      h("div", { class: "two" },
        h("div", {},
          card("", score && h("p", { class: "headline" }, h("span", { class: "value" }, score), " ", h("span", { class: "aside" }, t.spread_text)),
            score && h("p", { class: "faint" }, data.reported_text ? "as it reported itself, not graded" : `${data.metric.name}, ${data.metric.better} is better; graded on ${t.folds} ${t.folds === 1 ? "fold" : "folds"}`),
            terms([
              ["State", tag(t.mark, t.verdict === "–" ? t.state : t.verdict)],
              ["Rank", data.rank],
              ["Made by", `${t.operator}${t.counts ? "" : ", not ranked"}`],
              ["From", data.parents.length > 0 && named(data.parents, ctx)],
              ["Led to", data.children.length > 0 && named(data.children.slice(0, 6), ctx)],
              [data.metric ? "Fold time" : "Time", t.wall_s ? t.wall_text : ""],
              ["Attempts", t.attempts > 1 && String(t.attempts)],
              ["Created", data.created.replace("T", " ").replace("Z", " UTC")],
            ])),
          data.plan && card("Plan", h("p", { class: "said pre" }, data.plan)),
          data.repairs.length > 0 && card("Mended", h("ul", { class: "plain" }, data.repairs.map((r) => h("li", {}, h("strong", {}, `attempt ${r.attempt}`), ` by ${r.by}: `, r.cause))))),
        h("div", {}, verdictCard(data, ctx), evidenceCard(data))),
      codeCard(data, ctx), logCard(data, ctx), questionsCard(data),
      card("Environment", terms([
        ["Isolation", [data.environment.tier, data.environment.sandbox].filter(Boolean).join(", ")],
        ["Versions", [data.environment.python && `Python ${data.environment.python}`, data.environment.assay && `Assay ${data.environment.assay}`].filter(Boolean).join(", ")],
        ["Seed", data.environment.seed === null ? "" : String(data.environment.seed)],
        ["Key", h("code", {}, data.environment.key)],
        ["Candidate", h("code", {}, data.environment.candidate)],
      ])));
  },
  ask: (ctx) => (ctx.query.log ? { log: ctx.query.log } : {}),
  keys: {
    j: (ctx) => step(ctx, ".steps a[title=j]"),
    k: (ctx) => step(ctx, ".steps a[title=k]"),
    p: (ctx) => step(ctx, "dd a.t"),
  },
};

function step(ctx, selector) {
  const found = document.querySelector(selector);
  if (found) ctx.go(found.getAttribute("href"));
}
