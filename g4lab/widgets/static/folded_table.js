// The table twin of a picture: folded until it is asked for, and made only while it is open.
import { h } from "./dom.js";

/** The element, which may have a title of its own; `set` takes a function that makes { caption, heads, rows }, and `made()` calls it. */
export function foldedTable(title = "As a table") {
  const body = h("div", { class: "g4-table", tabindex: "0", role: "region", "aria-label": title === "As a table" ? "the numbers as a table" : title });
  const element = h("details", { class: "g4-details" }, h("summary", {}, title), body);
  let make = null;
  const fill = () => {
    if (element.open && make) body.replaceChildren(asTable(make()));
  };
  element.addEventListener("toggle", fill);
  const set = (next) => {
    make = next;
    fill();
  };
  return { element, set, made: () => make() };
}

function asTable({ caption, heads, rows }) {
  const line = ([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, String(first)), ...rest.map((text) => h("td", {}, String(text))));
  return h(
    "table",
    {},
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, ...rows.map(line)),
  );
}
