// Lengths and cuts in what people call characters, never in halves of one.

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** As the server counts them: code points. */
export function countOf(text) {
  return Array.from(text).length;
}

/** At most so many, with an ellipsis for the rest. */
export function shorten(text, most) {
  const parts = [];
  for (const { segment } of graphemes.segment(text)) {
    if (parts.length === most) return `${parts.slice(0, -1).join("")}…`;
    parts.push(segment);
  }
  return text;
}
