// The frame around the pages: addresses, loading, the live stream, keys.

import { address, parse, turnTo } from "./address.js";
import { card, empty, failure, h, morph } from "./dom.js";
import { help } from "./help.js";
import { follow, get, isBundle, keyOf } from "./source.js";

const NAV = [
  ["overview", "Overview"],
  ["tree", "Tree"],
  ["trials", "Trials"],
  ["compare", "Compare"],
  ["data", "Data"],
  ["cost", "Cost"],
  ["agents", "Agents"],
  ["files", "Files"],
  ["report", "Report"],
];
const EVERY_MS = 1000;
const [main, nav, state, runName] = ["main", "nav", "state", "run-name"].map((id) => document.getElementById(id));

let place = null; // where we are
let view = null; // what shows it
let stop = () => {};
let following = "";
let timer = 0;
let dirty = false;
let busy = 0; // the turn whose answer is awaited
let lasted = 0;
let turn = 0;

function contextOf(at) {
  return {
    ...at,
    write: false,
    head: null,
    bundle: isBundle,
    get width() {
      return main.clientWidth;
    },
    link: (page, rest = "", query = {}) => address(at.run, page, rest, query),
    go: (href) => (location.hash = href),
    get: (page, query = {}, rest = "") => get(keyOf(at.run, page, rest, query)),
    set(query) {
      at.query = this.query = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ""));
      history.replaceState(history.state, "", address(at.run, at.page, at.rest, this.query));
    },
    refresh: () => refresh(),
    redraw: () => view?.redraw?.(),
  };
}

async function open() {
  const mine = ++turn;
  const at = parse(location.hash);
  const before = turnTo(view?.keep?.());
  view?.close?.();
  view = null;
  const head = place?.run === at.run ? place.head : null;
  place = contextOf(at);
  place.head = head;
  main.classList.add("leaving");
  delete main.dataset.shown;
  frame();
  const here = nav.querySelector("[aria-current]"); // on a phone not all pages have room
  if (here) nav.scrollLeft = here.offsetLeft - nav.offsetLeft - (nav.clientWidth - here.offsetWidth) / 2;
  let page;
  try {
    if (!/^[a-z]+$/.test(at.page)) throw new Error("no such page");
    page = (await import(`./pages/${at.page}.js`)).page;
  } catch {
    if (mine !== turn) return;
    show(empty("There is no such page", "The address names a page that the dashboard does not have."));
    main.classList.remove("leaving");
    return;
  }
  if (mine !== turn) return;
  view = page.mount ? page.mount(fresh(), place) : rendered(page, place);
  view.keys = page.keys ?? {};
  await refresh();
  if (mine !== turn) return;
  view?.restore?.(before.list);
  window.scrollTo(0, before.top);
}

function fresh() {
  main.replaceChildren(h("p", { class: "loading" }, "Reading the journal …"));
  return main;
}

function rendered(page, ctx) {
  let last = null;
  const draw = () => {
    if (last !== null) show(page.render(last, ctx));
  };
  return {
    update(data) {
      last = page.merge ? page.merge(last, data) : data;
      draw();
    },
    redraw: draw,
    ask: () => page.ask?.(ctx, last) ?? {},
    key: (event) => page.keys?.[event.key]?.(ctx, event),
  };
}

function show(node) {
  const wrapped = h("div", { class: "page", "data-key": `${place.run}/${place.page}/${place.rest}` }, node);
  if (main.firstElementChild?.hasAttribute("data-key")) morph(main.firstElementChild, wrapped);
  else main.replaceChildren(wrapped);
}

/** Shows an error in the place of the page; what comes next opens the page anew. */
function fail(error) {
  view = { broken: true };
  show(card("", failure(error)));
  shown();
}

/** Says in the document which page is in sight, for those who drive it. */
function shown() {
  main.dataset.shown = [place.run, place.page, place.rest].filter(Boolean).join("/");
}

async function refresh() {
  if (view?.broken) return open();
  if (busy === turn) {
    dirty = true;
    return;
  }
  const mine = turn;
  busy = mine;
  dirty = false;
  const began = performance.now();
  try {
    const key = place.page === "runs" ? "runs" : keyOf(place.run, place.page, place.rest, view?.ask?.() ?? {});
    const answer = await get(key);
    if (mine !== turn) return;
    place.write = answer.write === true;
    place.head = answer.run ?? null;
    frame();
    view.update(answer.data);
    shown();
    live();
  } catch (error) {
    if (mine !== turn) return;
    if (error instanceof Error) console.error(error);
    if (error.lost && main.querySelector(".page")) status("lost", "not connected");
    else fail(error instanceof Error ? { message: "this page could not be shown" } : error);
  } finally {
    if (busy === mine) busy = 0;
    lasted = performance.now() - began;
    if (mine === turn) main.classList.remove("leaving");
    if (mine === turn && dirty) later();
  }
}

/** Asks again soon; at most once a second, and never for more than a tenth of the time. */
function later() {
  dirty = true;
  if (timer) return;
  timer = setTimeout(() => {
    timer = 0;
    if (dirty && !document.hidden) refresh();
  }, Math.max(EVERY_MS, 10 * lasted));
}

function live() {
  if (place.page === "runs") {
    stop();
    following = "";
    if (!isBundle) setTimeout(() => place.page === "runs" && later(), 4000);
    return;
  }
  if (following === place.run || document.hidden) return;
  stop();
  following = place.run;
  stop = follow(place.run, place.head.at, {
    journal: later,
    life: later,
    replaced: later,
    pulse: () => place.page === "overview" && later(), // nothing else shows what is under way
    open: () => place.head && frame(),
    lost: () => status("lost", "not connected"),
    gone: (error) => {
      following = "";
      fail(error);
      status("lost", "gone");
    },
  });
}

function frame() {
  const { run, page, head } = place;
  document.title = run ? `${run} · Assay` : "Assay";
  document.body.classList.toggle("in-run", Boolean(run));
  morph(runName.firstChild ?? runName.appendChild(document.createTextNode("")), document.createTextNode(run));
  const links = run ? NAV.map(([name, title]) => h("a", { href: address(run, name), "aria-current": name === page || (page === "trial" && name === "trials") ? "page" : null }, title)) : [];
  morph(nav, h("nav", { id: "nav", "aria-label": "Pages of this run" }, links));
  if (!run) status("", "");
  else if (isBundle) status("finished", "bundle");
  else if (head) status(head.life, head.life);
  else status("", "");
}

function status(kind, words) {
  morph(state, h("span", { id: "state", role: "status", class: kind }, words && h("i", { "aria-hidden": "true" }), words));
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  const number = Number(event.key);
  if (place?.run && number >= 1 && number <= NAV.length) location.hash = address(place.run, NAV[number - 1][0]);
  else if (event.key === "u" && place?.run) location.hash = place.page === "trial" ? address(place.run, "trials") : "#/";
  else if (event.key === "?") help();
  else view?.key?.(event);
}

document.getElementById("help").onclick = help;
addEventListener("hashchange", open);
addEventListener("keydown", pressed);
addEventListener("resize", () => view?.redraw?.());
// Browsers keep few connections to one host: a tab that nobody sees gives its own back, and asks anew when it is seen.
document.addEventListener("visibilitychange", () => {
  if (isBundle || !place) return;
  if (document.hidden) {
    stop();
    following = "";
  } else refresh();
});
open();
