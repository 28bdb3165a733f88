import { Desk } from "../editor/desk.js";
import { Keys } from "../editor/keys.js";
import { Panel } from "../editor/panel.js";
import { bring } from "../editor/picture.js";
import { askForWords } from "../editor/typing.js";
import { isComposing } from "../lib/keys.js";
import { NotTaken, sendLayer } from "../editor/upload.js";

/**
 * The full-screen editor for masks and markups. Opened by the document's `studio:edit-layer`; when the
 * studio has taken the layer, it says `studio:layer-ready` with the fragment that shows it and the id
 * of the picture that it lies over.
 */
class LayerEditor extends HTMLElement {
  #asked = null;
  #opener = null;
  #desk = null;
  #panel = null;
  #sending = null;
  #listening = new AbortController();
  #session = new AbortController();

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    document.addEventListener("studio:edit-layer", (event) => this.#open(event.detail), { signal });
    window.addEventListener("beforeunload", (event) => this.#hasWork && event.preventDefault(), { signal });
    this.#dialog.addEventListener("click", (event) => this.#click(event), { signal });
    this.#dialog.addEventListener("keydown", (event) => this.#escape(event), { signal });
    this.#dialog.addEventListener("cancel", (event) => this.#escape(event), { signal });
    this.#stage.addEventListener("pointerdown", () => this.#warn(""), { signal });
    this.#dialog.addEventListener("close", () => this.#closed(), { signal });
  }

  disconnectedCallback() {
    this.#listening.abort();
    this.#end();
  }

  get #dialog() {
    return this.querySelector("dialog");
  }

  get #stage() {
    return this.#one("[data-stage]");
  }

  get #hasWork() {
    return Boolean(this.#desk?.layer.isChanged);
  }

  #one(selector) {
    return this.#dialog.querySelector(selector);
  }

  #open(asked) {
    if (this.#dialog.open) return;
    this.#asked = asked;
    this.#opener = document.activeElement;
    this.#dialog.dataset.role = asked.role;
    this.#stage.toggleAttribute("data-pointed", !this.#opener.matches(":focus-visible"));
    this.#dialog.showModal();
    this.#begin();
  }

  /** A fresh desk; also what "try again" does when the picture did not come. */
  async #begin() {
    const { role, width, height } = this.#asked;
    const picture = { width: Number(width), height: Number(height) };
    this.#end();
    this.#session = new AbortController();
    const { signal } = this.#session;
    this.#warn("");
    this.#show("loading");
    this.#desk = new Desk(this.#stage, {
      role,
      picture,
      changed: () => this.#panel?.refresh(),
      ask: (point) => askForWords(this.#stage, this.#desk, point),
    });
    this.#panel = new Panel(this.#dialog, { role, picture, desk: this.#desk, signal });
    new Keys(this.#dialog, { stage: this.#stage, desk: this.#desk, panel: this.#panel, signal });
    this.#stage.focus();
    const failure = await bring(this.#one("[data-picture]"), this.#desk, { ...this.#asked, ...picture });
    if (signal.aborted) return;
    this.#one("[data-failure]").textContent = failure;
    this.#show(failure ? "failed" : "ready");
    (failure ? this.#one("[data-do=reload]") : this.#stage).focus();
  }

  #show(state) {
    this.#dialog.dataset.state = state;
    for (const part of this.#dialog.querySelectorAll("[data-work]")) part.inert = state !== "ready";
    const save = this.#one("[data-do=save]");
    // Not `disabled`, which would take the focus away from somebody who has just pressed it.
    save.setAttribute("aria-disabled", state !== "ready");
    save.setAttribute("aria-busy", state === "sending");
  }

  #click({ target }) {
    const verb = target.closest("button")?.dataset.do;
    if (verb === "save") this.#save();
    if (verb === "leave") this.#leave();
    if (verb === "reload") this.#begin();
    if (verb === "stay") this.#stay();
    if (verb === "discard") this.#discard();
  }

  /** Esc, or a phone's back gesture. */
  #escape(event) {
    if (event.type === "keydown" && (event.key !== "Escape" || isComposing(event))) return;
    // Stopped here, since a browser lets a second Esc close a dialog whatever the page says.
    event.preventDefault();
    if (!this.#one("[data-ask]").hidden) this.#stay();
    else if (!this.#desk?.giveUp()) this.#leave();
  }

  /** While sending, leaving first means: stop that. With work in hand it asks. */
  #leave() {
    if (this.#sending) return this.#sending.abort();
    if (!this.#hasWork) return this.#dialog.close();
    this.#one("[data-ask]").hidden = false;
    this.#one("[data-frame]").inert = true;
    this.#one("[data-do=stay]").focus();
  }

  #stay() {
    this.#one("[data-ask]").hidden = true;
    this.#one("[data-frame]").inert = false;
    this.#stage.focus();
  }

  #discard() {
    this.#desk.layer.isChanged = false;
    this.#stay();
    this.#dialog.close();
  }

  async #save() {
    if (this.#dialog.dataset.state !== "ready") return;
    const { layer } = this.#desk;
    const problem = layer.problem();
    if (problem) return this.#warn(problem);
    this.#warn("");
    this.#sending = new AbortController();
    this.#show("sending");
    this.#panel.say(`Sending the ${layer.noun} …`);
    const { role, upload: over } = this.#asked;
    try {
      this.#finish(await sendLayer(this.#one("[data-form]"), layer, { role, over, signal: this.#sending.signal }));
    } catch (error) {
      this.#refused(error, layer);
    } finally {
      this.#sending = null;
    }
  }

  #refused(error, layer) {
    this.#show("ready");
    if (error.name === "AbortError") this.#panel?.say(`Stopped. The ${layer.noun} is still here.`);
    else if (error instanceof NotTaken || error instanceof RangeError) this.#warn(error.message, error.signIn);
    else throw error;
  }

  #finish(html) {
    this.#discard();
    const { role, upload } = this.#asked;
    const detail = { role, upload, html };
    document.dispatchEvent(new CustomEvent("studio:layer-ready", { detail }));
  }

  #warn(text, signIn = false) {
    this.#one("[data-warning]").textContent = text;
    this.#one("[data-sign-in]").hidden = !signIn;
  }

  #closed() {
    // The event comes late: by now the editor may have been opened for the next picture.
    if (this.#dialog.open) return;
    // A phone's back gesture closes on the second try without asking the page.
    if (this.#hasWork) {
      this.#dialog.showModal();
      return this.#leave();
    }
    this.#end();
    this.#one("[data-picture]").removeAttribute("src");
    // Unless the page has already moved the focus on, to the layer that it has just got.
    if (document.activeElement === document.body) this.#opener.focus();
  }

  #end() {
    this.#session.abort();
    this.#sending?.abort();
    this.#desk?.stop();
    this.#desk = this.#panel = null;
  }
}

customElements.define("layer-editor", LayerEditor);
