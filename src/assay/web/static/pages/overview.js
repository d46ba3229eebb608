// Overview: the best, the way there, what is under way, the limits, the last verdicts.

import { card, empty, h, tag, terms, trialLink } from "../dom.js";

export const page = {
  render(data, ctx) {
    const best = data.best;
    return [
      card("Best", best ? terms([["Score", `${best.score_text} ${best.spread_text}`], ["Trial", trialLink(best.number, ctx)], ["Verdict", tag(best.mark, best.verdict)]]) : empty("No score yet", "")),
      card("Now", h("p", {}, data.now.life, " · ", data.now.reason)),
      card("Last", h("ul", {}, data.last.map((row) => h("li", {}, trialLink(row.number, ctx), " ", tag(row.mark, row.verdict), " ", row.title)))),
    ];
  },
};
