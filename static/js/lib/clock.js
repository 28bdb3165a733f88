const NOTICED_MS = 2000; // A header names whole seconds, and an answer takes its time.

// The page says when it was made.
let skew_ms = differenceTo(document.documentElement.dataset.now);

/** What the studio's clock shows: the reader's own may be minutes off. */
export function now() {
  return Date.now() + skew_ms;
}

/** Every answer says what time it was at the studio. */
export function setClock(response) {
  skew_ms = differenceTo(response.headers.get("Date"));
}

function differenceTo(text) {
  const difference = Date.parse(text ?? "") - Date.now();
  return Math.abs(difference) > NOTICED_MS ? difference : 0;
}
