// Every way in which a picture reaches the composer: chosen, pasted, dropped, dragged from history.

const OWN_DRAG = "application/x-studio-reference";
const HISTORY = /\/images\/([0-9a-f]{8}-[0-9a-f-]{27})\//;
const ONLY_AN_ADDRESS = "Your browser hands over only the address. Copy the picture and paste it here, or save it first.";
const TEXT_FIELDS = "input:not([type='radio'], [type='checkbox'], [type='range'], [type='file']), textarea, select";

/** Call `take` with files or ids of pictures from the history, until `signal` ends it; with none, also why. */
export function takePictures(zone, { signal, take }) {
  zone.addEventListener("change", (event) => chosen(event, take), { signal });
  document.addEventListener("paste", (event) => pasted(event, take), { signal });
  document.addEventListener("dragover", (event) => hovered(event, zone), { signal });
  document.addEventListener("dragleave", (event) => event.relatedTarget ?? left(zone), { signal });
  document.addEventListener("dragend", () => left(zone), { signal });
  document.addEventListener("drop", (event) => dropped(event, zone, take), { signal });
}

function chosen(event, take) {
  const input = event.target;
  if (input.type !== "file") return;
  // The strip takes them one by one from here; the form must not send them a second time.
  event.stopPropagation();
  const files = [...input.files];
  input.value = "";
  take(files.map((file) => ({ file })));
}

/** Text fields keep their text; the prompt gives way when there is only a picture to paste. */
function pasted(event, take) {
  const files = [...(event.clipboardData?.files ?? [])];
  if (!files.length || document.querySelector("dialog[open]")) return;
  const field = event.target.closest?.(TEXT_FIELDS);
  if (field && (field.id !== "prompt" || hasWords(event.clipboardData, files))) return;
  event.preventDefault();
  take(files.map((file) => ({ file })));
}

/** Text that only names the files, or says where they come from, is none of its own. */
function hasWords(data, files) {
  const lines = data.getData("text/plain").split(/[\r\n]+/).map((line) => line.trim()).filter(Boolean);
  const names = files.map(({ name }) => name.normalize());
  const isOfFile = (line) => names.some((name) => endOf(line) === name);
  const isAddress = lines.length === 1 && /^(https?|file|data|blob):\S+$/i.test(lines[0]);
  return !isAddress && !lines.every(isOfFile);
}

/** The file's name at the end of a path or an address. */
function endOf(line) {
  const last = line.split(/[\\/]/).at(-1);
  try {
    return decodeURIComponent(last).normalize();
  } catch {
    return last.normalize();
  }
}

function isPicture({ dataTransfer }) {
  const types = dataTransfer?.types ?? [];
  return !types.includes(OWN_DRAG) && (types.includes("Files") || types.includes("text/uri-list"));
}

function hovered(event, zone) {
  if (!isPicture(event)) return;
  const isOver = zone.contains(event.target);
  // Elsewhere only files are caught, because a browser would leave the page for them.
  if (!isOver && !event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = isOver ? "copy" : "none";
  zone.dataset.drop = isOver ? "over" : "near";
}

function left(zone) {
  delete zone.dataset.drop;
}

function dropped(event, zone, take) {
  left(zone);
  if (!isPicture(event)) return;
  const isOver = zone.contains(event.target);
  if (isOver || event.dataTransfer.types.includes("Files")) event.preventDefault();
  if (!isOver) return;
  const sources = sourcesOf(event.dataTransfer);
  take(sources, event.dataTransfer.types.includes("text/uri-list") ? ONLY_AN_ADDRESS : undefined);
}

/** A picture of ours that is dragged brings its address and, in some browsers, a file as well. */
function sourcesOf(data) {
  const text = `${data.getData("text/uri-list")} ${data.getData("text/html")}`;
  const ours = text.includes(location.host) || !text.includes("://") ? HISTORY.exec(text) : null;
  if (ours) return [{ image: ours[1] }];
  // A folder comes as a file that nobody can read; only its entry tells.
  const items = [...data.items].filter(({ kind }) => kind === "file");
  const isFolder = (index) => Boolean(items[index]?.webkitGetAsEntry?.()?.isDirectory);
  return [...data.files].map((file, index) => ({ file, isFolder: isFolder(index) }));
}

export { OWN_DRAG };
