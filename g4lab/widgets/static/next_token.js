// What comes next: a bar for each likely token, before and after a change.
import { h } from "./dom.js";
import { signed } from "./routing_words.js";
import { tokenParts } from "./token_rail.js";

/** The panel; `show(next, names)` takes the header's "next" and the names of the changes. */
export function nextTokens() {
  const element = h("div", { class: "g4-next" });
  return {
    element,
    show(next, names) {
      if (!next) return element.replaceChildren();
      const changed = next.change !== null;
      const title = h("div", { class: "g4-next-title" }, "next token");
      if (changed) title.append(h("span", { class: "g4-soft" }, `  outlined: before · filled: with ${names}`));
      const list = h("ul", {}, ...next.rows.map((row) => line(row, changed)));
      element.replaceChildren(title, list, ...(changed ? [verdict(next)] : []));
    },
  };
}

function line({ text, before, after }, changed) {
  const shown = changed ? after : before;
  const filled = h("i", { class: "g4-after" });
  filled.style.width = `${100 * shown}%`;
  const outlined = h("i", { class: "g4-before" });
  outlined.style.width = `${100 * before}%`;
  const number = changed ? `${percent(before)} → ${percent(after)}` : percent(before);
  const piece = tokenParts(text).map((part) => h("span", part.mark ? { class: "g4-mark" } : {}, part.text));
  return h(
    "li",
    {},
    h("span", { class: "g4-piece" }, ...piece),
    h("span", { class: "g4-track", "aria-hidden": "true" }, filled, ...(changed ? [outlined] : [])),
    h("span", { class: "g4-number" }, number),
  );
}

function verdict({ favourite, change }) {
  const text = tokenParts(favourite).map((part) => part.text).join("");
  return h("div", { class: "g4-verdict" }, "Δ log-prob of ", h("span", { class: "g4-piece" }, text), ` ${signed(change)}`);
}

function percent(probability) {
  return probability < 0.0005 ? "< 0.1 %" : `${(100 * probability).toFixed(1)} %`;
}
