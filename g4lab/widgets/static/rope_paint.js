// Paints RopeDial: one dial a pair, the chosen pair at full size, and the dot product by distance.
import { angleAt, handEnd } from "./rope_math.js";

const FONT_OF_DIAL = "11px system-ui, sans-serif";
const MARGIN = { left: 34, right: 10, top: 8, bottom: 20 };

/** All pairs at one position: a hand that has turned, or for a pair that never turns a dashed ring and a dot. */
export function paintDials(context, g, frequencies, { position, pair }, palette) {
  frequencies.forEach((frequency, index) => {
    const [column, row] = [index % g.columns, Math.floor(index / g.columns)];
    const [x, y, radius] = [(column + 0.5) * g.size, (row + 0.5) * g.size, g.size / 2 - 3];
    const still = frequency === 0;
    ring(context, x, y, radius, still ? palette.soft : palette.line, still ? [2, 2] : []);
    if (still) dot(context, x, y, 1.5, palette.soft);
    else hand(context, x, y, radius, angleAt(position, frequency), palette.ink, 1.5);
    if (index !== pair) return;
    context.strokeStyle = palette.accent;
    context.lineWidth = 2;
    context.strokeRect(column * g.size + 1, row * g.size + 1, g.size - 2, g.size - 2);
  });
}

/** The chosen pair: the hand of the query, the hand of the key, and the angle between them. */
export function paintHands(context, size, frequency, { position, distance }, palette) {
  const [x, y, radius] = [size / 2, size / 2, size / 2 - 22];
  const query = angleAt(position, frequency);
  const key = angleAt(Math.max(0, position - distance), frequency);
  ring(context, x, y, radius, palette.line, frequency === 0 ? [4, 4] : []);
  context.beginPath();
  context.moveTo(x, y);
  const between = Math.min(query - key, 2 * Math.PI);
  context.arc(x, y, radius * 0.55, query - between - Math.PI / 2, query - Math.PI / 2);
  context.closePath();
  context.fillStyle = palette.band;
  context.fill();
  hand(context, x, y, radius, key, palette.soft, 2, [5, 3]);
  hand(context, x, y, radius, query, palette.accent, 3);
  context.font = FONT_OF_DIAL;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = palette.ink;
  // where both point the same way, one name a little farther out than the other would hide it
  const together = Math.cos(query - key) > 0.9;
  for (const [angle, name] of together ? [[query, "q k"]] : [[query, "q"], [key, "k"]]) {
    const end = handEnd(x, y, radius + 11, angle);
    context.fillText(name, end.x, end.y);
  }
}

/** The curve, with chance as a grey band, the share of what never turns as a dashed line, and the window's edge. */
export function paintCurve(context, { width, height }, shown, palette) {
  const { columns, span, distance, head, kept, window, value } = shown;
  const plot = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
  const x = (d) => MARGIN.left + (plot.width * d) / span;
  const y = (v) => MARGIN.top + (plot.height * (1 - v)) / 2;
  const chance = 1 / Math.sqrt(head);
  context.fillStyle = palette.band;
  context.fillRect(MARGIN.left, y(chance), plot.width, y(-chance) - y(chance));
  context.font = FONT_OF_DIAL;
  context.fillStyle = palette.soft;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const v of [1, 0, -1]) context.fillText(String(v), MARGIN.left - 6, y(v));
  context.textBaseline = "alphabetic";
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    context.textAlign = share === 0 ? "left" : share === 1 ? "right" : "center";
    context.fillText(String(Math.round(span * share)).replace(/\B(?=(\d{3})+(?!\d))/g, ","), x(span * share), height - 5);
  }
  context.strokeStyle = palette.line;
  context.lineWidth = 1;
  context.strokeRect(MARGIN.left + 0.5, MARGIN.top + 0.5, plot.width - 1, plot.height - 1);
  if (window !== null && window < span) unseen(context, x(window), y(1), x(span), y(-1), palette);
  if (kept > 0) {
    context.setLineDash([5, 4]);
    line(context, MARGIN.left, y(kept), MARGIN.left + plot.width, y(kept), palette.warn, 1.5);
    context.setLineDash([]);
  }
  context.fillStyle = palette.ink;
  columns.forEach(({ low, high }, index) => {
    // joined to its neighbour, so that a steep curve has no gaps
    const next = columns[index + 1];
    const top = Math.max(high, next ? Math.min(next.low, 1) : high);
    const bottom = Math.min(low, next ? Math.max(next.high, -1) : low);
    const step = plot.width / columns.length;
    context.fillRect(MARGIN.left + index * step, y(top) - 0.75, Math.max(1, step), y(bottom) - y(top) + 1.5);
  });
  line(context, x(distance), MARGIN.top, x(distance), MARGIN.top + plot.height, palette.accent, 1);
  dot(context, x(distance), y(value), 4, palette.accent);
}

/** The distance at a place of the curve's canvas, or null. */
export function distanceAt(width, span, x) {
  const share = (x - MARGIN.left) / (width - MARGIN.left - MARGIN.right);
  return share < 0 || share > 1 ? null : Math.round(share * span);
}

/** How many columns the curve has in a canvas of a given width. */
export function curveWidth(width) {
  return Math.max(10, Math.floor(width - MARGIN.left - MARGIN.right));
}

function unseen(context, left, top, right, bottom, palette) {
  context.save();
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  context.clip();
  context.beginPath();
  for (let at = left - (bottom - top); at < right; at += 8) {
    context.moveTo(at, bottom);
    context.lineTo(at + (bottom - top), top);
  }
  context.strokeStyle = palette.line;
  context.lineWidth = 1;
  context.stroke();
  context.restore();
  line(context, left, top, left, bottom, palette.ink, 1.5);
}

function ring(context, x, y, radius, color, dash) {
  context.beginPath();
  context.setLineDash(dash);
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.stroke();
  context.setLineDash([]);
}

function hand(context, x, y, length, angle, color, width, dash = []) {
  const end = handEnd(x, y, length, angle);
  context.setLineDash(dash);
  line(context, x, y, end.x, end.y, color, width);
  context.setLineDash([]);
}

function line(context, x1, y1, x2, y2, color, width) {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.strokeStyle = color;
  context.lineWidth = width;
  context.stroke();
}

function dot(context, x, y, radius, color) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = color;
  context.fill();
}
