// Report: as it would be now, in a frame that runs no script.

import { card, empty, h } from "../dom.js";
import { again } from "../parts.js";

export const page = {
  ask: (ctx) => ctx.query,
  render(data, ctx) {
    const title = h("h1", {}, "Report");
    if (data.kind === "none") return [title, card("", empty("Nothing to tell yet", "The report stands here as soon as the first cycle has begun.", "assay status"))];
    if (data.kind === "text") return [title, h("p", { class: "faint" }, "Code tasks have no scores: this is the summary that is handed off, as it would be now. ", h("code", {}, `assay report ${ctx.run}`), " writes it."), card("", h("pre", { class: "text" }, data.text))];
    again(ctx, data.state);
    if (data.state === "failed") return [title, card("", empty("The report could not be made", data.why, `assay report ${ctx.run}`))];
    const behind = data.events - data.at;
    const head = h("p", { class: "faint" },
      data.finished ? "As the run ended. " : data.live ? "A live draft: the run goes on. " : "The run did not end by itself; this is what there is. ",
      behind > 0 ? `${behind.toLocaleString("en")} event${behind === 1 ? " has" : "s have"} come since. ` : "",
      behind > 0 && !ctx.bundle ? h("button", { class: "quiet", onclick: () => ctx.get("report", { anew: "1" }).then(() => ctx.refresh()) }, "Make it again") : null,
      ctx.bundle ? null : [" ", h("a", { href: `/files/${encodeURIComponent(ctx.run)}/report/?at=${data.at}`, target: "_blank", rel: "noopener" }, "open alone"), " · on the disk with ", h("code", {}, `assay report ${ctx.run}`)]);
    if (data.state === "working") return [title, head, h("p", { class: "loading" }, "Drawing the plots …")];
    const frame = data.html
      ? h("iframe", { class: "report", sandbox: "", title: "The report", srcdoc: data.html })
      : h("iframe", { class: "report", sandbox: "", title: "The report", src: `/files/${encodeURIComponent(ctx.run)}/report/?at=${data.at}` });
    return [title, head, frame];
  },
};
