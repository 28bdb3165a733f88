const PASSES = 3;
const ENOUGH_PX = 4;
const MOST_SHRUNK = 8;

/**
 * The surface with edges that fade over `reach_px` of the picture to either side, as a canvas to be
 * stretched over it. Done by hand: not every browser blurs canvases, and a blur of the platform's
 * would let the mask fade at the picture's own edges too.
 */
export function feathered(surface, reach_px, maxPixels) {
  const reach = reach_px * surface.scaleX;
  const forSize = Math.sqrt((surface.width * surface.height) / maxPixels);
  const shrink = Math.max(1, forSize, Math.min(MOST_SHRUNK, reach / (ENOUGH_PX * PASSES)));
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(surface.width / shrink);
  canvas.height = Math.ceil(surface.height / shrink);
  const ctx = canvas.getContext("2d", { willReadFrequently: true });
  ctx.imageSmoothingQuality = "high";
  const x = (canvas.width / surface.width) * surface.scaleX;
  const y = (canvas.height / surface.height) * surface.scaleY;
  surface.draw(ctx, (at) => Math.round(at * x), (at) => Math.round(at * y));
  soften(ctx, Math.max(1, Math.round(reach / shrink / PASSES)));
  return canvas;
}

export function hasSolid(canvas) {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  for (let index = 3; index < data.length; index += 4) if (data[index] === 255) return true;
  return false;
}

function soften(ctx, radius) {
  const { width, height } = ctx.canvas;
  const pixels = ctx.getImageData(0, 0, width, height);
  let alpha = new Uint8Array(width * height);
  for (let index = 0; index < alpha.length; index += 1) alpha[index] = pixels.data[index * 4 + 3];
  for (let pass = 0; pass < PASSES; pass += 1) {
    alpha = blurAndTurn(alpha, width, height, radius);
    alpha = blurAndTurn(alpha, height, width, radius);
  }
  for (let index = 0; index < alpha.length; index += 1) pixels.data[index * 4 + 3] = alpha[index];
  ctx.putImageData(pixels, 0, 0);
}

/** Average along rows, and write rows as columns: twice of it blurs both ways. */
function blurAndTurn(source, width, height, radius) {
  const target = new Uint8Array(source.length);
  const span = 2 * radius + 1;
  for (let row = 0; row < height; row += 1) {
    const line = source.subarray(row * width, (row + 1) * width);
    const at = (column) => line[Math.min(width - 1, Math.max(0, column))];
    let sum = 0;
    for (let column = -radius; column <= radius; column += 1) sum += at(column);
    for (let column = 0; column < width; column += 1) {
      target[column * height + row] = Math.round(sum / span);
      sum += at(column + radius + 1) - at(column - radius);
    }
  }
  return target;
}
