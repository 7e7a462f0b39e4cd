// Paints ArchitectureMap's rows. Parts differ by pattern, kinds by length, so that nothing hangs on a hue.
import { headMarks, rowTop, sharingArrows, sightShare, stacked } from "./map_layout.js";
import { cachedBytes, partsOf, summed } from "./map_data.js";

const FONT = "12px system-ui, sans-serif";
const SMALL = "11px system-ui, sans-serif";

/** Paint all rows. `shown` is { content, state, palette, g }. */
export function paintMap(context, shown) {
  const { content, g } = shown;
  context.clearRect(0, 0, g.width, g.height);
  context.textBaseline = "middle";
  const scales = {
    parameters: Math.max(...content.layers.map((layer) => summed(layer.parameters))),
    cache: Math.max(1, ...content.layers.map((layer) => layer.alone_per_token * shown.state.tokens)),
    mlp: Math.max(...content.layers.map((layer) => layer.feedforward + layer.chosen * layer.expert_feedforward)),
  };
  content.layers.forEach((layer, index) => paintRow(context, shown, scales, layer, index));
  paintSharing(context, shown);
}

/** Fill a rectangle with a part's own pattern. */
export function fillPart(context, part, x, y, width, height, palette) {
  if (width <= 0) return;
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.fillStyle = context.strokeStyle = palette.ink;
  context.lineWidth = 1;
  (PATTERNS[part] ?? PATTERNS.norms)(context, x, y, width, height, palette);
  context.restore();
  context.strokeStyle = palette.ink;
  context.lineWidth = 1;
  if (width > 2) context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
}

const strokes = (step, slope) => (context, x, y, width, height) => {
  context.beginPath();
  for (let at = x - height; at < x + width + height; at += step) {
    context.moveTo(at, y + height);
    context.lineTo(at + slope * height, y);
  }
  context.stroke();
};

const PATTERNS = {
  attention: (context, x, y, width, height) => context.fillRect(x, y, width, height),
  "dense MLP": strokes(4, 1),
  experts: dots,
  router: strokes(3, 0),
  "PLE projections": (context, x, y, width, height, palette) => {
    context.fillStyle = palette.line;
    context.fillRect(x, y, width, height);
  },
  norms: strokes(2, 0),
  "token embedding": () => {},
  "PLE table": strokes(6, -1),
};

function dots(context, x, y, width, height) {
  for (let column = 2; column < width; column += 4) {
    for (let row = 2; row < height; row += 4) context.fillRect(x + column, y + row, 1.5, 1.5);
  }
}

function paintRow(context, { content, state, palette, g }, scales, layer, index) {
  const y = rowTop(g, index);
  const { columns } = g;
  if (state.layer === index) {
    context.fillStyle = palette.band;
    context.fillRect(0, y, g.width, g.row);
    context.strokeStyle = palette.accent;
    context.lineWidth = 2;
    context.strokeRect(1, y + 1, g.width - 2, g.row - 2);
  }
  const middle = y + g.row / 2;
  context.font = FONT;
  context.fillStyle = palette.ink;
  context.fillText(String(layer.index), columns.name.x + 6, middle);
  context.font = SMALL;
  context.fillStyle = palette.soft;
  context.fillText(layer.kind, columns.name.x + 26, middle);

  context.fillStyle = palette.line;
  context.fillRect(columns.sight.x, y + 8, columns.sight.width, 1);
  context.fillStyle = palette.ink;
  const thick = layer.kind === "global" ? 8 : 4;
  context.fillRect(columns.sight.x, middle - thick / 2, columns.sight.width * sightShare(layer, content.config.max_positions), thick);

  const { ticks, bars } = headMarks(layer.heads, layer.kv_heads, columns.heads.width - 66);
  for (const tick of ticks) context.fillRect(columns.heads.x + tick.x, y + 5, tick.width, 6);
  context.fillStyle = layer.borrows ? palette.line : palette.ink;
  for (const bar of bars) context.fillRect(columns.heads.x + bar.x, y + 13, bar.width, layer.head_dim === content.layers[0].head_dim ? 3 : 5);
  context.fillStyle = palette.soft;
  context.fillText(`× ${layer.head_dim}`, columns.heads.x + columns.heads.width - 58, middle);

  const reading = layer.chosen * layer.expert_feedforward;
  const unit = columns.mlp.width / scales.mlp;
  fillPart(context, "dense MLP", columns.mlp.x, y + 5, layer.feedforward * unit, g.row - 10, palette);
  fillPart(context, "experts", columns.mlp.x + layer.feedforward * unit, y + 5, reading * unit, g.row - 10, palette);

  for (const { part, x, width } of stacked(partsOf(content, index), scales.parameters, columns.parameters.width)) {
    fillPart(context, part, columns.parameters.x + x, y + 4, width, g.row - 8, palette);
    if (state.part === part && (state.layer === null || state.layer === index)) mark(context, palette, columns.parameters.x + x, y, width, g.row);
  }

  // what the layer would need alone, outlined; what it keeps, filled
  const room = columns.cache.width / scales.cache;
  context.setLineDash([3, 3]);
  context.strokeStyle = palette.warn;
  context.lineWidth = 1;
  context.strokeRect(columns.cache.x + 0.5, y + 4.5, Math.max(1, layer.alone_per_token * state.tokens * room - 1), g.row - 9);
  context.setLineDash([]);
  const kept = cachedBytes(layer, state.tokens) * room;
  context.fillStyle = palette.ink;
  if (kept) context.fillRect(columns.cache.x, y + 7, Math.max(1, kept), g.row - 14);
}

function mark(context, palette, x, y, width, height) {
  context.strokeStyle = palette.accent;
  context.lineWidth = 2;
  context.strokeRect(x - 1, y + 2, Math.max(3, width + 2), height - 4);
}

function paintSharing(context, { content, state, palette, g }) {
  const { x, width } = g.columns.sharing;
  const middle = (layer) => rowTop(g, layer) + g.row / 2;
  for (const layer of content.layers) {
    if (layer.borrows) continue;
    context.beginPath();
    context.arc(x + 6, middle(layer.index), 3.5, 0, 2 * Math.PI);
    context.strokeStyle = context.fillStyle = palette.ink;
    context.lineWidth = 1;
    if (layer.borrowers.length) context.fill();
    else context.stroke();
  }
  for (const { owner, lane, borrowers, top } of sharingArrows(content.layers)) {
    const lit = state.layer === owner || borrowers.includes(state.layer);
    const spine = x + 16 + lane * 10;
    context.strokeStyle = context.fillStyle = lit ? palette.accent : palette.soft;
    context.lineWidth = lit ? 2 : 1;
    context.setLineDash(lane % 2 ? [4, 2] : []);
    context.beginPath();
    context.moveTo(x + 9, middle(owner));
    context.lineTo(spine, middle(owner));
    context.lineTo(spine, middle(top));
    context.stroke();
    for (const borrower of borrowers) arrow(context, spine, x + width - 2, middle(borrower));
    context.setLineDash([]);
  }
}

function arrow(context, from, to, y) {
  context.beginPath();
  context.moveTo(from, y);
  context.lineTo(to, y);
  context.stroke();
  context.beginPath();
  context.moveTo(to + 2, y);
  context.lineTo(to - 4, y - 3);
  context.lineTo(to - 4, y + 3);
  context.fill();
}
