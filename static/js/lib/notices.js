// The one place through which elements speak to the person; <studio-notices> shows it.

/** Say something that passes, such as "Job finished". `urgent` is read out at once. */
export function announce(text, { urgent = false, visible = true } = {}) {
  document.dispatchEvent(new CustomEvent("studio:announce", { detail: { text, urgent, visible } }));
}

/** Show a strip under a name until `clearStrip` is called with it. */
export function showStrip(name, text, link) {
  document.dispatchEvent(new CustomEvent("studio:strip", { detail: { name, text, link } }));
}

export function clearStrip(name) {
  document.dispatchEvent(new CustomEvent("studio:strip", { detail: { name, text: "" } }));
}

const SIGN_IN = "/accounts/login/";

/** True when an answer is really the sign-in page: the session has ended. */
export function isSignedOut(response) {
  return response.status === 401 || (response.redirected && new URL(response.url).pathname === SIGN_IN);
}

export function showSignedOut() {
  const next = encodeURIComponent(location.pathname + location.search);
  const link = { href: `${SIGN_IN}?next=${next}`, text: "Sign in again" };
  showStrip("signed-out", "You are signed out. Your draft is kept in this browser.", link);
}
