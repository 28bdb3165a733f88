const BUSY = "A picture is still on its way. Send again in a moment.";

/** The pictures that the studio has not got: those on their way, and those that failed on it. */
export class PendingPictures {
  #all = new Set();

  add(pending) {
    this.#all.add(pending);
  }

  delete(pending) {
    this.#all.delete(pending);
  }

  /** Those on their way, but for the one that asks. */
  countBeside(pending) {
    return this.#in("sending").filter((each) => each !== pending).length;
  }

  retryAlone() {
    for (const pending of this.#all) if (pending.canRetryAlone) pending.send();
  }

  /** The server knows nothing of them, so what it renders is without their tiles. */
  putBack(place) {
    for (const pending of this.#all) if (!pending.tile.isConnected) place.before(pending.tile);
  }

  /** What is to be done about those that failed; empty when none has. */
  get advice() {
    const failed = this.#in("failed");
    if (!failed.length) return "";
    const verb = failed.some((each) => each.canRetry) ? "Try again or remove" : "Remove";
    const others = failed.length > 1 ? ` and ${failed.length - 1} more` : "";
    return `${verb} ${failed[0].name}${others} first.`;
  }

  /** Why a request waits for its pictures, with the button that helps; null when it need not. */
  get obstacle() {
    const [failed] = this.#in("failed");
    if (failed) return { words: this.advice, button: failed.wayOut };
    return this.#in("sending").length ? { words: BUSY, button: null } : null;
  }

  #in(state) {
    return [...this.#all].filter((each) => each.state === state);
  }
}
