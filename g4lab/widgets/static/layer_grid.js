// A map of layers by positions: one canvas the size of its frame, painted anew as the frame scrolls beneath it.
import { h, oncePerFrame, sizedContext } from "./dom.js";
import { fittedText, gridAt, gridCell, gridLayout, gridReveal, gridSeen } from "./layer_grid_geometry.js";
import { luminance } from "./theme.js";
import { tokenParts } from "./token_rail.js";

const GRID_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/**
 * The map. hover(place or null), pick(place) and pickRow(row) hear of the pointer; lines(place) gives a tooltip.
 *
 * show({ rows, tokens, cell, row, beside, shade, words, paintBeside, current, pinned }, palette): rows are
 * { name, kind }, from the bottom; shade(r, c) is 0 to 1, or null for no value; words(r, c) is { text, small } or null.
 */
export function layerGrid({ label, describedBy, hover, pick, pickRow, tip, lines }) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const extent = h("div", { class: "g4-extent" }, canvas);
  const scroller = h("div", { class: "g4-grid-scroller", tabindex: "0", role: "application", "aria-label": label, "aria-describedby": describedBy }, extent);
  let shown = null;

  const scroll = () => ({ left: scroller.scrollLeft, top: scroller.scrollTop });
  const redraw = oncePerFrame(() => {
    if (!shown) return;
    const view = { width: scroller.clientWidth, height: scroller.clientHeight };
    const context = sizedContext(canvas, view.width, view.height);
    paintGrid(context, shown, view, scroll());
  });
  scroller.addEventListener("scroll", redraw);

  const hit = (event) => {
    const box = canvas.getBoundingClientRect();
    return shown && gridAt(shown.g, scroll(), event.clientX - box.left, event.clientY - box.top);
  };
  canvas.addEventListener("pointermove", (event) => {
    const place = hit(event);
    canvas.style.cursor = place ? "pointer" : "default";
    if (!place) return tip.hide();
    tip.show(lines(place), event);
    if (place.zone === "cell") hover(place);
  });
  canvas.addEventListener("pointerleave", () => {
    tip.hide();
    hover(null);
  });
  canvas.addEventListener("click", (event) => {
    const place = hit(event);
    if (place?.zone === "cell") pick(place);
    else if (place) pickRow(place.row);
  });

  return {
    element: scroller,
    show(picture, palette) {
      const { rows, tokens, cell, row, beside } = picture;
      const g = gridLayout({ width: scroller.clientWidth, rows: rows.length, columns: tokens.length, cell, row, beside });
      extent.style.width = g.fullWidth ? `${g.fullWidth}px` : "100%";
      extent.style.height = `${g.fullHeight}px`;
      shown = { ...picture, palette, g };
      redraw();
    },
    reveal(row, column) {
      if (shown && column !== null) scroller.scrollTo(gridReveal(shown.g, scroll(), scroller.clientHeight, row, column));
    },
    destroy: redraw.cancel,
  };
}

function paintGrid(context, p, view, scroll) {
  const { g, palette } = p;
  context.fillStyle = palette.paper;
  context.fillRect(0, 0, view.width, view.height);
  const seen = gridSeen(g, scroll, view.height);
  clippedTo(context, g.names, g.head, g.room, view.height - g.head, () => {
    for (let r = seen.rows[0]; r < seen.rows[1]; r += 1)
      for (let c = seen.columns[0]; c < seen.columns[1]; c += 1) paintCell(context, p, scroll, r, c);
    outlineCurrent(context, p, scroll);
  });
  clippedTo(context, 0, g.head, view.width, view.height - g.head, () => {
    for (let r = seen.rows[0]; r < seen.rows[1]; r += 1) {
      const { y } = gridCell(g, scroll, r, 0);
      nameRow(context, p, r, y);
      if (g.side) p.paintBeside?.(context, r, { x: g.sideAt, y, width: g.side - 8, height: g.row }, palette);
    }
  });
  clippedTo(context, g.names, 0, g.room, g.head, () => {
    for (let c = seen.columns[0]; c < seen.columns[1]; c += 1) headColumn(context, p, scroll, c);
  });
  if (g.side && p.besideTitle) writeLabel(context, p.besideTitle, g.sideAt, g.head / 2, palette.soft, { size: 11 });
}

function paintCell(context, { g, shade, words, palette }, scroll, r, c) {
  const { x, y } = gridCell(g, scroll, r, c);
  const value = shade(r, c);
  const fill = value === null ? palette.band : palette.scale(value);
  const gap = g.cell > 5 ? 1 : 0;
  context.fillStyle = fill;
  context.fillRect(x + gap, y + 1, g.cell - 2 * gap, g.row - 2);
  if (gap) {
    context.strokeStyle = palette.line;
    context.lineWidth = 1;
    context.strokeRect(x + 1.5, y + 1.5, g.cell - 3, g.row - 3);
  }
  const said = words?.(r, c);
  if (!said || g.cell < 30) return;
  const ink = readableOn(fill, palette);
  context.font = `10px ${GRID_FONT}`;
  const small = said.small ? context.measureText(said.small).width + 4 : 0;
  if (said.small) writeLabel(context, said.small, x + g.cell - 5, y + g.row / 2, ink, { size: 10, align: "right" });
  context.font = `12px ${GRID_FONT}`;
  const text = fittedText(said.text, g.cell - 10 - small, (part) => context.measureText(part).width);
  writeLabel(context, text, x + 5, y + g.row / 2, ink, { size: 12 });
}

function outlineCurrent(context, { g, current, pinned, palette }, scroll) {
  const { row, column } = current;
  if (column === null || column < 0 || column >= g.columns) return;
  const { x, y } = gridCell(g, scroll, row, column);
  context.strokeStyle = palette.accent;
  context.lineWidth = 1;
  context.strokeRect(x + 0.5, g.head + 0.5 - scroll.top, g.cell - 1, g.rows * g.row - 1); // the token's column
  context.lineWidth = pinned ? 3 : 2;
  context.strokeRect(x + 1, y + 1, g.cell - 2, g.row - 2);
}

function nameRow(context, { g, rows, current, palette }, r, y) {
  const { name, kind } = rows[r];
  const chosen = r === current.row;
  const text = g.narrow ? name.replace("layer ", "L").replace("embedding", "emb.") : name;
  writeLabel(context, text, 14, y + g.row / 2, chosen ? palette.accent : palette.ink, { weight: chosen ? 600 : 400 });
  if (!kind) return;
  // a full bar for layers that see everything, a short one for those that see a window
  context.fillStyle = chosen ? palette.accent : palette.soft;
  const length = kind === "global" ? g.row - 4 : Math.round(g.row / 3);
  context.fillRect(4, y + (g.row - length) / 2, 4, length);
}

function headColumn(context, { g, tokens, current, palette }, scroll, c) {
  const { x } = gridCell(g, scroll, 0, c);
  const chosen = c === current.column;
  if (g.cell < 30) {
    if (chosen) writeLabel(context, "▾", x + g.cell / 2, g.head - 7, palette.accent, { align: "center" });
    return;
  }
  const token = tokens[c];
  const shownAs = token.kind === "control" ? token.text : tokenParts(token.text).map((part) => part.text).join("");
  context.font = `${chosen ? 600 : 400} 12px ${GRID_FONT}`;
  const text = fittedText(shownAs, g.cell - 6, (part) => context.measureText(part).width);
  writeLabel(context, text, x + 5, g.head / 2, chosen ? palette.accent : palette.ink, { size: 12, weight: chosen ? 600 : 400 });
}

/** A dashed upright line where chance would be. */
export function markChance(context, x, from, to, palette) {
  context.strokeStyle = palette.warn;
  context.lineWidth = 1.5;
  context.setLineDash([3, 2]);
  context.beginPath();
  context.moveTo(x, from);
  context.lineTo(x, to);
  context.stroke();
  context.setLineDash([]);
}

/** Text at a place, by its middle. */
export function writeLabel(context, text, x, y, fill, { size = 12, align = "left", weight = 400 } = {}) {
  context.font = `${weight} ${size}px ${GRID_FONT}`;
  context.textAlign = align;
  context.textBaseline = "middle";
  context.fillStyle = fill;
  context.fillText(text, x, y);
}

/** The one of the two ends, paper and ink, that is easier to read on a colour. */
export function readableOn(fill, { paper, ink }) {
  const light = (css) => luminance(css.match(/[\d.]+/g).map(Number)) + 0.05;
  const contrast = (a, b) => Math.max(light(a), light(b)) / Math.min(light(a), light(b));
  const best = contrast(paper, fill) >= contrast(ink, fill) ? paper : ink;
  // the middle of a scale is far from neither end of a soft theme
  if (contrast(best, fill) >= 4.5) return best;
  return contrast("rgb(0 0 0)", fill) >= contrast("rgb(255 255 255)", fill) ? "rgb(0 0 0)" : "rgb(255 255 255)";
}

function clippedTo(context, x, y, width, height, paint) {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  paint();
  context.restore();
}
