// Attribution as bars: what each part of each layer adds to one token's logit. Right of zero speaks for the token.
import { h, oncePerFrame, sizedContext } from "./dom.js";
import { writeLabel } from "./layer_grid.js";
import { attributionRows, named, sumWords, TARGET_WORDS } from "./lens_data.js";
import { barAt, barBox, barsLayout } from "./lens_bars_layout.js";
import { precise } from "./numbers.js";
import { floatingTip } from "./view_frame.js";

/** The panel; pickLayer(layer) hears of a click on a row. */
export function lensBars({ pickLayer }) {
  const canvas = h("canvas", { role: "img" });
  const title = h("div", { class: "g4-title" });
  const sum = h("p", { class: "g4-soft g4-sum" });
  const frame = h("div", { class: "g4-frame" }, canvas);
  const element = h("div", { class: "g4-attribution" }, title, frame, sum);
  const tip = floatingTip(frame);
  let shown = null;

  const redraw = oncePerFrame(() => shown && paintBars(canvas, shown));
  const hit = (event) => {
    const box = canvas.getBoundingClientRect();
    return shown && barAt(shown.g, event.clientX - box.left, event.clientY - box.top);
  };
  canvas.addEventListener("pointermove", (event) => {
    const place = hit(event);
    const row = place && shown.rows[place.row];
    const found = row?.parts.find(({ part }) => row.layer === null || part === shown.g.parts[place.column]);
    if (!found) return tip.hide();
    tip.show([`${row.name}${row.layer === null ? "" : `, ${found.part}`}`, `adds ${precise(found.value)}`, `to the average token: ${precise(found.average)}`], event);
  });
  canvas.addEventListener("pointerleave", tip.hide);
  canvas.addEventListener("click", (event) => {
    const row = shown?.rows[hit(event)?.row];
    if (row?.layer !== undefined && row.layer !== null) pickLayer(row.layer);
  });

  return {
    element,
    show(content, { token, target, row }, palette) {
      const column = token === null ? -1 : token - content.start;
      element.hidden = !content.components.length;
      const chosen = content.targets[target];
      frame.hidden = column < 0 || !chosen.has(column);
      if (frame.hidden) {
        const other = target === "true" && "predicted" in content.targets ? ", or the predicted token as the target" : "";
        title.textContent = `attribution: choose a token that has a next one${other}`;
        sum.textContent = "";
        return;
      }
      title.textContent = `what each part adds to the logit of ${named(content, chosen.id(column))}, the ${TARGET_WORDS[target]}`;
      sum.textContent = sumWords(content, target, column);
      const rows = attributionRows(content, target, column);
      const most = rows.flatMap((r) => r.parts.map((p) => ({ ...p, name: r.name }))).reduce((a, b) => (Math.abs(b.value) > Math.abs(a.value) ? b : a));
      canvas.setAttribute("aria-label", `${title.textContent}; the largest is ${most.name} ${most.part}, ${precise(most.value)}; ${sum.textContent}`);
      shown = { rows, g: barsLayout(frame.clientWidth, rows), palette, layer: content.rows[row].index };
      redraw();
    },
    destroy: redraw.cancel,
  };
}

function paintBars(canvas, { rows, g, palette, layer }) {
  const context = sizedContext(canvas, g.width, g.height);
  context.fillStyle = palette.paper;
  context.fillRect(0, 0, g.width, g.height);
  g.parts.forEach((part, i) => {
    const zero = g.names + g.column * (i + 0.5);
    writeLabel(context, part, zero, g.head / 2, palette.soft, { size: 11, align: "center" });
    context.fillStyle = palette.line;
    context.fillRect(Math.round(zero), g.head, 1, g.height - g.head);
  });
  rows.forEach((row, r) => {
    const current = row.layer !== null && row.layer === layer;
    const { y } = barBox(g, r, g.parts[0], 0);
    writeLabel(context, row.name, 14, y + g.row / 2, current ? palette.accent : palette.ink, { weight: current ? 600 : 400 });
    row.parts.forEach(({ part, value, average }) => {
      bar(context, barBox(g, r, part, value), value, g, palette);
      averageMark(context, barBox(g, r, part, average), average, g, palette);
    });
  });
}

// what speaks against the token is hollow as well as on the other side
function bar(context, { x, y, width }, value, g, palette) {
  context.fillStyle = palette.ink;
  if (value >= 0) return context.fillRect(x, y + 5, Math.max(1, width), g.row - 10);
  context.strokeStyle = palette.warn;
  context.lineWidth = 1.5;
  context.strokeRect(x + 0.75, y + 5.75, Math.max(1, width - 1.5), g.row - 11.5);
}

// what the part adds to every token alike, which changes no probability
function averageMark(context, { x, y, width }, average, g, palette) {
  const at = average < 0 ? x : x + width;
  context.strokeStyle = palette.warn;
  context.lineWidth = 1.5;
  context.setLineDash([3, 2]);
  context.beginPath();
  context.moveTo(at, y + 2);
  context.lineTo(at, y + g.row - 2);
  context.stroke();
  context.setLineDash([]);
}
