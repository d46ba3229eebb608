// Parts that several pages share: differences, plots of gains, marks, and texts that others wrote.

import { h, s } from "./dom.js";

/** Returns words of a model, a candidate or a person: as text, marked as theirs. */
export const said = (text) => (text ? h("span", { class: "said" }, text) : null);

/** Returns a longer text that others wrote, with its line ends. */
export const words = (text) => (text ? h("div", { class: "words" }, text) : null);

/** Returns a part of a page that can be folded away; its key keeps it open while the page is drawn again. */
export const fold = (key, title, open, ...children) =>
  h("details", { class: "fold", "data-key": key, open: open || null }, h("summary", {}, title), ...children);

/** Returns a unified difference, its lines marked by sign and by colour. */
export function diff({ text, why, cut }) {
  if (!text) return h("p", { class: "faint" }, why ? `${why[0].toUpperCase()}${why.slice(1)}.` : "Nothing differs.");
  const kinds = { "+": "add", "-": "del", "@": "at" };
  const lines = text.split("\n").map((line) => {
    const head = line.startsWith("+++") || line.startsWith("---");
    const kind = head ? "head" : kinds[line[0]];
    return [kind ? h("span", { class: kind }, line) : line, "\n"];
  });
  return [h("pre", { class: "diff", tabindex: 0 }, lines), cut ? h("p", { class: "faint" }, "Cut here; the command shows all of it.") : null];
}

/** Returns how much a value is of a whole, as a bar with the words beside it. */
export function bar(share, text) {
  const part = Math.max(0, Math.min(1, share ?? 0));
  return h("span", { class: "bar" },
    s("svg", { width: 72, height: 8, "aria-hidden": "true" },
      s("rect", { class: "bar-rest", x: 0, y: 0, width: 72, height: 8, rx: 2 }),
      s("rect", { class: "bar-part", x: 0, y: 0, width: (72 * part).toFixed(1), height: 8, rx: 2 })),
    text);
}

/** Returns the gains of one over another, fold by fold, with the interval of their mean. */
export function gainsPlot(paired, width) {
  if (!paired.gains) return null;
  const rows = paired.gains.map((gain, i) => ({ name: paired.views[i], ...gain }));
  const left = Math.min(130, Math.max(52, ...rows.map((row) => row.name.length * 7.2)));
  const right = 92, step = 24, top = 8, plot = Math.max(120, width - left - right);
  const all = [0, ...rows.map((row) => row.value), paired.low?.value, paired.high?.value, paired.mean?.value, paired.floor?.value, paired.floor && -paired.floor.value]
    .filter((value) => Number.isFinite(value));
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  const x = (value) => left + (plot * (value - low + room)) / (high - low + 2 * room);
  const height = top + step * (rows.length + (paired.mean ? 1 : 0)) + 22;
  const parts = [];
  if (paired.floor) parts.push(s("rect", { class: "band", x: x(-paired.floor.value), y: top - 4, width: x(paired.floor.value) - x(-paired.floor.value), height: height - top - 18 }));
  parts.push(s("line", { class: "zero", x1: x(0), x2: x(0), y1: top - 4, y2: height - 22 }));
  rows.forEach((row, i) => {
    const y = top + step * i + step / 2;
    const kind = row.value > 0 ? "good" : row.value < 0 ? "bad" : "even";
    parts.push(s("text", { x: 0, y: y + 4 }, row.name), s("line", { class: `stem ${kind}`, x1: x(0), x2: x(row.value), y1: y, y2: y }));
    parts.push(row.value < 0 ? s("rect", { class: kind, x: x(row.value) - 4, y: y - 4, width: 8, height: 8 }) : s("circle", { class: kind, cx: x(row.value), cy: y, r: 4.5 }));
    parts.push(s("text", { class: "num", x: width - 2, y: y + 4 }, row.text));
  });
  if (paired.mean) {
    const y = top + step * rows.length + step / 2;
    parts.push(s("text", { class: "strong", x: 0, y: y + 4 }, "mean"), s("text", { class: "num strong", x: width - 2, y: y + 4 }, paired.mean.text.split(" ")[0]));
    if (Number.isFinite(paired.low?.value) && Number.isFinite(paired.high?.value))
      parts.push(s("line", { class: "interval", x1: x(paired.low.value), x2: x(paired.high.value), y1: y, y2: y }));
    parts.push(s("path", { class: "mean", d: `M${x(paired.mean.value)} ${y - 6}l6 6l-6 6l-6 -6z` }));
  }
  parts.push(s("text", { class: "axis", x: x(0) - 8, y: height - 6, "text-anchor": "end" }, "← worse"), s("text", { class: "axis", x: x(0) + 8, y: height - 6 }, "better →"));
  return s("svg", { class: "plot", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": paired.words }, parts);
}

/** Returns steps of a score over something that grows, with a mark for each step. */
export function stepPlot(steps, pick, end, width, { xTitle, yTitle, higher }) {
  const points = steps.filter((step) => Number.isFinite(pick(step)) && Number.isFinite(step.score.value));
  if (points.length < 2 && !(points.length && end > pick(points[0]))) return null;
  const height = 220, left = 64, right = 18, top = 14, bottom = 36;
  const most = Math.max(end || 0, ...points.map(pick)) || 1;
  const values = points.map((point) => point.score.value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = (high - low || Math.abs(high) * 0.01 || 1) * 0.12;
  const x = (value) => left + ((width - left - right) * value) / most;
  const y = (value) => top + ((height - top - bottom) * (high + room - value)) / (high - low + 2 * room);
  let path = `M${x(pick(points[0]))} ${y(points[0].score.value)}`;
  points.slice(1).forEach((point) => (path += `H${x(pick(point)).toFixed(1)}V${y(point.score.value).toFixed(1)}`));
  path += `H${x(most)}`;
  const best = points.reduce((a, b) => ((higher ? b.score.value > a.score.value : b.score.value < a.score.value) ? b : a));
  const marks = points.map((point) => [
    s("circle", { class: point.verdict === "real" ? "good" : "even", cx: x(pick(point)), cy: y(point.score.value), r: point.verdict === "real" ? 5 : 3.5 },
      s("title", {}, `#${point.trial} ${point.title}: ${point.score.text}`)),
    point === best || point === points[0] || point.verdict === "real" ? s("text", { x: Math.min(x(pick(point)) + 7, width - 34), y: y(point.score.value) + (higher ? 15 : -8) }, `#${point.trial}`) : null,
  ]);
  return s("svg", { class: "plot", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${yTitle} over ${xTitle}` },
    s("line", { class: "zero", x1: left, x2: width - right, y1: height - bottom, y2: height - bottom }),
    s("line", { class: "zero", x1: left, x2: left, y1: top, y2: height - bottom }),
    s("text", { class: "axis", x: left - 8, y: y(points[0].score.value) + 4, "text-anchor": "end" }, points[0].score.text),
    points.length > 1 && Math.abs(y(best.score.value) - y(points[0].score.value)) > 14 ? s("text", { class: "axis", x: left - 8, y: y(best.score.value) + 4, "text-anchor": "end" }, best.score.text) : null,
    s("text", { class: "axis", x: width - right, y: height - 8, "text-anchor": "end" }, `${xTitle} →`),
    s("text", { class: "axis", x: left, y: height - 8 }, "0"),
    s("path", { class: "steps", d: path }), marks);
}

let waiting = 0;
/** Has the page asked again soon, while something is worked out. */
export function again(ctx, state) {
  if (state !== "working" || waiting) return;
  waiting = setTimeout(() => {
    waiting = 0;
    ctx.refresh();
  }, 700);
}
