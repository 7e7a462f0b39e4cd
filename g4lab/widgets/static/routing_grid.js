// RoutingExplorer's grid: one canvas the size of its frame, painted anew as the frame scrolls beneath it.
import { at, layout, scrollTo } from "./grid_geometry.js";
import { h, oncePerFrame, sizedContext } from "./dom.js";
import { cut } from "./routing_data.js";
import { cellLines, layerLines } from "./routing_words.js";
import { paint } from "./routing_paint.js";

const ROW = { all: 26, one: 20 };

/** The grid; `pick({ layer, token, expert })` hears of a click on a cell, `pickLayer(layer)` on a layer's name. */
export function routingGrid({ pick, pickLayer, describedBy }) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const extent = h("div", { class: "g4-extent" }, canvas);
  const scroller = h(
    "div",
    { class: "g4-scroller", tabindex: "0", role: "application", "aria-label": "experts by layer", "aria-describedby": describedBy },
    extent,
  );
  scroller.dataset.lmSuppressShortcuts = "true";
  const tip = h("div", { class: "g4-tip", "aria-hidden": "true", hidden: true });
  const element = h("div", { class: "g4-grid" }, scroller, tip);
  let shown = null; // the content, state and palette on show, the grid cut from them, and its geometry

  const scroll = () => ({ left: scroller.scrollLeft, top: scroller.scrollTop });
  const redraw = oncePerFrame(() => {
    if (!shown) return;
    const view = { width: scroller.clientWidth, height: scroller.clientHeight };
    const context = sizedContext(canvas, view.width, view.height);
    paint(context, { ...shown, view, scroll: scroll() });
  });
  scroller.addEventListener("scroll", redraw);

  function hit(event) {
    const frame = canvas.getBoundingClientRect();
    return shown && at(shown.g, scroll(), event.clientX - frame.left, event.clientY - frame.top);
  }
  canvas.addEventListener("pointermove", (event) => {
    const place = hit(event);
    canvas.style.cursor = place && place.zone !== "side" ? "pointer" : "default";
    if (!place) return void (tip.hidden = true);
    const { content, state, grid } = shown;
    const lines =
      place.zone === "cell"
        ? cellLines(content, state, grid, place.row, place.column)
        : layerLines(content, grid.rows[place.row].layer);
    tip.textContent = lines.join("\n");
    tip.hidden = false;
    const frame = element.getBoundingClientRect();
    const left = event.clientX - frame.left + 14;
    tip.style.left = `${Math.max(0, Math.min(left, frame.width - tip.offsetWidth))}px`;
    tip.style.top = `${event.clientY - frame.top + 16}px`;
  });
  canvas.addEventListener("pointerleave", () => (tip.hidden = true));
  canvas.addEventListener("click", (event) => {
    const place = hit(event);
    if (!place || place.zone === "side") return;
    const { grid } = shown;
    const { layer } = grid.rows[place.row];
    if (place.zone === "name") pickLayer(layer);
    else pick({ layer, token: grid.token(place.row, place.column), expert: grid.expert(place.row, place.column) });
  });

  return {
    element,
    focusable: scroller,
    /** Show a state of the view. */
    show(content, state, palette) {
      const grid = cut(content, state);
      const load = state.slice === "all" && grid.columnIs === "expert";
      const g = layout(scroller.clientWidth, grid.rows.length, grid.columns, ROW[state.slice], load);
      extent.style.width = `${g.fullWidth}px`;
      extent.style.height = `${g.fullHeight}px`;
      shown = { content, state, palette, grid, g };
      redraw();
    },
    /** Scroll the frame so that what is selected is in sight. */
    reveal(content, state) {
      const { g } = shown;
      const grid = cut(content, state);
      const row = grid.rows.findIndex((r) => r.layer === state.layer && (state.slice === "all" || r.token === state.token));
      if (row < 0) return;
      scroller.scrollTo(scrollTo({ ...g, height: scroller.clientHeight }, scroll(), row, grid.columnOf(row, state) ?? 0));
    },
    destroy: redraw.cancel,
  };
}
