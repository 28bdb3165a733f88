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

export const OFFLINE = "You are offline. What you write is kept in this browser.";
const UNREACHABLE = "The studio did not answer. Nothing of your draft is lost; try again in a moment.";
const FAILURES = {
  403: "You may not do this, or the page is out of date. Nothing was done. Reload it; the words of your prompt are kept.",
  404: "That is no longer here. Reload the page to see what is.",
  413: "That is more than the studio takes at once: sixteen pictures of 50 MB. Nothing was kept.",
  429: "That was a little fast. Wait a moment and try again.",
};

/** Say why what was asked for did not happen; without a status, nothing has answered at all. */
export function announceFailure(status) {
  const unreachable = status || navigator.onLine ? UNREACHABLE : OFFLINE;
  announce(FAILURES[status] ?? unreachable, { urgent: true });
}

const SIGN_IN = "/accounts/login/";

/** True when an answer is really the sign-in page: the session has ended. */
export function isSignedOut(response) {
  return response.status === 401 || (response.redirected && new URL(response.url).pathname === SIGN_IN);
}

export function showSignedOut() {
  const next = encodeURIComponent(location.pathname + location.search);
  const link = { href: `${SIGN_IN}?next=${next}`, text: "Sign in again" };
  showStrip("signed-out", "You are signed out. Your words are kept in this browser, your settings as long as this page is open.", link);
}

/** True when another person has signed in to this browser since the page was made. */
export function isSomebodyElse(response) {
  return response.status === 409;
}

export function showSomebodyElse() {
  clearStrip("signed-out");
  const link = { href: location.pathname + location.search, text: "Reload it" };
  showStrip("somebody-else", "Somebody else is signed in to this browser now. Nothing is sent or shown here until this page is loaded anew.", link);
}
