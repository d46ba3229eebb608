// Plots, drawn by hand as SVG in the colours of the page.

import { h, s, duration } from "./dom.js";

const MARKS = ["rejected", "noise", "reported", "baseline", "maybe", "real"]; // the later lies above

/** Returns about `count` round values from `low` to `high`. */
export function ticks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10);
  const found = [];
  for (let v = Math.ceil(low / step) * step; v <= high + step * 1e-9; v += step) found.push(Math.abs(v) < step * 1e-9 ? 0 : v);
  return { values: found, decimals: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

function timeTicks(until, count) {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800];
  const step = steps.find((one) => until / one <= count) ?? steps.at(-1);
  const found = [];
  for (let v = 0; v <= until; v += step) found.push(v);
  return found;
}

const round = (v) => Math.round(v * 10) / 10;
const written = (v, decimals) => v.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).replace("-", "−");

function shape(mark, x, y, attributes) {
  if (mark === "baseline") return s("rect", { class: `dot ${mark}`, x: x - 4, y: y - 4, width: 8, height: 8, ...attributes });
  if (mark === "real") return s("circle", { class: `dot ${mark}`, cx: x, cy: y, r: 5, ...attributes });
  return s("circle", { class: `dot ${mark}`, cx: x, cy: y, r: 4.2, ...attributes });
}

/**
 * Returns score over time: each scored trial, the best so far with its standard error, the baseline, the kept ones named.
 * `open(number)` follows a trial; `title` names the plot for those who cannot see it.
 */
export function curve(data, { width, open, title }) {
  const narrow = width < 520;
  const [right, top, bottom] = [14, 16, 28];
  const height = narrow ? 210 : 280;
  const [low, high] = data.view;
  const grid = ticks(low, high, narrow ? 4 : 5);
  const left = 16 + 6.8 * Math.max(...grid.values.map((v) => written(v, grid.decimals).length));
  const until = data.points.reduce((most, p) => Math.max(most, p[0]), Math.max(data.until_s, 1e-9));
  const x = (t) => round(left + (t / until) * (width - left - right));
  const y = (v) => round(top + ((high - v) / (high - low)) * (height - top - bottom));
  const seen = (v) => v >= low && v <= high;
  const clampY = (v) => y(Math.max(low, Math.min(high, v)));

  const axes = s("g", { class: "axes" },
    grid.values.map((v) => [
      s("line", { x1: left, x2: width - right, y1: y(v), y2: y(v) }),
      s("text", { x: left - 8, y: y(v) + 4, "text-anchor": "end" }, written(v, grid.decimals)),
    ]),
    timeTicks(until, narrow ? 4 : 8).map((t) => s("text", { x: x(t), y: height - 8, "text-anchor": t === 0 ? "start" : "middle" }, t === 0 ? "0" : duration(t))));

  const steps = [...data.steps, [until, ...(data.steps.at(-1)?.slice(1) ?? [])]];
  let line = "", upper = "", lower = "";
  steps.forEach(([t, v, e], i) => {
    const lead = i ? "H" : "M";
    line += i ? `${lead}${x(t)}V${clampY(v)}` : `M${x(t)},${clampY(v)}`;
    upper += i ? `H${x(t)}V${clampY(v + e)}` : `M${x(t)},${clampY(v + e)}`;
  });
  for (let i = steps.length - 1; i >= 0; i--) {
    const [t, v, e] = steps[i];
    const before = steps[i - 1];
    lower += i === steps.length - 1 ? `L${x(t)},${clampY(v - e)}` : "";
    if (before) lower += `H${x(t)}V${clampY(before[1] - before[2])}H${x(before[0])}`;
  }

  const groups = new Map(MARKS.map((mark) => [mark, []]));
  for (const point of data.points) if (seen(point[1])) (groups.get(point[2]) ?? groups.get("noise")).push(point);
  const many = data.points.length > 400;
  const small = many ? 3 : 5;
  const dots = [...groups].map(([mark, points]) =>
    mark === "noise" || mark === "rejected" || (mark === "maybe" && many)
      ? s("path", { class: `cloud ${mark}`, "stroke-width": small, d: points.map((p) => `M${x(p[0])},${y(p[1])}h0`).join("") })
      : points.map((p) => shape(mark, x(p[0]), y(p[1]))));

  const named = new Map(data.labels.map((label) => [label.number, label.title]));
  const labels = [];
  let lastX = -99;
  for (const point of data.points) {
    if (!named.has(point[3]) || !seen(point[1]) || x(point[0]) - lastX < (narrow ? 40 : 54)) continue;
    lastX = x(point[0]);
    const above = data.rising ? -10 : 18;
    labels.push(s("text", { class: "label", x: Math.min(x(point[0]), width - right - 14), y: Math.max(12, Math.min(height - bottom - 4, y(point[1]) + above)), "text-anchor": "middle" }, `#${point[3]}`));
  }

  const base = data.baseline !== null && seen(data.baseline) && [
    s("line", { class: "base", x1: left, x2: width - right, y1: y(data.baseline), y2: y(data.baseline) }),
    s("text", { class: "base-label", x: width - right, y: y(data.baseline) + (data.rising ? 14 : -6), "text-anchor": "end" }, `baseline ${data.baseline_text}`),
  ];

  const nearest = (event) => {
    const frame = event.currentTarget.getBoundingClientRect();
    const px = ((event.clientX - frame.left) / frame.width) * width, py = ((event.clientY - frame.top) / frame.height) * height;
    let best = null, least = 30 * 30;
    for (const p of data.points) {
      const far = (x(p[0]) - px) ** 2 + (clampY(p[1]) - py) ** 2;
      if (far < least) [best, least] = [p, far];
    }
    return best;
  };
  const tell = (event) => {
    const p = nearest(event);
    const words = event.currentTarget.parentNode.querySelector(".pointed");
    event.currentTarget.classList.toggle("pointing", Boolean(p));
    if (words) words.textContent = p ? `#${p[3]} · ${written(p[1], data.decimals)} · ${p[2]} · ${duration(p[0])}` : "";
  };
  return s("svg", {
    class: "curve", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": title,
    onclick: (event) => { const p = nearest(event); if (p) open(p[3]); },
    onpointermove: tell,
    onpointerleave: (event) => { const words = event.currentTarget.parentNode.querySelector(".pointed"); if (words) words.textContent = ""; },
  }, axes, line && s("path", { class: "band", d: `${upper}${lower}Z` }), base, line && s("path", { class: "best", d: line }), dots, labels);
}

/** Returns a bar that shows a share of a limit. */
export const bar = (share, label, { near = false } = {}) =>
  h("div", { class: "used", role: "img", "aria-label": `${label}: ${Math.round(share * 100)} %` },
    s("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", width: "100%", height: 6, "aria-hidden": "true" },
      s("rect", { class: "whole", width: 100, height: 6 }), s("rect", { class: near ? "part near" : "part", width: round(share * 100), height: 6 })));

/** Returns gains of folds as bars around a middle line. */
export function gainBars(rows, { width = 220 } = {}) {
  const most = Math.max(...rows.map((row) => Math.abs(row.gain ?? 0)), 1e-12);
  const middle = width / 2;
  return rows.map((row) => {
    const long = round(((row.gain ?? 0) / most) * (middle - 4));
    return s("svg", { class: "gain", viewBox: `0 0 ${width} 14`, width, height: 14, "aria-hidden": "true" },
      s("line", { x1: middle, x2: middle, y1: 0, y2: 14 }),
      s("rect", { class: long < 0 ? "loss" : "won", x: long < 0 ? middle + long : middle, y: 3, width: Math.max(1, Math.abs(long)), height: 8 }));
  });
}
