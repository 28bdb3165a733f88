// Anything less than this is not quite painted, so a fill runs right under soft edges.
const PAINTED = 250;

/** The unpainted region around a point, as 0 or 255 for each pixel; null when the point is painted. */
export function flood(alpha, width, height, { x, y }) {
  if (alpha[y * width + x] >= PAINTED) return null;
  const region = new Uint8Array(alpha.length);
  const isOpen = (column, row) => alpha[row * width + column] < PAINTED && region[row * width + column] === 0;
  const seeds = [[x, y]];
  while (seeds.length) {
    const [column, row] = seeds.pop();
    if (!isOpen(column, row)) continue;
    let left = column;
    while (left > 0 && isOpen(left - 1, row)) left -= 1;
    let right = column;
    while (right < width - 1 && isOpen(right + 1, row)) right += 1;
    region.fill(255, row * width + left, row * width + right + 1);
    for (const next of [row - 1, row + 1]) {
      if (next >= 0 && next < height) seedRuns(seeds, isOpen, left, right, next);
    }
  }
  return region;
}

/** One seed for each stretch that is open between two columns of a row. */
function seedRuns(seeds, isOpen, left, right, row) {
  for (let column = left; column <= right; column += 1) {
    const starts = isOpen(column, row) && (column === left || !isOpen(column - 1, row));
    if (starts) seeds.push([column, row]);
  }
}

/** The part of a whole array that lies on a tile, as something to draw. */
export function pieceOf(region, width, tile) {
  const pixels = new ImageData(tile.width, tile.height);
  for (let row = 0; row < tile.height; row += 1) {
    for (let column = 0; column < tile.width; column += 1) {
      const from = (tile.y + row) * width + tile.x + column;
      pixels.data[(row * tile.width + column) * 4 + 3] = region[from];
    }
  }
  const canvas = document.createElement("canvas");
  canvas.width = tile.width;
  canvas.height = tile.height;
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}
