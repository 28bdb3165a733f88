import { keepDraft, readDraft } from "../lib/drafts.js";
import { clearStrip, isSignedOut, showSignedOut } from "../lib/notices.js";

const CHOICE_MS = 80;
const TYPING_MS = 700;
const COUNT_FROM = 0.9;
const ROOMY = matchMedia("(width >= 56.25rem)");

/**
 * The composer: Ctrl or Cmd + Enter sends, the draft survives a reload, the count appears near the
 * limit, and a choice asks the server which others it opens or closes and what the pictures cost.
 */
class StudioComposer extends HTMLElement {
  #timer = 0;
  #request = null;
  #listening = null;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.addEventListener("keydown", (event) => this.#keydown(event), { signal });
    this.addEventListener("input", (event) => this.#input(event), { signal });
    this.addEventListener("change", (event) => this.#change(event), { signal });
    this.addEventListener("submit", () => this.#stop(), { signal });
    this.addEventListener("htmx:after:swap", () => this.#focusMistake(), { signal });
    document.addEventListener("keydown", (event) => this.#focusByKey(event), { signal });
    ROOMY.addEventListener("change", () => this.#unfold(), { signal });
    this.#unfold();
    this.#restore();
    this.#count();
  }

  disconnectedCallback() {
    this.#listening.abort();
    this.#stop();
  }

  get #form() {
    return this.querySelector("form");
  }

  get #prompt() {
    return this.querySelector("#prompt");
  }

  /** Where there is room the settings are always in sight; this says so to assistive technology. */
  #unfold() {
    this.querySelector("details").open = ROOMY.matches;
  }

  #keydown(event) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    this.#form.requestSubmit();
  }

  /** A refused form comes back with its mistakes marked; the first may be in closed settings. */
  #focusMistake() {
    const mistake = this.querySelector('[aria-invalid="true"], [data-mistake]:checked');
    if (!mistake || !this.querySelector("#problems")) return;
    const settings = mistake.closest("details");
    if (settings) settings.open = true;
    mistake.focus();
  }

  /** N goes to the prompt, from anywhere but a field. */
  #focusByKey(event) {
    const isBusy = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key !== "n" || event.ctrlKey || event.metaKey || event.altKey || isBusy) return;
    event.preventDefault();
    this.#prompt.focus();
  }

  #input(event) {
    // Also stops an answer on its way, which would put back what is being changed just now.
    this.#refreshSoon(TYPING_MS);
    if (event.target !== this.#prompt) return;
    this.#keep();
    this.#count();
  }

  #change(event) {
    if (event.target !== this.#prompt) this.#refreshSoon(CHOICE_MS);
  }

  #refreshSoon(delay_ms) {
    this.#stop();
    this.#timer = setTimeout(() => this.#refresh(), delay_ms);
  }

  /** Sending makes a refresh that is still on its way worthless. */
  #stop() {
    clearTimeout(this.#timer);
    this.#request?.abort();
  }

  async #refresh() {
    this.#stop();
    this.#request = new AbortController();
    try {
      const response = await fetch(this.dataset.refreshUrl, {
        method: "POST",
        body: new FormData(this.#form),
        headers: { "HX-Request": "true" },
        signal: this.#request.signal,
      });
      if (isSignedOut(response)) return showSignedOut();
      if (!response.ok) return;
      const text = await response.text();
      clearStrip("signed-out");
      await htmx.swap({ text, sourceElement: this, target: this, swap: "none" });
    } catch (error) {
      // Cut off by a newer one, or offline: the old estimate stays, the server checks again anyway.
      if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error;
    }
  }

  #count() {
    const out = this.querySelector("[data-prompt-count]");
    const { length } = this.#prompt.value;
    const limit = Number(this.#prompt.dataset.limit);
    out.hidden = length < limit * COUNT_FROM;
    out.textContent = `${length.toLocaleString()} of ${limit.toLocaleString()} characters`;
  }

  #keep() {
    keepDraft(this.dataset.draftKey, this.#prompt.value);
  }

  #restore() {
    this.#prompt.value ||= readDraft(this.dataset.draftKey);
  }
}

customElements.define("studio-composer", StudioComposer);
