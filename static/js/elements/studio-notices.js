import { announceFailure, isSignedOut, showSignedOut, showSomebodyElse } from "../lib/notices.js";

const TOAST_MS = 8000;
// Other answers say by themselves what is wrong.
const WORDLESS = new Set([403, 404, 429]);

/** Toasts and strips, and the words for requests that went wrong. */
class StudioNotices extends HTMLElement {
  #strips = new Map();
  #urgent = null;
  #listening = null;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.#urgent = document.createElement("p");
    this.#urgent.className = "visually-hidden";
    this.#urgent.setAttribute("role", "alert");
    this.after(this.#urgent);
    document.addEventListener("studio:announce", (event) => this.#announce(event.detail), { signal });
    document.addEventListener("studio:strip", (event) => this.#strip(event.detail), { signal });
    document.addEventListener("htmx:before:swap", (event) => this.#guard(event), { signal });
    document.addEventListener("htmx:response:error", (event) => this.#failed(event), { signal });
    document.addEventListener("htmx:error", () => announceFailure(), { signal });
    for (const toast of this.querySelectorAll(".toast")) this.#leaveLater(toast);
  }

  disconnectedCallback() {
    this.#listening.abort();
    this.#urgent.remove();
    for (const strip of this.#strips.values()) strip.remove();
    this.#strips.clear();
  }

  #announce({ text, urgent, visible }) {
    if (urgent) this.#urgent.textContent = text;
    const toast = document.createElement("p");
    toast.className = visible ? "toast" : "visually-hidden";
    toast.textContent = text;
    // What the urgent region reads out must not be read a second time.
    if (urgent) toast.setAttribute("aria-hidden", "true");
    this.append(toast);
    this.#leaveLater(toast);
  }

  #leaveLater(toast) {
    setTimeout(() => toast.remove(), TOAST_MS);
  }

  #strip({ name, text, link }) {
    // Said once, however often a poll finds it so.
    if (text && this.#strips.get(name)?.firstChild.data === text) return;
    this.#strips.get(name)?.remove();
    this.#strips.delete(name);
    if (!text) return;
    const strip = document.createElement("p");
    strip.className = "strip strip--floating";
    strip.setAttribute("role", "status");
    strip.append(text);
    if (link) {
      const anchor = Object.assign(document.createElement("a"), { href: link.href, textContent: link.text });
      strip.append(" ", anchor);
    }
    this.after(strip);
    this.#strips.set(name, strip);
  }

  /** A session that ended answers with the sign-in page: say so and leave the page as it is. */
  #guard(event) {
    const response = event.detail?.ctx?.response?.raw;
    if (!response || !isSignedOut(response)) return;
    event.preventDefault();
    showSignedOut();
  }

  #failed(event) {
    const status = event.detail?.ctx?.response?.raw?.status ?? 0;
    if (status === 401) showSignedOut();
    else if (status === 409) showSomebodyElse();
    else if (status >= 500 || WORDLESS.has(status)) announceFailure(status);
  }
}

customElements.define("studio-notices", StudioNotices);
