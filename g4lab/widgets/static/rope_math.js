// The arithmetic of RopeDial, as the model does it: an angle is a float32, position times frequency.

/** Radians that a pair has turned at a position. */
export function angleAt(position, frequency) {
  return Math.fround(position * frequency);
}

/** Turns and the rest in degrees, for words: 11 turns and 40.1°. */
export function turnsOf(angle) {
  const turns = Math.floor(angle / (2 * Math.PI));
  return { turns, degrees: (angle / (2 * Math.PI) - turns) * 360 };
}

/** What a pair adds to the dot product of a query with an equal key `distance` tokens before it, of at most 1. */
export function pairDot(distance, frequency) {
  return Math.cos(angleAt(distance, frequency));
}

/** The same for all pairs together, each as long as the others: the mean over the pairs. */
export function meanDot(distance, frequencies) {
  let sum = 0;
  for (const frequency of frequencies) sum += pairDot(distance, frequency);
  return sum / frequencies.length;
}

/** Tokens for one turn; infinite for a pair that never turns. */
export function tokensPerTurn(frequency) {
  return frequency === 0 ? Infinity : (2 * Math.PI) / frequency;
}

/**
 * The curve over `columns` of a picture: the lowest and the highest value among the distances that each stands for,
 * of which at most `samples` are looked at.
 */
export function curveColumns(frequencies, span, columns, samples = 12) {
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * span) / columns);
    const to = Math.max(from, Math.floor(((column + 1) * span) / columns) - 1);
    const step = Math.max(1, Math.ceil((to - from + 1) / samples));
    let [low, high] = [Infinity, -Infinity];
    for (let distance = from; distance <= to; distance += step) {
      const value = meanDot(distance, frequencies);
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    return { low, high };
  });
}

/** Rows and columns of the dials, and the size of one, in a frame of a given width. */
export function dialLayout(width, pairs) {
  const size = 24;
  const columns = Math.max(8, Math.min(32, Math.floor(width / size)));
  return { size, columns, rows: Math.ceil(pairs / columns), pairs };
}

/** The pair whose dial lies at a point, or null. */
export function dialAt(g, x, y) {
  const [column, row] = [Math.floor(x / g.size), Math.floor(y / g.size)];
  const pair = row * g.columns + column;
  return column >= 0 && column < g.columns && row >= 0 && pair < g.pairs ? pair : null;
}

/** The end of a hand of a given length that has turned by an angle; it starts upright and turns clockwise. */
export function handEnd(x, y, length, angle) {
  return { x: x + length * Math.sin(angle), y: y - length * Math.cos(angle) };
}
