// The rows of one head: held as weights, computed here from its queries and keys, or in steps until they come exactly.

const KEYS_AT_ONCE = 4; // products of one query that are summed side by side

/** A head whose weights are at hand, from row `from` on. */
export function headOfWeights(data, from = 0) {
  return { from, exact: true, data, done: Infinity, factors: null, rows: new Map() };
}

/** A head whose weights are computed from its queries, the first of them that of row `from`, and all its keys. */
export function headOfFactors(queries, keys, tokens, from = 0) {
  const wide = (array) => Float64Array.from(asFloats(array)); // sums are double, and so is what they read
  return { from, exact: true, data: null, done: from, factors: { queries: wide(queries), keys: wide(keys), width: keys.length / tokens }, rows: new Map() };
}

/** A head as the roots of its weights in 255 steps; exact rows are put in as they come. */
export function headOfSteps(data) {
  return { from: 0, exact: false, data, done: Infinity, factors: null, rows: new Map() };
}

/** The weights that one query gives to the keys it sees, exactly, or null where they are not at hand. */
export function exactRow(found, bounds, query) {
  const known = found.rows.get(query);
  if (known) return known;
  if (!found.exact || query < found.from) return null;
  const { first, end, offsets } = bounds;
  const start = offsets[query] - offsets[found.from];
  if (query < found.done) return found.data.subarray(start, start + end[query] - first[query]);
  const row = new Float32Array(end[query] - first[query]);
  computeRow(found, first[query], end[query], query, row);
  found.rows.set(query, row);
  return row;
}

/**
 * Compute further rows of a head for at most `budget` ms; returns the rows [from, to) that are new, or null when
 * nothing is left to do. So a page stays awake while it works out millions of weights.
 */
export function computeRows(found, { first, end, offsets }, budget, now = () => performance.now()) {
  const tokens = first.length;
  if (!found.factors || found.done >= tokens) return null;
  found.data ??= new Float32Array(offsets[tokens] - offsets[found.from]);
  const [from, stop] = [found.done, now() + budget];
  do {
    const query = found.done;
    const start = offsets[query] - offsets[found.from];
    computeRow(found, first[query], end[query], query, found.data.subarray(start, start + end[query] - first[query]));
    found.done += 1;
  } while (found.done < tokens && now() < stop);
  if (found.done >= tokens) found.rows.clear();
  return [from, found.done];
}

/** Whether some rows are still to be computed. */
export function unfinished(found, tokens) {
  return Boolean(found?.factors) && found.done < tokens;
}

// Softmax of one query's products with the keys [first, end), summed in double precision and rounded once.
function computeRow({ factors, from }, first, end, query, row) {
  const { queries, keys, width } = factors;
  const scores = scratch(end - first);
  const q = (query - from) * width;
  let largest = -Infinity;
  let s = first;
  for (; s + KEYS_AT_ONCE <= end; s += KEYS_AT_ONCE) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let k = s * width;
    for (let h = 0; h < width; h += 1, k += 1) {
      const x = queries[q + h];
      a += x * keys[k];
      b += x * keys[k + width];
      c += x * keys[k + 2 * width];
      d += x * keys[k + 3 * width];
    }
    const at = s - first;
    scores[at] = a;
    scores[at + 1] = b;
    scores[at + 2] = c;
    scores[at + 3] = d;
    largest = Math.max(largest, a, b, c, d);
  }
  for (; s < end; s += 1) {
    let a = 0;
    for (let h = 0; h < width; h += 1) a += queries[q + h] * keys[s * width + h];
    scores[s - first] = a;
    if (a > largest) largest = a;
  }
  let sum = 0;
  for (let i = 0; i < end - first; i += 1) {
    scores[i] = Math.exp(scores[i] - largest);
    sum += scores[i];
  }
  for (let i = 0; i < end - first; i += 1) row[i] = scores[i] / sum;
}

let room = new Float64Array(1024);
function scratch(size) {
  if (room.length < size) room = new Float64Array(2 * size);
  return room;
}

// Numbers of bfloat16 travel as the upper halves of their 32 bits.
function asFloats(array) {
  return array instanceof Uint16Array ? new Float32Array(Uint32Array.from(array, (bits) => bits << 16).buffer) : array;
}
