// Words that the server does not have yet, kept in this browser until it does or they sign out.

const PREFIX = "draft-";

export function keepDraft(key, text) {
  try {
    localStorage.setItem(PREFIX + key, text);
  } catch {
    // Full or closed storage costs the draft of a reload, nothing else.
  }
}

/** Null when the server has it all. */
export function readDraft(key) {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

export function forgetDraft(key) {
  try {
    localStorage.removeItem(PREFIX + key);
  } catch {
    // Nothing could be kept there either.
  }
}

/** The next person at this machine must not find what the last one wrote. */
export function forgetDraftsAtSignOut() {
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-signs-out]")) return;
    try {
      for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
    } catch {
      // Nothing could be kept there either.
    }
  });
}
