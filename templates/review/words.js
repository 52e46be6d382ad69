// The transcript as one row of words: what is said at a time, and which word a time belongs to.
import { desk } from "./state.js";

// Times of sentences and of their first words are the same but for rounding.
const EXACT_S = 0.02;
let row = null, places = null;
desk.addEventListener("segments", () => { row = null; });

// [id, text, start, end, bits] of every word, in order.
const words = () => {
  if (row === null) {
    row = desk.data.segments.flatMap((segment) => segment.words);
    places = null;
  }
  return row;
};

const placeOf = (id) => {
  const all = words();
  places ??= new Map(all.map((word, index) => [word[0], index]));
  return places.get(id) ?? -1;
};

const lastStartingBy = (time) => {
  const all = words();
  let low = 0, high = all.length;
  while (low < high) { const middle = (low + high) >> 1; if (all[middle][2] <= time + 0.001) low = middle + 1; else high = middle; }
  return low - 1;
};

const asWord = (word) => word && { id: word[0], text: word[1], start: word[2], end: word[3] };
const endsSentence = (text) => /[.?!…]["”’)]?$/.test(text);

export const wordById = (id) => asWord(words()[placeOf(id)]);
export const wordBeside = (id, step) => { const place = placeOf(id); return place < 0 ? undefined : asWord(words()[place + step]); };

// The word whose beginning is nearest to a time.
export const nearestWord = (time) => {
  const all = words(), before = Math.max(0, lastStartingBy(time)), after = all[before + 1];
  if (!all.length) return undefined;
  return asWord(after && after[2] - time < time - all[before][2] ? after : all[before]);
};

// The words from one that begins at `time` to the end of their sentence, at most `most`.
export const heardFrom = (time, most = 40) => {
  const all = words(), first = lastStartingBy(time - EXACT_S) + 1;
  const said = [];
  for (let index = first; index < all.length && said.length < most; index += 1) {
    if (all[index][1]) said.push(all[index][1]);
    if (endsSentence(all[index][1])) break;
  }
  return said.join(" ");
};

// First and last word of the sentence that is said at `time`.
export const sentenceAt = (time) => {
  const all = words();
  if (!all.length) return null;
  let first = Math.max(0, lastStartingBy(time)), last = first;
  while (first > 0 && !endsSentence(all[first - 1][1])) first -= 1;
  while (last < all.length - 1 && !endsSentence(all[last][1])) last += 1;
  return [asWord(all[first]), asWord(all[last])];
};

// First and last word of what is selected in the transcript, or null.
export const selectedWords = () => {
  const selection = getSelection();
  if (!selection || selection.isCollapsed || !selection.rangeCount) return null;
  const range = selection.getRangeAt(0), place = document.getElementById("transcript");
  if (!place?.contains(range.commonAncestorContainer)) return null;
  const common = range.commonAncestorContainer;
  const within = common.nodeType === 1 ? common : common.parentElement;
  const spans = [...within.querySelectorAll("[data-w]")].filter((span) => range.intersectsNode(span));
  const only = within.closest("[data-w]");
  const chosen = spans.length ? spans : only ? [only] : [];
  return chosen.length ? [Number(chosen[0].dataset.w), Number(chosen.at(-1).dataset.w)] : null;
};
