const STEP = 1.15;

/** Brush and line sizes in picture px: a slider that is fine where sizes are small. */
export class SizeScale {
  #largest;

  constructor(role, { width, height }) {
    this.edge = Math.min(width, height);
    const isMask = role === "mask";
    this.#largest = Math.max(isMask ? 32 : 12, Math.round(this.edge / (isMask ? 2 : 16)));
    this.first = Math.max(isMask ? 8 : 3, Math.round(this.edge / (isMask ? 12 : 100)));
  }

  size(position) {
    return Math.max(1, Math.round(this.#largest * (position / 100) ** 2));
  }

  position(size) {
    return Math.sqrt(size / this.#largest) * 100;
  }

  /** One step larger or smaller, by a pixel at least. */
  next(size, direction) {
    const wanted = Math.round(size * STEP ** direction);
    const next = wanted === size ? size + direction : wanted;
    return Math.min(this.#largest, Math.max(1, next));
  }
}
