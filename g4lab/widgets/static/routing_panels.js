// The panels below RoutingExplorer's grid, of which one is open at a time, or none: a list of tabs, walked by keyboard.
import { h, keepingFocus, uniqueId } from "./dom.js";

const PANELS = [["statistics", "Statistics"], ["together", "Together"], ["contexts", "Two contexts"], ["branches", "Dense and experts"]];

/** The tabs and the panel; `makers[name]()` makes one when it is opened first, `toggle(name)` hears of a press. */
export function routingPanels({ makers, toggle }) {
  const stem = uniqueId("panel");
  const made = {};
  let open = null;
  // Tab reaches each of them, since none need be open
  const tabs = PANELS.map(([name, text]) =>
    h("button", { type: "button", role: "tab", id: `${stem}-${name}`, "data-panel": name, "aria-controls": stem, "aria-selected": "false", onclick: () => toggle(name) }, text),
  );
  const list = h("div", { class: "g4-tabs", role: "tablist", "aria-label": "more about this layer", onkeydown: walk }, ...tabs);
  const panel = h("section", { class: "g4-panel", role: "tabpanel", id: stem, tabindex: "-1", hidden: true });
  panel.dataset.lmSuppressShortcuts = "true"; // for all that will ever stand in it

  // the arrows move the focus; Enter, or a click, opens and closes
  function walk(event) {
    const to = tabStep(event.key, tabs.indexOf(event.target), tabs.length);
    if (to === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    tabs[to].focus();
  }

  function fill(content, state, palette, busy) {
    if (state.panel !== open) {
      open = state.panel;
      if (open !== null) {
        made[open] ??= makers[open]();
        panel.setAttribute("aria-labelledby", `${stem}-${open}`);
      }
      panel.replaceChildren(...(open === null ? [] : [made[open].element]));
    }
    if (open !== null) made[open].show(content, state, palette, busy);
  }

  return {
    elements: [list, panel],
    /** Show the open panel, if there is one. */
    show(content, state, palette, busy) {
      tabs.forEach((tab) => tab.setAttribute("aria-selected", String(tab.dataset.panel === state.panel)));
      panel.hidden = state.panel === null;
      keepingFocus(panel, () => fill(content, state, palette, busy));
    },
    /** What a panel itself has selected, which a picture of it shows: its partner, its second token, its numbers. */
    shown: (name) => made[name]?.shown?.() ?? {},
    focus: () => panel.querySelector("button, textarea, [tabindex='0']")?.focus(),
    destroy: () => Object.values(made).forEach((each) => each.destroy?.()),
  };
}

/** The tab that a key leads to, or null. */
export function tabStep(key, place, count) {
  const to = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: count - 1 }[key];
  return place < 0 || to === undefined ? null : (to + count) % count;
}
