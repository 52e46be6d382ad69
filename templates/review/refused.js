// What could not be saved because somebody was there first: the editor's beside theirs, until the editor has chosen.
import { button, el, when } from "./dom.js";
import { editing } from "./editing.js";
import { tell } from "./notices.js";
import { changedRuns, differing, textOf } from "./runs.js";
import { bind } from "./shortcuts.js";
import { desk } from "./state.js";
import { say } from "./status.js";
import { transcript } from "./transcript.js";
import { inWords, keyInWords } from "./wording.js";

const place = () => document.getElementById("refused");
const isWords = (record) => Boolean(record.about?.words);
const isKept = (record) => record.theirs?.length > 0 || isWords(record) || (record.ops ?? []).some((op) => op.op === "text");

const marked = (text, other) => differing(text, other).flatMap(([words, isOther]) => [isOther ? el("mark", {}, words) : words, " "]);

const why = ({ theirs, message }) => (theirs?.length ? `${theirs[0].by} changed the same at ${when(theirs[0].at)}. Nothing is lost: choose.` : message ?? "");

const mineOf = (record) => {
  if (isWords(record)) return marked(record.about.text, textOf(desk.wordsOver(record.about.words)));
  const values = (record.ops ?? []).map((op) => (op.op === "set" ? inWords(op.value, op.key) : op.text ?? op.name ?? op.label));
  return [values.filter(Boolean).join(" · ") || record.label];
};

const theirsOf = (record) => {
  if (isWords(record)) return marked(textOf(desk.wordsOver(record.about.words)) || "(deleted)", record.about.text);
  return [record.theirs.map(({ key, value }) => `${keyInWords(key)}: ${inWords(value, key)}`).join(" · ")];
};

const close = (record) => {
  desk.queue.drop(record);
  draw();
  if (!editing.open) transcript.choose(transcript.chosen, { hasFocus: true });
};

const keepMine = (record) => {
  if (!editing.keep(record)) {
    const about = isWords(record) ? { words: desk.wordsOver(record.about.words), text: record.about.text } : null;
    const ops = about ? changedRuns(about.words, about.text) : record.ops;
    if (ops.length) desk.change(ops, record.label, { about }).catch(() => {});
  }
  close(record);
  say("Yours is kept.");
};

const takeTheirs = (record) => {
  editing.resolve(record);
  close(record);
  say("Theirs is kept.");
};

const row = (record) => {
  const [first] = record.theirs ?? [];
  return el("li", {},
    el("p", { class: "why" }, el("strong", {}, record.label), " ", why(record)),
    el("dl", { class: "sides" },
      el("div", {}, el("dt", {}, "Yours"), el("dd", {}, ...mineOf(record))),
      el("div", {}, el("dt", {}, first ? `${first.by}, ${when(first.at)}` : "As it is now"), el("dd", {}, ...theirsOf(record)))),
    el("p", { class: "ways-out" }, button("Keep mine", () => keepMine(record), { "aria-label": `Keep mine: ${record.label}` }),
      button("Take theirs", () => takeTheirs(record), { "aria-label": `Take theirs: ${record.label}` })));
};

const draw = () => {
  const { refused } = desk.queue;
  place().hidden = !refused.length;
  place().querySelector("ul").replaceChildren(...refused.map(row));
};

const meet = ({ detail: { record, error } }) => {
  if (!isKept(record)) {
    desk.queue.drop(record);
    // A field of the notes says itself what is wrong with it.
    if (error && record.path === "changes" && !(record.ops ?? []).some((op) => op.op === "set")) tell(error.message);
    return;
  }
  editing.refuse(record);
  draw();
  const [first] = record.theirs ?? [];
  say(`Not saved: ${first ? `${first.by} has changed the same.` : record.message} Yours is kept; press Alt+O to choose.`);
};

const goThere = () => {
  if (!desk.queue.refused.length) { say("Everything could be saved."); return; }
  editing.close();
  document.body.dataset.pane = "transcript";
  draw();
  place().scrollIntoView({ block: "center" });
  place().querySelector("button").focus();
};

export const start = () => {
  desk.addEventListener("refused", meet);
  desk.addEventListener("segments", () => { if (desk.queue.refused.length) draw(); });
  bind({ refusals: goThere });
};
