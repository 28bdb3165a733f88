// Small things that both layers say and ask for.

const percent = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A share of the picture; what is little or nearly all is never rounded to nothing or all. */
export function inPercent(share) {
  if (share < 0.01) return "Less than 1 %";
  if (share > 0.99 && share < 1) return "More than 99 %";
  return `${percent.format(share * 100)} %`;
}

export async function loadImage(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}
