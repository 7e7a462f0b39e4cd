// PerLayerEmbeddings: what PLE adds to each token at each layer, beside the same tokens in another order.
import { asking } from "./asking.js";
import { choice, h } from "./dom.js";
import { layerGrid, markChance, writeLabel } from "./layer_grid.js";
import { gridStep } from "./layer_grid_geometry.js";
import { nextTokens } from "./next_token.js";
import { layerMean, pleCellLines, pleLayerLines, pleSentence, pleTable, readPle } from "./ple_data.js";
import { promptForm } from "./prompt_form.js";
import { scaleKey } from "./scale_key.js";
import { tokenRail } from "./token_rail.js";
import { floatingTip, viewFrame } from "./view_frame.js";

const ROW_HEIGHT = 24;

/**
 * Draw the view inside `root`.
 *
 * data: { header, arrays } as PerLayerEmbeddings.content packs them. options: send(message) asks the host to read
 * another prompt or to switch PLE off at a layer; select(selection) tells it what is looked at;
 * still(shown, words) promises a picture of what is selected.
 * Returns update(part of data), select(selection), receive() and destroy().
 */
export function mount(root, data, { send = () => {}, select = () => {}, still = null } = {}) {
  let content = readPle(data);
  let state = { row: 0, token: null, pinned: false, show: "ratio" };

  const prompt = promptForm((message) => host.ask(message));
  const show = choice("order of the tokens", [["ratio", "as written"], ["null_mean", "shuffled"]], (value) => set({ show: value }));
  const orders = h("span", { class: "g4-labelled" }, h("span", { class: "g4-soft", "aria-hidden": "true" }, "order"), show.element);
  const picture = h("div", { class: "g4-frame" });
  const tip = floatingTip(picture);
  const frame = viewFrame(root, { name: "ple", paint, onKey, shown, still });
  const host = asking(frame, send, () => `${content.model.name} reads the prompt`);
  const grid = layerGrid({
    label: "what PLE adds, layers upward, tokens across",
    describedBy: frame.spoken.id,
    tip,
    lines: ({ zone, row, column }) => (zone === "cell" ? pleCellLines(content, row, column) : pleLayerLines(content, row)),
    hover: (place) => state.pinned || set(place ? { row: place.row, token: place.column } : { token: null }),
    pick: ({ row, column }) => pin(row, column),
    pickRow: (row) => set({ row }),
  });
  picture.prepend(grid.element);
  const rail = tokenRail({ hover: (token) => state.pinned || set({ token }), pick: (token) => (pin(state.row, token), grid.reveal(state.row, token)) });
  rail.list.setAttribute("aria-describedby", frame.spoken.id);
  const off = h("button", { type: "button", onclick: () => host.ask({ kind: "off", layer: layerIndex(), off: !isOff() }) });
  const reset = h("button", { type: "button", onclick: () => host.ask({ kind: "reset" }) }, "Reset");
  const actions = h("div", { class: "g4-controls" }, off, reset);
  const next = nextTokens();
  const legend = h("div", { class: "g4-legend" });
  frame.assemble(
    h("div", { class: "g4-controls" }, frame.badge, prompt.element, orders),
    picture, rail.element, actions, next.element, legend,
  );

  function set(part) {
    const moved = part.row !== undefined && part.row !== state.row;
    state = { ...state, ...part };
    if (moved || part.show) rail.setTicks(ticks);
    frame.draw();
    select(shown());
  }

  function shown() {
    return { token: state.token, layer: layerIndex(), pinned: state.pinned, show: state.show };
  }

  function pin(row, token) {
    const again = state.pinned && state.token === token && state.row === row;
    set({ row, token, pinned: !again });
  }

  function onKey(key, element) {
    if (key === "Escape") return set({ token: null, pinned: false }), true;
    if (element !== rail.list && element !== grid.element) return false;
    if (key === "Enter" || key === " ") return state.token !== null && set({ pinned: !state.pinned }), true;
    const to = gridStep(key, { row: state.row, column: state.token }, content.layers.length, content.tokens.length);
    if (!to) return false;
    set({ row: to.row, token: to.column });
    if (to.column !== null) {
      rail.show(to.column, state.pinned);
      rail.reveal(to.column);
    }
    grid.reveal(to.row, to.column ?? 0);
    return true;
  }

  const layerIndex = () => content.layers[state.row].index;
  const isOff = () => content.off.includes(layerIndex());
  const ticks = (token) => [{ place: 0.5, height: content[state.show](state.row, token) / content.most }];

  function paint(palette) {
    show.set(state.show);
    orders.hidden = !content.hasNull;
    prompt.show(content, host.busy);
    actions.hidden = !content.editable;
    off.textContent = `Switch PLE ${isOff() ? "on" : "off"} at layer ${layerIndex()}`;
    [off, reset].forEach((button) => button.setAttribute("aria-disabled", String(host.busy || (button === reset && !content.off.length))));
    grid.show(
      {
        rows: content.layers.map(({ index, kind }) => ({ name: `layer ${index}${content.off.includes(index) ? " ×" : ""}`, kind })),
        tokens: content.tokens, cell: [9, 46], row: ROW_HEIGHT, beside: 170,
        besideTitle: content.hasNull ? "mean, and shuffled ┆" : "mean",
        shade: (row, token) => content[state.show](row, token) / content.most,
        paintBeside, current: { row: state.row, column: state.token }, pinned: state.pinned,
      },
      palette,
    );
    rail.show(state.token, state.pinned);
    next.show(content.next, content.off.map((layer) => `PLE of L${layer} off`).join(", "));
    legend.replaceChildren(
      scaleKey(palette, "norm of what PLE adds / norm of the stream: 0", content.most.toPrecision(3)),
      ...(content.hasNull ? [h("span", { class: "g4-key" }, h("i", { class: "g4-dash" }), "the same tokens shuffled")] : [h("span", {}, content.no_null)]),
    );
    frame.say(pleSentence(content, state));
    frame.setTable(() => pleTable(content, state));
  }

  function paintBeside(context, row, { x, y, width, height }, palette) {
    const most = Math.max(...content.layers.map((_, r) => layerMean(content, "ratio", r)), ...(content.hasNull ? content.layers.map((_, r) => layerMean(content, "null_mean", r)) : [])) || 1;
    const mean = layerMean(content, "ratio", row);
    const room = width - 48;
    context.fillStyle = palette.ink;
    context.fillRect(x, y + 6, Math.max(1, (mean / most) * room), height - 12);
    writeLabel(context, mean.toPrecision(3), x + width - 4, y + height / 2, palette.soft, { size: 11, align: "right" });
    if (!content.hasNull) return;
    const chance = x + (layerMean(content, "null_mean", row) / most) * room;
    markChance(context, chance, y + 2, y + height - 2, palette);
  }

  function fill() {
    frame.setModel(content.model);
    rail.setTokens(content.tokens);
    rail.setTicks(ticks);
    prompt.fill(content.prompt);
  }

  fill();
  host.showStatus(data.status ?? { state: "ready" });

  return {
    update(part) {
      if (part.header) {
        const same = JSON.stringify(part.header.tokens) === JSON.stringify(content.tokens);
        content = readPle(part);
        if (!same) state = { ...state, token: null, pinned: false };
        state = { ...state, row: Math.min(state.row, content.layers.length - 1), show: content.hasNull ? state.show : "ratio" };
        fill();
      }
      if (part.status) host.showStatus(part.status);
      frame.draw();
    },
    /** What another view of the same trace has selected. */
    select({ token, layer, pinned }) {
      const row = content.layers.findIndex(({ index }) => index === layer);
      state = { ...state, token, pinned, row: row < 0 ? state.row : row };
      rail.setTicks(ticks);
      frame.draw();
      if (pinned && token !== null) grid.reveal(state.row, token);
    },
    receive() {},
    destroy() {
      grid.destroy();
      frame.destroy();
    },
  };
}
