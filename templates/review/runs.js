// Typed text against displayed words: the smallest runs that differ, so that every untouched word keeps its id and times.
// Pure: nothing here knows of a page or a server.

export const tokens = (text) => text.split(/\s+/).filter(Boolean);
export const textOf = (words) => words.map((word) => word[1]).join(" ");

// Longest common subsequence as pairs of places, ends first: most edits touch one word.
const matched = (a, b) => {
  const pairs = [];
  let head = 0, tail = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) { pairs.push([head, head]); head += 1; }
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const rows = a.length - head - tail, columns = b.length - head - tail;
  const best = Array.from({ length: rows + 1 }, () => new Uint16Array(columns + 1));
  for (let i = rows - 1; i >= 0; i -= 1) {
    for (let j = columns - 1; j >= 0; j -= 1) {
      best[i][j] = a[head + i] === b[head + j] ? best[i + 1][j + 1] + 1 : Math.max(best[i + 1][j], best[i][j + 1]);
    }
  }
  for (let i = 0, j = 0; i < rows && j < columns;) {
    if (a[head + i] === b[head + j]) { pairs.push([head + i, head + j]); i += 1; j += 1; }
    else if (best[i + 1][j] >= best[i][j + 1]) i += 1;
    else j += 1;
  }
  for (let k = tail; k > 0; k -= 1) pairs.push([a.length - k, b.length - k]);
  return pairs;
};

// What lies between the matches: [from, to) of `a` reads [from, to) of `b`.
const hunks = (a, b) => {
  const found = [];
  let i = 0, j = 0;
  for (const [p, q] of [...matched(a, b), [a.length, b.length]]) {
    if (p > i || q > j) found.push([i, p, j, q]);
    i = p + 1;
    j = q + 1;
  }
  return found;
};

// Displayed words as units: what an editor once wrote over several words is one, and may hold spaces.
const unitsOf = (words) => {
  const units = [];
  for (const [id, text] of words) {
    const last = units.at(-1);
    if (last && last.id === id) last.tokens.push(...tokens(text));
    else units.push({ id, tokens: tokens(text) });
  }
  return units;
};

// The operations that make `words` read `typed`.
export const changedRuns = (words, typed) => {
  const units = unitsOf(words), wanted = tokens(typed);
  const owners = units.flatMap((unit, index) => unit.tokens.map(() => index));
  const was = units.flatMap((unit) => unit.tokens);
  const place = new Map(matched(was, wanted));
  // A unit is kept if all its words are still there, side by side.
  const kept = [];
  let at = 0;
  for (const [index, unit] of units.entries()) {
    const places = unit.tokens.map((_, offset) => place.get(at + offset));
    at += unit.tokens.length;
    const isKept = places.length > 0 && places.every((one, offset) => one !== undefined && one === places[0] + offset);
    if (isKept) kept.push([index, places[0], places.length]);
  }
  if (owners.length === 0 && wanted.length === 0) return [];
  return runsBetween(units, wanted, kept);
};

const runsBetween = (units, wanted, kept) => {
  const ops = [];
  let i = 0, j = 0, before = null;
  for (const [index, from, length] of [...kept, [units.length, wanted.length, 0]]) {
    if (index > i || from > j) {
      const found = runs(units, wanted, { i, to: index, j, until: from, before, next: length ? index : null });
      // The first word takes in what was typed before it; what was typed after it must not undo that.
      if (index === i && before !== null && ops.at(-1)?.first === units[before].id) ops.at(-1).text += ` ${wanted.slice(j, from).join(" ")}`;
      else ops.push(...found);
    }
    before = index;
    i = index + 1;
    j = from + length;
  }
  return ops;
};

const runs = (units, wanted, { i, to, j, until, before, next }) => {
  const said = wanted.slice(j, until);
  const op = (first, last, words) => ({ op: "text", first: units[first].id, last: units[last].id, text: words.join(" ") });
  if (i === to) { // only inserted: a neighbour takes it in
    if (before !== null) return [op(before, before, [...units[before].tokens, ...said])];
    return next === null ? [] : [op(next, next, [...said, ...units[next].tokens])];
  }
  if (to - i !== said.length) return [op(i, to - 1, said)];
  return said.map((word, offset) => op(i + offset, i + offset, [word]));
};

// The words as they will read after these operations.
export const withRuns = (words, ops) => {
  const out = words.map((word) => [...word]);
  for (const { first, last, text } of ops) {
    const ids = out.map(([id]) => id), from = ids.indexOf(first), to = ids.lastIndexOf(last);
    out.splice(from, to - from + 1, ...(text ? [[first, text, out[from][2], out[to][3], out[from][4]]] : []));
  }
  return out;
};

// Two texts that began as one: both changes, or null where they touch the same words.
export const merged = (base, mine, theirs) => {
  if (base === theirs) return mine;
  if (base === mine || mine === theirs) return theirs;
  const was = tokens(base), a = tokens(mine), b = tokens(theirs);
  const ours = hunks(was, a).map(([from, to, p, q]) => ({ from, to, words: a.slice(p, q) }));
  const others = hunks(was, b).map(([from, to, p, q]) => ({ from, to, words: b.slice(p, q) }));
  const all = [...ours];
  for (const other of others) {
    const touching = ours.filter((one) => one.from <= other.to && other.from <= one.to);
    const isSame = (one) => one.from === other.from && one.to === other.to && one.words.join(" ") === other.words.join(" ");
    if (touching.length === 1 && isSame(touching[0])) continue;
    if (touching.length) return null;
    all.push(other);
  }
  const out = [...was];
  for (const { from, to, words } of all.sort((x, y) => y.from - x.from)) out.splice(from, to - from, ...words);
  return out.join(" ");
};

// The words of `text` in stretches: [words, whether they differ from `other`].
export const differing = (text, other) => {
  const a = tokens(other), b = tokens(text), out = [];
  let done = 0;
  for (const [, , from, to] of hunks(a, b)) {
    if (from > done) out.push([b.slice(done, from).join(" "), false]);
    if (to > from) out.push([b.slice(from, to).join(" "), true]);
    done = to;
  }
  if (done < b.length) out.push([b.slice(done).join(" "), false]);
  return out;
};
