// The sound: one audio element and our own controls around it. Fires "time" whenever the place in it changes,
// on every frame while it plays.
import { clock } from "./dom.js";
import { options, remember } from "./options.js";

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
const SKIP_S = 5;
const find = (selector) => document.querySelector(`#player ${selector}`);

class Player extends EventTarget {
  #stopAt = null;
  #frame = 0;
  #shown = "";
  #chapters = [];

  constructor() {
    super();
    this.audio = document.getElementById("audio") ?? new Audio();
    for (const name of ["seeking", "seeked", "timeupdate", "loadedmetadata"]) this.audio.addEventListener(name, () => this.#tell());
    for (const name of ["play", "pause", "ended"]) this.audio.addEventListener(name, () => this.#turned());
  }

  get hasAudio() { return this.audio.hasAttribute("src"); }
  get isPlaying() { return !this.audio.paused; }
  get duration() {
    const { duration } = this.audio;
    return Number.isFinite(duration) && duration > 0 ? duration : Number(document.getElementById("player").dataset.duration);
  }

  now() { return this.audio.currentTime; }

  seek(time) {
    this.#stopAt = null;
    this.audio.currentTime = Math.min(Math.max(0, time), this.duration);
    this.#tell();
  }

  play() { if (this.hasAudio) this.audio.play().catch(() => {}); }
  pause() { this.audio.pause(); }
  toggle() { if (this.isPlaying) this.pause(); else this.play(); }
  skip(step) { this.seek(this.now() + step); }
  back() { this.skip(-SKIP_S); }
  forward() { this.skip(SKIP_S); }

  playAt(time) {
    this.seek(time);
    this.play();
  }

  // Plays [start, end) and stops there.
  playRange(start, end) {
    this.playAt(start);
    this.#stopAt = end;
  }

  // The next speed up or down. Returns it.
  faster(step) {
    const place = SPEEDS.indexOf(options.speed);
    this.setSpeed(SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, place + step))]);
    return options.speed;
  }

  setSpeed(speed) {
    remember("speed", speed);
    this.audio.defaultPlaybackRate = speed;
    this.audio.playbackRate = speed;
    if (find(".speed")) find(".speed").value = String(speed);
  }

  // Brings the controls to life. `chapters` are {title, start}, in order.
  start(chapters) {
    if (!this.hasAudio) return;
    this.audio.removeAttribute("controls");
    find(".play").addEventListener("click", () => this.toggle());
    find(".back").addEventListener("click", () => this.back());
    find(".forward").addEventListener("click", () => this.forward());
    find(".speed").replaceChildren(...SPEEDS.map((speed) => new Option(`${speed}×`, String(speed))));
    find(".speed").addEventListener("change", ({ target }) => this.setSpeed(Number(target.value)));
    find(".chapter").addEventListener("change", ({ target }) => this.seek(Number(target.value)));
    this.setSpeed(SPEEDS.includes(options.speed) ? options.speed : 1);
    this.setChapters(chapters);
    addEventListener("hashchange", () => this.fromAddress());
    this.fromAddress();
  }

  setChapters(chapters) {
    const now = JSON.stringify(chapters);
    if (!find(".chapter") || now === this.#shown) return;
    this.#shown = now;
    this.#chapters = chapters;
    find(".chapter").replaceChildren(...chapters.map(({ title, start }) => new Option(`${clock(start)}  ${title}`, String(start))));
    find(".chapters").hidden = !chapters.length;
    this.#tell();
  }

  // `#t=83.5`, as in the links of the search.
  fromAddress() {
    const match = /^#t=(\d+(?:\.\d+)?)$/.exec(location.hash);
    if (match) this.seek(Number(match[1]));
  }

  #turned() {
    const button = find(".play");
    button?.setAttribute("aria-label", this.isPlaying ? "Pause" : "Play");
    document.getElementById("player").classList.toggle("playing", this.isPlaying);
    cancelAnimationFrame(this.#frame);
    if (this.isPlaying) this.#run();
    else this.#stopAt = null;
    this.#tell();
    this.dispatchEvent(new Event("turned"));
  }

  #run() {
    this.#frame = requestAnimationFrame(() => this.#run());
    if (this.#stopAt !== null && this.now() >= this.#stopAt) this.pause();
    this.#tell();
  }

  #tell() {
    this.#showTime();
    this.dispatchEvent(new Event("time"));
  }

  #showTime() {
    const place = find(".elapsed");
    if (!place) return;
    const time = this.now(), words = clock(time), left = `−${clock(Math.ceil(this.duration - time))}`;
    if (place.textContent !== words) place.textContent = words;
    if (find(".left").textContent !== left) find(".left").textContent = left;
    const chapter = this.#chapters.findLast(({ start }) => start <= time + 0.05) ?? this.#chapters[0];
    const select = find(".chapter");
    if (chapter && document.activeElement !== select && select.value !== String(chapter.start)) select.value = String(chapter.start);
  }
}

export const player = new Player();
