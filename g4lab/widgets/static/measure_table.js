// Metrics as a table: the number, a bar on the band and the line of the null, and the same in words.
import { h } from "./dom.js";
import { againstNull, exactly7, measureMarks, nullInNumbers } from "./measure_words.js";

const HEADS = ["metric", "value", "on the band of its null", "in words", "null"];

/** The table of some rows, with a folded list of what each null is. */
export function measureTable(caption, rows) {
  const table = h(
    "table",
    { class: "g4-measures" },
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, ...HEADS.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, ...rows.map(measureLine)),
  );
  return h("div", { class: "g4-scrolled", tabindex: "0", role: "region", "aria-label": caption }, table);
}

/** What each null is, folded. */
export function nullList(rows) {
  const known = rows.filter(({ how }) => how);
  const items = known.map(({ name, convention, how }) => h("li", {}, h("b", {}, name), `${convention ? ` (${convention})` : ""}: ${how}.`));
  return h("details", { class: "g4-details", hidden: known.length === 0 }, h("summary", {}, "What each null is"), h("ul", { class: "g4-nulls" }, ...items));
}

function measureLine(row) {
  return h(
    "tr",
    { "data-metric": row.name },
    h("th", { scope: "row" }, row.name, " ", h("span", { class: "g4-soft" }, row.convention)),
    h("td", {}, exactly7(row)),
    h("td", { "aria-hidden": "true" }, track(row)),
    h("td", { class: "g4-in-words" }, againstNull(row)),
    h("td", {}, nullInNumbers(row), ...(row.enough && row.even !== null ? [h("span", { class: "g4-soft" }, `; even: ${Number(row.even.toPrecision(3))}`)] : [])),
  );
}

function track(row) {
  const element = h("span", { class: "g4-gauge" });
  const marks = measureMarks(row);
  if (!marks) return element;
  const percent = (share) => `${(100 * share).toFixed(2)}%`;
  const put = (name, left, right) => {
    const mark = h("i", { class: name });
    mark.style.left = percent(left);
    if (right !== undefined) mark.style.width = percent(right - left);
    element.append(mark);
  };
  if (marks.band) put("g4-of-band", ...marks.band);
  put("g4-of-value", Math.min(marks.zero, marks.value), Math.max(marks.zero, marks.value));
  put("g4-of-null", marks.expected);
  return element;
}
