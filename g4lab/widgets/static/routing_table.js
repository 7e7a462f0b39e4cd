// The table twin of the grid: for each layer the experts of the token in question, or the most used ones.
import { h } from "./dom.js";
import { expertOrder } from "./routing_data.js";
import { quoted } from "./token_rail.js";

/** A table that stays folded, and empty while it is folded. */
export function routingTable() {
  const body = h("div", { class: "g4-table" });
  const element = h("details", { class: "g4-details" }, h("summary", {}, "As a table"), body);
  let latest = null;
  const fill = () => {
    if (element.open && latest) body.replaceChildren(table(...latest));
  };
  element.addEventListener("toggle", fill);
  return {
    element,
    show(content, state) {
      latest = [content, state];
      fill();
    },
  };
}

function table(content, state) {
  const run = content.runs[state.run];
  const caption = state.token === null ? `The most used experts, ${content.null.tokens} tokens` : `Where ${quoted(content.tokens[state.token])} goes`;
  const heads = state.token === null ? ["layer", "expert", "tokens", "mean weight"] : ["layer", "expert", "weight", "entropy, bits"];
  const rows = content.layers.map((layer, l) =>
    state.token === null ? busiestRow(content, run, layer, l) : tokenRow(run, layer, l, state.token),
  );
  return h(
    "table",
    {},
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, ...rows.toReversed()),
  );
}

function busiestRow(content, run, layer, l) {
  const experts = expertOrder(content, run, l, "load").slice(0, 3);
  return tableRow(layer, experts, experts.map((e) => run.count(l, e)), experts.map((e) => run.meanWeight(l, e).toPrecision(3)).join(", "));
}

function tokenRow(run, layer, l, t) {
  const pairs = run.chosen(l, t);
  return tableRow(layer, pairs.map((p) => p.expert), pairs.map((p) => p.weight.toPrecision(4)), run.entropy(l, t).toFixed(2));
}

function tableRow(layer, experts, numbers, last) {
  return h("tr", {}, h("th", { scope: "row" }, String(layer.index)), ...[experts.join(", "), numbers.join(", "), last].map((text) => h("td", {}, String(text))));
}
