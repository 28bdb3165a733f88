import { CardFocus } from "../lib/card-focus.js";
import { shorten } from "../lib/characters.js";
import { setClock } from "../lib/clock.js";
import { person, renewToken } from "../lib/csrf.js";
import {
  announce,
  clearStrip,
  isSignedOut,
  isSomebodyElse,
  showSignedOut,
  showSomebodyElse,
  showStrip,
} from "../lib/notices.js";

const QUICK_MS = 1000;
const STEADY_MS = 2000;
const IDLE_MS = 5000;
const SLOWEST_MS = 30_000;
const QUICK_FOR_MS = 10_000;
const STEADY_FOR_MS = 60_000;
const UNFINISHED = new Set(["queued", "running", "held"]);
const TITLE_CHARS = 40;
const ENDINGS = {
  succeeded: (title, pictures) => `“${title}” is done, ${pictures === 1 ? "1 picture" : `${pictures} pictures`}.`,
  failed: (title) => `“${title}” did not work.`,
  held: (title) => `“${title}”: the outcome is unknown, please decide.`,
};

/**
 * Keeps the job cards inside it up to date: one request for all of them, quick after a change,
 * slow when nobody looks. `data-insert` adds cards of new jobs, `data-reloads` renews the page's
 * main part when its one job moves on.
 */
class StudioLive extends HTMLElement {
  #cursor = "";
  #etag = "";
  #timer = 0;
  #failures = 0;
  #changedAt = Date.now();
  #isPolling = false;
  #isSignedOut = false;
  #listening = null;
  #focus = new CardFocus();
  // A form outside brings the card of a new job.
  #arrivals = new MutationObserver(() => this.#settle());

  connectedCallback() {
    this.#cursor = this.dataset.cursor;
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    document.addEventListener("visibilitychange", () => this.#look(), { signal });
    window.addEventListener("focus", () => this.#look(), { signal });
    this.addEventListener("htmx:after:swap", () => this.#settle(), { signal });
    this.addEventListener("htmx:before:request", (event) => this.#focus.ask(event.target), { signal });
    this.#arrivals.observe(this, { childList: true });
    this.#schedule();
  }

  disconnectedCallback() {
    this.#listening.abort();
    this.#arrivals.disconnect();
    clearTimeout(this.#timer);
    clearStrip("reconnecting");
  }

  #look() {
    if (document.hidden) return;
    clearTimeout(this.#timer);
    this.#poll();
  }

  /** After a change: look closely for a while, and keep one card where form and poll each brought it. */
  #settle() {
    this.#focus.settle();
    this.#changedAt = Date.now();
    this.#schedule();
    const seen = new Set();
    for (const card of this.querySelectorAll("article[data-state]")) {
      if (seen.has(card.id)) card.remove();
      seen.add(card.id);
    }
  }

  #schedule() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#poll(), this.#delay());
  }

  #delay() {
    if (this.#failures) return Math.min(SLOWEST_MS, STEADY_MS * 2 ** (this.#failures - 1));
    const quiet = Date.now() - this.#changedAt;
    if (document.hidden) return IDLE_MS;
    if (quiet < QUICK_FOR_MS) return QUICK_MS;
    const isWaiting = this.querySelector('[data-state="queued"], [data-state="running"]');
    return isWaiting || quiet < STEADY_FOR_MS ? STEADY_MS : IDLE_MS;
  }

  async #poll() {
    if (this.#isPolling) return;
    this.#isPolling = true;
    try {
      const seen = this.#etag ? { "If-None-Match": this.#etag } : {};
      const response = await fetch(this.#address(), { headers: { ...person(), ...seen } });
      await this.#receive(response);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.#lost();
    } finally {
      this.#isPolling = false;
      if (this.isConnected) this.#schedule();
    }
  }

  #address() {
    const job = this.dataset.job ? `&job=${this.dataset.job}` : "";
    return `${this.dataset.url}?since=${this.#cursor}${job}`;
  }

  async #receive(response) {
    setClock(response);
    if (isSignedOut(response)) {
      this.#failures += 1;
      this.#isSignedOut = true;
      return showSignedOut();
    }
    if (isSomebodyElse(response)) {
      this.#failures += 1;
      return showSomebodyElse();
    }
    if (!response.ok && response.status !== 304) return this.#lost();
    clearStrip("somebody-else");
    if (this.#failures) clearStrip("reconnecting");
    if (this.#isSignedOut) await this.#backAgain();
    this.#failures = 0;
    this.#cursor = response.headers.get("X-Cursor") ?? this.#cursor;
    if (response.status === 304) return;
    this.#etag = response.headers.get("ETag") ?? "";
    await this.#show(await response.text());
  }

  /** Signed in again elsewhere: the forms of this page go on with the new session. */
  async #backAgain() {
    this.#isSignedOut = false;
    if (await renewToken()) document.dispatchEvent(new CustomEvent("studio:signed-in"));
    clearStrip("signed-out");
  }

  #lost() {
    this.#failures += 1;
    if (this.#failures > 1) showStrip("reconnecting", "Reconnecting … jobs go on meanwhile.");
  }

  async #show(html) {
    const parsed = new DOMParser().parseFromString(html, "text/html");
    for (const fresh of parsed.querySelectorAll("article[data-state]")) {
      const shown = document.getElementById(fresh.id);
      if (shown) await this.#replace(shown, fresh);
      else if ("insert" in this.dataset) await this.#insert(fresh);
    }
  }

  async #replace(shown, fresh) {
    const before = shown.dataset.state;
    const text = fresh.outerHTML;
    await this.#focus.keep(shown, () => htmx.swap({ text, sourceElement: shown, target: shown, swap: "outerMorph" }));
    if (before === fresh.dataset.state) return;
    this.#tell(fresh);
    if ("reloads" in this.dataset) await this.#reload();
  }

  /** Newest first, as the page has them: a job's id tells when it came. Old ones that are over stay out. */
  async #insert(fresh) {
    const cards = [...this.querySelectorAll("article[data-state]")];
    const older = cards.find((card) => card.id < fresh.id);
    if (!older && cards.length && !UNFINISHED.has(fresh.dataset.state)) return;
    document.getElementById("first-run")?.remove();
    const [target, swap] = older ? [older, "beforebegin"] : [this, "beforeend"];
    await htmx.swap({ text: fresh.outerHTML, sourceElement: this, target, swap });
    this.#tell(fresh);
  }

  #tell(card) {
    const { state } = card.dataset;
    const prompt = card.querySelector(".card__prompt")?.textContent.trim() ?? "";
    const words = ENDINGS[state]?.(shorten(prompt, TITLE_CHARS), card.querySelectorAll("img").length);
    if (words) announce(words, { urgent: state !== "succeeded", visible: state !== "succeeded" });
  }

  #reload() {
    return htmx.ajax("GET", location.href, { source: this, target: "#job-page", select: "#job-page", swap: "outerHTML" });
  }
}

customElements.define("studio-live", StudioLive);
