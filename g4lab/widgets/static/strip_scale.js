// The scale of a score: from 0, or alike on both sides of 0 where some values are negative. Colours with their ink.

const BLUE = { light: [27, 75, 158], dark: [122, 183, 255] };
const ORANGE = { light: [163, 71, 0], dark: [255, 176, 102] };

/** The ends of a score's scale. */
export function scoreRange(values) {
  let [low, high] = [0, 0];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low < 0) high = Math.max(high, -low);
  return { low: low < 0 ? -high : 0, high: high || 1, diverging: low < 0 };
}

/** Where a value lies on the scale, 0 to 1; null where there is none. */
export function scorePlace({ low, high }, value) {
  return Number.isNaN(value) ? null : (value - low) / (high - low);
}

/** The colour at a place, as "rgb(r g b)". */
export function scoreColor(range, place, palette) {
  if (!range.diverging) return palette.scale(place);
  const paper = numbers(palette.paper);
  const theme = brightness(paper) < 0.2 ? "dark" : "light";
  const end = (place < 0.5 ? BLUE : ORANGE)[theme];
  const share = Math.abs(2 * place - 1);
  return `rgb(${paper.map((c, i) => Math.round(c + share * (end[i] - c))).join(" ")})`;
}

/** Black or white, whichever reads better on a colour: one of them always has a contrast above 4.5. */
export function inkOn(color) {
  const light = brightness(numbers(color));
  return (light + 0.05) / 0.05 > 1.05 / (light + 0.05) ? "#000000" : "#ffffff";
}

function numbers(color) {
  return color.match(/[\d.]+/g).map(Number);
}

function brightness(rgb) {
  const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
