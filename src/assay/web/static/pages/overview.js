// Overview: the best, the way there, what is under way, the limits, the last verdicts.

import { card, duration, empty, h, tag, terms, trialLink } from "../dom.js";
import { bar, curve } from "../plot.js";
import { steer, tell } from "../source.js";

const NAMES = { time: "Time", trials: "Trials", money: "Money", tokens: "Tokens" };

function headline(data, ctx) {
  const best = data.best;
  const sealed = data.sealed;
  if (data.kind === "lab") return labHeadline(data.lab, ctx, data.searched);
  if (data.kind === "queue") return queueHeadline(data);
  if (!best) return empty("No score yet", data.now.life === "finished" || data.now.life === "dead" ? "No trial of this run has a valid score. The trials say why." : "The first one appears here as soon as a trial is graded.");
  const opened = sealed.state === "opened" && sealed.value;
  const better = data.metric ? `${data.metric.better} is better` : "";
  return [
    h("p", { class: "headline" },
      h("span", { class: "value" }, opened ? sealed.value : best.score_text), " ",
      h("span", { class: "aside" }, opened ? `95 % interval ${sealed.low} to ${sealed.high}` : best.spread_text)),
    h("p", { class: "faint" }, opened ? `${data.metric.name} on ${sealed.rows} sealed rows, ${better}` : `${data.metric.name} on search folds, ${better}`),
    terms([
      [opened ? "Opened for" : "Best", opened && sealed.trial !== best.number ? trialLink(sealed.trial, ctx) : [trialLink(best.number, ctx), " ", best.title]],
      opened && sealed.trial !== best.number ? ["Best search", [trialLink(best.number, ctx), " ", best.title]] : ["", ""],
      ["Verdict", tag(best.mark, best.verdict)],
      opened ? ["Search score", `${best.score_text} ${best.spread_text}`] : ["", ""],
      ["Baseline", data.baseline && [`${data.baseline.score_text} ${data.baseline.spread_text} `, trialLink(data.baseline.number, ctx), data.change && h("div", {}, data.change)]],
      ["Holdout", sealed.state === "sealed" ? "sealed until the end" : sealed.state === "none" ? "none" : opened ? "opened once" : ["opened, not graded: ", sealed.problems.join("; ")]],
      ["Noise", data.noise],
      ["Task", data.task],
      ["Search", data.searched],
      ["Tried", data.scored > 1 && `the best of ${data.scored.toLocaleString("en-US")} looks better than it is`],
    ]),
  ];
}

function labHeadline(lab, ctx, searched) {
  if (!lab?.best) return empty("No experiment has reported a score", "What experiments report of themselves appears here. Nothing of a lab is graded.");
  return [
    h("p", { class: "headline" }, h("span", { class: "value" }, lab.best.score_text), " ", lab.gain_text && h("span", { class: "aside" }, `${lab.gain_text} over the default`)),
    h("p", { class: "faint" }, `${lab.metric}, ${lab.better} is better; reported by the experiments, not graded`),
    terms([
      ["Best", [trialLink(lab.best.number, ctx), " ", lab.best.title]],
      ["Default", lab.default && [`${lab.default.score_text} `, trialLink(lab.default.number, ctx)]],
      ["Verdict", lab.verdict ? tag(lab.verdict) : lab.undefined],
      ["Paired", lab.low_text && `95 % interval ${lab.low_text} to ${lab.high_text}`],
      ["Search", searched],
      ["Tried", `${lab.experiments} experiments, ${lab.runs} runs`],
    ]),
  ];
}

function queueHeadline(data) {
  const marks = data.counts.marks;
  const done = marks.complete ?? 0;
  return [
    h("p", { class: "headline" }, h("span", { class: "value" }, String(done)), " ", h("span", { class: "aside" }, `of ${data.counts.trials} begun tasks done`)),
    h("p", { class: "faint" }, "A task is done with verified evidence; tasks have no score."),
  ];
}

/** Times that go on between two answers: `data-since` holds when they were zero, in milliseconds of this page. */
const ticking = (seconds, at) => h("time", { class: "tick", "data-since": String(at - seconds * 1000) }, duration(seconds));

function nowCard(now, at, ctx) {
  const life = h("p", {}, h("span", { class: `life ${now.life}` }, h("i", { "aria-hidden": "true" }), now.life), now.phase && now.life !== "finished" ? h("span", { class: "faint" }, ` · ${now.phase}`) : "");
  const lines = now.activities.map((a) =>
    h("li", {},
      h("div", {}, a.trial !== null ? trialLink(a.trial, ctx) : h("strong", {}, { model: "model call", data: "preparing data", grade: "grading" }[a.kind] ?? a.label), " ",
        h("span", {}, a.trial !== null ? a.label.replace(/^#\d+\s*/, "") : a.kind === "model" ? a.label : ""), " ",
        h("span", { class: "faint" }, ticking(a.age_s, at), a.limit_s !== null ? ` of ${duration(a.limit_s)}` : "", a.idle_s !== null ? [" · idle ", ticking(a.idle_s, at)] : ""),
        ctx.write && a.trial !== null && a.kind === "run" && [" ", h("button", { class: "quiet", "aria-label": `Skip #${a.trial}`, onclick: () => sure(`Skip #${a.trial}?`, "What runs of it ends; the run goes on with the next.", () => steer(ctx.run, "skip", a.trial)) }, "skip")]),
      a.title && h("div", { class: "faint cut" }, a.title)));
  const quiet = now.life === "finished" ? `Stopped by: ${now.stopped_by}. Last event ${now.ended.replace("T", " ").replace("Z", " UTC")}.` : now.reason;
  const ends = ctx.write && now.life !== "finished" && now.life !== "dead";
  return card("Now", life,
    lines.length || now.beat_s !== null ? h("ul", { class: "plain activities" }, lines.length ? lines : h("li", { class: "faint" }, quiet)) : h("p", { class: "faint" }, quiet),
    now.fix && h("p", {}, "Next: ", h("code", {}, now.fix)),
    now.beat_s !== null && h("p", { class: "faint small" }, "heartbeat ", ticking(now.beat_s, at), " ago", now.ends_s !== null ? ` · ends in ${duration(Math.max(0, now.ends_s))}` : ""),
    ends && h("p", {}, h("button", { onclick: () => sure("Finish up now?", "The search ends; then come the blend, the sealed check and the final fit. It cannot be taken back.", () => steer(ctx.run, "finish")) }, "Finish up")));
}

/** Asks before something is done that cannot be taken back, and says why it could not be done. */
function sure(title, words, act) {
  const said = h("p", { role: "status" }, words);
  const yes = h("button", { onclick: () => act().then(() => dialog.close(), (error) => (said.textContent = error.message ?? "It could not be asked.")) }, "Yes");
  const dialog = h("dialog", { class: "help", "aria-label": title }, h("h2", {}, title), said, h("p", { class: "chips" }, yes, h("button", { onclick: () => dialog.close() }, "No")));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function limitsCard(limits, live) {
  return card("Used", h("div", { class: "limits" }, limits.map((limit) =>
    h("div", {}, h("div", { class: "spread" }, h("span", { class: "faint" }, NAMES[limit.name]), h("span", {}, h("strong", {}, limit.used), limit.limit && h("span", { class: "faint" }, ` of ${limit.limit}`))),
      limit.share !== null ? bar(limit.share, NAMES[limit.name], { near: live && limit.share > 0.9 }) : ""))));
}

function tellCard(data, ctx) {
  if (ctx.bundle || data.now.life === "finished" || data.now.life === "dead") return "";
  if (!ctx.write) return card("Tell", h("p", { class: "faint" }, "This browser may look. To steer the run, use the owner's link, or: ", h("code", {}, 'assay tell "…"')));
  const said = h("p", { class: "faint small", id: "told", role: "status" }, data.told.length ? `Last: “${data.told.at(-1).text}”` : "The next question to a model shows it.");
  return card("Tell", h("form", {
    class: "tell",
    onsubmit: async (event) => {
      event.preventDefault();
      const form = event.currentTarget, field = form.elements.words, words = document.getElementById("told");
      if (!field.value.trim()) return field.focus();
      form.classList.add("busy");
      try {
        await tell(ctx.run, field.value);
        field.value = "";
        words.textContent = "Told. The next question will show it.";
      } catch (error) {
        words.textContent = error.message ?? "It could not be told.";
      }
      form.classList.remove("busy");
    },
  }, h("input", { name: "words", type: "text", maxlength: 4000, autocomplete: "off", placeholder: "prefer simpler models", "aria-label": "Words for the run" }), h("button", {}, "Send")), said);
}

function tally(counts, noun, ctx) {
  const order = ["real", "maybe", "noise", "baseline", "complete", "rejected", "failed", "stopped", "running", "waiting"];
  return h("p", { class: "tally" }, order.filter((mark) => counts.marks[mark]).map((mark) =>
    h("a", { href: ctx.link("trials", "", { mark }) }, h("strong", {}, counts.marks[mark].toLocaleString("en-US")), " ", mark)),
    counts.variants > 0 && h("span", { class: "faint" }, `and ${counts.variants.toLocaleString("en-US")} variants`));
}

function lastCard(data, ctx) {
  if (!data.last.length) return card("Last", empty("Nothing ended yet", ""));
  return card("Last", h("ol", { class: "plain last" }, data.last.map((row) =>
    h("li", { "data-key": `t${row.number}` }, trialLink(row.number, ctx), tag(row.mark, row.verdict), h("span", { class: "num" }, row.score_text === "–" ? "" : row.score_text), h("span", { class: "cut", title: row.reason || row.title }, row.reason && row.score === null ? row.reason : row.title)))));
}

/** Returns an answer whole: the points of the curve that are not new are those of the answer before. */
function whole(before, data) {
  if (!data.curve?.partial || !before?.curve) return data;
  const points = new Map(before.curve.points.map((point) => [point[3], point]));
  for (const point of data.curve.points) points.set(point[3], point);
  return { ...data, curve: { ...data.curve, points: [...points.values()].sort((a, b) => a[0] - b[0]) } };
}

export const page = {
  ask: (ctx, last) => (last?.curve && ctx.head ? { after: ctx.head.mark } : {}),
  merge: whole,
  render(data, ctx) {
    const at = performance.now();
    const width = ctx.width;
    const wide = width >= 900;
    const inner = (wide ? width - 352 - 16 : width) - 2 * 20.8;
    const plot = data.curve
      ? [h("div", { class: "plot-box" }, curve(data.curve, { width: Math.max(260, Math.floor(inner)), open: (n) => ctx.go(ctx.link("trial", String(n))), title: `${data.metric?.name ?? data.lab?.metric ?? "score"} over time` }),
        h("p", { class: "faint small pointed", "data-keep": true })),
        h("p", { class: "legend faint small" }, data.kind === "lab" ? "Each point is what a run reported of itself. Line: the best so far." : [h("span", { class: "sign real" }, "real"), h("span", { class: "sign maybe" }, "maybe"), h("span", { class: "sign noise" }, "noise"), h("span", { class: "sign baseline" }, "baseline"), h("span", { class: "sign line" }, "best so far, band: ± its standard error")])]
      : data.kind === "queue" ? "" : empty("Nothing scored yet", "The curve begins with the first graded trial.");
    const name = data.metric?.name ?? data.lab?.metric;
    return h("div", { class: "overview" },
      h("h1", { class: "unseen" }, `Overview of ${ctx.run}`),
      h("div", { class: "side" }, card(data.now.life === "finished" ? "Result" : "Best", headline(data, ctx)), nowCard(data.now, at, ctx), limitsCard(data.limits, data.now.life !== "finished"), tellCard(data, ctx)),
      h("div", { class: "wide" },
        data.remarks.length > 0 && h("div", { class: "remarks" }, data.remarks.slice(-2).map((remark) => h("p", {}, h("code", {}, remark.code), " ", remark.text))),
        plot && card(name ? `${name} over time` : "Score over time", plot, tally(data.counts, "trial", ctx)),
        !plot && card("Tasks", tally(data.counts, "task", ctx)),
        lastCard(data, ctx)));
  },
};

setInterval(() => {
  for (const node of document.querySelectorAll("time.tick")) node.textContent = duration((performance.now() - Number(node.dataset.since)) / 1000);
}, 1000);
