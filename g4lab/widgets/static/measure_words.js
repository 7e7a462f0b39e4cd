// A metric beside its null, in words and numbers. Rows are as routing_statistics.measure_row makes them.
import { precise, rough } from "./numbers.js";

/** That a sample is too small for a claim. */
export function tooSmall({ of, sample, needed }) {
  return `too few ${of} for a claim (${sample}; it needs ${needed})`;
}

/** How a value stands to its null: "x 2.3 of chance, above its band". */
export function againstNull(row) {
  if (!row.enough) return tooSmall(row);
  if (row.expected === undefined) return "";
  const ratio = row.expected === 0 ? `${row.against} gives 0` : `x ${rough2(row.value / row.expected)} of ${row.against}`;
  const place = { "-1": "below its band", 0: "inside its band", 1: "above its band" }[row.beyond];
  return place ? `${ratio}, ${place}` : ratio;
}

/** The null as a number with its band: "0.21 (0.11 to 0.33 in 99 %)". */
export function nullInNumbers(row) {
  if (!row.enough || row.expected === undefined) return "";
  const band = row.high === null ? "" : ` (${row.low === null ? "up" : rough(row.low)} to ${rough(row.high)} in ${100 * row.level} %)`;
  return `${rough(row.expected)}${band}`;
}

/** The value with all its digits, or nothing. */
export function exactly7(row) {
  return row.enough && row.value !== null ? precise(row.value) : "";
}

/** Where the parts of a row lie on its own scale, from 0 to 1, or null where there is no value. */
export function measureMarks({ enough, value, expected = 0, low, high }) {
  if (!enough || value === null) return null;
  const ends = [value, expected, low ?? 0, high ?? 0];
  const least = Math.min(0, ...ends);
  const most = Math.max(...ends, least + 1e-12);
  const at = (x) => (x - least) / (1.08 * (most - least));
  return { zero: at(0), value: at(value), expected: at(expected), band: high === null || high === undefined ? null : [at(low ?? least), at(high)] };
}

function rough2(ratio) {
  return String(Number(ratio.toPrecision(2)));
}
