import { renewToken, SignedOut } from "../lib/csrf.js";
import { isSignedOut } from "../lib/notices.js";

const PAINT_MS = 20;
const TRY_AGAIN = "The studio did not take it just now. Nothing is lost; try again in a moment.";
const SENTENCES = {
  403: "You may not add pictures here any more. Nothing is lost; ask an admin of your team.",
  404: "The picture is no longer in the studio. Close the editor and add it again.",
  413: "The studio takes no file that large.",
  429: "That was a little fast. Nothing is lost; wait a moment and try again.",
};

/** What keeps a layer from being taken; `signIn` when signing in again would help. */
export class NotTaken extends Error {
  constructor(message, { signIn = false } = {}) {
    super(message);
    this.signIn = signIn;
  }
}

/**
 * Draw a layer as the studio wants it and send it; the fragment of the page that shows it. NotTaken,
 * or a RangeError of the drawing, says in words why not.
 */
export async function sendLayer(form, layer, { role, over, signal }) {
  // A large layer takes a moment to draw; let the button be seen busy first.
  await new Promise((next) => setTimeout(next, PAINT_MS));
  const blob = await layer.export();
  signal.throwIfAborted();
  return upload(form, { blob, role, over, signal });
}

async function upload(form, { blob, role, over, signal }) {
  let response = await send(form, { blob, role, over, signal });
  if (response.status === 403 && (await reach(() => renewToken(signal)))) {
    response = await send(form, { blob, role, over, signal });
  }
  if (isSignedOut(response)) throw signedOut();
  const text = await response.text();
  if (response.status === 201) return text;
  if (response.status === 422) throw new NotTaken(wordsOf(text));
  throw new NotTaken(SENTENCES[response.status] ?? TRY_AGAIN);
}

function send(form, { blob, role, over, signal }) {
  const body = new FormData(form);
  body.set("role", role);
  body.set("over", over);
  body.set("file", blob, `${role}.png`);
  return reach(() => fetch(form.action, { method: "POST", body, signal }));
}

async function reach(request) {
  try {
    return await request();
  } catch (error) {
    if (error instanceof SignedOut) throw signedOut();
    if (!(error instanceof TypeError)) throw error;
    throw new NotTaken("The studio can't be reached. Nothing is lost; check the connection and try again.");
  }
}

function signedOut() {
  return new NotTaken("You are signed out. Nothing is lost: sign in in another tab, then try again here.", { signIn: true });
}

function wordsOf(html) {
  const words = new DOMParser().parseFromString(html, "text/html").body.textContent;
  return words.replace(/\s+/g, " ").trim() || TRY_AGAIN;
}
