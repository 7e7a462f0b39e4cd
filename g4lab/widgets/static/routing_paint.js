// Drawing RoutingExplorer's grid on a canvas: cells, layer names, and the load beside the line of chance.
import { cellBox, seen } from "./grid_geometry.js";
import { expertOrder } from "./routing_data.js";
import { tokenParts } from "./token_rail.js";

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const SIGNS = { off: "×", force: "▲", swap: "⇄" };

/** Paint what is in sight. `view` is { width, height }, `scroll` { left, top }. */
export function paint(context, { content, state, grid, g, view, scroll, palette }) {
  const p = { context, content, state, grid, g, view, scroll, palette, run: content.runs[state.run] };
  context.fillStyle = palette.paper;
  context.fillRect(0, 0, view.width, view.height);
  const [first, last] = seen(scroll.top, g.row, view.height - g.header, g.rows);
  clipped(context, g.names, g.header, g.cellsEnd - g.names, view.height - g.header, () => {
    for (let row = first; row < last; row += 1) paintCells(p, row);
    paintSelection(p);
  });
  clipped(context, 0, g.header, view.width, view.height - g.header, () => {
    for (let row = first; row < last; row += 1) {
      paintName(p, row);
      if (g.beside) paintBeside(p, row);
    }
    if (state.slice === "all") paintBorrowers(p);
  });
  paintHeader(p);
}

function paintCells(p, row) {
  const { context, grid, g, scroll, palette } = p;
  const [first, last] = seen(scroll.left, g.cell, g.cellsEnd - g.names, g.columns);
  for (let column = first; column < last; column += 1) {
    const box = cellBox(g, scroll, row, column);
    const value = grid.value(row, column);
    context.fillStyle = value === null ? palette.band : palette.scale(value / grid.top);
    context.fillRect(box.x + 1, box.y + 1, box.width - 2, box.height - 2);
    context.strokeStyle = palette.line;
    context.lineWidth = 1;
    context.strokeRect(box.x + 1.5, box.y + 1.5, box.width - 3, box.height - 3);
    paintChange(p, row, column, box);
  }
  if (g.stacked) paintLoad(p, grid.rows[row].layer, g.names - scroll.left, cellBox(g, scroll, row, 0).y - 1, g.cell, 13);
}

function paintChange({ context, content, grid, palette }, row, column, box) {
  const expert = grid.expert(row, column);
  const layer = content.layers[grid.rows[row].layer].index;
  const change = content.changes.find((c) => c.layer === layer && expert !== null && [c.expert, c.other].includes(expert));
  if (!change) return;
  context.fillStyle = palette.paper;
  context.fillRect(box.x + 2, box.y + 2, box.width - 4, box.height - 4);
  write(context, SIGNS[change.action], box.x + box.width / 2, box.y + box.height / 2, palette.warn, "center", 600, box.width < 12 ? 10 : 14);
}

function paintSelection({ context, grid, g, scroll, state, palette }) {
  context.strokeStyle = palette.accent;
  context.lineWidth = 2;
  grid.rows.forEach((row, r) => {
    const column = row.layer === state.layer ? grid.columnOf(r, state) : null;
    if (column === null) return;
    const box = cellBox(g, scroll, r, column);
    if (state.slice === "all" || row.token === state.token) context.strokeRect(box.x, box.y, box.width, box.height);
    else {
      // the same expert for another token: the sides of the column only
      context.fillStyle = palette.accent;
      context.fillRect(box.x - 0.5, box.y, 1, box.height);
      context.fillRect(box.x + box.width - 0.5, box.y, 1, box.height);
    }
  });
}

function paintName({ context, content, state, grid, g, scroll, palette }, row) {
  const box = cellBox(g, scroll, row, 0);
  const middle = box.y + box.height / 2;
  const { layer, token } = grid.rows[row];
  const here = state.slice === "all" ? layer === state.layer : token === state.token;
  if (state.slice !== "all" && token !== null) {
    const text = tokenParts(content.tokens[token].text).map((part) => part.text).join("");
    write(context, fitted(context, text, g.names - 16), g.names - 8, middle, palette.ink, "right", here ? 700 : 400);
    return;
  }
  const { index, kind, window } = content.layers[layer];
  write(context, g.narrow ? String(index) : `layer ${index}`, 12, middle, palette.ink, "left", here ? 700 : 400);
  if (here) write(context, "▸", 1, middle, palette.accent, "left");
  // a global layer sees everything: a full bar; a local one a bar as wide as its window, against the prompt
  const [left, full] = g.narrow ? [30, 20] : [70, 32];
  const share = kind === "global" ? 1 : Math.min(1, window / content.tokens.length);
  context.strokeStyle = context.fillStyle = palette.soft;
  context.lineWidth = 1;
  context.strokeRect(left + 0.5, middle - 3.5, full, 7);
  context.globalAlpha = kind === "global" ? 1 : 0.45;
  context.fillRect(left + 0.5, middle - 3.5, Math.max(3, full * share), 7);
  context.globalAlpha = 1;
}

function paintBeside(p, row) {
  const { context, content, state, grid, g, scroll, palette, run } = p;
  const box = cellBox(g, scroll, row, 0);
  const { layer, token } = grid.rows[row];
  if (state.slice === "all" || token === null) {
    paintLoad(p, layer, g.besideAt, box.y + box.height - 3, g.beside / content.experts, box.height - 6);
    return;
  }
  const most = Math.log2(content.experts);
  context.fillStyle = palette.ink;
  context.fillRect(g.besideAt, box.y + 4, (g.beside * run.entropy(layer, token)) / most, box.height - 8);
  dashed(context, palette.warn, g.besideAt + g.beside - 1, box.y, g.besideAt + g.beside - 1, box.y + box.height);
}

// One layer's load: a bar for each expert, on the band and the line of chance.
function paintLoad({ context, content, state, palette, run }, layer, left, base, pitch, height) {
  const { tokens, load, low, high } = content.null;
  const width = pitch * content.experts;
  const scale = height / Math.max(run.top.count, high, 1);
  context.fillStyle = palette.band;
  context.fillRect(left, base - high * scale, width, (high - low) * scale);
  expertOrder(content, run, layer, state.order).forEach((expert, place) => {
    const count = run.count(layer, expert);
    context.fillStyle = layer === state.layer && expert === state.expert ? palette.accent : palette.ink;
    context.fillRect(left + place * pitch + 0.5, base - count * scale, Math.max(1, pitch - 1.5), count * scale);
  });
  const chance = base - tokens * load * scale;
  dashed(context, palette.warn, left, chance, left + width, chance);
}

function paintBorrowers({ context, content, grid, g, scroll, palette }) {
  const rowOf = new Map(grid.rows.map(({ layer }, row) => [content.layers[layer].index, row]));
  const middle = (row) => g.header + (row + 0.5) * g.row - scroll.top;
  context.strokeStyle = palette.soft;
  context.lineWidth = 1;
  content.layers.forEach(({ index, owner }) => {
    if (owner === index || !rowOf.has(owner)) return;
    context.beginPath();
    context.moveTo(9, middle(rowOf.get(index)));
    context.lineTo(5.5, middle(rowOf.get(index)));
    context.lineTo(5.5, middle(rowOf.get(owner)));
    context.lineTo(9, middle(rowOf.get(owner)));
    context.stroke();
  });
}

function paintHeader({ context, content, state, grid, g, scroll, palette, view }) {
  const middle = g.header / 2;
  context.fillStyle = palette.paper;
  context.fillRect(0, 0, view.width, g.header);
  clipped(context, g.names, 0, g.cellsEnd - g.names, g.header, () => {
    const byLoad = grid.columnIs === "expert" && state.order === "load";
    const step = [1, 2, 4, 8, 16, 32, 64].find((n) => n * g.cell >= 40) ?? 128;
    for (let column = 0; column < g.columns && !byLoad; column += step) {
      const { x, width } = cellBox(g, scroll, 0, column);
      write(context, String(column), x + width / 2, middle, palette.soft, "center");
    }
    if (byLoad) write(context, "most used first ›", g.names - scroll.left, middle, palette.soft, "left");
  });
  write(context, grid.columnIs, g.names - 8, middle, palette.soft, "right");
  if (!g.beside) return;
  const layers = state.slice === "all" || state.show === "entropy";
  const title = layers ? `load, of ${content.null.tokens} tokens` : `entropy, of ${Number(Math.log2(content.experts).toFixed(1))} bits`;
  write(context, title, g.besideAt, middle, palette.soft, "left");
}

function write(context, text, x, y, color, align, weight = 400, size = 12) {
  context.font = `${weight} ${size}px ${FONT}`;
  context.fillStyle = color;
  context.textAlign = align;
  context.textBaseline = "middle";
  context.fillText(text, x, y);
}

function fitted(context, text, width) {
  context.font = `400 12px ${FONT}`;
  let shown = [...text];
  if (context.measureText(text).width <= width) return text;
  while (shown.length > 1 && context.measureText(`${shown.join("")}…`).width > width) shown.pop();
  return `${shown.join("")}…`;
}

function dashed(context, color, x1, y1, x2, y2) {
  context.save();
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.setLineDash([3, 3]);
  context.beginPath();
  context.moveTo(x1, Math.round(y1) + 0.5);
  context.lineTo(x2, Math.round(y2) + 0.5);
  context.stroke();
  context.restore();
}

function clipped(context, x, y, width, height, draw) {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  draw();
  context.restore();
}
