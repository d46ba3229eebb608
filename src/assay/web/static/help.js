// Help: the keys of the dashboard.

import { h } from "./dom.js";

const KEYS = [
  ["1 … 9", "the pages of a run"],
  ["u", "up: from a trial to all trials, from a run to all runs"],
  ["j, k", "the next, the one before: in a list, or of trials"],
  ["Enter", "opens what is selected"],
  ["d", "in the tree: shows or hides what was discarded"],
  ["/", "in the table: search"],
  ["x", "in the table: takes all filters back"],
  ["p", "on a trial: to the one that it came from"],
  ["?", "this list"],
];

/** Shows the keys, or takes them away. */
export function help() {
  const known = document.querySelector("dialog.help");
  if (known) return known.close();
  const dialog = h("dialog", { class: "help", "aria-label": "Keys", onclick: () => dialog.close() },
    h("h2", {}, "Keys"), h("dl", {}, KEYS.map(([key, words]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, words)])));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
