// The host's colours, and the scale that runs from its background to its ink.

// cividis, which reads the same with and without colour vision: dark to light
const CIVIDIS = ["#00224e", "#1c3a6b", "#434e6c", "#61656f", "#7d7c78", "#9c9576", "#bcae6c", "#dfc95a", "#fee838"];
const NAMED = ["soft", "line", "band", "accent", "warn"];
const THEME_ATTRIBUTES = ["class", "style", "data-jp-theme-light", "data-theme", "data-vscode-theme-kind"];
const THEME_QUERIES = ["(prefers-color-scheme: dark)", "(forced-colors: active)"];

/** The colours that `element` has now, as [r, g, b], and the sequential scale between them. */
export function readPalette(element) {
  const computed = getComputedStyle(element);
  const paper = resolve(computed.backgroundColor);
  const ink = resolve(computed.color, paper);
  const dark = luminance(paper) < luminance(ink);
  const forced = matchMedia("(forced-colors: active)").matches;
  element.dataset.g4Theme = dark ? "dark" : "light"; // the style sheet chooses accents by it
  const probe = document.createElement("i");
  element.append(probe);
  const named = (color) => {
    probe.style.color = color;
    return css(resolve(getComputedStyle(probe).color, paper));
  };
  const mixed = (share) => css(paper.map((c, i) => c + share * (ink[i] - c)));
  // forced colours know no tints, so the canvas mixes its own from the two that it is given
  const colors = forced
    ? { soft: css(ink), line: mixed(0.4), band: mixed(0.25), accent: named("Highlight"), warn: css(ink) }
    : Object.fromEntries(NAMED.map((name) => [name, named(`var(--g4-${name})`)]));
  probe.remove();
  return { ...colors, paper: css(paper), ink: css(ink), scale: sequentialScale(paper, ink, dark, forced) };
}

/** A function from 0..1 to a colour: the background at 0, so that nothing is quiet, and the far end of cividis at 1. */
export function sequentialScale(paper, ink, dark, forced = false) {
  const middle = dark ? CIVIDIS : CIVIDIS.toReversed();
  const stops = forced ? [paper, ink] : [paper, ...middle.map(fromHex)];
  return (value) => {
    const place = Math.min(Math.max(value, 0), 1) * (stops.length - 1);
    const low = Math.min(Math.floor(place), stops.length - 2);
    return css(stops[low].map((c, i) => c + (place - low) * (stops[low + 1][i] - c)));
  };
}

/** Relative luminance of [r, g, b], 0 to 1. */
export function luminance([r, g, b]) {
  const linear = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

/** Call `changed` whenever the host may have switched its theme; returns what stops it. */
export function watchTheme(changed) {
  // A host may set its attribute before the new style sheet has arrived, so look again a little later.
  let timers = [];
  const soon = () => {
    timers.forEach(clearTimeout);
    timers = [0, 120, 500].map((delay) => setTimeout(changed, delay));
  };
  const observer = new MutationObserver(soon);
  const options = { attributes: true, attributeFilter: THEME_ATTRIBUTES };
  [document.documentElement, document.body].forEach((element) => observer.observe(element, options));
  const queries = THEME_QUERIES.map((query) => matchMedia(query));
  queries.forEach((query) => query.addEventListener("change", soon));
  return () => {
    observer.disconnect();
    timers.forEach(clearTimeout);
    queries.forEach((query) => query.removeEventListener("change", soon));
  };
}

// Any CSS colour as [r, g, b], laid over a background where it is translucent: drawing it is what reads every notation.
function resolve(color, over = [255, 255, 255]) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  for (const fill of [css(over), color]) {
    context.fillStyle = fill;
    context.fillRect(0, 0, 1, 1);
  }
  return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

function fromHex(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

function css(rgb) {
  return `rgb(${rgb.map(Math.round).join(" ")})`;
}
