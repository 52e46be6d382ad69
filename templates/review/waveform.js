// What the sound looks like: the whole episode as a slider, and some seconds around the playhead to aim by.
import { clock } from "./dom.js";
import { isDoubtful } from "./state.js";

const PEAKS_A_SECOND = 20;
const BAR = 2, GAP = 1;
const NEAR_S = 24, NEAR_STEP_S = 0.1;
const KEYS = { ArrowLeft: -5, ArrowRight: 5, ArrowDown: -5, ArrowUp: 5, PageDown: -60, PageUp: 60 };
const DRAG_PX = 3;

// A canvas as fine as the screen. Measured when its size changes, not on every frame.
const sized = (canvas) => {
  const { clientWidth: width, clientHeight: height } = canvas, ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { pen, width, height, ratio };
};

export class Waveform {
  #peaks = new Uint8Array();
  #images = null;
  #sizes = null;
  #second = -1;
  #drawnAt = null;

  constructor(desk, player) {
    Object.assign(this, { desk, player });
    this.slider = document.querySelector("#player .wave");
    this.whole = this.slider.querySelector("canvas");
    this.near = document.querySelector("#player .near");
    this.#readColors();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { this.#readColors(); this.#redraw(); });
    new ResizeObserver(() => this.#redraw()).observe(this.slider);
    player.addEventListener("time", () => this.draw());
    desk.addEventListener("segments", () => this.draw());
    desk.addEventListener("notes", () => { this.#drawnAt = null; this.draw(); });
    this.#listen();
  }

  async load(path) {
    const answer = await fetch(path).catch(() => null);
    if (!answer?.ok) { this.near.hidden = true; return; }
    this.#peaks = new Uint8Array(await answer.arrayBuffer());
    this.#redraw();
  }

  #readColors() {
    const style = getComputedStyle(document.documentElement), of = (name) => style.getPropertyValue(name).trim();
    this.colors = {
      rest: of("--edge"), played: of("--accent"), head: of("--ink"), mark: of("--soft"), warn: of("--warn"),
      card: of("--card"), tint: of("--tint"), paper: of("--paper"),
    };
  }

  // ---- the whole episode
  #loudest(from, to) {
    let most = 0;
    for (let index = Math.max(0, Math.floor(from)); index < to && index < this.#peaks.length; index += 1) if (this.#peaks[index] > most) most = this.#peaks[index];
    return most / 255;
  }

  #paint(color) {
    const image = document.createElement("canvas"), { width, height, ratio } = this.#sizes.whole;
    image.width = this.whole.width;
    image.height = this.whole.height;
    const pen = image.getContext("2d"), each = (this.player.duration * PEAKS_A_SECOND) / (width / (BAR + GAP));
    pen.scale(ratio, ratio);
    pen.fillStyle = color;
    for (let bar = 0; bar * (BAR + GAP) < width; bar += 1) {
      const tall = Math.max(1.5, this.#loudest(bar * each, (bar + 1) * each) * (height - 8));
      pen.fillRect(bar * (BAR + GAP), (height - tall) / 2 + 2, BAR, tall);
    }
    return image;
  }

  #redraw() {
    if (!this.whole.clientWidth) return;
    this.#sizes = { whole: sized(this.whole), near: sized(this.near) };
    this.#drawnAt = null;
    this.#images = { rest: this.#paint(this.colors.rest), played: this.#paint(this.colors.played) };
    this.draw();
  }

  draw() {
    if (!this.#images) return;
    this.#drawWhole();
    if (!this.near.hidden && this.#sizes.near.width) this.#drawNear();
    this.#say();
  }

  #drawWhole() {
    const { pen, width, height, ratio } = this.#sizes.whole, { rest, played } = this.#images;
    const x = Math.round((this.player.now() / this.player.duration) * width * ratio) / ratio;
    if (x === this.#drawnAt) return;
    this.#drawnAt = x;
    pen.clearRect(0, 0, width, height);
    pen.drawImage(rest, 0, 0, rest.width, rest.height, 0, 0, width, height);
    if (x > 0) pen.drawImage(played, 0, 0, x * ratio, played.height, 0, 0, x, height);
    pen.fillStyle = this.colors.mark;
    for (const chapter of this.desk.data.notes.chapters) {
      if (!chapter.keep || !chapter.start) continue;
      const at = (chapter.start / this.player.duration) * width;
      pen.fillRect(at - 0.5, 0, 1, height);
      pen.beginPath();
      pen.moveTo(at - 3.5, 0); pen.lineTo(at + 3.5, 0); pen.lineTo(at, 5);
      pen.fill();
    }
    this.#drawHead(pen, x, height);
  }

  #drawHead(pen, x, height) {
    pen.fillStyle = this.colors.paper;
    pen.fillRect(x - 2, 0, 4, height);
    pen.fillStyle = this.colors.head;
    pen.fillRect(x - 1, 0, 2, height);
  }

  // ---- the seconds around the playhead, which stays in the middle
  #drawNear() {
    const { pen, width, height } = this.#sizes.near, now = this.player.now(), scale = width / NEAR_S;
    const from = now - NEAR_S / 2, to = now + NEAR_S / 2, at = (time) => (time - from) * scale;
    pen.clearRect(0, 0, width, height);
    this.#drawSegments(pen, { from, to, at, height });
    const first = Math.max(0, Math.floor(from / NEAR_STEP_S)), last = Math.min(this.player.duration, to) / NEAR_STEP_S;
    for (let step = first; step < last; step += 1) {
      const time = step * NEAR_STEP_S, tall = Math.max(1, this.#loudest(time * PEAKS_A_SECOND, (time + NEAR_STEP_S) * PEAKS_A_SECOND) * (height - 14));
      pen.fillStyle = time < now ? this.colors.played : this.colors.rest;
      pen.fillRect(at(time), (height - tall) / 2, Math.max(1, scale * NEAR_STEP_S - 1), tall);
    }
    this.#drawHead(pen, width / 2, height);
  }

  #drawSegments(pen, { from, to, at, height }) {
    const segments = this.desk.data.segments;
    for (let index = Math.max(0, this.desk.indexAt(from)); index < segments.length && segments[index].start < to; index += 1) {
      const { start, end, words } = segments[index];
      pen.fillStyle = index % 2 ? this.colors.card : this.colors.tint;
      pen.fillRect(at(start), 0, at(end) - at(start), height);
      pen.fillStyle = this.colors.mark;
      pen.fillRect(at(start), 0, 1, height);
      pen.fillStyle = this.colors.warn;
      for (const word of words) if (isDoubtful(word)) pen.fillRect(at(word[2]), height - 3, at(word[3]) - at(word[2]), 3);
    }
  }

  // ---- by hand and by keys
  #listen() {
    const seekTo = (event) => {
      const box = this.whole.getBoundingClientRect();
      this.player.seek(((event.clientX - box.left) / box.width) * this.player.duration);
    };
    this.slider.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      this.slider.setPointerCapture(event.pointerId);
      seekTo(event);
    });
    this.slider.addEventListener("pointermove", (event) => { if (this.slider.hasPointerCapture(event.pointerId)) seekTo(event); });
    this.slider.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      if (event.key in KEYS) this.player.skip(KEYS[event.key]);
      else if (event.key === "Home") this.player.seek(0);
      else if (event.key === "End") this.player.seek(this.player.duration);
      else return;
      event.preventDefault();
    });
    this.#listenNear();
  }

  // A click goes there; a drag pulls the sound along under the playhead.
  #listenNear() {
    let grip = null;
    const timeOf = (pixels) => (pixels / this.near.clientWidth) * NEAR_S;
    this.near.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      this.near.setPointerCapture(event.pointerId);
      grip = { x: event.clientX, time: this.player.now(), hasMoved: false };
    });
    this.near.addEventListener("pointermove", (event) => {
      if (!grip) return;
      grip.hasMoved ||= Math.abs(event.clientX - grip.x) > DRAG_PX;
      if (grip.hasMoved) this.player.seek(grip.time - timeOf(event.clientX - grip.x));
    });
    this.near.addEventListener("pointercancel", () => { grip = null; });
    this.near.addEventListener("pointerup", (event) => {
      if (grip && !grip.hasMoved) {
        const box = this.near.getBoundingClientRect();
        this.player.seek(this.player.now() + timeOf(event.clientX - box.left - box.width / 2));
      }
      grip = null;
    });
  }

  #say() {
    const second = Math.floor(this.player.now());
    if (second === this.#second) return;
    this.#second = second;
    this.slider.setAttribute("aria-valuemax", Math.floor(this.player.duration));
    this.slider.setAttribute("aria-valuenow", second);
    const chapter = this.desk.data.notes.chapters.findLast((one) => one.keep && one.start <= second + 0.05);
    this.slider.setAttribute("aria-valuetext", `${clock(second)} of ${clock(this.player.duration)}${chapter ? `, ${chapter.title}` : ""}`);
  }
}
