// The guided pass over what is doubtful: words heard with little certainty, flagged passages, and checks with a time.
import { clock } from "./dom.js";
import { editing } from "./editing.js";
import { options } from "./options.js";
import { player } from "./player.js";
import { textOf } from "./runs.js";
import { bind } from "./shortcuts.js";
import { BITS, desk, isDoubtful } from "./state.js";
import { say } from "./status.js";
import { inWords, transcript } from "./transcript.js";

const BEFORE_S = 1.5, AFTER_S = 0.8;
const at = (id) => document.getElementById(id);

const inRuns = (words) => {
  const runs = [];
  let last = null;
  for (const word of words) {
    if (isDoubtful(word)) { if (last) last.push(word); else runs.push(last = [word]); }
    else last = null;
  }
  return runs;
};

const itemOf = (segment, words, why, checks = []) => ({ segment, words, why, checks, start: words[0][2], end: words.at(-1)[3] });

// A check concerns the words in its time; one without an end, or without words, the word or segment nearest to it.
const ofCheck = (check) => {
  const segment = desk.segmentAt(check.start) ?? desk.data.segments[0];
  const words = check.end === null ? [] : desk.wordsBetween(check.start, check.end);
  const nearest = words.length ? words : segment.words.filter((word) => word[3] > check.start).slice(0, 1);
  return itemOf(segment, nearest.length ? nearest : segment.words, check.message, [check.key]);
};

// All that is left to check, in the order of time. What a check covers is not listed a second time.
const listed = () => {
  const checks = desk.data.notes.checks.filter((check) => !check.seen && check.start !== null && check.start !== undefined).map(ofCheck);
  const items = [...checks];
  for (const segment of desk.data.segments) {
    const isCovered = (words) => checks.some((item) => item.start <= words[0][2] + 0.01 && item.end >= words.at(-1)[3] - 0.01);
    if (segment.flags.length) {
      const why = inWords(segment.flags), same = checks.find((item) => item.segment === segment);
      if (same) same.words = segment.words;
      else items.push(itemOf(segment, segment.words, why));
      continue;
    }
    for (const words of inRuns(segment.words)) if (!isCovered(words)) items.push(itemOf(segment, words, "Heard badly"));
  }
  return items.sort((a, b) => a.start - b.start);
};

class Doubts {
  #items = null;
  #current = null;

  start() {
    const next = () => this.step(1), previous = () => this.step(-1), accept = () => this.accept();
    for (const [id, act] of [["next-doubt", next], ["previous-doubt", previous], ["accept", accept]]) at(id).addEventListener("click", act);
    bind({ nextDoubt: next, previousDoubt: previous, accept });
    transcript.addEventListener("drawn", () => this.#changed());
    desk.addEventListener("notes", () => this.#changed());
    this.#changed();
  }

  get items() { return (this.#items ??= listed()); }

  #changed() {
    this.#items = null;
    if (this.#current) this.#current = this.items.find((item) => this.#isSame(item, this.#current)) ?? null;
    this.#mark();
    const { length } = this.items, place = this.items.indexOf(this.#current);
    at("doubts").textContent = !length ? "Nothing left to check" : place < 0 ? `${length} to check` : `${place + 1} of ${length} to check`;
    for (const id of ["next-doubt", "previous-doubt"]) at(id).disabled = !length;
    at("accept").disabled = !this.#current;
  }

  #isSame(a, b) { return Math.abs(a.start - b.start) < 0.02; }

  #mark() {
    for (const span of transcript.place.querySelectorAll(".at-check")) span.classList.remove("at-check");
    for (const [id] of this.#current?.words ?? []) transcript.span(id)?.classList.add("at-check");
  }

  // From the one that was last shown, else from the marked segment on; round the end to the beginning.
  step(by) {
    const { items } = this, from = this.#current?.start ?? transcript.chosen.start - (by > 0 ? 0.02 : 0);
    if (!items.length) { say("Nothing is left to check."); return; }
    const later = by > 0 ? items.find((item) => item.start > from + 0.01) : items.findLast((item) => item.start < from - 0.01);
    this.show(later ?? items.at(by > 0 ? 0 : -1));
  }

  show(item) {
    editing.close();
    this.#current = item;
    document.body.dataset.pane = "transcript";
    transcript.choose(item.segment, { hasFocus: true });
    transcript.show(transcript.span(item.words[0][0]) ?? transcript.node(item.segment));
    this.#changed();
    say(`${this.items.indexOf(this.#current) + 1} of ${this.items.length}: “${textOf(item.words)}”, ${clock(item.start)}. ${item.why}`);
    if (options.playsBefore) player.playRange(Math.max(0, item.start - BEFORE_S), item.end + AFTER_S);
    else player.seek(item.start);
  }

  // The words to be edited first in a segment: the doubtful ones that are shown.
  wordsIn(segment) {
    const item = this.#current;
    return item && item.segment.at === segment.at && item.words.length < item.segment.words.length ? { word: item.words[0][0], last: item.words.at(-1)[0] } : {};
  }

  accept() {
    const item = this.#current;
    if (!item) { say("Go to a passage to check first."); return; }
    const ops = item.checks.map((check) => ({ op: "seen", check, is: true }));
    if (item.words.some((word) => !(word[4] & (BITS.edited | BITS.sure))) && (item.segment.flags.length || item.words.some(isDoubtful))) {
      ops.push({ op: "sure", first: item.words[0][0], last: item.words.at(-1)[0], is: true });
    }
    desk.change(ops, `Accept “${textOf(item.words).slice(0, 60)}”`);
    this.#items = null;
    const left = this.items.filter((one) => !this.#isSame(one, item));
    const next = left.find((one) => one.start > item.start) ?? left[0];
    this.#current = null;
    if (next) this.show(next);
    else { this.#changed(); say("Accepted. Nothing is left to check."); }
  }
}

export const doubts = new Doubts();
