// What somebody was writing, kept in this browser until they sign out.

const PREFIX = "draft-";

export function keepDraft(key, text) {
  try {
    localStorage.setItem(PREFIX + key, text);
  } catch {
    // Full or closed storage costs the draft of a reload, nothing else.
  }
}

export function readDraft(key) {
  try {
    return localStorage.getItem(PREFIX + key) ?? "";
  } catch {
    return "";
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
