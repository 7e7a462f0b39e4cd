// The prompt box of a view that can ask its model to read something else.
import { h } from "./dom.js";

/** The box; ask({ kind: "run", prompt }) hears of the button and of Enter. Shift and Enter begin a new line. */
export function promptForm(ask, { label = "prompt", verb = "Run" } = {}) {
  const box = h("textarea", { rows: "1", "aria-label": label, spellcheck: "false", onkeydown: enter });
  const run = h("button", { type: "submit" }, verb);
  const element = h("form", { class: "g4-prompt", onsubmit: submit }, box, run);

  function submit(event) {
    event.preventDefault();
    if (run.getAttribute("aria-disabled") !== "true") ask({ kind: "run", prompt: box.value });
  }

  function enter(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  }

  return {
    element,
    fill(prompt) {
      if (prompt !== null && prompt !== undefined) box.value = prompt;
    },
    show({ editable }, busy) {
      element.hidden = !editable;
      run.setAttribute("aria-disabled", String(busy));
    },
  };
}
