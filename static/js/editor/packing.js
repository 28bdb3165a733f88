// A tile's alpha, small enough to keep fifty steps of: one number where it is all the same, else runs.

const LONGEST_RUN = 65_535;

/** The one value of a uniform tile, else `{ runs }` or, where runs would be longer, `{ raw }`. */
export function pack(alpha) {
  const runs = [];
  for (let start = 0; start < alpha.length; ) {
    let end = start + 1;
    while (end < alpha.length && alpha[end] === alpha[start] && end - start < LONGEST_RUN) end += 1;
    runs.push(alpha[start], (end - start) & 255, (end - start) >> 8);
    start = end;
    if (runs.length >= alpha.length) return { raw: alpha.slice() };
  }
  const isUniform = runs.every((value, index) => index % 3 !== 0 || value === runs[0]);
  return isUniform ? runs[0] : { runs: Uint8Array.from(runs) };
}

export function unpack(packed, length) {
  if (typeof packed === "number") return new Uint8Array(length).fill(packed);
  if (packed.raw) return packed.raw;
  const alpha = new Uint8Array(length);
  let at = 0;
  for (let index = 0; index < packed.runs.length; index += 3) {
    const end = at + packed.runs[index + 1] + (packed.runs[index + 2] << 8);
    alpha.fill(packed.runs[index], at, end);
    at = end;
  }
  return alpha;
}

export function bytesOf(packed) {
  return typeof packed === "number" ? 8 : (packed.raw ?? packed.runs).length;
}
