// LogitLens: what each layer's residual stream would say if the network ended there, and which parts made the answer.
import { asking } from "./asking.js";
import { choice, h } from "./dom.js";
import { layerGrid, markChance, writeLabel } from "./layer_grid.js";
import { gridStep } from "./layer_grid_geometry.js";
import { lensBars } from "./lens_bars.js";
import { firstPlaces, lensCellLines, lensSentence, lensShade, lensTable, lensWords, readLens, TARGET_WORDS } from "./lens_data.js";
import { lensTop } from "./lens_top.js";
import { rough } from "./numbers.js";
import { promptForm } from "./prompt_form.js";
import { scaleKey } from "./scale_key.js";
import { tokenRail } from "./token_rail.js";
import { floatingTip, labelledControl, viewFrame } from "./view_frame.js";

const LENS_ROW = 24;

/**
 * Draw the view inside `root`.
 *
 * data: { header, arrays } as LogitLens.content packs them. options: send(message) asks the host to read another
 * prompt or to follow another token; select(selection) tells it what is looked at;
 * still(shown, words) promises a picture of what is selected.
 * Returns update(part of data), select(selection), receive() and destroy().
 */
export function mount(root, data, { send = () => {}, select = () => {}, still = null } = {}) {
  let content = readLens(data);
  let state = { row: content.rows.length - 1, token: null, pinned: false, shade: "top", target: content.targets_shown };

  const prompt = promptForm((message) => host.ask(message));
  const shade = choice("shade by", [["top", "top token"], ["probability", "target"], ["rank", "target's rank"]], (value) => set({ shade: value }));
  const target = h("select", { "aria-label": "target", onchange: () => set({ target: target.value }) });
  const wanted = h("input", { type: "text", class: "g4-wanted", "aria-label": "another target: one token, with its space", title: "one token, with its space; empty lets go", placeholder: "one token", spellcheck: "false", size: "10", onkeydown: enter });
  const follow = h("button", { type: "button", onclick: () => press() }, "Follow");
  const another = h("span", { class: "g4-labelled" }, wanted, follow);
  const picture = h("div", { class: "g4-frame" });
  const tip = floatingTip(picture);
  const frame = viewFrame(root, { name: "lens", paint, onKey, shown, still });
  const host = asking(frame, send, () => `${content.model.name} reads the prompt`);
  const grid = layerGrid({
    label: "the lens, layers upward, positions across",
    describedBy: frame.spoken.id,
    tip,
    lines: ({ zone, row, column }) => (zone === "cell" ? lensCellLines(content, state, row, column) : [content.rows[row].name, lensSentence(content, { ...state, row, token: null })]),
    hover: (place) => state.pinned || set(place ? { row: place.row, token: content.start + place.column } : { token: null }),
    pick: ({ row, column }) => pin(row, content.start + column),
    pickRow: (row) => set({ row }),
  });
  picture.prepend(grid.element);
  const rail = tokenRail({ hover: (token) => state.pinned || set({ token }), pick: (token) => (pin(state.row, token), grid.reveal(state.row, token - content.start)) });
  rail.list.setAttribute("aria-describedby", frame.spoken.id);
  const top = lensTop();
  const bars = lensBars({ pickLayer: (layer) => set({ row: content.rows.findIndex(({ index }) => index === layer) }) });
  const legend = h("div", { class: "g4-legend" });
  frame.assemble(
    h("div", { class: "g4-controls" }, frame.badge, prompt.element),
    h("div", { class: "g4-controls" }, labelledControl("target", target), another, h("span", { class: "g4-labelled" }, h("span", { class: "g4-soft", "aria-hidden": "true" }, "shade"), shade.element)),
    picture, legend, rail.element, h("div", { class: "g4-panels" }, top.element, bars.element),
  );

  function set(part) {
    state = { ...state, ...part };
    rail.setTicks(ticks);
    frame.draw();
    select(shown());
  }

  function shown() {
    const { token, row, pinned, target: chosen, shade: by } = state;
    return { token, layer: content.rows[row].index, pinned, row, target: chosen, shade: by };
  }

  function pin(row, token) {
    const again = state.pinned && state.token === token && state.row === row;
    set({ row, token, pinned: !again });
  }

  function onKey(key, element) {
    if (key === "Escape") return set({ token: null, pinned: false }), true;
    if (element !== rail.list && element !== grid.element) return false;
    if (key === "Enter" || key === " ") return state.token !== null && set({ pinned: !state.pinned }), true;
    const column = state.token === null ? null : Math.max(0, state.token - content.start);
    const to = gridStep(key, { row: state.row, column }, content.rows.length, content.columns);
    if (!to) return false;
    set({ row: to.row, token: to.column === null ? null : content.start + to.column });
    if (state.token !== null) {
      rail.show(state.token, state.pinned);
      rail.reveal(state.token);
    }
    grid.reveal(to.row, to.column ?? 0);
    return true;
  }

  // a tick is as tall as the target is likely at the row that is looked at
  function ticks(token) {
    const column = token - content.start;
    const chosen = content.targets[state.target];
    return column >= 0 && chosen.has(column) ? [{ place: 0.5, height: chosen.probability(state.row, column) }] : [];
  }

  function enter(event) {
    if (event.key === "Enter" && !event.isComposing) press();
  }

  function press() {
    host.ask({ kind: "token", token: wanted.value || null });
  }

  function paint(palette) {
    shade.set(state.shade);
    target.value = state.target;
    prompt.show(content, host.busy);
    another.hidden = !content.can_follow;
    follow.setAttribute("aria-disabled", String(host.busy));
    grid.show(
      {
        rows: content.rows, tokens: content.tokens.slice(content.start), cell: [74, 110], row: LENS_ROW, beside: 150,
        besideTitle: `first at${content.null_first ? ", elsewhere ┆" : ""}`, paintBeside,
        shade: (row, column) => lensShade(content, state, row, column),
        words: (row, column) => lensWords(content, state, row, column),
        current: { row: state.row, column: state.token === null ? null : state.token - content.start }, pinned: state.pinned,
      },
      palette,
    );
    rail.show(state.token, state.pinned);
    top.show(content, state);
    bars.show(content, state, palette);
    showLegend(palette);
    frame.say(lensSentence(content, state));
    frame.setTable(() => lensTable(content, state));
  }

  // how often the target comes first, and how often the target of another position does
  function paintBeside(context, row, { x, y, width, height }, palette) {
    const { first, count } = firstPlaces(content, state.target, row);
    const room = width - 56;
    context.fillStyle = palette.ink;
    context.fillRect(x, y + 7, count ? (first / count) * room : 0, height - 14);
    writeLabel(context, `${first} of ${count}`, x + width - 4, y + height / 2, palette.soft, { size: 11, align: "right" });
    if (!content.null_first) return;
    const chance = x + content.null_first[row] * room;
    markChance(context, chance, y + 3, y + height - 3, palette);
  }

  function showLegend(palette) {
    const words = TARGET_WORDS[state.target];
    const key = {
      top: () => scaleKey(palette, "probability of the top token: 0", "1"),
      probability: () => scaleKey(palette, `probability of the ${words}: 0`, "1"),
      rank: () => scaleKey(palette, `rank of the ${words}, logarithmic: ${content.vocabulary}`, "1"),
    }[state.shade]();
    legend.replaceChildren(
      key,
      h("span", {}, `in a cell: top token, and the rank of the ${words}`),
      h("span", {}, `a reading that knows nothing: ${rough(1 / content.vocabulary)}, rank ${rough((content.vocabulary + 1) / 2)}${content.prior_name ? `; ${content.prior_name} in the tooltip` : ""}`),
      ...(content.null_first ? [h("span", { class: "g4-key" }, h("i", { class: "g4-dash" }), "beside: true next tokens of other positions; in bars: the average token")] : []),
    );
  }

  function fill() {
    frame.setModel(content.model);
    target.replaceChildren(...Object.keys(content.targets).map((name) => h("option", { value: name }, TARGET_WORDS[name])));
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
        const before = content.targets.chosen?.id(0);
        content = readLens(part);
        // a token that has just been chosen is what one wants to see
        const isNew = content.targets.chosen && content.targets.chosen.id(0) !== before;
        const kept = content.targets[state.target] && !isNew ? state.target : content.targets_shown;
        state = { ...state, target: kept, row: Math.min(state.row, content.rows.length - 1), ...(same ? {} : { token: null, pinned: false }) };
        fill();
      }
      if (part.status) host.showStatus(part.status);
      frame.draw();
    },
    /** What another view of the same trace has selected. */
    select({ token, layer, pinned }) {
      const row = content.rows.findIndex(({ index }) => index !== null && index === layer);
      state = { ...state, token, pinned, row: row < 0 ? state.row : row };
      rail.setTicks(ticks);
      frame.draw();
      if (pinned && token !== null) grid.reveal(state.row, token - content.start);
    },
    receive() {},
    destroy() {
      grid.destroy();
      bars.destroy();
      frame.destroy();
    },
  };
}
