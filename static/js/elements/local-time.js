import { now } from "../lib/clock.js";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
const TICK_MS = 30_000;

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const clock = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
const formats = {
  clock: new Intl.DateTimeFormat(undefined, clock),
  dated: new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", ...clock }),
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
      time.textContent = isRelative ? fromNow(moment, style) : formats[this.#format(style, moment)].format(moment);
    };
    show();
    if (isRelative) this.#timer = setInterval(show, TICK_MS);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
  }

  /** A list of times of day names the day where it is not the one that the time before had. */
  #format(style, moment) {
    if (style !== "clock") return style;
    const before = this.closest("li")?.previousElementSibling?.querySelector("time")?.dateTime;
    return daysBetween(moment, new Date(before ?? now())) === 0 ? "clock" : "dated";
  }
}

/** What has happened is never "in" a time, and what is to come never "ago", whatever a clock says. */
function fromNow(moment, style) {
  const distance = Math.round((moment.getTime() - now()) / 1000);
  const seconds = style === "ago" ? Math.min(distance, 0) : Math.max(distance, 0);
  const size = Math.abs(seconds);
  if (size < 45) return style === "ahead" ? "in a moment" : "just now";
  if (size < HOUR) return relative.format(Math.round(seconds / MINUTE), "minute");
  if (size < DAY) return relative.format(Math.round(seconds / HOUR), "hour");
  if (size < 7 * DAY) return relative.format(daysBetween(moment, new Date(now())), "day");
  return formats.full.format(moment);
}

/** By the calendar: thirty hours ago may be yesterday, or the day before. */
function daysBetween(moment, other) {
  const midnight = (date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((midnight(moment) - midnight(other)) / (DAY * 1000));
}

customElements.define("local-time", LocalTime);
