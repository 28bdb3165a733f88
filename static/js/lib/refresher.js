import { fetchAsMe } from "./csrf.js";
import { forgetDraft } from "./drafts.js";
import { announceFailure, clearStrip, isSignedOut, showSignedOut } from "./notices.js";
import { whenLifted } from "./presses.js";

const GONE_WITHIN_MS = 15_000;

/**
 * Asks the server what the composer's choices open, close and cost; it keeps the draft as well. The
 * newest question wins, and none is asked while a request is being sent.
 */
export class Refresher {
  #composer;
  #timer = 0;
  #request = null;
  #isHeld = false;
  #isLeaving = false;
  #waiting = null;

  constructor(composer) {
    this.#composer = composer;
  }

  soon(delay_ms) {
    this.stop();
    if (this.#isHeld) this.#waiting ??= {};
    else this.#timer = setTimeout(() => this.#ask({}), delay_ms);
  }

  /** What one of the form's small buttons is for. */
  press({ formAction: url, name, value }) {
    const wish = { url, name, value, isPressed: true };
    if (this.#isHeld) this.#waiting = wish;
    else this.#ask(wish);
  }

  /** What is not yet on the server goes there before the page is gone. */
  leave() {
    if (this.#timer) this.#ask({ keepalive: true });
  }

  /**
   * The next page may be made before the last question is answered, and so without these words: this
   * browser keeps them for it. A download asks to leave too, and then nobody leaves.
   */
  expectToLeave() {
    this.#isLeaving = true;
    setTimeout(() => (this.#isLeaving = false), GONE_WITHIN_MS);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#request?.abort();
  }

  /** Sending makes a question that is still on its way worthless; what comes now waits for the end. */
  hold() {
    this.stop();
    this.#isHeld = true;
  }

  release() {
    const wish = this.#waiting;
    this.#isHeld = false;
    this.#waiting = null;
    if (wish) this.#ask(wish);
  }

  async #ask({ url = this.#composer.dataset.refreshUrl, name, value, isPressed = false, keepalive = false }) {
    this.stop();
    this.#request = new AbortController();
    const { signal } = this.#request;
    const body = new FormData(this.#composer.querySelector("form"));
    const prompt = this.#prompt;
    if (name) body.append(name, value);
    try {
      const response = await fetchAsMe(url, { method: "POST", body, headers: { "HX-Request": "true" }, signal, keepalive });
      if (isSignedOut(response)) return showSignedOut();
      if (!response.ok) return isPressed && announceFailure(response.status);
      const text = await response.text();
      await whenLifted();
      if (!signal.aborted) await this.#show(text, prompt, name);
    } catch (error) {
      // Cut off by a newer one, or offline: the old estimate stays, the server checks again anyway.
      if (error.name === "AbortError") return;
      if (!(error instanceof TypeError)) throw error;
      if (isPressed) announceFailure();
    }
  }

  get #prompt() {
    return this.#composer.querySelector("#prompt").value;
  }

  /** An answer without notes leaves the old ones to be read, unless a button has dealt with them. */
  async #show(text, prompt, button) {
    const composer = this.#composer;
    clearStrip("signed-out");
    if (this.#prompt === prompt && !this.#isLeaving) forgetDraft(composer.dataset.draftKey);
    if (button) composer.querySelector("#composer-notes").replaceChildren();
    await htmx.swap({ text, sourceElement: composer, target: composer, swap: "none" });
    if (button === "aside") composer.querySelector("#prompt").focus();
  }
}
