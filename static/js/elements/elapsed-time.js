import { now } from "../lib/clock.js";

const TICK_MS = 1000;

/** Counts the seconds since the <time> inside it began. */
class ElapsedTime extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    const time = this.querySelector("time");
    const start = new Date(time?.dateTime ?? "").getTime();
    if (Number.isNaN(start)) return;
    const show = () => {
      time.textContent = inWords(Math.max(0, Math.floor((now() - start) / 1000)));
    };
    show();
    this.#timer = setInterval(show, TICK_MS);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
  }
}

function inWords(seconds) {
  const minutes = Math.floor(seconds / 60);
  return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

customElements.define("elapsed-time", ElapsedTime);
