// The panel "Statistics": every metric of one layer beside its null, and the load of each expert on its band.
import { chanceStrip } from "./chance_strip.js";
import { h } from "./dom.js";
import { measureTable, nullList } from "./measure_table.js";
import { tooSmall } from "./measure_words.js";
import { absence } from "./routing_details.js";
import { expertOrder } from "./routing_data.js";
import { loadWords, short } from "./routing_words.js";
import { floatingTip } from "./view_frame.js";

/** The panel; `pick(expert)` hears of a click on a bar. */
export function statisticsPanel(store, { pick }) {
  const words = h("p", { class: "g4-words" });
  const frame = h("div", { class: "g4-frame" });
  const tip = floatingTip(frame);
  const body = h("div", { class: "g4-part" });
  const element = h("div", { class: "g4-part" }, words, frame, body);
  let order = [];
  let shown = null;
  let listed = null;
  const strip = chanceStrip({
    hover: (place, event) => (place === null ? tip.hide() : tip.show(lines(order[place]), event)),
    pick: (place) => pick(order[place]),
  });
  frame.prepend(strip.element);
  const lines = (expert) => [`layer ${shown.layer} · expert ${expert}`, loadWords(shown.content, shown.run, shown.l, expert)];

  return {
    element,
    show(content, state, palette) {
      const { index: layer } = content.layers[state.layer];
      const run = content.runs[state.run];
      const answer = store.want(content, "statistics", state.run, layer);
      shown = { content, run, layer, l: state.layer };
      order = expertOrder(content, run, state.layer, state.order);
      frame.hidden = !answer.detail;
      if (!answer.detail) {
        words.textContent = absence(content, store, "statistics", state.run, answer);
        listed = null;
        return void body.replaceChildren();
      }
      const [load, ...rows] = answer.detail.rows;
      words.textContent = `Layer ${layer}${content.runs.after ? `, ${state.run} the change` : ""}. ${loadSentence(content, run, state.layer, load)}`;
      const { tokens, load: even, low, high } = content.null;
      const bars = order.map((e) => ({ name: e, value: run.count(state.layer, e), expected: tokens * even, low, high, chosen: e === state.expert }));
      const most = Math.max(high, ...bars.map(({ value }) => value));
      strip.show({ bars, most, firm: load.enough, top: String(most) }, palette);
      if (listed === answer.detail) return;
      listed = answer.detail;
      body.replaceChildren(measureTable(`Layer ${layer}: metrics of this prompt beside what their nulls give`, rows), nullList(answer.detail.rows));
    },
  };
}

/** The load of the experts in words: who is outside the band that holds all of them at once. */
export function loadSentence(content, run, l, load) {
  const { experts } = content;
  if (!load.enough) return `Load: ${tooSmall(load)}.`;
  const { tokens, load: even } = content.null;
  const outside = load.beyond.toSorted((a, b) => run.count(l, b) - run.count(l, a));
  const named = outside.slice(0, 6).map((e) => `${e} (x ${short(run.count(l, e) / (tokens * even))} of chance)`);
  const more = outside.length > named.length ? ` and ${outside.length - named.length} more` : "";
  const who = outside.length ? `: ${named.join(", ")}${more}` : "";
  return `${outside.length} of ${experts} experts lie outside the band that keeps all of them 99 times of 100${who}.`;
}
