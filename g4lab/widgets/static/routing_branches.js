// The panel "Dense and experts": what both branches of a layer write to the stream, and what comes of switching one off.
import { choice, h } from "./dom.js";
import { foldedTable } from "./folded_table.js";
import { layerGrid, markChance, writeLabel } from "./layer_grid.js";
import { gridStep } from "./layer_grid_geometry.js";
import { measureTable, nullList } from "./measure_table.js";
import { BRANCH_SHOWS, branchLines, branchShade, branchTable, branchWords, isBranchOff, readBranches } from "./routing_branch_data.js";
import { scaleKey } from "./scale_key.js";
import { floatingTip } from "./view_frame.js";

const NOTE = "A large part is not an important part: each branch ends in a norm of its own, so learned scales set its size. Switching it off is what tells.";
const MIDDLE = { ratio: ["dense alone", "experts alone; equal in the middle"], cosine: ["cosine −1", "1; unrelated in the middle"] };

/** The panel; read() and set(part) are the state's, ask(message) asks the host to measure or to switch. */
export function branchesPanel({ read: stateNow, set, ask, describedBy }) {
  let what = "ratio";
  let seen = null;
  let branches = null;
  let read = null;
  let tabled = null;
  const show = choice("what to show of the branches", BRANCH_SHOWS, (value) => {
    what = value;
    set({});
  });
  const allowed = (button) => button.getAttribute("aria-disabled") !== "true";
  const measure = h("button", { type: "button", onclick: () => allowed(measure) && ask({ kind: "contributions", layer: layerIndex() }) }, "Measure");
  const switches = ["dense", "experts"].map((branch) => {
    const button = h("button", { type: "button", onclick: () => allowed(button) && ask({ kind: "branch", layer: layerIndex(), branch, off: !isBranchOff(seen.content, layerIndex(), branch) }) });
    return { branch, button };
  });
  const measureRow = h("div", { class: "g4-controls" }, h("span", { class: "g4-labelled" }, h("span", { class: "g4-soft", "aria-hidden": "true" }, "show"), show.element), measure);
  const actions = h("div", { class: "g4-controls", role: "group", "aria-label": "switch off a branch" }, ...switches.map(({ button }) => button));
  const words = h("p", { class: "g4-words" });
  const frame = h("div", { class: "g4-frame" });
  const tip = floatingTip(frame);
  const grid = layerGrid({
    label: "what both branches write, layers upward, tokens across",
    describedBy,
    tip,
    lines: ({ zone, row, column }) => (zone === "cell" ? branchLines(seen.content, branches, row, column) : [branchWords(seen.content, branches, { layer: row, token: null })]),
    hover: (place) => seen.state.pinned || set({ token: place ? place.column : null }),
    pick: ({ row, column }) => set({ layer: row, token: column, pinned: true, expert: null }),
    pickRow: (row) => set({ layer: row, expert: null }),
  });
  frame.prepend(grid.element);
  grid.element.addEventListener("keydown", walk);
  const legend = h("div", { class: "g4-legend" });
  const body = h("div", { class: "g4-part" });
  const note = h("p", { class: "g4-words g4-soft" });
  const table = foldedTable("Both branches as a table");
  const element = h("div", { class: "g4-part" }, measureRow, words, frame, legend, actions, note, body, table.element);

  const layerIndex = () => seen.content.layers[seen.state.layer].index;

  function walk(event) {
    const { content } = seen;
    const state = stateNow(); // which may be newer than what is drawn
    const to = gridStep(event.key, { row: state.layer, column: state.token }, content.layers.length, content.tokens.length);
    if (!to || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    set({ layer: to.row, token: to.column });
    grid.reveal(to.row, to.column ?? 0);
  }

  function paintMean(context, row, { x, y, width, height }, palette) {
    const mean = branches.of(row)?.mean;
    if (!mean) return;
    const middle = x + (width - 48) / 2;
    const reach = (width - 48) / 2;
    const length = Math.max(-1, Math.min(1, Math.log2(mean) / 3)) * reach; // the ends are 1/8 and 8
    context.fillStyle = palette.ink;
    context.fillRect(Math.min(middle, middle + length), y + 6, Math.max(1, Math.abs(length)), height - 12);
    markChance(context, middle, y + 2, y + height - 2, palette);
    writeLabel(context, `x ${Number(mean.toPrecision(2))}`, x + width - 2, y + height / 2, palette.soft, { size: 11, align: "right" });
  }

  return {
    element,
    shown: () => ({ branch_show: what }),
    show(content, state, palette, busy) {
      if (read !== content) [branches, read] = [readBranches(content), content];
      seen = { content, state };
      const here = branches.of(state.layer);
      show.set(what);
      const some = branches.measured > 0;
      frame.hidden = legend.hidden = table.element.hidden = show.element.parentElement.hidden = !some;
      const pressed = document.activeElement === measure;
      measure.hidden = Boolean(here) || !content.measurable;
      // a button that goes must not leave the focus to the notebook, where a letter can delete a cell
      if (pressed && measure.hidden) show.element.querySelector("button").focus();
      measure.textContent = `Measure layer ${layerIndex()}`;
      measure.setAttribute("aria-disabled", String(busy));
      words.textContent = here || some || content.measurable
        ? branchWords(content, branches, state)
        : content.unsplit ?? "What the branches write is not in here: the trace has not recorded it. In a running notebook, RoutingExplorer(model, prompt).contributions() measures it.";
      actions.hidden = !content.editable;
      note.textContent = content.changes.length && some ? `${NOTE} What is measured is the model without the changes.` : NOTE;
      for (const { branch, button } of switches) {
        button.textContent = `Switch ${isBranchOff(content, layerIndex(), branch) ? "on" : "off"} ${branch} of layer ${layerIndex()}`;
        button.setAttribute("aria-disabled", String(busy));
      }
      if (some) {
        grid.show(
          {
            rows: content.layers.map(({ index, kind }) => ({ name: `layer ${index}${["dense", "experts"].some((b) => isBranchOff(content, index, b)) ? " ×" : ""}`, kind })),
            tokens: content.tokens, cell: [9, 46], row: 22, beside: 170, besideTitle: "experts to dense ┆ equal",
            shade: (row, token) => branchShade(branches.of(row), what, token, branches.most),
            paintBeside: paintMean, current: { row: state.layer, column: state.token }, pinned: state.pinned,
          },
          palette,
        );
        const [low, high] = MIDDLE[what] ?? [`norm of the ${what === "dense" ? "dense" : "experts'"} part: 0`, branches.most.toPrecision(3)];
        legend.replaceChildren(scaleKey(palette, low, high), h("span", { class: "g4-key" }, h("i", { class: "g4-dash" }), "equal branches"));
        table.set(() => branchTable(content, branches, state));
      }
      if (tabled === here) return;
      tabled = here;
      body.replaceChildren(...(here ? [measureTable(`Layer ${layerIndex()}: both branches over the whole prompt`, here.rows), nullList(here.rows)] : []));
    },
    destroy: grid.destroy,
  };
}
