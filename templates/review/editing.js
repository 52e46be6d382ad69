// Words edited where they stand. What is typed is saved by itself; what others change meanwhile is merged in where it
// touches other words, and never overwritten where it touches the same.
import { caretIn, select } from "./caret.js";
import { clock } from "./dom.js";
import { options } from "./options.js";
import { player } from "./player.js";
import { changedRuns, merged, textOf, tokens, withRuns } from "./runs.js";
import { bind } from "./shortcuts.js";
import { desk } from "./state.js";
import { say } from "./status.js";
import { transcript } from "./transcript.js";

const TYPING_PAUSE_MS = 600, RESUME_MS = 1500, LONGEST_LABEL = 60;
const AS_TEXT_BOX = { role: "textbox", "aria-multiline": "false", spellcheck: "true" };
let lastToken = 0;

const typedIn = (edit) => tokens(edit.place.textContent).join(" ");
const shortened = (text) => (text.length > LONGEST_LABEL ? `${text.slice(0, LONGEST_LABEL)}…` : text);

const labelOf = (words, ops) => {
  if (ops.length > 1) return `Edit ${ops.length} words`;
  const [{ first, last, text }] = ops, ids = words.map(([id]) => id);
  const old = textOf(words.slice(ids.indexOf(first), ids.lastIndexOf(last) + 1));
  return text ? `“${shortened(old)}” → “${shortened(text)}”` : `Delete “${shortened(old)}”`;
};

class Edit {
  constructor(segment, node) {
    Object.assign(this, { segment, node, place: node.querySelector(".words"), token: `${desk.queue.tab}/${(lastToken += 1)}` });
    Object.assign(this, { sending: null, timer: null, refusal: null });
    this.stand(segment);
  }

  // What the editor has in view, and by when.
  stand(segment) {
    this.segment = segment;
    this.words = segment.words.map((word) => [...word]);
    this.ids = new Set(this.words.map(([id]) => id));
    this.seen = desk.data.seq;
  }

  get isTouched() { return typedIn(this) !== textOf(this.words); }

  // The server's words for this segment, after a change of ours or of somebody else.
  renew(segment, change) {
    const isOwn = change?.about?.edit === this.token;
    const typed = typedIn(this), theirs = textOf(segment.words);
    const both = merged(isOwn ? change.about.text : textOf(this.words), typed, theirs);
    this.segment = segment;
    if (both === null) return; // the same words: the server says so when ours arrive
    this.stand(segment);
    if (both !== typed) this.write(segment, both);
  }

  write(segment, text) {
    const caret = caretIn(this.place);
    if (text === textOf(segment.words)) transcript.fill(this.place, segment.words);
    else this.place.textContent = text;
    if (caret !== null) select(this.place, Math.min(caret, this.place.textContent.length));
  }
}

class Editing {
  #edits = new Set();
  #resume = null;
  open = null;

  start() {
    transcript.editing = this;
    bind({
      editNext: () => this.next(), split: () => this.split(), cancelEdit: () => this.cancel(),
      joinPrevious: () => this.#joinPrevious(), joinNext: () => this.#joinNext(),
    });
    transcript.place.addEventListener("input", () => this.#typed());
    transcript.place.addEventListener("beforeinput", (event) => this.#before(event));
    transcript.place.addEventListener("focusout", ({ target }) => { if (target === this.open?.place && document.hasFocus()) this.close(); });
    addEventListener("pagehide", () => this.flush());
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.flush(); });
  }

  // ---- what the transcript asks while it draws
  holds(node) { for (const edit of this.#edits) if (edit.node === node) return true; return false; }

  // Which of these segments go on being edited: of a segment that was split, the first part.
  claim(segments) {
    const claims = new Map();
    for (const edit of this.#edits) {
      const segment = segments.find(({ words }) => words.some(([id]) => edit.ids.has(id)));
      if (segment && !claims.has(segment)) claims.set(segment, edit);
    }
    return claims;
  }

  // An edit whose words are all gone has nothing left to be an edit of.
  tidy() {
    for (const edit of this.#edits) {
      if (transcript.node(edit.segment) === edit.node) continue;
      const left = desk.segmentOf([...edit.ids].find((id) => desk.segmentOf(id)));
      if (left) continue;
      if (edit === this.open) { this.close(); say("The words that you were editing were deleted."); }
      if (!edit.sending) this.#settle(edit);
      edit.node.remove();
    }
  }

  // ---- beginning and leaving
  begin(segment, { word = null, last = word, at = 0 } = {}) {
    if (!transcript.node(segment) || this.open?.node === transcript.node(segment)) return;
    this.close();
    const node = transcript.node(segment);
    const edit = [...this.#edits].find((one) => one.node === node) ?? new Edit(segment, node);
    this.#edits.add(edit);
    this.open = edit;
    edit.original = typedIn(edit);
    const { place } = edit;
    edit.node.classList.add("editing");
    transcript.choose(edit.segment);
    place.contentEditable = "plaintext-only";
    const label = `Words of the segment at ${clock(segment.start)}`;
    for (const [name, value] of Object.entries({ ...AS_TEXT_BOX, "aria-label": label })) place.setAttribute(name, value);
    place.focus({ preventScroll: true });
    this.#aim(edit, word, last, at);
    edit.node.scrollIntoView({ block: "nearest" });
  }

  // Selects a run of words, or puts the caret somewhere.
  #aim({ place }, word, last, at) {
    const spans = (id) => [...place.querySelectorAll(`[data-w="${id}"]`)];
    if (word === null || !spans(word).length) { select(place, at); return; }
    const range = document.createRange();
    range.setStart(spans(word)[0].firstChild, 0);
    const end = (spans(last).at(-1) ?? spans(word).at(-1)).lastChild;
    range.setEnd(end, end.length);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  }

  // Leaves the words; what was typed is on its way.
  close() {
    const edit = this.open;
    if (!edit) return Promise.resolve();
    this.open = null;
    edit.node.classList.remove("editing");
    for (const name of ["contenteditable", "aria-label", ...Object.keys(AS_TEXT_BOX)]) edit.place.removeAttribute(name);
    return this.#flush(edit);
  }

  cancel() {
    const edit = this.open;
    this.#drop(edit);
    edit.place.textContent = edit.original;
    this.close();
    this.#focus(edit.segment);
  }

  next() {
    const after = desk.neighbour(this.open.segment, 1), edit = this.open;
    this.close();
    if (after) this.begin(after);
    else this.#focus(edit.segment);
  }

  #focus(segment) { transcript.choose(segment, { hasFocus: true }); }

  // ---- typing and saving
  #before(event) {
    if (!this.open) return;
    if (["insertParagraph", "insertLineBreak"].includes(event.inputType)) event.preventDefault();
    if (!["insertFromPaste", "insertFromDrop"].includes(event.inputType)) return;
    const text = event.data ?? event.dataTransfer?.getData("text/plain") ?? "";
    event.preventDefault();
    document.execCommand("insertText", false, text.replace(/\s+/g, " "));
  }

  #typed() {
    const edit = this.open;
    if (!edit) return;
    if (options.pausesWhileTyping) this.#hush();
    if (edit.refusal) { edit.refusal.about.text = typedIn(edit); return; }
    this.#keep(edit);
    clearTimeout(edit.timer);
    edit.timer = setTimeout(() => this.#flush(edit), TYPING_PAUSE_MS);
  }

  #keep(edit) { desk.queue.draft(edit.isTouched ? { words: edit.words, text: typedIn(edit), seen: edit.seen } : null); }

  #hush() {
    if (player.isPlaying) { player.pause(); this.#resume = 0; }
    if (this.#resume === null) return;
    clearTimeout(this.#resume);
    this.#resume = setTimeout(() => { this.#resume = null; player.play(); }, RESUME_MS);
  }

  flush() { return this.open ? this.#flush(this.open) : Promise.resolve(); }

  // One change at a time for each segment: the next is compared with what the server made of this one.
  async #flush(edit) {
    clearTimeout(edit.timer);
    if (edit.sending) await edit.sending;
    const ops = edit.refusal ? [] : changedRuns(edit.words, typedIn(edit));
    if (ops.length) await this.#send(edit, ops, labelOf(edit.words, ops));
    else if (edit === this.open || !this.open) desk.queue.draft(null);
    if (edit !== this.open && !edit.sending) this.#settle(edit);
  }

  #send(edit, ops, label) {
    const text = typedIn(edit);
    const sent = desk.change(ops, label, { seen: edit.seen, about: { words: edit.words, text, edit: edit.token } });
    desk.queue.draft(null);
    edit.sending = sent.then(() => { edit.sending = null; if (edit === this.open) this.#keep(edit); }, () => { edit.sending = null; });
    return edit.sending;
  }

  // A refused change stays in the editor's hands: typing goes on in it, and saving waits for a choice.
  refuse(record) {
    for (const edit of this.#edits) if (record.about?.edit === edit.token) {
      edit.refusal = record;
      record.about.text = typedIn(edit);
      edit.node.classList.add("contested");
    }
  }

  // The editor's stands, on top of theirs. False where no edit holds it any more.
  keep(record) {
    const edit = [...this.#edits].find((one) => one.refusal === record);
    if (!edit) return false;
    this.#drop(edit);
    edit.stand(desk.segmentOf(edit.segment.words[0][0]) ?? edit.segment);
    this.#flush(edit);
    return true;
  }

  resolve(record) {
    for (const edit of this.#edits) if (edit.refusal === record) {
      this.#drop(edit);
      edit.stand(edit.segment);
      edit.write(edit.segment, textOf(edit.segment.words));
      if (edit !== this.open) this.#settle(edit);
    }
  }

  #drop(edit) {
    edit.refusal = null;
    edit.node.classList.remove("contested");
  }

  #settle(edit) {
    if (!this.#edits.delete(edit)) return;
    const segment = desk.segmentOf([...edit.ids].find((id) => desk.segmentOf(id)));
    if (segment && transcript.node(segment) === edit.node) transcript.redraw(segment);
  }

  // ---- splitting and joining, together with what was typed
  // What is not yet saved the browser takes back by itself; from then on it is a change like any other.
  get hasNativeUndo() { return this.open !== null && this.open.isTouched; }

  async split() {
    const edit = this.open, text = edit.place.textContent, caret = caretIn(edit.place) ?? 0;
    const before = text.slice(0, caret), isInside = /\S$/.test(before) && /^\S/.test(text.slice(caret));
    const place = tokens(before).length - (isInside ? 1 : 0);
    await this.#together(edit, (words) => {
      let count = 0;
      const word = words.find((one) => { const isHere = count >= place; count += tokens(one[1]).length; return isHere; });
      return word && word[0] !== words[0][0] ? { op: { op: "split", at: word[0] }, label: "Split a segment", to: word[0], at: 0 } : null;
    }, "There is nothing to split here: put the caret between two words.");
  }

  #joinPrevious() {
    const edit = this.open;
    if (caretIn(edit.place) !== 0 || !getSelection().isCollapsed) return false;
    const before = desk.neighbour(edit.segment, -1);
    if (!before) return false;
    const at = textOf(before.words).length + 1;
    this.#together(edit, () => ({ op: { op: "join", at: edit.segment.at }, label: "Join two segments", to: before.words[0][0], at }));
    return true;
  }

  #joinNext() {
    const edit = this.open, after = desk.neighbour(edit.segment, 1);
    if (!after || caretIn(edit.place) !== edit.place.textContent.trimEnd().length || !getSelection().isCollapsed) return false;
    const at = typedIn(edit).length;
    this.#together(edit, (words) => ({ op: { op: "join", at: after.at }, label: "Join two segments", to: words[0]?.[0], at }));
    return true;
  }

  async #together(edit, make, otherwise = "") {
    if (edit.refusal) return;
    if (edit.sending) await edit.sending;
    const ops = changedRuns(edit.words, typedIn(edit)), made = make(withRuns(edit.words, ops));
    if (!made) { say(otherwise); return; }
    const sent = this.#send(edit, [...ops, made.op], made.label);
    this.close();
    await sent;
    const segment = desk.segmentOf(made.to);
    if (segment && !this.open && !edit.refusal) this.begin(segment, { at: made.at });
  }
}

export const editing = new Editing();
