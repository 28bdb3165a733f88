/** The whole number that somebody wrote: digits of any width, with a unit behind them or not. */
export function wholeNumber(text) {
  const digits = /^\s*(\d+)(?:\s*px)?\s*$/i.exec(text.normalize("NFKC"))?.[1];
  return digits === undefined ? NaN : Number(digits);
}
