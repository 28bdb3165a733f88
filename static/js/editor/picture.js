/** Bring a picture, and the layer drawn on it before, to the desk; why that failed in words, or nothing. */
export async function bring(image, desk, { url, width, height, layerUrl }) {
  image.width = width;
  image.height = height;
  image.src = url;
  try {
    await image.decode();
  } catch {
    return "The picture could not be loaded. Check the connection and try again.";
  }
  const { naturalWidth, naturalHeight } = image;
  if (naturalWidth !== width || naturalHeight !== height) {
    return `The picture is ${naturalWidth} × ${naturalHeight} pixels large here, not ${width} × ${height}. Close the editor and add it again.`;
  }
  try {
    if (layerUrl) await desk.layer.load(layerUrl);
  } catch {
    return "What was drawn before could not be loaded. Check the connection and try again.";
  }
  desk.refresh();
  return "";
}
