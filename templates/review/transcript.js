// The transcript on the page: drawn, kept as the server has it, followed word by word, and clicked.
import { clock, el } from "./dom.js";
import { options, remember } from "./options.js";
import { player } from "./player.js";
import { BITS, desk, isDoubtful } from "./state.js";

const SCROLL_KEYS = new Set(["PageUp", "PageDown", "Home", "End"]);
const stillness = matchMedia("(prefers-reduced-motion: reduce)");
const FLAGS = {
  text_in_silence: "Words where nothing is heard", loop: "The same words again and again", stock_phrase: "A phrase that machines invent",
  too_fast: "Faster than anyone speaks", low_confidence: "Heard badly", estimated_times: "Times are estimated",
};

export const inWords = (flags) => flags.map((flag) => FLAGS[flag] ?? flag.replaceAll("_", " ")).join(", ");

const classesOf = (word) => {
  const bits = word[4];
  return `w${isDoubtful(word) ? " doubt" : ""}${bits & BITS.edited ? " edited" : ""}${bits & BITS.sure ? " sure" : ""}${bits & BITS.name ? " name" : ""}`;
};

class Transcript extends EventTarget {
  place = document.querySelector("#transcript .segments");
  #nodes = new Map();
  #now = null;
  #marked = null;
  #playing = null;
  #chosen = null;

  // Takes over what the server drew, or draws it where the two differ.
  start() {
    this.followButton = document.getElementById("follow");
    this.#adopt();
    desk.addEventListener("segments", ({ detail }) => this.#change(detail));
    desk.addEventListener("speakers", () => this.#redecorate());
    player.addEventListener("time", () => this.#follow());
    player.addEventListener("turned", () => this.#offer());
    this.#listen();
    this.choose(desk.segmentAt(player.now()) ?? desk.data.segments[0]);
    this.#follow();
  }

  nameOf(segment) { return `${clock(segment.start)} ${desk.nameOf(segment.speaker) || "Unknown voice"}`; }
  node(segment) { return this.#nodes.get(segment?.at); }
  span(word) { return this.node(desk.segmentOf(word))?.querySelector(`[data-w="${word}"]`); }

  // ---- drawing
  #adopt() {
    const children = this.place.children, { segments, seq } = desk.data;
    const isSame = Number(this.place.dataset.seq) === seq && children.length === segments.length
      && segments.every((segment, index) => children[index].dataset.at === String(segment.at));
    if (!isSame) this.place.replaceChildren(...segments.map((segment) => this.#draw(segment)));
    segments.forEach((segment, index) => {
      this.#nodes.set(segment.at, children[index]);
      this.#decorate(segment, segments[index - 1]);
    });
  }

  #draw(segment) {
    const words = el("p", { class: "words" });
    this.fill(words, segment.words);
    return el("div", { class: "segment", dataset: { at: segment.at, start: segment.start } }, el("span", { class: "who" }), words);
  }

  fill(place, words) {
    const spans = [];
    for (const word of words) {
      const span = document.createElement("span");
      span.className = classesOf(word);
      span.dataset.w = word[0];
      span.dataset.s = word[2];
      span.textContent = word[1];
      if (spans.length) spans.push(" ");
      spans.push(span);
    }
    place.replaceChildren(...spans);
  }

  // What stands around the words. `before` is the segment before it: a voice that goes on is named once.
  #decorate(segment, before) {
    const node = this.node(segment), who = node.firstElementChild;
    const place = desk.data.speakers.findIndex(({ label }) => label === segment.speaker);
    const keeps = ["editing", "contested", "chosen", "playing"].filter((name) => node.classList.contains(name));
    const isSame = Boolean(before) && before.speaker === segment.speaker;
    node.className = ["segment", place >= 0 ? `v${place % 6}` : "", isSame ? "same" : "", segment.flags.length ? "flagged" : "", ...keeps].filter(Boolean).join(" ");
    node.dataset.at = segment.at;
    node.dataset.start = segment.start;
    const name = desk.nameOf(segment.speaker) || "Unknown voice";
    if (who.textContent !== name) who.textContent = name;
    who.dataset.clock = clock(segment.start);
    node.querySelector(".flag")?.remove();
    if (segment.flags.length) node.append(el("small", { class: "flag" }, inWords(segment.flags)));
  }

  #redecorate() { desk.data.segments.forEach((segment, index, all) => { if (this.node(segment)) this.#decorate(segment, all[index - 1]); }); }

  // What is being edited keeps its node and its text; `editing` merges the two.
  #change({ gone, put, change }) {
    const held = document.activeElement?.closest?.(".segment"), focused = held && Number(held.dataset.at);
    for (const at of gone) {
      const node = this.#nodes.get(at);
      this.#nodes.delete(at);
      if (node && !this.editing.holds(node)) node.remove();
    }
    const claims = this.editing.claim(put);
    for (const segment of [...put].reverse()) this.#put(segment, claims.get(segment), change);
    for (const segment of put) {
      const after = desk.neighbour(segment, 1);
      this.#decorate(segment, desk.neighbour(segment, -1));
      if (after && this.node(after)) this.#decorate(after, segment);
    }
    this.editing.tidy();
    this.#now = null;
    this.#follow();
    this.choose(this.chosen, { isQuiet: true });
    if (held && !held.isConnected) (this.#nodes.get(focused) ?? this.node(this.chosen))?.focus({ preventScroll: true });
    this.dispatchEvent(new Event("drawn"));
  }

  #put(segment, edit, change) {
    const old = this.#nodes.get(segment.at), node = edit?.node ?? this.#draw(segment);
    if (edit) for (const [at, one] of this.#nodes) if (one === node) this.#nodes.delete(at);
    this.#nodes.set(segment.at, node);
    if (old && old !== node && !this.editing.holds(old)) old.replaceWith(...this.#unlessFocused(node));
    else {
      const below = this.node(desk.neighbour(segment, 1)) ?? null;
      if (!node.isConnected || node.nextElementSibling !== below) for (const one of this.#unlessFocused(node)) this.place.insertBefore(one, below);
    }
    edit?.renew(segment, change);
  }

  // Moving the node of an open edit would take the focus from it; it stands beside its place anyway.
  #unlessFocused(node) { return node.isConnected && node.contains(document.activeElement) ? [] : [node]; }

  redraw(segment) {
    const old = this.node(segment);
    if (!old) return;
    const node = this.#draw(segment), hasFocus = document.activeElement === old;
    old.replaceWith(node);
    this.#nodes.set(segment.at, node);
    this.#decorate(segment, desk.neighbour(segment, -1));
    this.#now = null;
    this.#follow();
    this.choose(this.chosen, { isQuiet: true });
    if (hasFocus) node.focus({ preventScroll: true });
    this.dispatchEvent(new Event("drawn"));
  }

  // ---- the marked segment: what the tools and shortcuts act on. It is remembered by a word, so it survives a split.
  get chosen() {
    const segment = desk.segmentOf(this.#chosen?.word) ?? desk.segmentAt(this.#chosen?.time ?? player.now());
    return segment ?? desk.data.segments[0];
  }

  choose(segment, { hasFocus = false, isQuiet = false } = {}) {
    if (!segment) return;
    const node = this.node(segment), old = this.place.querySelector(".chosen");
    if (!isQuiet) this.#chosen = { word: segment.words[0][0], time: segment.start };
    if (old !== node) {
      old?.classList.remove("chosen");
      for (const name of ["tabindex", "role", "aria-label"]) old?.removeAttribute(name);
    }
    if (!node) return;
    node.classList.add("chosen");
    node.tabIndex = 0;
    node.setAttribute("role", "group");
    node.setAttribute("aria-label", `Segment at ${clock(segment.start)}, ${desk.nameOf(segment.speaker) || "unknown voice"}`);
    if (hasFocus) {
      node.focus({ preventScroll: true });
      node.scrollIntoView({ block: "nearest" });
    }
    this.dispatchEvent(new Event("chosen"));
  }

  step(by) {
    const next = desk.neighbour(this.chosen, by);
    if (next) this.choose(next, { hasFocus: true });
  }

  // ---- following
  #follow() {
    const time = player.now(), segment = desk.segmentAt(time);
    const words = segment?.words ?? [];
    let low = 0, high = words.length;
    while (low < high) { const middle = (low + high) >> 1; if (words[middle][2] <= time + 0.02) low = middle + 1; else high = middle; }
    const word = words[low - 1];
    const node = this.node(segment);
    if (node !== this.#playing) this.#enter(node, segment);
    if (word === this.#now) return;
    this.#now = word;
    this.#marked?.classList.remove("now");
    this.#marked = null;
    if (!word || !node) return;
    const spans = node.querySelector(".words").children;
    const span = spans[low - 1]?.dataset.w === String(word[0]) ? spans[low - 1] : node.querySelector(`[data-w="${word[0]}"]`);
    span?.classList.add("now");
    this.#marked = span;
    if (player.isPlaying && options.follows && !this.editing.open) this.#keepInView(span ?? node);
  }

  // The mark rides along with the sound, but not back into what is played before a doubtful word.
  #enter(node, segment) {
    this.#playing?.classList.remove("playing");
    this.#playing = node ?? null;
    node?.classList.add("playing");
    if (node && player.isPlaying && !this.editing.open && segment.start > this.chosen.start) this.choose(segment);
  }

  #keepInView(span) {
    const box = span.getBoundingClientRect(), top = this.#top();
    if (box.top < top || box.bottom > innerHeight - 96) this.show(span);
  }

  #top() { return document.querySelector("#transcript .tools-of-transcript").getBoundingClientRect().bottom; }

  // Twice, because what was never drawn has no certain height before it comes near.
  show(span) {
    const behavior = stillness.matches ? "auto" : "smooth";
    const isFar = Math.abs(span.getBoundingClientRect().top) > 3 * innerHeight;
    span.scrollIntoView({ block: "center", behavior: isFar ? "auto" : behavior });
    if (isFar) requestAnimationFrame(() => span.scrollIntoView({ block: "center" }));
  }

  follow() {
    remember("follows", true);
    this.#offer();
    const span = this.#marked ?? this.#playing ?? this.node(this.chosen);
    if (span) this.show(span);
  }

  #unfollow() {
    if (!player.isPlaying || !options.follows) return;
    options.follows = false; // for now, not for the next episode
    scrollTo({ top: scrollY, behavior: "instant" }); // ends a scroll of ours that is still on its way
    this.#offer();
  }

  #offer() { this.followButton.hidden = options.follows || !player.isPlaying; }

  // ---- one set of listeners for every word there is
  #listen() {
    this.place.addEventListener("click", (event) => this.#click(event));
    this.place.addEventListener("dblclick", (event) => {
      const span = event.target.closest("[data-w]"), node = event.target.closest(".segment");
      if (node && event.target.closest(".words") && !this.editing.holds(node)) this.editing.begin(this.#segmentOf(node), { word: span && Number(span.dataset.w) });
    });
    this.place.addEventListener("focusin", ({ target }) => { if (target.matches(".segment")) this.choose(this.#segmentOf(target)); });
    for (const name of ["wheel", "touchmove"]) addEventListener(name, () => this.#unfollow(), { passive: true });
    addEventListener("keydown", ({ key }) => { if (SCROLL_KEYS.has(key)) this.#unfollow(); });
    // The scroll bar is no element, but what lies beside the page.
    addEventListener("pointerdown", ({ clientX }) => { if (clientX >= document.documentElement.clientWidth) this.#unfollow(); });
    this.followButton.addEventListener("click", () => this.follow());
  }

  #segmentOf(node) { return desk.data.segments.find(({ at }) => String(at) === node.dataset.at); }

  #click(event) {
    const node = event.target.closest(".segment"), span = event.target.closest("[data-w]");
    if (!node || event.button) return;
    const isHeld = event.altKey || event.ctrlKey || event.metaKey;
    if (this.editing.open?.node === node && !isHeld) return;
    if (!getSelection().isCollapsed && !isHeld) return;
    this.choose(this.#segmentOf(node), { hasFocus: this.editing.open?.node !== node });
    if (event.target.closest(".who")) this.dispatchEvent(new Event("who"));
    else if (span) player.playAt(Number(span.dataset.s));
  }
}

export const transcript = new Transcript();
