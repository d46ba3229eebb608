// Files: the run folder; text is shown as text.

import { card, empty, h, table } from "../dom.js";
import { diff } from "../parts.js";

const inside = (parts, count) => parts.slice(0, count).join("/");

function crumbs(data, ctx) {
  return h("nav", { class: "crumbs", "aria-label": "Folders" },
    [ctx.run, ...data.parts].map((name, i) => [i ? h("span", { class: "faint" }, " / ") : null,
      i === data.parts.length ? h("span", { "aria-current": "page" }, name) : h("a", { href: ctx.link("files", inside(data.parts, i)) }, name)]));
}

function folder(data, ctx) {
  const rows = data.entries.map((one) => [
    one.opens ? h("a", { class: "t", href: ctx.link("files", [...data.parts, one.name].join("/")) }, one.kind === "folder" ? `${one.name}/` : one.name) : h("span", { class: "faint" }, one.name, one.kind === "link" ? " (a link, not followed)" : ""),
    one.size.text, h("span", { class: "nowrap" }, one.changed.text), one.about ? h("span", { class: "faint note" }, one.about) : "",
  ]);
  const narrow = ctx.width < 560; // what it is stands below the name then
  const shown = narrow ? rows.map(([name, size, , about]) => [[name, about && h("div", {}, about)], size]) : rows;
  const columns = [{ title: "name" }, { title: "size", right: true }, ...(narrow ? [] : [{ title: "changed (UTC)" }, { title: "" }])];
  return card("",
    rows.length ? table(columns, shown, { label: "Files" }) : empty("This folder is empty", "Nothing has been written here yet."),
    data.left_out ? h("p", { class: "faint" }, `${data.left_out.toLocaleString("en")} more are not listed.`) : null,
    data.parts.length || ctx.bundle ? null : h("p", { class: "faint" }, "On the disk: ", h("code", {}, data.folder)));
}

const leftOut = (data) => (data.bundle ? card("What this bundle leaves out", h("ul", {}, data.bundle.map((text) => h("li", {}, text)))) : null);

/** Returns an image: from the server, or out of the bundle, which has it inline. */
function picture(data, ctx) {
  const image = h("img", { class: "shown", alt: data.name, src: ctx.bundle ? null : `/files/${encodeURIComponent(ctx.run)}/files/${data.parts.map(encodeURIComponent).join("/")}?as=image` });
  if (data.inline?.startsWith("data:image/")) image.setAttribute("src", data.inline);
  return image;
}

function file(data, ctx) {
  const raw = ctx.bundle ? null : h("a", { href: `/files/${encodeURIComponent(ctx.run)}/files/${data.parts.map(encodeURIComponent).join("/")}`, target: "_blank", rel: "noopener" }, "open alone");
  const about = h("p", { class: "faint" }, data.size.text, " · changed ", data.changed.text, raw ? [" · ", raw] : null);
  if (data.kind === "image")
    return card("", about, picture(data, ctx));
  if (data.kind === "binary") return card("", about, empty("This file is no text", "Open it in the run folder."));
  const other = data.end ? h("a", { href: ctx.link("files", data.path) }, "its beginning") : h("a", { href: ctx.link("files", data.path, { end: "1" }) }, "its end");
  return card("", about,
    data.cut ? h("p", { class: "warning" }, `${data.end ? "The end" : "The beginning"} of it, ${data.shown.text}. `, ctx.bundle ? null : ["See ", other, "."]) : null,
    data.diff ? diff(data) : data.text ? h("pre", { class: "text file", tabindex: 0 }, data.text) : empty("This file is empty", ""));
}

export const page = {
  ask: (ctx) => ({ ...ctx.query }),
  render: (data, ctx) => [h("h1", {}, "Files"), crumbs(data, ctx), data.kind === "folder" ? folder(data, ctx) : file(data, ctx), leftOut(data)],
};
