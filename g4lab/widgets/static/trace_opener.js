// A folded box for the path of a recorded trace.
import { h } from "./dom.js";

/** The box; ask({ kind: "open", path }) hears of the button and of Enter. */
export function traceOpener(ask) {
  const path = h("input", { type: "text", "aria-label": "path of a recorded trace", placeholder: "run.npz", spellcheck: "false", onkeydown: (event) => event.key === "Enter" && open() });
  const opener = h("button", { type: "button", onclick: () => open() }, "Open");
  const element = h("details", { class: "g4-recorded" }, h("summary", {}, "Recorded trace"), h("span", { class: "g4-labelled" }, path, opener));

  function open() {
    if (path.value.trim()) ask({ kind: "open", path: path.value });
  }

  return {
    element,
    show: (busy) => opener.setAttribute("aria-disabled", String(busy)),
  };
}
