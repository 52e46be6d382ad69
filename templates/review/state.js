// The episode as this page knows it, and the only way to change it.
//
// Events: "segments" {gone, put, change} · "speakers" · "notes" · "state" (approval, undo, redo) · "saving" · "refused".
import { early } from "./early.js";
import { Queue } from "./queue.js";
import { ask } from "./server.js";

const POLL_MS = 3000;

export const BITS = { doubtful: 1, edited: 2, sure: 4, name: 8 };
export const isDoubtful = (word) => Boolean(word[4] & BITS.doubtful) && !(word[4] & (BITS.edited | BITS.sure));

class Desk extends EventTarget {
  data = null;
  #home = new Map();
  #isPolling = false;

  async open(id) {
    this.path = `/api/episodes/${id}`;
    this.queue = new Queue(this, id);
    this.data = (await early) ?? (await ask("GET", this.path));
    this.#settle(this.data.segments);
    this.#tell("notes"); // who waited for the data begins now
    setInterval(() => this.poll(), POLL_MS);
    document.addEventListener("visibilitychange", () => this.poll());
  }

  // One change of any number of operations. Resolves with the server's patch once the change is on its disk;
  // rejects with the server's sentence where it refuses. `about` stays here: what a refusal needs to be shown beside
  // theirs. `seen` is the state that the editor was looking at.
  change(ops, label, { about = null, seen = this.data.seq } = {}) {
    this.#echo(ops);
    return this.queue.add({ path: "changes", ops, label, about, seen });
  }

  undo() { return this.#step("undo", "Undo"); }
  redo() { return this.#step("redo", "Redo"); }
  #step(path, label) { return this.queue.add({ path, label, seen: this.data.seq }); }

  // ---- looking things up
  segmentOf(word) { return this.#home.get(word); }
  segmentAt(time) { return this.data.segments[this.indexAt(time)]; }
  speaker(label) { return this.data.speakers.find((speaker) => speaker.label === label); }
  nameOf(label) { return this.speaker(label)?.name ?? label ?? ""; }
  neighbour(segment, step) {
    const place = this.data.segments.indexOf(segment);
    return this.data.segments[(place < 0 ? this.indexAt(segment.start) : place) + step];
  }

  indexAt(time) {
    const all = this.data.segments;
    let low = 0, high = all.length;
    while (low < high) { const middle = (low + high) >> 1; if (all[middle].start <= time + 0.001) low = middle + 1; else high = middle; }
    return low - 1;
  }

  wordsBetween(start, end) {
    const words = [], all = this.data.segments;
    for (let index = Math.max(0, this.indexAt(start)); index < all.length && all[index].start <= end; index += 1) {
      words.push(...all[index].words.filter((word) => { const middle = (word[2] + word[3]) / 2; return middle >= start && middle <= end; }));
    }
    return words;
  }

  // The words that stand now where these stood.
  wordsOver(words) { return words.length ? this.wordsBetween(words[0][2], words.at(-1)[3]) : []; }

  // ---- what the server says
  // A patch that is not newer than what is shown has nothing new in it.
  merge(patch, change = null) {
    if (!patch) return;
    const isOther = patch.draft !== undefined && patch.draft !== this.data.draft;
    if (patch.reload || isOther) { this.reload().catch(() => {}); return; }
    if (patch.seq <= this.data.seq) return;
    const { segments, reload, ...rest } = patch, named = JSON.stringify(this.data.speakers);
    Object.assign(this.data, rest);
    const { gone, put } = segments ?? { gone: [], put: [] };
    this.#place(gone, put);
    if (JSON.stringify(this.data.speakers) !== named) this.#tell("speakers");
    if (gone.length || put.length) this.#tell("segments", { gone, put, change });
    if (patch.notes) this.#tell("notes");
    this.#tell("state");
  }

  // Fetches the episode anew and tells only of what differs, so that an open edit stays open.
  async reload() {
    const data = await ask("GET", this.path);
    const old = new Map(this.data.segments.map((segment) => [segment.at, JSON.stringify(segment)]));
    const put = data.segments.filter((segment) => old.get(segment.at) !== JSON.stringify(segment));
    for (const segment of data.segments) old.delete(segment.at);
    this.data = data;
    this.#settle(data.segments);
    this.#tell("speakers");
    this.#tell("segments", { gone: [...old.keys()], put, change: null });
    this.#tell("notes");
    this.#tell("state");
  }

  async poll() {
    if (document.hidden || this.#isPolling || this.queue.isBusy) return;
    await this.refresh();
  }

  async refresh() {
    this.#isPolling = true;
    const draft = this.data.draft ? `?draft=${encodeURIComponent(this.data.draft)}` : "";
    try { this.merge(await ask("GET", `${this.path}/since/${this.data.seq}${draft}`)); } catch { /* the next one tells */ }
    this.#isPolling = false;
  }

  #place(gone, put) {
    const away = new Set([...gone, ...put.map((segment) => segment.at)]);
    if (!away.size) return;
    const kept = [];
    for (const segment of this.data.segments) {
      if (!away.has(segment.at)) { kept.push(segment); continue; }
      for (const word of segment.words) if (this.#home.get(word[0]) === segment) this.#home.delete(word[0]);
    }
    kept.push(...put);
    this.data.segments = kept.sort((a, b) => a.start - b.start);
    this.#remember(put);
  }

  #settle(segments) {
    this.#home.clear();
    this.#remember(segments);
  }

  #remember(segments) { for (const segment of segments) for (const word of segment.words) this.#home.set(word[0], segment); }

  // ---- shown before the server has answered, where that is cheap and certain
  #echo(ops) {
    const put = new Set();
    let isRenamed = false;
    for (const op of ops) {
      if (op.op === "sure") for (const segment of this.#markSure(op)) put.add(segment);
      else if (op.op === "voice" && this.segmentOf(op.at)) {
        const segment = this.segmentOf(op.at);
        segment.speaker = op.label;
        if (!this.speaker(op.label)) { this.data.speakers.push({ label: op.label, name: op.label }); isRenamed = true; }
        put.add(segment);
      } else if (op.op === "speaker" && op.name && this.speaker(op.label)) { this.speaker(op.label).name = op.name; isRenamed = true; }
      else if (op.op === "seen") { const check = this.data.notes.checks.find((one) => one.key === op.check); if (check) check.seen = op.is; }
    }
    if (isRenamed) this.#tell("speakers");
    if (put.size) this.#tell("segments", { gone: [], put: [...put], change: null });
  }

  #markSure({ first, last, is }) {
    const from = this.segmentOf(first), to = this.segmentOf(last), all = this.data.segments, touched = [];
    if (!from || !to) return touched;
    let isInside = false;
    for (let index = all.indexOf(from); index <= all.indexOf(to); index += 1) {
      for (const word of all[index].words) {
        if (word[0] === first) isInside = true;
        if (isInside && word[4] & BITS.doubtful) word[4] = is ? word[4] | BITS.sure : word[4] & ~BITS.sure;
        if (word[0] === last) isInside = false;
      }
      touched.push(all[index]);
    }
    return touched;
  }

  #tell(name, detail = null) { this.dispatchEvent(new CustomEvent(name, { detail })); }
}

export const desk = new Desk();
