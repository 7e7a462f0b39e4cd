// One token in two contexts: which experts both have in common, layer by layer, and how many chance would share.
import { quoted } from "./token_rail.js";

/** The next place after `from` with the token `id`, else the first one before it, else null. */
export function nextSame(tokens, id, from) {
  const places = tokens.flatMap((token, place) => (token.id === id && place !== from ? [place] : []));
  return places.find((place) => place > from) ?? places[0] ?? null;
}

/** The token that is compared when none was chosen: the first that comes again, or the last. */
export function firstThatRecurs(tokens) {
  const counts = new Map();
  tokens.forEach(({ id }) => counts.set(id, (counts.get(id) ?? 0) + 1));
  const place = tokens.findIndex(({ id, kind }) => kind !== "control" && counts.get(id) > 1);
  return place < 0 ? tokens.length - 1 : place;
}

/** What is compared: { first, second } are { tokens, token, chosen(layer) }, with a token of null where there is none. */
export function contextsOf(content, { token, run }, picked) {
  const first = token ?? firstThatRecurs(content.tokens);
  // a second text was read by the model as it is
  const own = content.runs[content.other ? "before" : run];
  const there = content.other ?? { tokens: content.tokens, chosen: own.chosen };
  const second = picked ?? nextSame(there.tokens, content.tokens[first].id, content.other ? -1 : first);
  return {
    first: { tokens: content.tokens, token: first, chosen: (l) => own.chosen(l, first) },
    second: { tokens: there.tokens, token: second, chosen: (l) => there.chosen(l, second) },
  };
}

/** A row for each layer, from the input upward. `chance` is how often as many are shared by chance. */
export function contextRows(content, { first, second }) {
  return content.layers.map(({ index }, l) => {
    const sides = [first.chosen(l), second.chosen(l)];
    const [one, two] = sides.map((side) => new Set(side.map(({ expert }) => expert)));
    const shared = [...one].filter((expert) => two.has(expert)).length;
    const marked = (side, others) => side.map((pair) => ({ ...pair, shared: others.has(pair.expert) }));
    const chance = content.shared_chances.slice(shared).reduce((sum, p) => sum + p, 0);
    return { layer: index, first: marked(sides[0], two), second: marked(sides[1], one), shared, chance };
  });
}

/** How many of C experts two random choices share on the mean: C C / E. */
export function chanceShared({ chosen, experts }) {
  return (chosen * chosen) / experts;
}

/** The comparison in words. */
export function contextWords(content, contexts, rows) {
  const [first, second] = [contexts.first, contexts.second].map(({ tokens, token }) => `${quoted(tokens[token])} (token ${token}${tokens === content.tokens ? "" : " of the second text"})`);
  const mean = rows.reduce((sum, { shared }) => sum + shared, 0) / rows.length;
  const chance = chanceShared(content);
  return `${first} and ${second}: over ${rows.length} layers they share ${trimmed(mean)} of ${content.chosen} experts on the mean; chance shares ${trimmed(chance)}, so this is x ${trimmed(mean / chance)} of chance.`;
}

/** A probability of chance for a table: "1", "0.0625", "< 0.0001". */
export function chanceOf(probability) {
  return probability < 1e-4 ? "< 0.0001" : String(Number(Math.min(probability, 1).toPrecision(3)));
}

function trimmed(value) {
  return String(Number(value.toPrecision(3)));
}
