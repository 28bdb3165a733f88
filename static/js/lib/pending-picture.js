import { renewToken, SignedOut } from "./csrf.js";
import { isSignedOut, showSignedOut } from "./notices.js";
import { Lanes } from "./lanes.js";
import { PictureRefused, readable, unreadable } from "./pictures.js";
import { postFile } from "./post-file.js";

const AT_ONCE = 3;
const lanes = new Lanes(AT_ONCE);
const GONE = "That picture is no longer there, or is not yours to use.";
const NOT_NOW = {
  403: "you may not add pictures here, or the page is out of date. Reload it; the words of your prompt are kept.",
  429: "that was a little fast. It is kept here; wait a moment and try again.",
};

/**
 * One picture on its way to the server: a tile with its progress, and when it fails the words,
 * the file and a way to try again. `source` is a file, or a picture of the history by its id.
 */
export class PendingPicture {
  #source;
  #strip;
  #abort = new AbortController();
  #preview = "";
  state = "sending";

  constructor(source, strip) {
    this.#source = source;
    this.#strip = strip;
    const template = document.getElementById("reference-pending");
    this.tile = template.content.firstElementChild.cloneNode(true);
    this.tile.addEventListener("click", (event) => this.#act(event));
    this.#part("progress").setAttribute("aria-label", `Uploading ${this.name}`);
    this.#part('[data-act="cancel"]').setAttribute("aria-label", `Remove ${this.name}`);
    if (source.file && !source.isFolder) this.#show(source.file);
  }

  get name() {
    return this.#source.file?.name ?? "the picture";
  }

  get canRetry() {
    return !this.#part('[data-act="retry"]').hidden;
  }

  get canRetryAlone() {
    return this.state === "failed" && this.#part('[data-act="retry"]').dataset.cause === "network";
  }

  /** The button that helps when it has failed. */
  get wayOut() {
    return this.#part(`[data-act="${this.canRetry ? "retry" : "cancel"}"]`);
  }

  async send() {
    this.#enter("sending");
    const refusal = this.#strip.reasonAgainstOneMore(this);
    if (refusal) return this.#fail(`${this.name} was not added: ${refusal}`, "full");
    try {
      this.#settle(await lanes.run(() => this.#post()));
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error instanceof PictureRefused) this.#fail(error.message);
      else if (error instanceof SignedOut) this.#signedOut();
      else if (error instanceof TypeError) await this.#lost();
      else this.#fail(`${this.name} could not be added. Remove it, then choose it again.`, "odd");
    }
  }

  /** A file that changed while it was being sent breaks the connection as well. */
  async #lost() {
    const { file } = this.#source;
    const isWhole = !file || (await file.slice(-1).arrayBuffer().then(() => true, () => false));
    if (isWhole) this.#fail(`${this.name}: no connection. It is kept here.`, "network");
    else this.#fail(unreadable(file).message);
  }

  async #post() {
    this.#abort.signal.throwIfAborted();
    const { file, image, isFolder } = this.#source;
    if (isFolder) throw new PictureRefused(`${file.name} is a folder. Drop the pictures in it.`);
    const fields = file ? { file: await readable(file, this.#strip.limits) } : { image };
    const response = await this.#try(fields);
    const mayTryAgain = response.status === 403 && (await renewToken(this.#abort.signal));
    return mayTryAgain ? this.#try(fields) : response;
  }

  #try(fields) {
    const onProgress = (share) => (this.#part("progress").value = Math.round(share * 100));
    return postFile(this.#strip.dataset.url, fields, { token: this.#strip.token, signal: this.#abort.signal, onProgress });
  }

  #settle(response) {
    if (isSignedOut(response)) return this.#signedOut();
    const parsed = new DOMParser().parseFromString(response.text, "text/html");
    const tile = parsed.querySelector("[data-upload]");
    if (response.status === 201 && tile) return this.#arrive(tile);
    const words = parsed.querySelector("[data-param]")?.textContent.trim();
    if (response.status === 422 && words) return this.#fail(words);
    if (response.status === 404) return this.#fail(GONE);
    if (NOT_NOW[response.status]) return this.#fail(`${this.name}: ${NOT_NOW[response.status]}`, "not now");
    this.#fail(words ?? `${this.name}: the studio did not answer. It is kept here.`, "network");
  }

  #signedOut() {
    showSignedOut();
    this.#fail(`${this.name}: you are signed out. Sign in in another tab, then try again.`, "signed-out");
  }

  #arrive(tile) {
    URL.revokeObjectURL(this.#preview);
    this.state = "done";
    this.#strip.arrived(this, tile);
  }

  #fail(words, cause) {
    const retry = this.#part('[data-act="retry"]');
    retry.hidden = !cause;
    retry.dataset.cause = cause ?? "";
    this.#part(".reference__words").textContent = words;
    this.#enter("failed");
    this.#strip.failed(this, words);
  }

  #enter(state) {
    this.state = state;
    const hasFailed = state === "failed";
    this.tile.classList.toggle("reference--failed", hasFailed);
    this.#part(".reference__words").hidden = !hasFailed;
    this.#part("progress").hidden = hasFailed;
    this.#part("progress").value = 0;
    if (!hasFailed) this.#part('[data-act="retry"]').hidden = true;
  }

  #act(event) {
    const act = event.target.closest("[data-act]")?.dataset.act;
    if (!act) return;
    event.stopPropagation();
    if (act === "retry") return this.send();
    this.#abort.abort();
    URL.revokeObjectURL(this.#preview);
    this.#strip.cancelled(this);
  }

  #show(file) {
    const picture = this.#part("img");
    this.#preview = URL.createObjectURL(file);
    picture.addEventListener("load", () => (picture.hidden = false));
    picture.src = this.#preview;
  }

  #part(selector) {
    return this.tile.querySelector(selector);
  }
}
