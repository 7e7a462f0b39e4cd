// Arrays as they arrive: one block of bytes and an index. The counterpart of pack.py.

const ARRAY_TYPES = {
  uint8: Uint8Array, uint16: Uint16Array, int32: Int32Array, float32: Float32Array, float64: Float64Array,
};

/** A Uint8Array over what a host hands out: a DataView (notebook), base64 text (static page), or bytes. */
export function asBytes(source) {
  if (typeof source === "string") return Uint8Array.from(atob(source), (c) => c.charCodeAt(0));
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}

/** The text that bytes stand for. */
export function asText(source) {
  return new TextDecoder().decode(asBytes(source));
}

/** The typed arrays of an index, by name: { data, shape }. */
export function unpack(index, source) {
  const bytes = asBytes(source);
  return Object.fromEntries(
    index.map(({ name, dtype, shape, offset }) => {
      const length = shape.reduce((product, n) => product * n, 1);
      return [name, { data: readArray(bytes, dtype, offset, length), shape }];
    }),
  );
}

/** Undo zlib.compress. */
export async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The number that the 16 bits of a half-precision float stand for. */
export function halfToNumber(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function readArray(bytes, dtype, offset, length) {
  // A copy, because the block may begin at an address that wider types cannot start from.
  if (dtype === "float16") {
    const halves = new Uint16Array(bytes.slice(offset, offset + 2 * length).buffer);
    return Float32Array.from(halves, halfToNumber);
  }
  const Type = ARRAY_TYPES[dtype];
  return new Type(bytes.slice(offset, offset + Type.BYTES_PER_ELEMENT * length).buffer);
}
