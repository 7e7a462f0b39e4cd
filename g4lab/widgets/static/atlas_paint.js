// Painting SoftTokenAtlas: a picture with its grids, a sound with its lanes, and what lies over them. Nothing is smoothed.
import { softCell } from "./atlas_geometry.js";
import { pieceOf, readAs, uniformAt } from "./atlas_data.js";
import { fittedText } from "./layer_grid_geometry.js";
import { inkOn, scoreColor } from "./strip_scale.js";

const ATLAS_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const VEIL = 0.78; // how much of an overlay's colour covers the picture

/** The overlay of one part: { range, value(token) or null where it is out of sight }. */
export function overlayOf(content, { word, layer, overlay }, part, weights) {
  if (!weights || (overlay !== "attention" && overlay !== "difference")) return null;
  const difference = overlay === "difference";
  const value = (u) => {
    const uniform = uniformAt(content, word, layer, part.start + u);
    if (!uniform) return null;
    return difference ? weights[part.start + u] - uniform : weights[part.start + u];
  };
  let most = 0;
  content.parts.forEach((each) => {
    for (let t = each.start; t < each.end; t += 1) {
      const uniform = uniformAt(content, word, layer, t);
      if (uniform) most = Math.max(most, Math.abs(difference ? weights[t] - uniform : weights[t]));
    }
  });
  most = most || 1;
  return { range: difference ? { low: -most, high: most, diverging: true } : { low: 0, high: most, diverging: false }, value };
}

/** A picture: its pixels, the overlay, the grids, labels, hidden regions and what is selected. */
export function paintPicture(context, g, { image, content, part, state, overlay, palette, patch, box, current }) {
  context.fillStyle = palette.band;
  context.fillRect(0, 0, g.width, g.height);
  context.imageSmoothingEnabled = g.scale < 1;
  if (image) context.drawImage(image, 0, 0, g.width, g.height);
  if (overlay) paintCells(context, g, overlay, palette);
  if (patch && g.scale * patch >= 5) paintGrid2(context, g, g.scale * patch, "rgb(0 0 0 / 0.25)", "rgb(255 255 255 / 0.25)");
  paintGrid2(context, g, g.cell, "rgb(0 0 0 / 0.65)", "rgb(255 255 255 / 0.65)");
  if (state.overlay === "lens" && content.lens) paintLabels(context, g, content, part, state, palette);
  if (current !== null) ring(context, softCell(g, current), palette);
  if (box) paintBox(context, g, box, palette);
}

function paintCells(context, g, { range, value }, palette) {
  for (let u = 0; u < g.rows * g.columns; u += 1) {
    const { x, y, width, height } = softCell(g, u);
    const found = value(u);
    if (found === null) hatch(context, x, y, width, height, palette);
    else {
      context.globalAlpha = VEIL;
      context.fillStyle = scoreColor(range, (found - range.low) / (range.high - range.low), palette);
      context.fillRect(x, y, width, height);
      context.globalAlpha = 1;
    }
  }
}

/** Lines that say: this cannot be seen from there. */
function hatch(context, x, y, width, height, palette) {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.globalAlpha = 0.6;
  context.fillStyle = palette.paper;
  context.fillRect(x, y, width, height);
  context.globalAlpha = 1;
  context.strokeStyle = palette.soft;
  context.lineWidth = 1;
  context.beginPath();
  for (let at = -height; at < width; at += 8) {
    context.moveTo(x + at, y + height);
    context.lineTo(x + at + height, y);
  }
  context.stroke();
  context.restore();
}

// two lines beside each other, a dark and a light one, so that the grid shows on every picture
function paintGrid2(context, g, step, dark, light) {
  [[dark, 0], [light, 1]].forEach(([color, shift]) => {
    context.strokeStyle = color;
    context.lineWidth = 1;
    context.beginPath();
    for (let x = step; x < g.width - 1; x += step) {
      context.moveTo(Math.round(x) - 0.5 + shift, 0);
      context.lineTo(Math.round(x) - 0.5 + shift, g.height);
    }
    for (let y = step; y < g.height - 1; y += step) {
      context.moveTo(0, Math.round(y) - 0.5 + shift);
      context.lineTo(g.width, Math.round(y) - 0.5 + shift);
    }
    context.stroke();
  });
}

function paintLabels(context, g, content, part, { layer }, palette) {
  const size = g.cell > 60 ? 12 : 10;
  const tall = g.cell >= 30;
  for (let u = 0; u < g.rows * g.columns; u += 1) {
    const found = readAs(content, part.start + u, layer);
    if (!found || g.cell < 14) continue;
    const { x, y } = softCell(g, u);
    const [{ id, probability }] = found.tokens;
    const color = palette.scale(probability);
    const height = tall ? 2 * size + 8 : size + 4;
    context.globalAlpha = 0.92;
    context.fillStyle = color;
    context.fillRect(x + 2, y + (g.cell - height) / 2, g.cell - 4, height);
    context.globalAlpha = 1;
    const middle = y + g.cell / 2;
    label(context, fitted(context, pieceOf(content, id).slice(1, -1), g.cell - 6, size), x + g.cell / 2, tall ? middle - size / 2 - 1 : middle, inkOn(color), size);
    if (tall) label(context, probability.toFixed(2), x + g.cell / 2, middle + size / 2 + 2, inkOn(color), size - 1);
  }
}

function fitted(context, text, width, size) {
  context.font = `${size}px ${ATLAS_FONT}`;
  return fittedText(text, width, (words) => context.measureText(words).width);
}

function label(context, text, x, y, color, size) {
  context.font = `${size}px ${ATLAS_FONT}`;
  context.fillStyle = color;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, x, y);
}

function paintBox(context, g, [left, top, right, bottom], palette) {
  const [x, y, width, height] = [left, top, right - left, bottom - top].map((value) => value * g.scale);
  context.save();
  context.lineWidth = 3;
  context.strokeStyle = palette.paper;
  context.strokeRect(x + 1.5, y + 1.5, width - 3, height - 3);
  context.setLineDash([6, 4]);
  context.strokeStyle = palette.warn;
  context.strokeRect(x + 1.5, y + 1.5, width - 3, height - 3);
  context.restore();
}

function ring(context, { x, y, width, height }, palette) {
  [[palette.paper, 5], [palette.accent, 3]].forEach(([color, line]) => {
    context.strokeStyle = color;
    context.lineWidth = line;
    context.strokeRect(x + 1.5, y + 1.5, Math.max(1, width - 3), height - 3);
  });
}

/** A soft token's pixels, enlarged, with its patches. */
export function paintEnlarged(context, size, { image, part, side, patch, current, palette, scale }) {
  context.fillStyle = palette.band;
  context.fillRect(0, 0, size, size);
  if (image && current !== null) {
    context.imageSmoothingEnabled = false;
    const [x, y] = [(current % part.columns) * side * scale, Math.floor(current / part.columns) * side * scale];
    context.drawImage(image, x, y, side * scale, side * scale, 0, 0, size, size);
  }
  if (patch && current !== null) paintGrid2(context, { width: size, height: size }, (size * patch) / side, "rgb(0 0 0 / 0.5)", "rgb(255 255 255 / 0.5)");
}

/** The null beside an overlay: the same grid, every cell that is in sight alike. */
export function paintUniform(context, g, uniform, range, palette) {
  context.fillStyle = palette.paper;
  context.fillRect(0, 0, g.width, g.height);
  for (let u = 0; u < g.rows * g.columns; u += 1) {
    const { x, y, width, height } = softCell(g, u);
    const value = uniform(u);
    if (!value) {
      hatch(context, x, y, width, height, palette);
      continue;
    }
    context.fillStyle = scoreColor(range, Math.min(1, ((range.diverging ? 0 : value) - range.low) / (range.high - range.low)), palette);
    context.fillRect(x, y, width, height);
  }
  paintGrid2(context, g, g.cell, palette.line, palette.line);
  context.strokeStyle = palette.line;
  context.strokeRect(0.5, 0.5, g.width - 1, g.height - 1);
}

/** A sound: waveform, mel frames, and a lane with a bar for each soft token. */
export function paintSound(context, g, { content, index, part, state, overlay, uniform, palette, current, played }) {
  context.fillStyle = palette.paper;
  context.fillRect(0, 0, g.width, g.height);
  const sound = content.sounds[index];
  paintWave(context, g, content.data[`envelope.${index}`], (sound.seconds / 0.04) * g.cell, palette);
  paintMel(context, g, content.data[`mel.${index}`], sound.frames, palette);
  if (overlay) paintBars(context, g, overlay, uniform, palette);
  if (state.overlay === "lens" && content.lens) paintLane(context, g, content, part, state, palette);
  const every = Math.ceil(6 / g.cell);
  context.strokeStyle = palette.line;
  context.lineWidth = 1;
  context.beginPath();
  for (let u = 0; u <= g.columns; u += every) {
    context.moveTo(Math.round(u * g.cell) + 0.5, g.mel.top);
    context.lineTo(Math.round(u * g.cell) + 0.5, g.height);
  }
  context.stroke();
  if (played !== null) {
    context.fillStyle = palette.warn;
    context.fillRect((played / 0.04) * g.cell - 1, 0, 2, g.height);
  }
  if (current !== null) ring(context, softCell(g, current), palette);
}

function paintWave(context, g, { data, shape }, width, palette) {
  const bins = shape[1];
  let loudest = 0;
  data.forEach((value) => (loudest = Math.max(loudest, Math.abs(value))));
  const middle = g.wave.top + g.wave.height / 2;
  const scale = (g.wave.height / 2 - 2) / (loudest || 1);
  context.fillStyle = palette.ink;
  for (let i = 0; i < bins; i += 1) {
    const [low, high] = [data[i] * scale, data[bins + i] * scale];
    context.fillRect((i * width) / bins, middle - high, Math.max(1, width / bins), Math.max(1, high - low));
  }
}

function paintMel(context, g, { data, shape }, frames, palette) {
  const [columns, bins] = shape;
  const tile = document.createElement("canvas");
  tile.width = columns;
  tile.height = bins;
  const small = tile.getContext("2d");
  const image = small.createImageData(columns, bins);
  const steps = Array.from({ length: 256 }, (_, i) => palette.scale(i / 255).match(/\d+/g).map(Number));
  for (let c = 0; c < columns; c += 1) {
    for (let m = 0; m < bins; m += 1) image.data.set([...steps[data[c * bins + m]], 255], 4 * ((bins - 1 - m) * columns + c)); // low tones at the bottom
  }
  small.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(tile, 0, g.mel.top, (columns * frames * g.cell) / 4, g.mel.height); // four frames make a soft token
}

function paintBars(context, g, { range, value }, uniform, palette) {
  const { top, height } = g.lane;
  const zero = range.diverging ? top + height / 2 : top + height;
  const scale = (range.diverging ? height / 2 : height) / range.high;
  for (let u = 0; u < g.columns; u += 1) {
    const found = value(u);
    if (found === null) hatch(context, u * g.cell, top, g.cell, height, palette);
    else {
      context.fillStyle = found < 0 ? palette.soft : palette.ink;
      context.fillRect(u * g.cell + 0.5, zero - Math.max(0, found) * scale, Math.max(1, g.cell - 1), Math.max(1, Math.abs(found) * scale));
    }
  }
  const seen = Array.from({ length: g.columns }, (_, u) => uniform(u)).find((each) => each);
  if (!seen) return;
  context.save();
  context.strokeStyle = palette.warn;
  context.lineWidth = 1.5;
  context.setLineDash([4, 3]);
  context.beginPath();
  const y = range.diverging ? zero : zero - Math.min(seen * scale, height);
  context.moveTo(0, y);
  context.lineTo(g.width, y);
  context.stroke();
  context.restore();
}

function paintLane(context, g, content, part, { layer }, palette) {
  for (let u = 0; u < g.columns; u += 1) {
    const found = readAs(content, part.start + u, layer);
    if (!found) continue;
    const [{ id, probability }] = found.tokens;
    const color = palette.scale(probability);
    context.fillStyle = color;
    context.fillRect(u * g.cell, g.lane.top, g.cell, g.lane.height);
    if (g.cell >= 18) label(context, fitted(context, pieceOf(content, id).slice(1, -1), g.cell - 3, 10), (u + 0.5) * g.cell, g.lane.top + g.lane.height / 2, inkOn(color), 10);
  }
}

/** The thumbnails of all parts, with a name below each, the chosen one outlined. */
export function paintFilm(context, g, { parts, images, chosen, palette }) {
  context.fillStyle = palette.paper;
  context.fillRect(0, 0, g.width, g.height);
  parts.forEach((part, index) => {
    const { x, y } = g.at(index);
    const image = images.get(index);
    if (image) {
      const scale = (g.size - 4) / Math.max(image.naturalWidth, image.naturalHeight);
      context.imageSmoothingEnabled = true;
      context.drawImage(image, x + 2, y + 2, image.naturalWidth * scale, image.naturalHeight * scale);
    } else {
      context.fillStyle = palette.band;
      context.fillRect(x + 2, y + 2, g.size - 4, g.size - 4);
      if (part.kind === "audio") label(context, "♪", x + g.size / 2, y + g.size / 2, palette.ink, 18);
    }
    const name = part.kind === "video" ? `${part.seconds.toFixed(2)} s` : `${part.kind} ${part.number}`;
    label(context, name, x + g.size / 2, y + g.size + 7, index === chosen ? palette.ink : palette.soft, 10);
    if (index === chosen) ring(context, { x, y, width: g.size, height: g.size }, palette);
  });
}
