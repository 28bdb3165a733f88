import { isSignedOut, showSomebodyElse } from "./notices.js";

const FIELD = "[name=csrfmiddlewaretoken]";
const HEADER = "X-CSRFToken";

/** Says for whom this page was made: the server answers nobody else through it. */
export function person() {
  return { "X-Person": document.body.dataset.person };
}

/** The session has ended, so there is no other token before they sign in again. */
export class SignedOut extends Error {}

/**
 * Signing in again in another tab changes the token that this page was made with: take the new one
 * over. False when there is none, or when it is somebody else who has signed in.
 */
export async function renewToken(signal) {
  const response = await fetch(location.href, { signal });
  if (isSignedOut(response)) throw new SignedOut();
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const token = page.querySelector(FIELD)?.value;
  if (!token) return false;
  if (page.body.dataset.person !== document.body.dataset.person) {
    showSomebodyElse();
    return false;
  }
  for (const field of document.querySelectorAll(FIELD)) field.value = token;
  document.body.setAttribute("hx-headers:inherited", JSON.stringify({ [HEADER]: token, ...person() }));
  return true;
}

/**
 * Fetch, and where the page's token is out of date once more with the new one: a refused token means
 * that nothing was done. `init` has plain headers and a body of fields.
 */
export async function fetchAsMe(url, init) {
  init = { ...init, headers: { ...init.headers, ...person() } };
  const response = await fetch(url, init);
  if (response.status !== 403 || !(await renewed(init.signal))) return response;
  const token = document.querySelector(FIELD).value;
  if (init.body?.has("csrfmiddlewaretoken")) init.body.set("csrfmiddlewaretoken", token);
  return fetch(url, { ...init, headers: { ...init.headers, [HEADER]: token } });
}

/** Everything that the page's forms send goes that way. */
export function sendFormsAsMe() {
  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => (ctx.fetch = fetchAsMe));
}

async function renewed(signal) {
  try {
    return await renewToken(signal);
  } catch (error) {
    if (error instanceof SignedOut) return false;
    throw error;
  }
}
