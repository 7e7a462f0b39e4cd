// The key of a sequential scale: its two ends with their numbers.
import { h } from "./dom.js";

const KEY_STEPS = 16;

/** The scale from `low` to `high` as it is painted now. */
export function scaleKey(palette, low, high) {
  const bar = h("span", { class: "g4-scale", "aria-hidden": "true" });
  const colors = Array.from({ length: KEY_STEPS + 1 }, (_, i) => palette.scale(i / KEY_STEPS));
  bar.style.background = `linear-gradient(to right, ${colors.join(", ")})`;
  return h("span", { class: "g4-key" }, h("span", {}, low), bar, h("span", {}, high));
}
