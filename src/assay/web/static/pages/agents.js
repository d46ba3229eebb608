// Agents: who decided what.

import { card, empty, h, table, tag, terms, trialLink } from "../dom.js";
import { fold, said, words } from "../parts.js";

function cycle(one) {
  const what = one.action === "run" ? `${one.category}: ${one.label || "an experiment"}` : one.action;
  const mentor = one.challenged ? "challenged" : one.reviewed ? "reviewed" : "";
  const head = [h("span", { class: "mono" }, `C${String(one.number).padStart(4, "0")}`), " ", said(what), h("span", { class: "faint" }, ` by the ${one.source}`), mentor ? [" ", tag(mentor)] : null, one.refused.length ? [" ", tag("refused")] : null];
  return fold(`cycle-${one.number}`, head, false,
    terms([
      ["why", words(one.rationale)],
      ["command", one.command ? h("code", {}, one.command) : null],
      ["what came of it", said(one.outcome)],
      ["refused", one.refused.length ? h("ul", {}, one.refused.map((why) => h("li", {}, why))) : null],
      ["mentor asked because", one.reasons.join("; ")],
      ["mentor", one.recommendation ? `${one.trajectory}, ${one.recommendation}` : null],
      ["critique", words(one.critique)],
      ["questions", one.questions.length ? h("ul", {}, one.questions.map((text) => h("li", {}, said(text)))) : null],
      ["not followed", said(one.ignored)],
      ["calls that failed", one.failed_calls.length ? one.failed_calls.join("; ") : null],
    ]));
}

function lab(data) {
  const l = data.lab;
  if (!l.cycles.length) return card("", empty("No cycle has ended yet", "Each decision of the worker, and each review of the mentor, stands here when its cycle has ended.", "assay status"));
  const open = l.todo.filter((item) => !item.done), done = l.todo.filter((item) => item.done);
  const line = (item) => h("li", { class: item.done ? "done" : "" }, h("span", { "aria-hidden": "true" }, item.done ? "☑ " : "☐ "), said(item.text), h("span", { class: "faint" }, ` ${item.by}, ${item.id}${item.note ? `, ${item.note}` : ""}`));
  const c = l.counts;
  return [
    l.missing ? h("p", { class: "warning" }, l.missing) : null,
    h("div", { class: "wide-narrow" },
      card("Decisions, the latest first", h("p", { class: "faint" }, `${c.cycles.text}, ${c.reviewed.text}, ${c.challenges.text} of the mentor; ${c.by_mentor.value} carried out as the mentor had it.`), h("div", { class: "folds" }, l.cycles.map(cycle))),
      h("div", {},
        card("To do, shared", open.length || done.length ? [h("ul", { class: "todo" }, open.map(line)), done.length ? fold("todo-done", `${done.length} settled`, false, h("ul", { class: "todo" }, done.map(line))) : null] : empty("Nothing is open", "Worker and mentor both add to this list.")),
        card("Workpad", l.workpad.trim() ? h("pre", { class: "text" }, l.workpad) : empty("Empty", "Notes that the worker carries from cycle to cycle.")),
        card("The mentor’s notes", l.mentor_notes.trim() ? h("pre", { class: "text" }, l.mentor_notes) : empty("Empty", "The mentor has not been asked yet.")))),
    card("Storyline", h("ol", { class: "story" }, l.storyline.map((text) => h("li", {}, said(text))))),
  ];
}

function rounds(data, ctx) {
  if (!data.rounds.length) return card("Rounds", empty("No round has ended yet", "Each critique of the notebook and what came of it stands here.", "assay status"));
  return card("Rounds, the latest first", h("div", { class: "folds" }, data.rounds.map((one, i) =>
    fold(`round-${one.name}`, [one.name, " ", tag(one.verdict.toLowerCase()), " ", said(one.title)], i === 0,
      terms([
        ["trial", one.trial === null ? null : trialLink(one.trial, ctx)], ["critique", words(one.critique)], ["looking back", words(one.reflection)],
        ["aim", said(one.focus)], ["plan", words(one.strategy)], ["went wrong", said(one.problem)],
      ])))));
}

function reviews(data, ctx) {
  if (!data.reviews.length) return card("Reviews", empty("No review yet", "What reviewers say of a task before its code runs, and of its results, stands here.", "assay tasks status"));
  return card("Reviews", table([{ title: "task" }, { title: "when" }, { title: "reviewer" }, { title: "verdict" }, { title: "why" }],
    data.reviews.map((one) => [[trialLink(one.trial, ctx), " ", said(one.title)], `${one.point}, attempt ${one.attempt}`, said(one.reviewer), tag(one.verdict),
      [words(one.reason), one.critical.length ? h("div", {}, h("strong", {}, "critical: "), said(one.critical.join("; "))) : null, one.warnings.length ? h("div", { class: "faint" }, said(one.warnings.join("; "))) : null]])));
}

function people(data) {
  return card("What people said", data.people.length
    ? h("ul", { class: "people" }, data.people.map((one) => h("li", {}, h("span", { class: "faint" }, `${one.at.text} ${one.what} `), words(one.text))))
    : empty("Nobody has said anything", "Words that you send reach every later question.", "assay tell \"prefer simpler models\""));
}

function asked(data) {
  if (!data.asked) return card("Who was asked", empty("Nobody was asked", "Roles and their questions stand here as soon as a model, or the playbook, has been asked."));
  return [
    card("Who was asked", table([{ title: "role" }, { title: "questions", right: true }, { title: "without an answer", right: true }, { title: "waited", right: true }],
      data.roles.map((one) => [one.name, String(one.questions.value), one.failed ? String(one.failed) : "–", one.waiting.text]))),
    fold("questions", `The last ${data.questions.length} of ${data.asked.toLocaleString("en")} questions`, false,
      table([{ title: "time (UTC)" }, { title: "role" }, { title: "for" }, { title: "answered by" }, { title: "took", right: true }, { title: "tokens", right: true }, { title: "money", right: true }, { title: "" }],
        data.questions.map((one) => [one.at.text, one.role, h("code", {}, one.key), said(one.by) ?? "–", one.took.text, one.tokens.text, one.money.text, [tag(one.state), one.searched ? [" ", tag("web")] : null, one.error ? [" ", said(one.error)] : null]]))),
  ];
}

export const page = {
  render(data, ctx) {
    const none = !data.lab && !data.reviews && !data.rounds;
    return [
      h("h1", {}, "Agents"),
      data.lab ? lab(data) : null, data.rounds ? rounds(data, ctx) : null, data.reviews ? reviews(data, ctx) : null,
      none ? h("p", { class: "faint" }, "A search asks roles for ideas; Assay alone decides what counts. The agents of a lab, who decide, would stand here.") : null,
      asked(data), people(data),
    ];
  },
};
