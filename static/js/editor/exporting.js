export function blank(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

/** RangeError in words where the browser has no canvas of that size; some phones stop at 16 megapixels. */
export async function toPng(canvas) {
  const { width, height } = canvas;
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  canvas.width = canvas.height = 0;
  if (blob) return blob;
  throw new RangeError(`This browser can't make a picture of ${width} × ${height} pixels. Try it on a computer.`);
}
