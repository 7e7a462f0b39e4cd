// The legend of RoutingExplorer: the ends of the scale with their numbers, and the marks of chance.
import { h } from "./dom.js";

const STEPS = 16;

/** The legend; `show` is called with what the picture shows. */
export function routingLegend() {
  const element = h("div", { class: "g4-legend" });
  return {
    element,
    show(content, state, palette) {
      const { name, high } = scaleOf(content, state);
      const bar = h("span", { class: "g4-scale" });
      const colors = Array.from({ length: STEPS + 1 }, (_, i) => palette.scale(i / STEPS));
      bar.style.background = `linear-gradient(to right, ${colors.join(", ")})`;
      element.replaceChildren(
        key(h("span", {}, `${name} 0`), bar, h("span", {}, high)),
        key(h("i", { class: "g4-dash" }), h("span", {}, state.slice === "all" ? "chance" : "no preference at all")),
        key(h("i", { class: "g4-grey" }), h("span", {}, `chance keeps all ${content.experts} experts here, 99 times of 100`)),
      );
      element.lastChild.hidden = state.slice !== "all";
      // a narrow frame has no column of entropies
      element.children[1].classList.toggle("g4-wide-only", state.slice !== "all");
    },
  };
}

/** What the scale measures and the number at its end. */
export function scaleOf(content, { show, slice, token, run }) {
  if (show === "entropy") return { name: "entropy", high: `${Number(Math.log2(content.experts).toFixed(2))} bits` };
  const noun = show === "prob" ? "probability" : "weight";
  const { top } = content.runs[run];
  const mean = slice === "all" && token === null;
  const most = mean ? top[noun === "weight" ? "meanWeight" : "meanProbability"] : top[noun];
  return { name: mean ? `mean ${noun}` : noun, high: most.toPrecision(3) };
}

function key(...parts) {
  return h("span", { class: "g4-key" }, ...parts);
}
