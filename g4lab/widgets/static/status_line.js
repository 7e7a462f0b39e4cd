// How the work stands: nothing, a progress line that says what is computed, or an error with what, where and next.
import { h } from "./dom.js";

/** The line; `show({ state, doing | what, where, next })`. */
export function statusLine() {
  const element = h("div", { class: "g4-progress", role: "status" });
  const views = {
    ready: () => [],
    busy: ({ doing }) => [h("div", { class: "g4-bar" }), h("span", { class: "g4-soft" }, `${doing} …`)],
    error: ({ what, where, next }) => [
      h("div", { class: "g4-error", role: "alert" }, h("b", {}, what), ...[["where", where], ["next", next]].filter(([, text]) => text).map(([name, text]) => h("div", {}, h("span", { class: "g4-soft" }, `${name}: `), text))),
    ],
  };
  return {
    element,
    show(status) {
      element.dataset.state = status.state;
      element.replaceChildren(...views[status.state](status));
    },
  };
}
