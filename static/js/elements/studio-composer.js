import { countOf } from "../lib/characters.js";
import { forgetDraft, keepDraft, readDraft } from "../lib/drafts.js";
import { hasSingleKeys, isComposing, keyOf } from "../lib/keys.js";
import { announce, clearStrip, OFFLINE, showStrip } from "../lib/notices.js";
import { PromptHistory } from "../lib/prompt-history.js";
import { Refresher } from "../lib/refresher.js";
import { Sending } from "../lib/sending.js";

const CHOICE_MS = 80;
const TYPING_MS = 700;
const COUNT_FROM = 0.9;

/**
 * The composer: Ctrl or Cmd + Enter sends; every change asks the server, which keeps the draft and
 * says what a choice opens, closes and costs. What the server has not got is kept here.
 */
class StudioComposer extends HTMLElement {
  #refresher = new Refresher(this);
  #sending = new Sending();
  #isSpared = false;
  #listening = null;
  #history = null;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.#history = new PromptHistory(() => this.#prompt);
    this.addEventListener("keydown", (event) => this.#keydown(event), { signal });
    this.addEventListener("input", (event) => this.#input(event), { signal });
    this.addEventListener("change", (event) => this.#change(event), { signal });
    this.addEventListener("click", (event) => this.#click(event), { signal });
    this.addEventListener("submit", (event) => this.#submit(event), { signal, capture: true });
    this.addEventListener("htmx:before:swap", (event) => this.#answered(event), { signal });
    this.addEventListener("htmx:after:swap", (event) => this.#swapped(event), { signal });
    this.addEventListener("htmx:finally:request", (event) => this.#settled(event), { signal });
    document.addEventListener("keydown", (event) => this.#focusByKey(event), { signal });
    document.addEventListener("visibilitychange", () => document.hidden && this.#refresher.leave(), { signal });
    window.addEventListener("beforeunload", () => this.#refresher.expectToLeave(), { signal });
    window.addEventListener("offline", () => showStrip("offline", OFFLINE), { signal });
    window.addEventListener("online", () => this.#backOnline(), { signal });
    document.addEventListener("studio:signed-in", () => this.#refresher.soon(CHOICE_MS), { signal });
    this.#restore();
    this.#count();
  }

  disconnectedCallback() {
    this.#listening.abort();
    this.#refresher.stop();
  }

  get #form() {
    return this.querySelector("form");
  }

  get #prompt() {
    return this.querySelector("#prompt");
  }

  #keydown(event) {
    if (isComposing(event)) return;
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
    if (keyOf(event) !== "n" || event.ctrlKey || event.metaKey || event.altKey || isBusy || isComposing(event) || !hasSingleKeys()) return;
    event.preventDefault();
    this.#prompt.focus();
  }

  #input(event) {
    // Also stops an answer on its way, which would put back what is being changed just now.
    this.#refresher.soon(TYPING_MS);
    if (event.target !== this.#prompt) return;
    keepDraft(this.dataset.draftKey, this.#prompt.value);
    this.#count();
  }

  #change(event) {
    if (event.target !== this.#prompt) this.#refresher.soon(CHOICE_MS);
  }

  #click(event) {
    const target = event.target.closest('#problems a[href^="#"]');
    if (target) {
      event.preventDefault();
      this.#show(document.getElementById(target.hash.slice(1)));
    }
    const { choose } = event.target.closest("[data-choose]")?.dataset ?? {};
    if (choose) document.getElementById(choose).click();
    if (event.target.closest("[data-toggle]")) this.#open(!this.hasAttribute("data-open"));
    if (event.target.closest(".reference")) this.#open(true);
  }

  /** Before htmx sees it: the small buttons renew the form, and only a whole form is sent, once. */
  #submit(event) {
    const { submitter } = event;
    const { obstacle } = this.querySelector("reference-strip");
    if (submitter?.hasAttribute("formaction")) this.#refresher.press(submitter);
    else if (!navigator.onLine) announce(OFFLINE, { urgent: true });
    else if (obstacle) this.#explain(obstacle);
    else if (!this.#sending.isOn) {
      this.#sending.begin(this.#form);
      return this.#refresher.hold();
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #explain({ words, button }) {
    announce(words, { urgent: true, visible: !button });
    if (!button) return;
    this.#open(true);
    button.focus();
  }

  #answered({ target, detail }) {
    if (target === this.#form) this.#isSpared = this.#sending.spares(target, detail.tasks);
  }

  #settled({ target }) {
    if (target !== this.#form) return;
    this.#sending.end();
    if (this.#isSpared) this.#refresher.soon(CHOICE_MS);
    this.#isSpared = false;
    this.#refresher.release();
  }

  /** Those who went on working keep what they have, and the sheet in which they do it. */
  #accepted() {
    if (this.#isSpared) return this.querySelector("#composer-notes").replaceChildren();
    forgetDraft(this.dataset.draftKey);
    this.#open(false);
  }

  /** A refused form comes back with its mistakes marked; the first may be out of sight. */
  #swapped({ target, detail }) {
    if (target === this.#form && detail.ctx.response?.raw.ok) this.#accepted();
    const send = this.querySelector("#send");
    this.#prompt.placeholder = send.dataset.placeholder;
    if (!this.querySelector("#prompt-error .field__error")) this.#prompt.removeAttribute("aria-invalid");
    this.#count();
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

  #backOnline() {
    clearStrip("offline");
    this.#refresher.soon(CHOICE_MS);
  }

  #count() {
    const out = this.querySelector("[data-prompt-count]");
    const length = countOf(this.#prompt.value);
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
    this.#refresher.soon(CHOICE_MS);
  }
}

customElements.define("studio-composer", StudioComposer);
