import { forgetDraft, keepDraft, readDraft } from "../lib/drafts.js";
import { announce, clearStrip, isSignedOut, showSignedOut, showStrip } from "../lib/notices.js";
import { PromptHistory } from "../lib/prompt-history.js";

const CHOICE_MS = 80;
const TYPING_MS = 700;
const COUNT_FROM = 0.9;
const BUSY = "A picture is still on its way. Send again in a moment.";
const OFFLINE = "You are offline. What you write is kept in this browser.";

/**
 * The composer: Ctrl or Cmd + Enter sends; every change asks the server, which keeps the draft and
 * says what a choice opens, closes and costs. What the server has not got is kept here.
 */
class StudioComposer extends HTMLElement {
  #timer = 0;
  #request = null;
  #listening = null;
  #history = null;
  #isSending = false;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.#history = new PromptHistory(this.#prompt);
    this.addEventListener("keydown", (event) => this.#keydown(event), { signal });
    this.addEventListener("input", (event) => this.#input(event), { signal });
    this.addEventListener("change", (event) => this.#change(event), { signal });
    this.addEventListener("click", (event) => this.#click(event), { signal });
    this.addEventListener("submit", (event) => this.#submit(event), { signal, capture: true });
    this.addEventListener("htmx:after:swap", () => this.#swapped(), { signal });
    document.addEventListener("keydown", (event) => this.#focusByKey(event), { signal });
    document.addEventListener("visibilitychange", () => document.hidden && this.#leave(), { signal });
    window.addEventListener("offline", () => showStrip("offline", OFFLINE), { signal });
    window.addEventListener("online", () => this.#backOnline(), { signal });
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

  #keydown(event) {
    const { key, target } = event;
    if (target === this.#prompt && ["ArrowUp", "ArrowDown"].includes(key)) {
      if (this.#history.walk(key)) event.preventDefault();
    }
    if (key !== "Enter") return;
    const button = event.ctrlKey || event.metaKey ? null : document.getElementById(target.dataset?.enter);
    if (!button && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.#form.requestSubmit(button);
  }

  /** N goes to the prompt, from anywhere but a field. */
  #focusByKey(event) {
    const isBusy = event.target.closest?.("input, textarea, select, dialog, [contenteditable]");
    if (event.key !== "n" || event.ctrlKey || event.metaKey || event.altKey || isBusy) return;
    event.preventDefault();
    this.#prompt.focus();
  }

  #input(event) {
    // Also stops an answer on its way, which would put back what is being changed just now.
    this.#refreshSoon(TYPING_MS);
    if (event.target !== this.#prompt) return;
    keepDraft(this.dataset.draftKey, this.#prompt.value);
    this.#count();
  }

  #change(event) {
    if (event.target !== this.#prompt) this.#refreshSoon(CHOICE_MS);
  }

  #click(event) {
    const target = event.target.closest('#problems a[href^="#"]');
    if (target) {
      event.preventDefault();
      this.#show(document.getElementById(target.hash.slice(1)));
    }
    if (event.target.closest("[data-toggle]")) this.#open(!this.hasAttribute("data-open"));
    if (event.target.closest(".reference")) this.#open(true);
  }

  /** Before htmx sees it: the small buttons renew the form, and only a whole form is sent. */
  #submit(event) {
    const { submitter } = event;
    const isBusy = this.querySelector("reference-strip").isBusy;
    if (submitter?.hasAttribute("formaction")) this.#refresh({ url: submitter.formAction, submitter });
    else if (!navigator.onLine) announce(OFFLINE, { urgent: true });
    else if (isBusy) announce(BUSY, { urgent: true });
    else {
      this.#isSending = true;
      return this.#stop();
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** A refused form comes back with its mistakes marked; the first may be out of sight. */
  #swapped() {
    const send = this.querySelector("#send");
    this.#prompt.placeholder = send.dataset.placeholder;
    if (!this.querySelector("#prompt-error .field__error")) this.#prompt.removeAttribute("aria-invalid");
    this.#count();
    if (this.#isSending && !this.querySelector("#problems")) this.#open(false);
    this.#isSending = false;
    if (!this.querySelector("#problems") || this.contains(document.activeElement?.closest("[aria-invalid]"))) return;
    this.#show(this.querySelector('[aria-invalid="true"], [data-mistake]:checked'));
  }

  #show(field) {
    if (!field) return;
    const disclosure = field.closest("details");
    if (disclosure) disclosure.open = true;
    if (field.closest(".composer__settings")) this.#open(true);
    field.focus();
  }

  /** On a phone the settings are a sheet; elsewhere they are simply there. */
  #open(isOpen) {
    this.toggleAttribute("data-open", isOpen);
    this.querySelector("[data-toggle]").setAttribute("aria-expanded", isOpen);
  }

  #refreshSoon(delay_ms) {
    this.#stop();
    this.#timer = setTimeout(() => this.#refresh(), delay_ms);
  }

  /** Sending makes a refresh that is still on its way worthless. */
  #stop() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#request?.abort();
  }

  /** What is not yet on the server goes there before the page is gone. */
  #leave() {
    if (this.#timer) this.#refresh({ keepalive: true });
  }

  #backOnline() {
    clearStrip("offline");
    this.#refreshSoon(CHOICE_MS);
  }

  async #refresh({ url = this.dataset.refreshUrl, submitter = null, keepalive = false } = {}) {
    this.#stop();
    this.#request = new AbortController();
    const words = this.#prompt.value;
    const { signal } = this.#request;
    const headers = { "HX-Request": "true" };
    const body = new FormData(this.#form, submitter);
    try {
      const response = await fetch(url, { method: "POST", body, headers, signal, keepalive });
      if (isSignedOut(response)) return showSignedOut();
      if (!response.ok) return;
      const text = await response.text();
      clearStrip("signed-out");
      if (this.#prompt.value === words) forgetDraft(this.dataset.draftKey);
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

  /** Words that never reached the server win; an address that filled the form has done its work. */
  #restore() {
    const unsent = readDraft(this.dataset.draftKey);
    const isFilled = location.search !== "";
    if (unsent !== null && !isFilled) this.#prompt.value = unsent;
    if (unsent === null && !isFilled) return;
    if (isFilled) history.replaceState(null, "", location.pathname + location.hash);
    this.#refreshSoon(CHOICE_MS);
  }
}

customElements.define("studio-composer", StudioComposer);
