import { isSignedOut } from "./notices.js";

const FIELD = "[name=csrfmiddlewaretoken]";

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
  if (!token || personOf(page) !== personOf(document)) return false;
  for (const field of document.querySelectorAll(FIELD)) field.value = token;
  document.body.setAttribute("hx-headers:inherited", JSON.stringify({ "X-CSRFToken": token }));
  return true;
}

function personOf(page) {
  return page.querySelector("studio-composer")?.dataset.draftKey;
}
