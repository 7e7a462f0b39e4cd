// The panel "Together": who is chosen with the selected expert, and the map of all pairs, beside independent choices.
import { chanceStrip } from "./chance_strip.js";
import { h } from "./dom.js";
import { foldedTable } from "./folded_table.js";
import { absence } from "./routing_details.js";
import { busiest, expertOrder } from "./routing_data.js";
import { pairLines, pairTable, readPairs, rowWords } from "./routing_pairs.js";
import { pairMap, pairStep } from "./routing_pair_map.js";
import { scaleKey } from "./scale_key.js";
import { floatingTip } from "./view_frame.js";

/** The panel; `pick(expert)` hears of the expert in question, whose row it is; the other one is the panel's own. */
export function togetherPanel(store, { pick }) {
  const words = h("p", { class: "g4-words" });
  const pair = h("p", { class: "g4-words g4-soft", "aria-live": "polite" });
  const legend = h("div", { class: "g4-legend" });
  const table = foldedTable("Pairs as a table");
  const frame = h("div", { class: "g4-frame g4-pairs" });
  const tip = floatingTip(frame);
  const element = h("div", { class: "g4-part" }, words, frame, legend, table.element);
  let seen = null; // what is on show: pairs, layer, order, and the expert in question
  let other = null;

  const tell = (i, j, event) => tip.show(pairLines(seen.pairs, seen.layer, i, j), event);
  const strip = chanceStrip({
    hover: (place, event) => (place === null ? tip.hide() : tell(seen.expert, seen.order[place], event)),
    pick: (place) => select(seen.expert, seen.order[place]),
  });
  const map = pairMap({
    hover: (place, event) => (place ? tell(seen.order[place.row], seen.order[place.column], event) : tip.hide()),
    pick: ({ row, column }) => select(seen.order[row], seen.order[column]),
    step: (key) => {
      const row = seen.order.indexOf(seen.expert);
      const to = pairStep(key, { row, column: other === null ? row : seen.order.indexOf(other) }, seen.order.length);
      if (to) select(seen.order[to.row], seen.order[to.column]);
      return to !== null;
    },
  });
  frame.prepend(map.element, h("div", { class: "g4-part g4-beside" }, strip.element, pair));

  function select(expert, next) {
    other = next;
    seen.expert = expert; // the next key may come before the next frame
    pick(expert);
  }

  return {
    element,
    shown: () => ({ partner: other }),
    show(content, state, palette) {
      const { index: layer } = content.layers[state.layer];
      const answer = store.want(content, "together", state.run, layer);
      const missing = answer.detail ? answer.detail.none : absence(content, store, "together", state.run, answer);
      frame.hidden = legend.hidden = table.element.hidden = Boolean(missing);
      if (missing) return void (words.textContent = missing);
      const run = content.runs[state.run];
      const pairs = seen?.detail === answer.detail ? seen.pairs : readPairs(answer.detail, content.experts);
      const expert = state.expert ?? busiest(content, run, state.layer);
      const order = expertOrder(content, run, state.layer, state.order);
      seen = { detail: answer.detail, pairs, layer, order, expert };
      words.textContent = `${rowWords(pairs, layer, expert)}${state.expert === null ? " (The busiest expert: click a row, or a cell of the grid, for another.)" : ""}`;
      pair.textContent = other === null ? "" : `${pairLines(pairs, layer, expert, other).slice(1).join(". ")}.`;
      const bars = order.map((j) => ({
        name: j, value: pairs.share(expert, j), expected: pairs.chance(expert, j), chosen: j === other, skip: j === expert,
        low: pairs.low(expert, j) / pairs.count(expert), high: pairs.high(expert, j) === null ? null : pairs.high(expert, j) / pairs.count(expert),
      }));
      const most = Math.max(...bars.filter(({ skip }) => !skip).flatMap(({ value, expected, high }) => [value, expected || 0, pairs.enough(expert) ? high : 0])) || 1;
      strip.show({ bars, most, firm: pairs.enough(expert), top: most.toPrecision(2) }, palette);
      const current = { row: order.indexOf(expert), column: order.indexOf(other ?? expert) };
      map.show(pairs, order, current, palette);
      legend.replaceChildren(
        scaleKey(palette, "P(column | row): 0", pairs.most.toPrecision(3)),
        legendKey(h("i", { class: "g4-dash" }), `chance: independent but for the loads; with even loads ${pairs.even.toPrecision(3)}`),
        legendKey(h("b", {}, "▪"), "above the band of chance"),
        legendKey(h("b", {}, "–"), "below it"),
        h("span", {}, `thin rows, hollow bars: under ${pairs.needed} tokens, no claim`),
      );
      table.set(() => pairTable(pairs, layer, expert));
    },
  };
}

function legendKey(...parts) {
  return h("span", { class: "g4-key" }, ...parts);
}
