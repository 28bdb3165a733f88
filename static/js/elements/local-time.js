const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
const TICK_MS = 30_000;

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const formats = {
  clock: new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  full: new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }),
};

/** Shows the <time> inside it in the reader's zone: data-style is ago, ahead, clock or full. */
class LocalTime extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    const time = this.querySelector("time");
    const moment = new Date(time?.dateTime ?? "");
    if (Number.isNaN(moment.getTime())) return;
    time.title = formats.full.format(moment);
    const style = this.dataset.style ?? "full";
    const isRelative = style === "ago" || style === "ahead";
    const show = () => {
      time.textContent = isRelative ? fromNow(moment) : formats[style].format(moment);
    };
    show();
    if (isRelative) this.#timer = setInterval(show, TICK_MS);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
  }
}

function fromNow(moment) {
  const seconds = Math.round((moment.getTime() - Date.now()) / 1000);
  const size = Math.abs(seconds);
  if (size < 45) return seconds > 0 ? "in a moment" : "just now";
  if (size < HOUR) return relative.format(Math.round(seconds / MINUTE), "minute");
  if (size < DAY) return relative.format(Math.round(seconds / HOUR), "hour");
  if (size < 7 * DAY) return relative.format(Math.round(seconds / DAY), "day");
  return formats.full.format(moment);
}

customElements.define("local-time", LocalTime);
