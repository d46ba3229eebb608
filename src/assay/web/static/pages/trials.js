import { h } from "../dom.js";

export const page = { render: (data) => h("pre", {}, JSON.stringify(data, null, 1).slice(0, 4000)) };
