// A form sent with its progress told, which fetch cannot do yet.

/** Resolves with the status, the text and the final address; rejects when nothing answered. */
export function postFile(url, fields, { token, signal, onProgress }) {
  return new Promise((resolve, reject) => {
    // A signal that was given before tells nobody again.
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("X-CSRFToken", token);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    request.addEventListener("load", () => resolve(answer(request)));
    request.addEventListener("error", () => reject(new TypeError("nothing answered")));
    request.addEventListener("abort", () => reject(new DOMException("cancelled", "AbortError")));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    request.send(form);
  });
}

function answer({ status, responseText, responseURL }) {
  const sent = { status, url: responseURL, redirected: responseURL.includes("/accounts/login/") };
  return { ...sent, text: responseText };
}
