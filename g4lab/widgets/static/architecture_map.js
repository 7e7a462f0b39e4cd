// ArchitectureMap: the layer plan of a model, its K/V sharing, and what its parts cost in parameters and cache.
import { h, sizedContext } from "./dom.js";
import { bytesInWords, floatingTip, grouped, labelledControl, shortCount, viewFrame } from "./view_frame.js";
import { cacheOf, cachedBytes, layerLines, mapSentence, partLines, partsOf, sharing, summed } from "./map_data.js";
import { mapAt, mapLayout, rowTop, stacked } from "./map_layout.js";
import { fillPart, paintMap } from "./map_paint.js";

const COLUMN_TITLES = { name: "layer", sight: "sees", sharing: "K/V", heads: "query heads on K/V heads", mlp: "MLP width", parameters: "parameters", cache: "cache" };

/**
 * Draw the view inside `root`.
 *
 * data: { header } as architecture_content.header makes it. options: select(selection) is told what is looked at;
 * still(shown, words) promises a picture of what is selected.
 * Returns update(part of data), select(selection), receive() and destroy().
 */
export function mount(root, data, { select = () => {}, still = null } = {}) {
  let content = data.header;
  let state = { layer: null, part: null, tokens: startLength(content) };
  let shown = null;

  const canvas = h("canvas", { "aria-hidden": "true" });
  const titles = h("div", { class: "g4-map-titles", "aria-hidden": "true" });
  const map = h("div", { class: "g4-map-scroller", tabindex: "0", role: "application", "aria-label": "layers, the input at the bottom" }, titles, canvas);
  const picture = h("div", { class: "g4-frame" }, map);
  const tip = floatingTip(picture);
  const length = h("input", { type: "range", min: 0, step: 1, "aria-label": "tokens in the cache", oninput: () => set({ tokens: content.lengths[length.value] }) });
  const counted = h("output", { class: "g4-number" });
  const parts = h("div", { class: "g4-parts" });
  const cache = h("div", { class: "g4-cache" });
  const legend = h("div", { class: "g4-legend" });
  const frame = viewFrame(root, { name: "map", paint, onKey, shown: pointed, still });
  map.setAttribute("aria-describedby", frame.spoken.id);
  frame.assemble(
    h("div", { class: "g4-controls" }, frame.badge, labelledControl("cache after", length, counted)),
    picture, legend, h("div", { class: "g4-columns" }, parts, cache),
  );

  canvas.addEventListener("pointermove", (event) => {
    const place = hit(event);
    canvas.style.cursor = place ? "pointer" : "default";
    if (!place) return tip.hide();
    const part = place.part ? ["", ...partLines(content, place.layer, place.part)] : [];
    tip.show([...layerLines(content.layers[place.layer], state.tokens), ...part], event);
  });
  canvas.addEventListener("pointerleave", tip.hide);
  canvas.addEventListener("click", (event) => {
    const place = hit(event);
    if (!place) return;
    const again = place.layer === state.layer && place.part === state.part;
    set(again ? { layer: null, part: null } : { layer: place.layer, part: place.part });
  });

  function hit(event) {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const place = shown && mapAt(shown.g, x, y);
    if (!place) return null;
    if (place.column !== "parameters") return { ...place, part: null };
    const { x: left, width } = shown.g.columns.parameters;
    const most = Math.max(...content.layers.map((layer) => summed(layer.parameters)));
    const piece = stacked(partsOf(content, place.layer), most, width).find((p) => x - left >= p.x && x - left < p.x + p.width);
    return { ...place, part: piece?.part ?? null };
  }

  function set(next) {
    state = withPart({ ...state, ...next });
    frame.draw();
    select(pointed());
  }

  function pointed() {
    return { token: null, layer: state.layer, part: state.part, tokens: state.tokens };
  }

  // a part that the layer lacks is let go
  function withPart(next) {
    const has = partsOf(content, next.layer).some(({ part }) => part === next.part);
    return has ? next : { ...next, part: null };
  }

  function onKey(key, element) {
    if (key === "Escape") return set({ layer: null, part: null }), true;
    if (element !== map) return false;
    const last = content.layers.length - 1;
    const step = { ArrowUp: 1, ArrowDown: -1, Home: -last - 1, End: last + 1 }[key];
    if (step !== undefined) {
      const layer = state.layer === null && step > 0 && key !== "End" ? 0 : (state.layer ?? last + 1) + step;
      set({ layer: Math.min(Math.max(layer, 0), last) });
      reveal();
      return true;
    }
    const sideways = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (!sideways) return false;
    const names = [null, ...partsOf(content, state.layer).map(({ part }) => part)];
    set({ part: names[(names.indexOf(state.part) + sideways + names.length) % names.length] });
    return true;
  }

  function reveal() {
    if (!shown) return;
    const top = rowTop(shown.g, state.layer);
    map.scrollTop = Math.min(Math.max(map.scrollTop, top + shown.g.row - map.clientHeight), top - shown.g.titles);
  }

  function paint(palette) {
    const g = mapLayout(map.clientWidth, content.layers.length);
    shown = { content, state, palette, g };
    canvas.style.marginTop = `${-g.titles}px`; // the titles stay in sight above the rows that scroll
    showTitles(g);
    const context = sizedContext(canvas, g.width, g.height);
    paintMap(context, shown);
    length.value = content.lengths.indexOf(state.tokens);
    counted.textContent = `${grouped(state.tokens)} tokens`;
    length.setAttribute("aria-valuetext", counted.textContent);
    showParts(palette);
    showCache();
    frame.say(mapSentence(content, state));
    frame.setTable(() => table(content, state));
  }

  function showTitles(g) {
    titles.style.width = `${g.width}px`;
    titles.style.height = `${g.titles}px`;
    titles.replaceChildren(
      ...Object.entries(g.columns).map(([name, { x }]) => {
        const title = h("span", {}, COLUMN_TITLES[name]);
        title.style.left = `${x}px`;
        return title;
      }),
    );
  }

  // the buttons stay the same elements while they show the same parts, so that a pressed one keeps the focus
  function showParts(palette) {
    const rows = partsOf(content, state.layer);
    const title = state.layer === null ? "parameters of the whole model" : `parameters of layer ${state.layer}`;
    const key = rows.map(({ part }) => part).join();
    if (parts.dataset.key !== key) {
      parts.dataset.key = key;
      parts.replaceChildren(h("div", { class: "g4-title" }), ...rows.map(({ part }) => partButton(part)));
    }
    const most = Math.max(...rows.map(({ count }) => count));
    parts.firstChild.textContent = `${title}: ${grouped(rows.reduce((sum, { count }) => sum + count, 0))}`;
    rows.forEach(({ part, count }, index) => {
      const button = parts.children[index + 1];
      button.setAttribute("aria-pressed", String(state.part === part));
      button.lastChild.textContent = grouped(count);
      drawBar(button.children[1], part, count / most, palette);
    });
  }

  function partButton(part) {
    const pick = () => set({ part: state.part === part ? null : part });
    return h("button", { type: "button", class: "g4-part", "data-lm-suppress-shortcuts": "true", onclick: pick }, h("span", {}, part), h("canvas", { "aria-hidden": "true" }), h("span", { class: "g4-number" }));
  }

  function drawBar(bar, part, share, palette) {
    const [width, height, ratio] = [bar.clientWidth, 12, devicePixelRatio || 1];
    bar.width = Math.round(width * ratio); // its style sheet stretches it: no size of its own
    bar.height = height * ratio;
    const context = bar.getContext("2d");
    context.scale(ratio, ratio);
    fillPart(context, part, 0, 0, Math.max(1, share * width), height, palette);
  }

  function showCache() {
    const groups = [
      ["local layers", content.layers.filter((layer) => layer.kind === "local" && !layer.borrows)],
      ["global layers", content.layers.filter((layer) => layer.kind === "global" && !layer.borrows)],
      ["borrowers", content.layers.filter((layer) => layer.borrows)],
    ].filter(([, layers]) => layers.length);
    const { bytes, alone } = cacheOf(content.layers, state.tokens);
    const row = (name, value, kind) => {
      const bar = h("i", { class: kind, hidden: value === 0 });
      bar.style.width = `${(100 * value) / alone}%`;
      return h("li", {}, h("span", {}, name), h("span", { class: "g4-track", "aria-hidden": "true" }, bar), h("span", { class: "g4-number", title: `${grouped(value)} bytes` }, bytesInWords(value)));
    };
    cache.replaceChildren(
      h("div", { class: "g4-title" }, `cache after ${grouped(state.tokens)} tokens: ${grouped(bytes)} bytes`),
      h("ul", {}, ...groups.map(([name, layers]) => row(`${layers.length} ${name}`, cacheOf(layers, state.tokens).bytes, "g4-kept")), row("without windows and sharing", alone, "g4-alone")),
    );
  }

  function fill() {
    frame.setModel(content.model);
    length.max = content.lengths.length - 1;
    const marks = [
      ["●", "owns K/V and lends them"], ["→", "borrows them"], ["○", "owns them for itself"],
      ["▬", "bar of “sees”: tokens in sight, logarithmic"], ["┅", "cache without window and sharing"],
    ];
    legend.replaceChildren(...marks.map(([mark, text]) => h("span", { class: "g4-key" }, h("b", { "aria-hidden": "true" }, mark), text)), h("span", {}, `the longest bar of parameters: ${shortCount(Math.max(...content.layers.map((layer) => summed(layer.parameters))))}`));
  }

  fill();
  frame.showStatus(data.status ?? { state: "ready" });
  frame.draw();

  return {
    update(part) {
      if (part.header) {
        content = part.header;
        state = { layer: null, part: null, tokens: startLength(content) };
        fill();
      }
      if (part.status) frame.showStatus(part.status);
      frame.draw();
    },
    /** The layer that another view of the same model has selected. */
    select({ layer }) {
      if (layer === state.layer || layer >= content.layers.length) return;
      state = withPart({ ...state, layer });
      frame.draw();
      if (layer !== null) reveal();
    },
    receive() {},
    destroy: frame.destroy,
  };
}

function startLength({ lengths, config }) {
  const wanted = 8 * config.window;
  return lengths.find((tokens) => tokens >= wanted) ?? lengths.at(-1);
}

function table(content, { tokens }) {
  const rows = content.layers.map((layer) => [
    layer.index, layer.kind, layer.window ?? "all", layer.heads, layer.kv_heads, layer.head_dim, layer.feedforward,
    layer.experts ? `${layer.chosen} of ${layer.experts} × ${layer.expert_feedforward}` : "none",
    sharing(layer), grouped(summed(layer.parameters)), grouped(cachedBytes(layer, tokens)),
  ]);
  return {
    caption: `The plan, and the cache after ${grouped(tokens)} tokens`,
    heads: ["layer", "kind", "window", "query heads", "K/V heads", "head dim", "MLP width", "experts", "K/V", "parameters", "cache bytes"],
    rows: rows.toReversed(),
  };
}
