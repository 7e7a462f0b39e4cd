// The parts of AttentionExplorer: thumbnails, one head at full size, the lines of one token, and the finder.
import { cutNames, exactly, headLines, missingRow, rankedHeads, tooFew } from "./attention_data.js";
import { cellAt, cellSize, thumbAt, thumbLayout, thumbPlace, windowEdge } from "./attention_geometry.js";
import { clearPattern, colorSteps, paintCoarse, paintEdge, paintRows, paintThumbs } from "./attention_paint.js";
import { computeRows, unfinished } from "./attention_rows.js";
import { h, sizedContext } from "./dom.js";
import { rough } from "./numbers.js";
import { tokenParts } from "./token_rail.js";

const FULL_ROOM = 520; // CSS pixels that one head may take before it scrolls; less where its column is narrower
const FOUND = 60; // heads listed by the finder
const SLICE = 24; // ms of computing rows between two looks at what the reader does

/** Layers x heads. hover(place, event) and pick(place) hear of the pointer. */
export function thumbGrid({ describedBy, hover, pick }) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const element = h("div", { class: "g4-thumbs", tabindex: "0", role: "application", "aria-label": "all heads, layers upward", "aria-describedby": describedBy }, canvas);
  let g = null;
  let shown = []; // the pointer moves over tokens far more often than what is seen here changes
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return g && thumbAt(g, event.clientX - box.left, event.clientY - box.top);
  };
  canvas.addEventListener("pointermove", (event) => {
    const place = at(event);
    canvas.style.cursor = place ? "pointer" : "default";
    hover(place, event);
  });
  canvas.addEventListener("pointerleave", () => hover(null));
  canvas.addEventListener("click", (event) => {
    const place = at(event);
    if (place) pick(place);
  });
  return {
    element,
    show(content, state, palette) {
      const wanted = [content, state.layer, state.head, palette, devicePixelRatio];
      if (wanted.every((part, i) => part === shown[i])) return;
      shown = wanted;
      const box = Math.max(28, Math.min(60, Math.floor(420 / Math.max(...content.layers.map(({ heads }) => heads)))));
      g = thumbLayout(content.layers, box);
      const context = sizedContext(canvas, g.width, g.height);
      paintThumbs(context, content, g, state, palette, colorSteps(palette.scale));
    },
    reveal(layer, head) {
      const { x, y } = thumbPlace(g, layer, head);
      element.scrollLeft = Math.max(Math.min(element.scrollLeft, x - 8), x + g.box + 8 - element.clientWidth);
      element.scrollTop = Math.max(Math.min(element.scrollTop, y - 8), y + g.box + 8 - element.clientHeight);
    },
  };
}

/** One head, a pixel or more for each pair. hover(pair, event) and pick(pair) hear of the pointer. */
export function fullHead({ describedBy, hover, pick }) {
  const pattern = h("canvas", { class: "g4-pattern", "aria-hidden": "true" });
  const over = h("canvas", { class: "g4-over", "aria-hidden": "true" });
  const extent = h("div", { class: "g4-square" }, pattern, over);
  const scroller = h("div", { class: "g4-full", tabindex: "0", role: "application", "aria-label": "one head: queries downward, keys across", "aria-describedby": describedBy }, extent);
  const missing = h("p", { class: "g4-missing g4-soft" });
  const note = h("p", { class: "g4-note g4-soft" });
  const element = h("div", { class: "g4-one" }, scroller, note, missing);
  let drawn = {};
  let timer = null;
  let tokens = 0;
  let cell = 1;
  const at = (event) => {
    const box = extent.getBoundingClientRect();
    return cellAt(tokens, tokens * cell, event.clientX - box.left, event.clientY - box.top);
  };
  over.addEventListener("pointermove", (event) => hover(at(event), event));
  over.addEventListener("pointerleave", () => hover(null));
  over.addEventListener("click", (event) => at(event) && pick(at(event)));
  let overlay = () => {};
  scroller.addEventListener("scroll", () => overlay());

  // all that is at hand at once, then what is computed here, slice by slice
  function paintHead(found, bounds, cells, thumb, colors) {
    clearTimeout(timer);
    clearPattern(pattern, tokens, colors.hidden);
    pattern.dataset.rows = "";
    if (found.from > 0) paintCoarse(pattern, colors.lengths ? null : thumb, cells, bounds, found.from, colors);
    const to = Math.min(found.done, tokens);
    if (to > found.from) paintRows(pattern, found, bounds, found.from, to, colors);
    const further = () => {
      const rows = computeRows(found, bounds, SLICE);
      if (rows) paintRows(pattern, found, bounds, ...rows, colors);
      if (unfinished(found, tokens)) timer = setTimeout(further, 0);
      else pattern.dataset.rows = "all";
    };
    further();
  }

  return {
    element,
    scroller,
    show(content, state, palette, waiting) {
      tokens = content.tokens.length;
      cell = cellSize(tokens, Math.min(FULL_ROOM, element.clientWidth || FULL_ROOM));
      const { layer, head } = state;
      const found = content.heads.get(`${layer}.${head}`);
      scroller.hidden = note.hidden = !found;
      missing.hidden = Boolean(found);
      missing.textContent = waiting;
      if (!found) return clearTimeout(timer);
      const lengths = state.mode === "value" ? (content.lengths.get(`${layer}.${head}`) ?? null) : null;
      let isNew = false;
      if (drawn.found !== found || drawn.palette !== palette || drawn.lengths !== lengths) {
        paintHead(found, content.bounds[layer], content.cells, content.thumb(layer, head), { steps: colorSteps(palette.scale), hidden: palette.band, lengths });
        isNew = drawn.found !== found;
        drawn = { found, palette, lengths };
      }
      note.hidden = found.from === 0;
      note.textContent = `Above the line at token ${found.from} ${lengths ? "nothing is known here" : "each cell is the largest weight in it"}: of this head the page holds the rows from there on.`;
      const size = tokens * cell;
      pattern.style.width = pattern.style.height = extent.style.width = extent.style.height = `${size}px`;
      // what is held of the head, not what is missing; no further than the picture goes
      if (isNew && found.from > 0) scroller.scrollTop = Math.min(found.from * cell, size - scroller.clientHeight);
      overlay = () => paintOver(over, scroller, { edge: windowEdge(tokens, content.layers[layer].window, size), from: found.from * cell, size, cell, state, palette });
      overlay();
    },
    stop() {
      clearTimeout(timer);
    },
    reveal(query, key) {
      scroller.scrollLeft = Math.max(Math.min(scroller.scrollLeft, key * cell), (key + 1) * cell - scroller.clientWidth);
      scroller.scrollTop = Math.max(Math.min(scroller.scrollTop, query * cell), (query + 1) * cell - scroller.clientHeight);
    },
  };
}

// Window edge and crosshair lie over the pattern on a canvas no larger than what is in sight.
function paintOver(canvas, scroller, { edge, from, size, cell, state, palette }) {
  const [width, height] = [Math.min(size, scroller.clientWidth), Math.min(size, scroller.clientHeight)];
  canvas.style.left = `${Math.min(scroller.scrollLeft, size - width)}px`; // past the end it would stretch what it lies over
  canvas.style.top = `${Math.min(scroller.scrollTop, size - height)}px`;
  const context = sizedContext(canvas, width, height);
  context.translate(-Math.min(scroller.scrollLeft, size - width), -Math.min(scroller.scrollTop, size - height));
  paintEdge(context, edge, 0, 0, palette.warn);
  if (from > 0) paintEdge(context, [{ x: 0, y: from }, { x: size, y: from }], 0, 0, palette.ink);
  context.strokeStyle = palette.accent;
  context.lineWidth = 1;
  if (state.token !== null) context.strokeRect(0.5, state.token * cell - 0.5, size - 1, cell + 1);
  if (state.key !== null) context.strokeRect(state.key * cell - 0.5, 0.5, cell + 1, size - 1);
}

/** The head view: a line from one query to each of its heaviest keys, as wide as the weight. */
export function lineView() {
  const title = h("div", { class: "g4-part-title" });
  const drawing = svgElement("svg");
  drawing.setAttribute("aria-hidden", "true");
  const element = h("div", { class: "g4-lines" }, title, drawing);
  return {
    element,
    show(content, state, palette) {
      const { token, mode } = state;
      const read = token === null ? null : headLines(content, state, token);
      drawing.replaceChildren();
      drawing.style.display = read ? "block" : "none";
      if (token === null) title.textContent = "choose a token: lines show what it reads in this head";
      else if (!read) title.textContent = `what token ${token} reads: ${missingRow(content, state, token)}`;
      if (!read) return;
      const { lines, rest, restWeight } = read;
      const meant = mode === "value" ? "weight × length of value, dashed where uniform weights would give more" : `weight, dashed where it is below uniform (${rough(lines[0].uniform)})`;
      title.textContent = `what token ${token} reads: line width is ${meant}${rest ? `; ${rest} lighter keys share ${rough(restWeight)}` : ""}`;
      const [row, width] = [20, 400];
      const height = lines.length * row;
      drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
      drawing.setAttribute("width", width);
      drawing.setAttribute("height", height);
      drawing.append(svgText(pieceOf(content.tokens[token]), 96, height / 2, "end", palette.ink));
      lines.forEach(({ key, weight, uniform }, i) => {
        const y = (i + 0.5) * row;
        const line = svgElement("line");
        const below = weight < uniform;
        Object.entries({ x1: 102, y1: height / 2, x2: 222, y2: y, stroke: below ? palette.soft : palette.accent, "stroke-width": Math.max(0.5, 9 * weight), ...(below ? { "stroke-dasharray": "3 3" } : {}) }).forEach(([name, value]) => line.setAttribute(name, value));
        drawing.append(line, svgText(`${key} ${pieceOf(content.tokens[key])}`, 228, y, "start", palette.ink), svgText(rough(weight), width - 4, y, "end", palette.soft));
      });
    },
  };
}

/** The finder: heads ranked by a score, each with what uniform rows score. pick(layer, head), choose(name), turn(lowest). */
export function headFinder({ pick, choose, turn }) {
  const score = h("select", { "aria-label": "score", onchange: () => choose(score.value) });
  const order = h("button", { type: "button", onclick: () => turn() });
  const list = h("div", { class: "g4-found", tabindex: "0", role: "region", "aria-label": "heads by score" });
  const element = h("div", { class: "g4-finder" }, h("div", { class: "g4-controls" }, h("label", { class: "g4-labelled" }, h("span", { class: "g4-soft" }, "find heads by"), score), order), list);
  let shown = null;
  return {
    element,
    // one stop for Tab, however many heads there are; arrows go from row to row
    walk(key, from) {
      const rows = [...list.querySelectorAll("button")];
      const at = rows.indexOf(from);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[key];
      if (to === undefined || !list.contains(from)) return false;
      rows[Math.max(0, to)]?.focus();
      return true;
    },
    show(content, state) {
      const key = [content.scores, state.metric, state.lowest, state.layer, state.head, content.cuts, content.heads.size];
      if (shown?.every((part, i) => part === key[i])) return;
      shown = key;
      if (score.options.length !== content.score_names.length) score.replaceChildren(...content.score_names.map((name) => h("option", { value: name }, name)));
      score.value = state.metric;
      order.textContent = state.lowest ? "Lowest first" : "Highest first";
      const ranked = rankedHeads(content, state.metric, state.lowest);
      const most = Math.max(...ranked.map((r) => Math.max(r.value, r.null)), 1e-9);
      const at = list.scrollTop;
      const focused = list.contains(document.activeElement) ? document.activeElement.dataset.place : null;
      list.replaceChildren(...(ranked.length ? ranked.slice(0, FOUND).map((r) => foundRow(content, state, r, most, pick)) : [h("p", { class: "g4-soft" }, "no row of any layer sees what this score asks for")]));
      list.scrollTop = at;
      const stop = list.querySelector('[aria-pressed="true"]') ?? list.querySelector("button");
      if (stop) stop.tabIndex = 0;
      if (focused) list.querySelector(`[data-place="${focused}"]`)?.focus();
    },
  };
}

function foundRow(content, state, { layer, head, value, null: uniform, rows }, most, pick) {
  const bar = h("i", { class: "g4-value" });
  bar.style.width = `${(100 * value) / most}%`;
  const chance = h("i", { class: "g4-null" });
  chance.style.left = `${(100 * uniform) / most}%`;
  const mark = content.heads.has(`${layer}.${head}`) ? "▪" : " ";
  return h(
    "button",
    {
      type: "button", tabindex: "-1", "data-place": `${layer}.${head}`, "aria-pressed": String(layer === state.layer && head === state.head),
      title: `${exactly(value)}; uniform ${exactly(uniform)}; ${rows} rows${tooFew(content, rows)}`, onclick: () => pick(layer, head),
    },
    h("span", {}, `${mark} L${layer}·H${head}`),
    h("span", { class: "g4-track", "aria-hidden": "true" }, bar, chance),
    h("span", { class: "g4-number" }, `${rough(value)}`),
    h("span", { class: "g4-number g4-soft" }, `uniform ${rough(uniform)}${rows < content.least ? " ?" : ""}`),
  );
}

/** The buttons that cut and restore. press(message). */
export function cutButtons(press) {
  const button = (message) => h("button", { type: "button", onclick: () => press(message()) });
  let now = { layer: 0, head: 0 };
  let cut = {};
  const one = button(() => ({ kind: "cut", layer: now.layer, head: now.head, cut: !cut.head }));
  const layer = button(() => ({ kind: "cut", layer: now.layer, head: null, cut: !cut.layer }));
  const all = button(() => ({ kind: "cut_global" }));
  const reset = button(() => ({ kind: "reset" }));
  const element = h("div", { class: "g4-controls" }, one, layer, all, reset);
  return {
    element,
    show(content, state, busy) {
      now = state;
      const gone = content.cuts.filter(([l]) => l === state.layer);
      cut = { head: gone.some(([, head]) => head === state.head), layer: gone.length === content.layers[state.layer].heads };
      one.textContent = `${cut.head ? "Restore" : "Cut"} head ${state.head} of layer ${state.layer}`;
      layer.textContent = `${cut.layer ? "Restore" : "Cut"} layer ${state.layer}`;
      all.textContent = "Cut global layers";
      reset.textContent = "Reset";
      element.hidden = !content.editable;
      all.hidden = !content.layers.some(({ kind }) => kind === "global");
      [one, layer, all, reset].forEach((b) => b.setAttribute("aria-disabled", String(busy || (b === reset && !content.cuts.length))));
      element.title = cutNames(content);
    },
  };
}

function pieceOf(token) {
  const text = token.kind === "control" ? token.text : tokenParts(token.text).map((part) => part.text).join("");
  const characters = [...text];
  return characters.length > 12 ? `${characters.slice(0, 11).join("")}…` : text;
}

// The parser knows the name space of SVG, so no file has to spell out an address.
function svgElement(name) {
  const { namespaceURI } = new DOMParser().parseFromString("<svg></svg>", "text/html").body.firstChild;
  return document.createElementNS(namespaceURI, name);
}

function svgText(text, x, y, anchor, fill) {
  const element = svgElement("text");
  Object.entries({ x, y, fill, "text-anchor": anchor, "dominant-baseline": "central", "font-size": 12 }).forEach(([name, value]) => element.setAttribute(name, value));
  element.textContent = text;
  return element;
}
