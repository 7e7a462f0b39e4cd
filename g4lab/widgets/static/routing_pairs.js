// Which experts come together, as numbers and words: P(j | i), how often it comes by chance, and whether to believe it.
import { precise } from "./numbers.js";
import { tooSmall } from "./measure_words.js";

/** One layer's pairs, from what routing_together.layer_pairs packed. */
export function readPairs(detail, E) {
  const { pairs, chance, low, high } = detail.arrays;
  const at = (array, i, j) => (array ? array.data[i * E + j] : null);
  const both = (i, j) => at(pairs, i, j);
  const count = (i) => both(i, i);
  const share = (i, j) => (count(i) ? both(i, j) / count(i) : 0);
  const enough = (i) => count(i) >= detail.needed;
  let most = 0;
  for (let i = 0; i < E; i += 1) for (let j = 0; j < E; j += 1) if (i !== j) most = Math.max(most, share(i, j));
  return {
    ...detail, experts: E, both, count, share, enough, most,
    chance: (i, j) => at(chance, i, j),
    low: (i, j) => at(low, i, j),
    high: (i, j) => at(high, i, j),
    /** -1 below the band, 0 inside, 1 above; null where nothing is claimed. */
    beyond: (i, j) => (!enough(i) || !high ? null : both(i, j) > at(high, i, j) ? 1 : both(i, j) < at(low, i, j) ? -1 : 0),
  };
}

/** What is said of the row of one expert. */
export function rowWords(pairs, layer, i) {
  const tokens = pairs.count(i);
  if (!tokens) return `Layer ${layer}: no token of this prompt chose expert ${i}.`;
  const order = partners(pairs, i);
  const best = order[0];
  const found = order.filter((j) => pairs.beyond(i, j) === 1);
  const claim = pairs.enough(i)
    ? found.length
      ? `Above the band, more often than chance allows: ${found.slice(0, 6).join(", ")}${found.length > 6 ? ` and ${found.length - 6} more` : ""}.`
      : "None is above the band of chance."
    : `But these are ${tooSmall({ of: `tokens of expert ${i}`, sample: tokens, needed: pairs.needed })}.`;
  return `Layer ${layer}: of the ${tokens} tokens of expert ${i}, ${pairs.both(i, best)} also chose ${best}, the most. ${claim}`;
}

/** What is said of one pair, both ways, since P(j | i) is not P(i | j). */
export function pairLines(pairs, layer, i, j) {
  if (i === j) return [`layer ${layer} · expert ${i}`, `chosen by ${pairs.count(i)} of ${pairs.tokens} tokens`];
  return [`layer ${layer}`, oneWay(pairs, i, j), oneWay(pairs, j, i)];
}

function oneWay(pairs, i, j) {
  const tokens = pairs.count(i);
  if (!tokens) return `P(${j} | ${i}): nobody chose ${i}`;
  const [share, chance] = [pairs.share(i, j), pairs.chance(i, j)];
  const ratio = chance > 0 ? `, x ${Number((share / chance).toPrecision(2))} of chance` : "";
  const band = pairs.enough(i) && pairs.high(i, j) !== null
    ? `; chance keeps it at ${pairs.low(i, j)} to ${pairs.high(i, j)} tokens`
    : `; ${tooSmall({ of: "tokens", sample: tokens, needed: pairs.needed })}`;
  return `P(${j} | ${i}) = ${precise(share)}: ${pairs.both(i, j)} of ${tokens} tokens; chance ${precise(chance)}${ratio}${band}`;
}

/** The table twin: all partners of one expert, the most frequent first. */
export function pairTable(pairs, layer, i) {
  const rows = partners(pairs, i).filter((j) => pairs.count(i) && (pairs.both(i, j) || pairs.chance(i, j) > 0));
  const bound = (value) => (pairs.enough(i) && value !== null ? value : "");
  return {
    caption: `Layer ${layer}: the ${pairs.count(i)} tokens of expert ${i}, by the other experts that they chose`,
    heads: ["expert", "tokens of both", `P(expert | ${i})`, "chance", "least tokens by chance", "most tokens by chance"],
    rows: rows.map((j) => [j, pairs.both(i, j), precise(pairs.share(i, j)), precise(pairs.chance(i, j)), bound(pairs.low(i, j)), bound(pairs.high(i, j))]),
  };
}

function partners(pairs, i) {
  const others = Array.from({ length: pairs.experts }, (_, j) => j).filter((j) => j !== i);
  return others.sort((a, b) => pairs.both(i, b) - pairs.both(i, a) || a - b);
}
