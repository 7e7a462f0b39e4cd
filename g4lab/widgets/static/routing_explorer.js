// RoutingExplorer: which experts read which token, how even the load is, and what a change of the router does.
import { h, oncePerFrame, uniqueId } from "./dom.js";
import { asBytes } from "./pack.js";
import { foldedTable } from "./folded_table.js";
import { fileName, saveAs } from "./save_as.js";
import { readPalette, watchTheme } from "./theme.js";
import { readContent } from "./routing_data.js";
import { changeName, sentence } from "./routing_words.js";
import { isOff, routingControls } from "./routing_controls.js";
import { routingGrid } from "./routing_grid.js";
import { routingLegend } from "./routing_legend.js";
import { routingTable } from "./routing_table.js";
import { routingPanels } from "./routing_panels.js";
import { detailStore } from "./routing_details.js";
import { statisticsPanel } from "./routing_statistics.js";
import { togetherPanel } from "./routing_together.js";
import { contextsPanel } from "./routing_contexts.js";
import { branchesPanel } from "./routing_branches.js";
import { nextTokens } from "./next_token.js";
import { tokenRail } from "./token_rail.js";
import { statusLine } from "./status_line.js";
import { onKeys } from "./routing_keys.js";

// A token of null stands for the mean over all tokens; `swap` is the expert that waits for the one to exchange with.
const START = { token: null, pinned: false, expert: null, swap: null, slice: "all", show: "weight", order: "number", panel: null };

/**
 * Draw the view inside `root`.
 *
 * data: { header, arrays } as RoutingExplorer.content packs them, and a `status` where a host computes.
 * options: send(message) asks the host, where header.live says that there is one; select(selection) tells it what is
 * looked at; still(shown, words) promises a picture of what is selected.
 * Returns update(part of data), receive(message, buffers) and destroy().
 */
export function mount(root, data, { send = () => {}, select = () => {}, still = null } = {}) {
  let content = readContent(data);
  let state = { ...START, layer: content.layers.length - 1, run: lastRun() };
  let palette = null;
  let busy = false;
  let asked = null; // the token whose probabilities have been asked for

  const spoken = h("p", { class: "g4-sentence", "aria-live": "polite", id: uniqueId("sentence") });
  const controls = routingControls({ set, ask, change, compare, live: content.live });
  const status = statusLine();
  const grid = routingGrid({ pick, pickLayer: (layer) => set({ layer }), describedBy: spoken.id });
  const rail = tokenRail({ hover: (token) => state.pinned || set({ token }), pick: (token) => set({ token, pinned: true }) });
  const next = nextTokens();
  const legend = routingLegend();
  const details = detailStore(send);
  const pickExpert = (expert) => set({ expert });
  const panels = routingPanels({
    toggle: (panel) => set({ panel: state.panel === panel ? null : panel }),
    makers: {
      statistics: () => statisticsPanel(details, { pick: pickExpert }),
      together: () => togetherPanel(details, { pick: pickExpert }),
      contexts: () => contextsPanel({ ask, pickLayer: (layer) => set({ layer }), redraw: () => set({}) }),
      branches: () => branchesPanel({ read: () => state, set, ask, describedBy: spoken.id }),
    },
  });
  const table = foldedTable();
  const save = saveAs({ name: () => fileName(content.model.name, "routing"), table: table.made, still: still && (() => still(shown(), spoken.textContent)) });

  root.classList.add("g4lab", "g4-routing");
  root.replaceChildren(
    ...controls.above, status.element, grid.element, rail.element, ...controls.below,
    next.element, legend.element, spoken, ...panels.elements, table.element, save,
  );
  root.querySelectorAll("button, select, textarea, summary").forEach((e) => (e.dataset.lmSuppressShortcuts = "true"));

  function set(part) {
    const before = state;
    state = { ...state, ...part };
    if (state.layer !== before.layer || state.run !== before.run) rail.setTicks(ticksOf);
    draw();
    select(shown());
  }

  function shown() {
    const { token, pinned, expert, show, run, panel, order, slice } = state;
    return { token, layer: layerIndex(), pinned, expert, expert_layer: layerIndex(), show, run, panel, order, slice, ...panels.shown(panel) };
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

  function compare() {
    set({ panel: "contexts" });
    requestAnimationFrame(() => panels.focus());
  }

  function ask(message) {
    if (busy) return;
    setStatus({ state: "busy", doing: message.kind === "open" ? "the trace is read" : `${content.model.name} reads the prompt` });
    send(message);
  }

  function setStatus(value) {
    busy = value.state === "busy";
    if (value.state === "error") details.refuse();
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
    panels.show(content, state, palette, busy);
    table.set(() => routingTable(content, state));
    spoken.textContent = sentence(content, state);
  });

  function askForProbabilities() {
    const { show, token, run } = state;
    if (show !== "prob" || token === null || token === asked || !content.runs[run].lacks(token)) return;
    asked = token;
    send({ kind: "probabilities", token });
  }

  function fill() {
    details.reset(content);
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
        const layer = Math.min(state.layer, content.layers.length - 1);
        const expert = state.expert < content.experts ? state.expert : null;
        state = { ...state, layer, expert, swap: null, run: lastRun(), ...(sameTokens ? {} : { token: null, pinned: false }) };
        asked = null;
        fill();
      }
      if (part.status) setStatus(part.status);
      draw();
    },
    /** What another view of the same trace has selected. */
    select({ token, layer, pinned }) {
      const row = content.layers.findIndex(({ index }) => index === layer);
      const moved = row >= 0 && row !== state.layer;
      state = { ...state, token, pinned, ...(moved ? { layer: row, expert: null, swap: null } : {}) };
      if (moved) rail.setTicks(ticksOf);
      draw();
    },
    /** What the host sends beside the data: a panel's numbers, or the probabilities of one token, of each run. */
    receive(message, [buffer]) {
      const { kind, token, runs } = message;
      if (kind === "detail") details.receive(message, buffer);
      if (kind !== "probabilities") return draw();
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
      panels.destroy();
      root.replaceChildren();
    },
  };
}
