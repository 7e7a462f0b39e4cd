// The table twin of the grid: for each layer the experts of the token in question, or the most used ones.
import { expertOrder } from "./routing_data.js";
import { quoted } from "./token_rail.js";

/** What the table says: { caption, heads, rows }, the last layer first. */
export function routingTable(content, state) {
  const run = content.runs[state.run];
  const caption = state.token === null ? `The most used experts, ${content.null.tokens} tokens` : `Where ${quoted(content.tokens[state.token])} goes`;
  const heads = state.token === null ? ["layer", "expert", "tokens", "mean weight"] : ["layer", "expert", "weight", "entropy, bits"];
  const rows = content.layers.map((layer, l) =>
    state.token === null ? busiestRow(content, run, layer, l) : tokenRow(run, layer, l, state.token),
  );
  return { caption, heads, rows: rows.toReversed() };
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
  return [layer.index, experts.join(", "), numbers.join(", "), last];
}
