// Numbers as the views print them.

/** A number as it is, to seven digits, which is all that single precision has. */
export function precise(value) {
  return String(Number(value.toPrecision(7)));
}

/** A number to three digits, without the zeros that say nothing: 0.42, 12.1, 3e-7. */
export function rough(value) {
  return String(Number(value.toPrecision(3)));
}

/** A number with its sign, a true minus. */
export function withSign(value, digits = 2) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;
}
