const LEAST_NORMAL = 2 ** -14;
const LARGEST = 65_504;
// from here on, ties-to-even rounds to infinity
const OVERFLOW = 65_520;

/** The number that 16 bits of IEEE 754 binary16 (`FP16`) mean. Exact. */
export function halfToNumber(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The bits of the `FP16` number nearest to a value: ties to even, too large becomes infinite, as IEEE 754 rounds. */
export function numberToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= OVERFLOW) return sign | 0x7c00;
  if (magnitude < LEAST_NORMAL) return sign | roundTiesToEven(magnitude * 2 ** 24);
  if (magnitude > LARGEST) return sign | 0x7bff;
  let exponent = Math.floor(Math.log2(magnitude));
  // log2 may be off by one next to a power of two
  if (magnitude < 2 ** exponent) exponent -= 1;
  else if (magnitude >= 2 ** (exponent + 1)) exponent += 1;
  // a fraction that rounds up to 1024 carries into the exponent by itself
  return sign | (((exponent + 15) << 10) + roundTiesToEven((magnitude / 2 ** exponent - 1) * 1024));
}

/** The number that 16 bits of bfloat16 (`BF16`) mean: the upper half of a float32. Exact. */
export function bfloatToNumber(bits: number): number {
  return new Float32Array(new Uint32Array([bits << 16]).buffer)[0] ?? Number.NaN;
}

/** The bits of the `BF16` number nearest to a value, ties to even. */
export function numberToBfloat(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  const bits = new Uint32Array(new Float32Array([value]).buffer)[0] ?? 0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

function roundTiesToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
