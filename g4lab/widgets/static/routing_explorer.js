// RoutingExplorer: which experts read which token, how even the load is, and what a change of the router does.
import { h, oncePerFrame, uniqueId } from "./dom.js";
import { asBytes } from "./pack.js";
import { readPalette, watchTheme } from "./theme.js";
import { readContent } from "./routing_data.js";
import { changeName, sentence } from "./routing_words.js";
import { isOff, routingControls } from "./routing_controls.js";
import { routingGrid } from "./routing_grid.js";
import { routingLegend } from "./routing_legend.js";
import { routingTable } from "./routing_table.js";
import { nextTokens } from "./next_token.js";
import { tokenRail } from "./token_rail.js";
import { statusLine } from "./status_line.js";
import { onKeys } from "./routing_keys.js";

// A token of null stands for the mean over all tokens; `swap` is the expert that waits for the one to exchange with.
const START = { token: null, pinned: false, expert: null, swap: null, slice: "all", show: "weight", order: "number" };

/**
 * Draw the view inside `root`.
 *
 * data: { header, arrays } as RoutingExplorer.content packs them, and a `status` where a host computes.
 * options: send(message) asks the host, where header.live says that there is one; select(selection) tells it what is
 * looked at.
 * Returns update(part of data), receive(message, buffers) and destroy().
 */
export function mount(root, data, { send = () => {}, select = () => {} } = {}) {
  let content = readContent(data);
  let state = { ...START, layer: content.layers.length - 1, run: lastRun() };
  let palette = null;
  let busy = false;
  let asked = null; // the token whose probabilities have been asked for

  const spoken = h("p", { class: "g4-sentence", "aria-live": "polite", id: uniqueId("sentence") });
  const controls = routingControls({ set, ask, change });
  const status = statusLine();
  const grid = routingGrid({ pick, pickLayer: (layer) => set({ layer }), describedBy: spoken.id });
  const rail = tokenRail({ hover: (token) => state.pinned || set({ token }), pick: (token) => set({ token, pinned: true }) });
  const next = nextTokens();
  const legend = routingLegend();
  const table = routingTable();

  root.classList.add("g4lab", "g4-routing");
  root.replaceChildren(
    ...controls.above, status.element, grid.element, rail.element, ...controls.below,
    next.element, legend.element, spoken, table.element,
  );
  root.querySelectorAll("button, select, textarea, summary").forEach((e) => (e.dataset.lmSuppressShortcuts = "true"));

  function set(part) {
    const before = state;
    state = { ...state, ...part };
    if (state.layer !== before.layer || state.run !== before.run) rail.setTicks(ticksOf);
    draw();
    select({ token: state.token, layer: layerIndex(), expert: state.expert });
  }

  function pick({ layer, token, expert }) {
    if (state.swap) return finishSwap(layer, expert);
    const again = expert !== null && layer === state.layer && expert === state.expert && token === state.token;
    const pin = token !== null && token !== state.token ? { token, pinned: true } : {};
    set({ layer, expert: again ? null : expert, ...pin });
  }

  function enter() {
    if (state.swap) finishSwap(state.layer, state.expert);
    else if (state.token !== null) set({ pinned: true });
  }

  function change(action) {
    if (action === "swap") return set({ swap: { layer: state.layer, expert: state.expert } });
    const undo = action === "off" && isOff(content, layerIndex(), state.expert);
    ask({ kind: "change", action: undo ? "on" : action, layer: layerIndex(), expert: state.expert });
  }

  function finishSwap(layer, other) {
    const { swap } = state;
    if (layer !== swap.layer || other === null || other === swap.expert) return;
    set({ swap: null });
    ask({ kind: "change", action: "swap", layer: content.layers[layer].index, expert: swap.expert, other });
  }

  function ask(message) {
    if (busy) return;
    setStatus({ state: "busy", doing: `${content.model.name} reads the prompt` });
    send(message);
  }

  function setStatus(value) {
    busy = value.state === "busy";
    status.show(value);
    root.setAttribute("aria-busy", String(busy));
    draw();
  }

  function layerIndex() {
    return content.layers[state.layer].index;
  }

  function lastRun() {
    return content.runs.after ? "after" : "before";
  }

  function ticksOf(token) {
    const run = content.runs[state.run];
    return run.chosen(state.layer, token).map(({ expert, weight }) => ({
      place: content.experts === 1 ? 0.5 : expert / (content.experts - 1),
      height: weight / (run.top.weight || 1),
    }));
  }

  const draw = oncePerFrame(() => {
    palette ??= readPalette(root);
    if (content.live) askForProbabilities();
    controls.show(content, state, busy);
    grid.show(content, state, palette);
    rail.show(state.token, state.pinned);
    next.show(content.next, content.changes.map(changeName).join(", "));
    legend.show(content, state, palette);
    table.show(content, state);
    spoken.textContent = sentence(content, state);
  });

  function askForProbabilities() {
    const { show, token, run } = state;
    if (show !== "prob" || token === null || token === asked || !content.runs[run].lacks(token)) return;
    asked = token;
    send({ kind: "probabilities", token });
  }

  function fill() {
    controls.fill(content);
    rail.setTokens(content.tokens);
    rail.setTicks(ticksOf);
  }

  const stopKeys = onKeys(root, {
    focusOf: (element) => (element === grid.focusable ? "grid" : element === rail.list ? "rail" : null),
    read: () => ({ content, state }),
    set: (part) => {
      set(part);
      if (state.token !== null) rail.reveal(state.token);
      grid.reveal(content, state);
    },
    enter,
  });
  const stopTheme = watchTheme(() => {
    palette = readPalette(root);
    draw();
  });
  const resize = new ResizeObserver(draw);
  [root, grid.focusable].forEach((element) => resize.observe(element));
  fill();
  setStatus(data.status ?? { state: "ready" });

  return {
    /** New data, or a new status, or both. */
    update(part) {
      if (part.header) {
        const sameTokens = JSON.stringify(part.header.tokens) === JSON.stringify(content.tokens);
        content = readContent(part);
        state = { ...state, swap: null, run: lastRun(), ...(sameTokens ? {} : { token: null, pinned: false }) };
        asked = null;
        fill();
      }
      if (part.status) setStatus(part.status);
      draw();
    },
    /** What the host sends beside the data: the probabilities of one token, of each run. */
    receive({ kind, token, runs }, [buffer]) {
      if (kind !== "probabilities") return;
      const values = new Float32Array(asBytes(buffer).slice().buffer);
      const size = values.length / runs.length;
      runs.forEach((name, i) => content.runs[name]?.keep(token, values.subarray(i * size, (i + 1) * size)));
      draw();
    },
    destroy() {
      stopTheme();
      stopKeys();
      resize.disconnect();
      draw.cancel();
      grid.destroy();
      root.replaceChildren();
    },
  };
}
