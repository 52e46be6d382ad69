// Where a text stands in the transcript, across the borders of words. Pure.
import { textOf } from "./runs.js";

const AROUND = 36;
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

// Typed apostrophes and quotation marks find printed ones; one space finds any.
const patternOf = ({ text, hasCase, isWhole }) => {
  const core = escaped(text.trim()).replace(/['’‘]/g, "['’‘]").replace(/["“”]/g, "[\"“”]").replace(/\s+/g, "\\s+");
  const [before, after] = isWhole ? ["(?<![\\p{L}\\p{N}])", "(?![\\p{L}\\p{N}])"] : ["", ""];
  return new RegExp(`${before}${core}${after}`, hasCase ? "gu" : "giu");
};

const context = (text, from, to) => ({
  before: (from > AROUND ? "…" : "") + text.slice(Math.max(0, from - AROUND), from),
  after: text.slice(to, to + AROUND) + (to + AROUND < text.length ? "…" : ""),
});

// [{segment, from, to, text, before, after, words}]: places in characters of the segment's text; `words` are ids.
export const places = (segments, wanted) => {
  if (!wanted.text.trim()) return [];
  const pattern = patternOf(wanted), found = [];
  for (const segment of segments) {
    const text = textOf(segment.words);
    for (const match of text.matchAll(pattern)) {
      const from = match.index, to = from + match[0].length;
      found.push({ segment, from, to, text: match[0], ...context(text, from, to), words: idsIn(segment.words, from, to) });
    }
  }
  return found;
};

const idsIn = (words, from, to) => {
  const ids = new Set();
  let begun = 0;
  for (const [id, text] of words) {
    if (begun < to && begun + text.length > from) ids.add(id);
    begun += text.length + 1;
  }
  return [...ids];
};

// The segment's text with these places replaced.
export const replaced = (segment, chosen, by) => {
  let text = textOf(segment.words);
  for (const { from, to } of [...chosen].sort((a, b) => b.from - a.from)) text = text.slice(0, from) + by + text.slice(to);
  return text;
};
