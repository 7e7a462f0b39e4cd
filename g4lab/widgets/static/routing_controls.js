// The rows of controls around RoutingExplorer's picture: what to read, what to show, what to change.
import { choice, h } from "./dom.js";
import { traceOpener } from "./trace_opener.js";

/**
 * The controls. They hold no state: `set(part)` asks for a change of what is shown, `ask(message)` asks the host,
 * `change(action)` asks for a change of the selected expert, `compare()` for the second context, and `show` makes them
 * say how things stand. Only a `live` page can open a recorded trace.
 */
export function routingControls({ set, ask, change, compare, live }) {
  const choices = {
    show: choice("show", [["weight", "weight"], ["prob", "prob"], ["entropy", "entropy"]], (show) => set({ show })),
    order: choice("order of the experts", [["number", "by number"], ["load", "by load"]], (order) => set({ order })),
    run: choice("which run", [["before", "before"], ["after", "after"]], (run) => set({ run })),
  };
  const slice = h("select", { "aria-label": "layer", onchange: () => set(sliceOf(slice.value)) });
  const badge = h("span", { class: "g4-badge" });
  const prompt = h("textarea", { rows: "1", "aria-label": "prompt", spellcheck: "false", onkeydown: runOnEnter });
  const runButton = h("button", { type: "submit" }, "Run");
  const form = h("form", { class: "g4-prompt", onsubmit: runPrompt }, prompt, runButton);

  const button = (text, action) => h("button", { type: "button", onclick: (event) => allowed(event) && change(action) }, text);
  const buttons = { off: button("Switch off", "off"), force: button("Force", "force"), swap: button("Swap…", "swap") };
  const reset = h("button", { type: "button", onclick: (event) => allowed(event) && ask({ kind: "reset" }) }, "Reset");
  const target = h("span", { class: "g4-target g4-soft" });
  const actions = h("div", { class: "g4-actions", role: "group", "aria-label": "change the router" }, target, ...Object.values(buttons), reset);
  const contexts = h("button", { type: "button", onclick: compare }, "Compare…");
  const opener = live ? traceOpener(ask) : null;
  const recorded = h("p", { class: "g4-soft" }, "Recorded: the model is not in here. In a running notebook, RoutingExplorer(model, prompt) can switch experts off.");

  function runPrompt(event) {
    event.preventDefault();
    ask({ kind: "run", prompt: prompt.value });
  }

  function runOnEnter(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  }

  return {
    above: [
      h("div", { class: "g4-controls" }, badge, form),
      h("div", { class: "g4-controls" }, labelled("layer", slice), labelled("show", choices.show.element), labelled("experts", choices.order.element), labelled("run", choices.run.element), contexts, ...(opener ? [opener.element] : [])),
    ],
    below: [actions, recorded],
    /** New content: another model, other layers, another prompt. */
    fill(content) {
      badge.replaceChildren(h("b", {}, content.model.name), ` · ${content.model.label}`);
      const layers = content.layers.map(({ index }, l) => h("option", { value: l }, String(index))).toReversed();
      slice.replaceChildren(h("option", { value: "all" }, "All"), ...layers);
      prompt.value = content.prompt ?? "";
    },
    /** How things stand. */
    show(content, state, busy) {
      for (const [name, control] of Object.entries(choices)) control.set(state[name]);
      choices.run.element.parentElement.hidden = !content.runs.after;
      choices.order.element.parentElement.hidden = state.show === "entropy";
      slice.value = state.slice === "all" ? "all" : String(state.layer);
      form.hidden = !content.runnable;
      actions.hidden = !content.editable;
      recorded.hidden = content.editable;
      const layer = content.layers[state.layer].index;
      target.textContent = state.expert === null ? "Click a cell to choose an expert:" : `Expert ${state.expert} of layer ${layer}:`;
      buttons.off.textContent = isOff(content, layer, state.expert) ? "Switch on" : "Switch off";
      for (const element of Object.values(buttons)) allow(element, !busy && state.expert !== null);
      allow(reset, !busy && content.changes.length > 0);
      allow(runButton, !busy);
      opener?.show(busy);
    },
  };
}

// Not the "disabled" attribute: it would take the focus from a button that has just been pressed, and in a notebook
// the next key would then go to the cell.
function allow(button, yes) {
  button.setAttribute("aria-disabled", String(!yes));
}

function allowed({ currentTarget }) {
  return currentTarget.getAttribute("aria-disabled") !== "true";
}

/** True when the selected expert is switched off. */
export function isOff(content, layer, expert) {
  return content.changes.some((c) => c.action === "off" && c.layer === layer && c.expert === expert);
}

function sliceOf(value) {
  return value === "all" ? { slice: "all" } : { slice: "one", layer: Number(value) };
}

function labelled(text, element) {
  return h("span", { class: "g4-labelled" }, h("span", { class: "g4-soft", "aria-hidden": "true" }, text), element);
}
