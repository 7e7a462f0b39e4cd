// What the dense MLP and the experts write, as numbers and words. The arrays are those of routing_branches.py.
import { precise } from "./numbers.js";
import { quoted } from "./token_rail.js";

/** What can be shown of a token in a layer, with the end of its scale. */
export const BRANCH_SHOWS = [["ratio", "ratio"], ["dense", "dense"], ["experts", "experts"], ["cosine", "cosine"]];

/** The measured layers: a reader for each, by the layer's place. */
export function readBranches({ branches, layers, tokens, unpacked }) {
  const T = tokens.length;
  const byLayer = new Map();
  for (const { layer, rows } of branches) {
    const { data } = unpacked[`branches.${layer}`];
    const of = (part) => (t) => data[part * T + t];
    const [dense, experts, cosine] = [0, 1, 2].map(of);
    const counted = tokens.flatMap(({ kind }, t) => (kind === "control" ? [] : [t]));
    const logs = counted.map((t) => Math.log(experts(t) / dense(t)));
    const mean = counted.length ? Math.exp(logs.reduce((sum, x) => sum + x, 0) / logs.length) : null;
    byLayer.set(layers.findIndex(({ index }) => index === layer), { rows, dense, experts, cosine, mean, ratio: (t) => experts(t) / dense(t) });
  }
  const all = [...byLayer.values()].flatMap((part) => tokens.map((_, t) => Math.max(part.dense(t), part.experts(t))));
  return { of: (l) => byLayer.get(l) ?? null, measured: byLayer.size, most: all.reduce((a, b) => Math.max(a, b), 0) || 1 };
}

/** Where a token's number lies on the scale from 0 to 1: a ratio of 1, and a cosine of 0, in the middle. */
export function branchShade(part, show, t, most) {
  if (!part) return null;
  if (show === "ratio") return part.experts(t) / (part.experts(t) + part.dense(t));
  if (show === "cosine") return (part.cosine(t) + 1) / 2;
  return part[show](t) / most;
}

/** The lines at the pointer. */
export function branchLines(content, branches, l, t) {
  const where = `layer ${content.layers[l].index}, token ${t} ${quoted(content.tokens[t])}`;
  const part = branches.of(l);
  if (!part) return [where, "not measured"];
  return [
    where,
    `dense writes: ${precise(part.dense(t))}`,
    `experts write: ${precise(part.experts(t))}`,
    `ratio: ${precise(part.ratio(t))} (equal branches: 1)`,
    `cosine: ${precise(part.cosine(t))} (unrelated directions: 0)`,
  ];
}

/** What is selected, in words. */
export function branchWords(content, branches, { layer: l, token: t }) {
  const name = `Layer ${content.layers[l].index}`;
  const part = branches.of(l);
  if (!part) return `${name} has not been measured.`;
  if (t === null) {
    const mean = part.mean === null ? "" : `: over all tokens the experts write x ${Number(part.mean.toPrecision(3))} of what the dense MLP writes (geometric mean; equal branches: 1)`;
    return `${name}${mean}.`;
  }
  const three = (x) => String(Number(x.toPrecision(3))).replace("-", "−");
  return `${name}, ${quoted(content.tokens[t])}: the dense MLP writes a vector of norm ${three(part.dense(t))}, the experts one of ${three(part.experts(t))}: x ${three(part.ratio(t))} (equal branches: 1). Their cosine is ${three(part.cosine(t))} (unrelated directions: 0).`;
}

/** The table twin: the layers of one token, or the tokens of one layer. */
export function branchTable(content, branches, { layer: l, token: t }) {
  const numbers = (part, at) => (part ? ["dense", "experts", "ratio", "cosine"].map((name) => precise(part[name](at))) : ["", "", "", ""]);
  const heads = ["dense norm", "experts' norm", "ratio", "cosine"];
  if (t === null)
    return {
      caption: `Layer ${content.layers[l].index}`,
      heads: ["token", "text", ...heads],
      rows: content.tokens.map((token, at) => [at, quoted(token), ...numbers(branches.of(l), at)]),
    };
  return {
    caption: `Token ${t}, ${quoted(content.tokens[t])}`,
    heads: ["layer", ...heads],
    rows: content.layers.map(({ index }, at) => [index, ...numbers(branches.of(at), t)]).toReversed(),
  };
}

/** Whether a branch of a layer is switched off. */
export function isBranchOff({ changes }, layer, branch) {
  return changes.some((c) => c.action === "branch" && c.layer === layer && c.branch === branch);
}
