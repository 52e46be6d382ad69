// Audio files dropped on the page or chosen: sent one after the other, each with how far it is.
import { button, el, setText } from "./dom.js";

const REFUSALS = {
  0: "The desk's server does not answer. Is it still running?",
  401: "You are signed out. Sign in and add the file again.",
  403: "The desk takes no files from this page. Load it again.",
  409: "A file of this name is there already.",
  413: "The file is larger than the desk takes.",
  415: "This is no audio file that can be read.",
  507: "There is no room left on the disk.",
};

const inMegabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

const send = (file, { onProgress, register }) => new Promise((done, failed) => {
  const request = new XMLHttpRequest();
  request.open("PUT", `/api/uploads/${encodeURIComponent(file.name)}`);
  request.setRequestHeader("X-Shownotes", "desk");
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.upload.addEventListener("progress", ({ loaded }) => onProgress(loaded));
  request.addEventListener("load", () => {
    let answer = null;
    try { answer = JSON.parse(request.responseText); } catch { /* its status says enough */ }
    if (request.status >= 200 && request.status < 300) { done(answer ?? {}); return; }
    failed(new Error(answer?.error ?? REFUSALS[request.status] ?? `The server refused the file (${request.status}).`));
  });
  request.addEventListener("error", () => failed(new Error(REFUSALS[0])));
  request.addEventListener("abort", () => failed(new Error("Stopped.")));
  register(request);
  request.send(file);
});

class Upload {
  constructor(file) {
    this.file = file;
    this.told = el("span", { class: "soft", role: "status" }, `waiting, ${inMegabytes(file.size)}`);
    this.progress = el("progress", { max: String(Math.max(1, file.size)), value: 0, "aria-label": `How much of ${file.name} is sent` });
    this.problem = el("p", { class: "refused", role: "alert", hidden: true });
    this.stop = button("Stop", () => { if (this.request) this.request.abort(); else this.isStopped = true; }, { class: "small quiet", "aria-label": `Stop sending ${file.name}` });
    this.node = el("li", {}, el("span", {}, el("strong", {}, file.name), " ", this.told), this.stop, this.progress, this.problem);
  }

  async run() {
    try {
      if (this.isStopped) throw new Error("Stopped.");
      if (!this.file.size) throw new Error("The file is empty.");
      const { is_new: isNew = true, error = null } = await send(this.file, {
        onProgress: (loaded) => {
          this.progress.value = loaded;
          setText(this.told, `${Math.floor((loaded / this.file.size) * 100)} % of ${inMegabytes(this.file.size)}`);
        },
        register: (request) => { this.request = request; },
      });
      setText(this.told, error ? "added, but not begun" : isNew ? "added; its notes are made next" : "was here already");
      this.problem.hidden = !error;
      setText(this.problem, error ?? "");
      return true;
    } catch (error) {
      this.problem.hidden = false;
      setText(this.problem, error.message);
      setText(this.told, "not added");
      return false;
    } finally {
      this.progress.hidden = true;
      this.stop.replaceWith(button("Clear", () => this.#clear(), { class: "small quiet", "aria-label": `Clear ${this.file.name} from this list` }));
    }
  }

  #clear() {
    const list = this.node.parentElement;
    this.node.remove();
    list.hidden = !list.children.length;
    document.getElementById("files").focus();
  }
}

// onArrived() is called after each file that the desk has taken.
export const startUploads = ({ onArrived }) => {
  const list = document.getElementById("uploads"), chooser = document.getElementById("files");
  let depth = 0, queue = Promise.resolve(), sending = 0;
  const add = (files) => {
    for (const file of files) {
      const upload = new Upload(file);
      list.hidden = false;
      list.append(upload.node);
      sending += 1;
      queue = queue.then(() => upload.run()).then((isAdded) => { sending -= 1; if (isAdded) onArrived(); });
    }
  };
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const isOver = (change) => {
    depth = change === 0 ? 0 : Math.max(0, depth + change);
    document.body.classList.toggle("dropping", depth > 0);
  };
  addEventListener("dragenter", (event) => { if (hasFiles(event)) { event.preventDefault(); isOver(1); } });
  addEventListener("dragleave", (event) => { if (hasFiles(event)) isOver(-1); });
  addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    isOver(0);
    add(event.dataTransfer.files);
  });
  chooser.addEventListener("change", () => { add(chooser.files); chooser.value = ""; });
  addEventListener("beforeunload", (event) => { if (sending) event.preventDefault(); });
};
