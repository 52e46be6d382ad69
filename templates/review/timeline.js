// The chapters drawn to scale: their beginnings are dragged, or moved by word with the arrow keys.
import { arrange, clock, el, setText } from "./dom.js";
import { nearestWord, wordBeside } from "./words.js";

const PAUSE_MS = 450;

export class Timeline {
  // moved(key, word) is told where a chapter shall begin.
  constructor(moved) {
    this.moved = moved;
    this.handles = new Map();
    this.track = el("div", { class: "track" });
    this.told = el("p", { class: "soft-note", "aria-live": "off" }, "Drag a mark to move the beginning of a chapter.");
    this.node = el("div", { class: "timeline" }, this.track, this.told);
  }

  update(chapters, duration) {
    this.chapters = chapters;
    this.duration = Math.max(duration, 1);
    const inner = chapters.filter((chapter, index) => index > 0 || chapter.start > 1);
    this.handles = new Map(inner.map((chapter) => [chapter.key, this.handles.get(chapter.key) ?? this.#handle(chapter.key)]));
    for (const chapter of inner) this.#place(this.handles.get(chapter.key), chapter);
    arrange(this.track, [...this.handles.values()].map((handle) => handle.node));
    this.node.hidden = !inner.length;
  }

  #place(handle, chapter) {
    handle.chapter = chapter;
    if (handle.word) return;
    this.#show(handle, chapter.start);
    handle.node.setAttribute("aria-label", `Beginning of “${chapter.title}”`);
    handle.node.setAttribute("aria-valuemax", String(Math.floor(this.duration)));
  }

  #show(handle, time) {
    handle.node.style.left = `${(time / this.duration) * 100}%`;
    handle.node.setAttribute("aria-valuenow", time.toFixed(1));
    handle.node.setAttribute("aria-valuetext", clock(time));
  }

  #handle(key) {
    const handle = { key, word: null };
    handle.node = el("span", {
      class: "handle", role: "slider", tabindex: "0", "aria-valuemin": "0", "aria-orientation": "horizontal",
      keydown: (event) => this.#step(event, handle), pointerdown: (event) => this.#grab(event, handle),
    });
    return handle;
  }

  // Between the beginnings of its neighbours: an order of chapters is never turned round by a hand that slips.
  #within(handle, word) {
    const place = this.chapters.findIndex((chapter) => chapter.key === handle.key);
    const before = this.chapters[place - 1], after = this.chapters[place + 1];
    return word && (!before || word.start > before.start) && (!after || word.start < after.start) ? word : null;
  }

  #try(handle, word) {
    const fits = this.#within(handle, word);
    if (!fits) return;
    handle.word = fits;
    this.#show(handle, fits.start);
    setText(this.told, `${handle.chapter.title}: ${clock(fits.start)}, “${fits.text}”`);
  }

  #finish(handle) {
    const { word } = handle;
    handle.word = null;
    if (word && word.id !== handle.chapter.word) this.moved(handle.key, word);
    else this.#place(handle, handle.chapter);
  }

  #step(event, handle) {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#try(handle, wordBeside(handle.word?.id ?? handle.chapter.word, step));
    clearTimeout(handle.timer);
    handle.timer = setTimeout(() => this.#finish(handle), PAUSE_MS);
  }

  #grab(event, handle) {
    if (event.button !== 0) return;
    event.preventDefault();
    handle.node.focus();
    handle.node.setPointerCapture(event.pointerId);
    const box = this.track.getBoundingClientRect();
    const drag = (move) => this.#try(handle, nearestWord(((move.clientX - box.left) / box.width) * this.duration));
    const stop = (end) => {
      for (const [name, act] of [["pointermove", drag], ["pointerup", stop], ["pointercancel", stop]]) handle.node.removeEventListener(name, act);
      if (end.type === "pointercancel") handle.word = null;
      this.#finish(handle);
    };
    for (const [name, act] of [["pointermove", drag], ["pointerup", stop], ["pointercancel", stop]]) handle.node.addEventListener(name, act);
  }
}
