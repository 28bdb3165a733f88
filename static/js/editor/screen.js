const MOST_DENSE = 2;
const PIXELS_SHOW_FROM = 4;

/**
 * What is seen: the picture as an image that the browser moves and scales, and over it two canvases
 * of the stage's size, the ink (what the layer holds) and the marks (ring, cursor, outlines).
 */
export class Screen {
  isInkHidden = false;
  #picture;
  #ink;
  #marks;
  #view;
  #draw;
  #frame = 0;

  /** `draw` has ink(ctx, { left, top, scale }) in canvas pixels and marks(ctx, px) in the picture's. */
  constructor({ picture, ink, marks }, view, draw) {
    this.#picture = picture;
    this.#ink = ink;
    this.#marks = marks;
    this.#view = view;
    this.#draw = draw;
  }

  get #density() {
    return Math.min(devicePixelRatio, MOST_DENSE);
  }

  resize({ width, height }) {
    for (const canvas of [this.#ink, this.#marks]) {
      canvas.width = Math.round(width * this.#density);
      canvas.height = Math.round(height * this.#density);
    }
    this.refresh();
  }

  refresh() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#place();
      this.#paintInk();
      this.#paintMarks();
    });
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    // A canvas that is not seen any more should not hold a screenful of memory.
    for (const canvas of [this.#ink, this.#marks]) canvas.width = canvas.height = 0;
  }

  #place() {
    const { x, y, scale } = this.#view;
    this.#picture.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    this.#picture.classList.toggle("editor__picture--pixels", scale * devicePixelRatio >= PIXELS_SHOW_FROM);
  }

  #paintInk() {
    const ctx = this.#ink.getContext("2d");
    ctx.clearRect(0, 0, this.#ink.width, this.#ink.height);
    if (this.isInkHidden) return;
    const { x, y, scale } = this.#view;
    const density = this.#density;
    ctx.save();
    this.#draw.ink(ctx, { left: x * density, top: y * density, scale: scale * density });
    ctx.restore();
  }

  #paintMarks() {
    const ctx = this.#marks.getContext("2d");
    ctx.clearRect(0, 0, this.#marks.width, this.#marks.height);
    if (this.isInkHidden) return;
    const { x, y, scale } = this.#view;
    const density = this.#density;
    ctx.setTransform(scale * density, 0, 0, scale * density, x * density, y * density);
    this.#draw.marks(ctx, 1 / scale);
    ctx.setTransform(1, 0, 0, 1, 0, 0);
  }
}

/** A line that is seen on light and on dark: black below, white above. `px` is one pixel of the screen. */
export function trace(ctx, px, path, { dash = 0 } = {}) {
  for (const [width, colour, dashes] of [
    [3, "rgb(0 0 0 / 0.65)", []],
    [1.25, "white", dash ? [dash * px, dash * px] : []],
  ]) {
    ctx.lineWidth = width * px;
    ctx.strokeStyle = colour;
    ctx.setLineDash(dashes);
    ctx.beginPath();
    path(ctx);
    ctx.stroke();
  }
  ctx.setLineDash([]);
}
