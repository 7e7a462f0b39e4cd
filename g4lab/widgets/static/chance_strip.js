// A bar for each expert, at its place, on its own band of chance and beside its own line of chance.
import { h, sizedContext } from "./dom.js";
import { writeLabel } from "./layer_grid.js";

const STRIP = { height: 76, top: 4, base: 58, left: 44, least: 3, most: 20 };

/** Sizes of a strip of `count` bars in a frame of a given width. */
export function stripLayout(width, count) {
  const room = Math.max(width - STRIP.left - 4, STRIP.least * count);
  const pitch = Math.min(STRIP.most, Math.max(STRIP.least, Math.floor(room / count)));
  return { ...STRIP, pitch, width: STRIP.left + pitch * count + 4 };
}

/** The place at a point, or null. */
export function stripAt(g, count, x) {
  const place = Math.floor((x - g.left) / g.pitch);
  return place >= 0 && place < count ? place : null;
}

/** The strip; hover(place or null, event) and pick(place) hear of the pointer. */
export function chanceStrip({ hover, pick }) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const element = h("div", { class: "g4-scrolled g4-strip-frame" }, canvas);
  let g = null;
  let count = 0;
  const place = (event) => (g ? stripAt(g, count, event.clientX - canvas.getBoundingClientRect().left) : null);
  canvas.addEventListener("pointermove", (event) => hover(place(event), event));
  canvas.addEventListener("pointerleave", () => hover(null));
  canvas.addEventListener("click", (event) => place(event) !== null && pick(place(event)));

  return {
    element,
    /** bars: { value, expected, low, high, name, skip, chosen } in order; `firm` says that a claim is allowed. */
    show({ bars, most, firm, top }, palette) {
      count = bars.length;
      g = stripLayout(element.clientWidth, count);
      const context = sizedContext(canvas, g.width, g.height);
      context.fillStyle = palette.paper;
      context.fillRect(0, 0, g.width, g.height);
      const y = (value) => g.base - (value / (most || 1)) * (g.base - g.top);
      writeLabel(context, top, g.left - 6, g.top + 6, palette.soft, { size: 11, align: "right" });
      writeLabel(context, "0", g.left - 6, g.base - 4, palette.soft, { size: 11, align: "right" });
      bars.forEach((bar, at) => paintChanceBar(context, bar, g.left + at * g.pitch, y, { g, firm, palette }));
      const step = [1, 2, 4, 8, 16, 32, 64].find((n) => n * g.pitch >= 26) ?? 128;
      bars.forEach(({ name }, at) => at % step === 0 && writeLabel(context, String(name), g.left + (at + 0.5) * g.pitch, g.base + 10, palette.soft, { size: 11, align: "center" }));
    },
  };
}

function paintChanceBar(context, { value, expected, low, high, skip, chosen }, x, y, { g, firm, palette }) {
  const width = Math.max(1, g.pitch - 1);
  if (skip) {
    context.fillStyle = palette.line;
    context.fillRect(x, y(0) - 2, width, 2);
    return;
  }
  if (firm && high !== null) {
    context.fillStyle = palette.band;
    context.fillRect(x, y(high), g.pitch, y(low) - y(high));
  }
  context.fillStyle = context.strokeStyle = chosen ? palette.accent : palette.ink;
  context.lineWidth = 1;
  const inset = g.pitch > 5 ? 1 : 0;
  // a bar that allows no claim is hollow
  if (firm || g.pitch < 5) context.fillRect(x + inset, y(value), width - inset, y(0) - y(value));
  else context.strokeRect(x + inset + 0.5, y(value) + 0.5, Math.max(1, width - inset - 1), y(0) - y(value));
  context.fillStyle = palette.warn;
  if (Number.isFinite(expected)) context.fillRect(x, Math.round(y(expected)), g.pitch > 5 ? g.pitch - 2 : g.pitch, 1.5);
}
