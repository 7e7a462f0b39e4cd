// What RoutingExplorer shows, as plain numbers: runs, and the three ways to cut tokens x layers x experts.
import { unpack } from "./pack.js";

/** A header and its bytes as something to ask: `layers`, `tokens`, and one reader for each run. */
export function readContent({ header, arrays }) {
  const unpacked = unpack(header.arrays, arrays);
  const { experts, chosen } = header.model;
  const runs = Object.fromEntries(header.runs.map((name) => [name, readRun(unpacked, name, experts, chosen)]));
  const other = header.other && { ...header.other, chosen: readChoices(unpacked, "other", chosen) };
  return { ...header, experts, chosen, runs, other, unpacked };
}

// A function from a layer and a token to the experts that it chose, with their weights.
function readChoices(byName, name, C) {
  const { data: experts, shape } = byName[`${name}.experts`];
  const { data: weights } = byName[`${name}.weights`];
  const at = (l, t, k) => (l * shape[1] + t) * C + k;
  return (l, t) => Array.from({ length: C }, (_, k) => ({ expert: experts[at(l, t, k)], weight: weights[at(l, t, k)] }));
}

function readRun(byName, name, E, C) {
  const array = (field) => byName[`${name}.${field}`]?.data;
  const [T] = byName[`${name}.experts`].shape.slice(1);
  const [weights, entropy, counts] = ["weights", "entropy", "counts"].map(array);
  const [meanWeight, meanProbability, every] = ["mean_weight", "mean_probability", "probabilities"].map(array);
  const fetched = new Map();

  const chosen = readChoices(byName, name, C);
  const probability = (l, t, e) => (every ? every[(l * T + t) * E + e] : (fetched.get(t)?.[l * E + e] ?? null));
  const top = {
    weight: largest(weights),
    meanWeight: largest(meanWeight),
    probability: every ? largest(every) : 1,
    meanProbability: largest(meanProbability),
    count: largest(counts),
  };
  return {
    chosen,
    probability,
    top,
    weight: (l, t, e) => chosen(l, t).find((pair) => pair.expert === e)?.weight ?? 0,
    entropy: (l, t) => entropy[l * T + t],
    count: (l, e) => counts[l * E + e],
    meanWeight: (l, e) => meanWeight[l * E + e],
    meanProbability: (l, e) => meanProbability[l * E + e],
    /** True when the probabilities of a token must be asked for: the trace was too large to send them all. */
    lacks: (t) => !every && !fetched.has(t),
    keep: (t, values) => fetched.set(t, values),
  };
}

/** The experts of a layer in the order of their places: by number, or the most used first. */
export function expertOrder(content, run, l, order) {
  const numbers = Array.from({ length: content.experts }, (_, e) => e);
  return order === "load" ? numbers.sort((a, b) => run.count(l, b) - run.count(l, a) || a - b) : numbers;
}

/**
 * The grid to draw. Rows from top to bottom; each knows its layer and token, and columns are experts or tokens.
 * `value(row, column)` is null where the number is not in the page; `top` is the end of the scale.
 */
export function cut(content, state) {
  const run = content.runs[state.run];
  const layers = content.layers.map((_, l) => l);
  const tokens = content.tokens.map((_, t) => t);
  if (state.show === "entropy") {
    const rows = (state.slice === "all" ? layers.toReversed() : [state.layer]).map((layer) => ({ layer, token: null }));
    return {
      rows,
      columns: tokens.length,
      columnIs: "token",
      value: (r, t) => run.entropy(rows[r].layer, t),
      token: (_, column) => column,
      expert: () => null,
      columnOf: (_, { token }) => token,
      top: Math.log2(content.experts),
    };
  }
  const rows =
    state.slice === "all"
      ? layers.toReversed().map((layer) => ({ layer, token: state.token }))
      : tokens.map((token) => ({ layer: state.layer, token }));
  const orders = new Map();
  const places = ({ layer }) => {
    if (!orders.has(layer)) orders.set(layer, expertOrder(content, run, layer, state.order));
    return orders.get(layer);
  };
  const mean = state.slice === "all" && state.token === null;
  const number = state.show === "prob" ? "probability" : "weight";
  const field = mean ? `mean${number[0].toUpperCase()}${number.slice(1)}` : number;
  return {
    rows,
    columns: content.experts,
    columnIs: "expert",
    value: (r, column) => {
      const expert = places(rows[r])[column];
      return mean ? run[field](rows[r].layer, expert) : run[field](rows[r].layer, rows[r].token, expert);
    },
    token: (r) => rows[r].token,
    expert: (r, column) => places(rows[r])[column],
    columnOf: (r, { expert }) => (expert === null ? null : places(rows[r]).indexOf(expert)),
    top: run.top[field] || 1,
  };
}

/** How many experts of a layer no counted token chose. */
export function unused(content, run, l) {
  return expertOrder(content, run, l, "number").filter((e) => run.count(l, e) === 0).length;
}

/** The most used expert of a layer. */
export function busiest(content, run, l) {
  return expertOrder(content, run, l, "load")[0];
}

function largest(values) {
  return values.reduce((most, value) => Math.max(most, value), 0);
}
