// What a file really is, and whether it may go along: told before a byte of it is sent.

const MEGABYTE = 1024 * 1024;
const NAMES = { png: "PNG", jpeg: "JPEG", webp: "WebP", gif: "GIF", heic: "HEIC", avif: "AVIF" };
// The studio has no decoder for these; some browsers do.
const CONVERTIBLE = new Set(["heic"]);
// The studio makes of these what the service takes, the same at every door.
const CONVERTED_THERE = new Set(["avif"]);
// Brands that a container names after its "ftyp"; films have others.
const AVIF = /avi[fs]/;
const HEIC = /hei[cmsx]|hev[cmsx]|m[is]f1/;
const HEAD_BYTES = 64;

/** A file that cannot be used; the message names it, the limit and the way out. */
export class PictureRefused extends Error {}

/** Whatever a browser says of a file that was moved, changed or locked since it was chosen. */
export function unreadable(file) {
  return new PictureRefused(`${file.name} can't be read any more. Choose it again.`);
}

/** The format by the first bytes: names and types are only claims. */
export async function formatOf(file) {
  const head = String.fromCharCode(...(await bytesOf(file.slice(0, HEAD_BYTES), file)));
  if (head.startsWith("\x89PNG")) return "png";
  if (head.startsWith("\xff\xd8\xff")) return "jpeg";
  if (head.startsWith("RIFF") && head.slice(8, 12) === "WEBP") return "webp";
  if (head.startsWith("GIF8")) return "gif";
  return head.slice(4, 8) === "ftyp" ? formatOfContainer(head) : "";
}

async function bytesOf(part, file) {
  try {
    return new Uint8Array(await part.arrayBuffer());
  } catch {
    throw unreadable(file);
  }
}

/** An AVIF often calls itself a HEIF in general as well, so its own name counts first. */
function formatOfContainer(head) {
  const brands = head.slice(8, head.charCodeAt(3));
  if (AVIF.test(brands)) return "avif";
  return HEIC.test(brands) ? "heic" : "";
}

/** Give the file to send, converted where only this browser can read it. */
export async function readable(file, limits) {
  if (!file.size) throw new PictureRefused(`${file.name} is empty.`);
  const format = await formatOf(file);
  const picture = CONVERTIBLE.has(format) ? await asPng(file, NAMES[format]) : file;
  if (picture === file && !CONVERTED_THERE.has(format) && !limits.formats.includes(format)) {
    const known = limits.formats.map((each) => NAMES[each] ?? each).join(", ");
    const what = NAMES[format] ? `is a ${NAMES[format]}` : "is no picture that can be read";
    throw new PictureRefused(`${file.name} ${what}. Use one of ${known}.`);
  }
  if (picture.size >= limits.max_bytes) {
    const [own, has, most] = [file.size, picture.size, limits.max_bytes].map(megabytes);
    const size = picture === file ? own : `${own}, but would have ${has} as a PNG`;
    throw new PictureRefused(`${file.name} has ${size}; under ${most} is fine. Make it smaller and add it again.`);
  }
  return picture;
}

function megabytes(bytes) {
  return `${Math.round(bytes / MEGABYTE)} MB`;
}

async function asPng(file, name) {
  let bitmap = null;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new PictureRefused(`${file.name}: this browser cannot read this ${name}. Save it as JPEG or PNG and add it again.`);
  }
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return new File([blob], file.name.replace(/\.\w+$/, ".png"), { type: "image/png" });
}
