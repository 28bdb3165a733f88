import { bytesOf, pack, unpack } from "./packing.js";

// A mask guides the model; more than this of it would cost memory and help nobody. A larger
// picture's mask is kept smaller and scaled up when it is exported.
const LONGEST = 4096;
const TILE = 512;

/**
 * What is selected: alpha in tiles, in the picture's coordinates. A tile that is all the same is one
 * number and costs nothing; only tiles that a step touches are read, kept for undo and drawn anew.
 */
export class Surface {
  #tiles = [];
  #touched = new Map();
  #picture;

  constructor(picture) {
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    this.#picture = picture;
    this.width = Math.max(1, Math.round(picture.width * scale));
    this.height = Math.max(1, Math.round(picture.height * scale));
    for (let y = 0; y < this.height; y += TILE) {
      for (let x = 0; x < this.width; x += TILE) {
        const width = Math.min(TILE, this.width - x);
        const height = Math.min(TILE, this.height - y);
        this.#tiles.push({ x, y, width, height, level: 0, canvas: null, sum: 0, solid: 0 });
      }
    }
  }

  get scaleX() {
    return this.width / this.#picture.width;
  }

  get scaleY() {
    return this.height / this.#picture.height;
  }

  /** How much of the picture is selected, 0 to 1. */
  get share() {
    return this.#tiles.reduce((sum, tile) => sum + tile.sum, 0) / (255 * this.width * this.height);
  }

  /** Whether any pixel is selected through and through, as the server asks. */
  get hasSolid() {
    return this.#tiles.some((tile) => tile.solid > 0);
  }

  get isBusy() {
    return this.#touched.size > 0;
  }

  /** Let `draw` paint, in the picture's pixels, on every tile that the box meets. */
  paint(box, draw) {
    for (const tile of this.#tiles) {
      if (!this.#meets(tile, box)) continue;
      if (!this.#touched.has(tile)) this.#touched.set(tile, packed(tile));
      const ctx = open(tile);
      ctx.save();
      ctx.setTransform(this.scaleX, 0, 0, this.scaleY, -tile.x, -tile.y);
      draw(ctx, tile);
      ctx.restore();
    }
  }

  /** End a step; the patch that takes it back, or null when it changed nothing. */
  commit() {
    const patch = [];
    for (const [tile, before] of this.#touched) {
      const now = packed(tile);
      if (now === 0 || now === 255) settle(tile, now);
      else count(tile, alphaOf(tile));
      if (typeof now !== "number" || now !== before) patch.push([tile, before]);
    }
    this.#touched.clear();
    return patch.length ? patch : null;
  }

  revert() {
    for (const [tile, before] of this.#touched) settle(tile, before);
    this.#touched.clear();
  }

  swap(patch) {
    return patch.map(([tile, state]) => {
      const now = packed(tile);
      settle(tile, state);
      return [tile, now];
    });
  }

  /** Draw what is selected; `toX` and `toY` give whole target pixels, so that tiles show no seams. */
  draw(ctx, toX, toY) {
    for (const tile of this.#tiles) {
      if (!tile.canvas && tile.level === 0) continue;
      const left = toX(tile.x / this.scaleX);
      const top = toY(tile.y / this.scaleY);
      const width = toX((tile.x + tile.width) / this.scaleX) - left;
      const height = toY((tile.y + tile.height) / this.scaleY) - top;
      if (tile.canvas) ctx.drawImage(tile.canvas, left, top, width, height);
      else ctx.fillRect(left, top, width, height);
    }
  }

  /** All of it as one array, row by row. */
  alpha() {
    const whole = new Uint8Array(this.width * this.height);
    for (const tile of this.#tiles) {
      const part = tile.canvas ? alphaOf(tile) : unpack(tile.level, tile.width * tile.height);
      for (let row = 0; row < tile.height; row += 1) {
        const line = part.subarray(row * tile.width, (row + 1) * tile.width);
        whole.set(line, (tile.y + row) * this.width + tile.x);
      }
    }
    return whole;
  }

  /** Where a point of the picture lies here. */
  cellOf(point) {
    const x = Math.min(this.width - 1, Math.max(0, Math.floor(point.x * this.scaleX)));
    const y = Math.min(this.height - 1, Math.max(0, Math.floor(point.y * this.scaleY)));
    return { x, y };
  }

  alphaAt(point) {
    const { x, y } = this.cellOf(point);
    const tile = this.#tiles.find((each) => x >= each.x && x < each.x + TILE && y >= each.y && y < each.y + TILE);
    return tile.canvas ? context(tile).getImageData(x - tile.x, y - tile.y, 1, 1).data[3] : tile.level;
  }

  #meets(tile, box) {
    const left = box.x * this.scaleX - 1;
    const top = box.y * this.scaleY - 1;
    const right = (box.x + box.width) * this.scaleX + 1;
    const bottom = (box.y + box.height) * this.scaleY + 1;
    return left < tile.x + tile.width && right > tile.x && top < tile.y + tile.height && bottom > tile.y;
  }
}

/** What a patch of the surface weighs in an undo history. */
export function weightOf(patch) {
  return patch.reduce((sum, [, state]) => sum + bytesOf(state), 0);
}

function open(tile) {
  if (tile.canvas) return context(tile);
  tile.canvas = document.createElement("canvas");
  tile.canvas.width = tile.width;
  tile.canvas.height = tile.height;
  const ctx = context(tile);
  if (tile.level) ctx.fillRect(0, 0, tile.width, tile.height);
  return ctx;
}

function context(tile) {
  return tile.canvas.getContext("2d", { willReadFrequently: true });
}

function alphaOf(tile) {
  const { data } = context(tile).getImageData(0, 0, tile.width, tile.height);
  const alpha = new Uint8Array(data.length / 4);
  for (let index = 0; index < alpha.length; index += 1) alpha[index] = data[index * 4 + 3];
  return alpha;
}

function packed(tile) {
  return tile.canvas ? pack(alphaOf(tile)) : tile.level;
}

/** Give a tile this content. What is all nothing or all selected needs no canvas. */
function settle(tile, state) {
  const alpha = unpack(state, tile.width * tile.height);
  count(tile, alpha);
  tile.canvas = null;
  tile.level = state === 255 ? 255 : 0;
  if (state === 0 || state === 255) return;
  const pixels = new ImageData(tile.width, tile.height);
  for (let index = 0; index < alpha.length; index += 1) pixels.data[index * 4 + 3] = alpha[index];
  open(tile).putImageData(pixels, 0, 0);
}

function count(tile, alpha) {
  tile.sum = 0;
  tile.solid = 0;
  for (const value of alpha) {
    tile.sum += value;
    if (value === 255) tile.solid += 1;
  }
}
