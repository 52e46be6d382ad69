// Chapters: retitled, moved by word, to the playhead or by dragging, dropped and added.
import { desk } from "./state.js";
import { player } from "./player.js";
import { Field, set } from "./field.js";
import { Card, Cards, attributeField } from "./card.js";
import { Timeline } from "./timeline.js";
import { button, clock, el, seconds, setText } from "./dom.js";
import { heardFrom, nearestWord, wordBeside } from "./words.js";

// Titles longer than this are cut by platforms; shorter chapters are advised against. The lint says the same.
const TITLE_ROOM = 40;
const SHORTEST_S = 30;
const PAUSE_MS = 450;
const NEAR_S = 1;

const precise = (time) => `${clock(time)}.${Math.floor((time % 1) * 10 + 0.001)}`;

class ChapterCard extends Card {
  constructor(item) {
    super(item, "chapter");
    this.fields.title = attributeField(this.key, "title", "Title", { name: () => `“${this.item.title}”`, isLabelHidden: true, limit: TITLE_ROOM });
    this.begin = new Field({
      key: `${this.key}/start`, label: "Begins at", type: "plain", waits: true,
      save: (text, options) => this.#type(text, options),
      back: () => set(`${this.key}/start`, null, "Move a chapter: back to the machine’s"),
    });
    this.begin.input.addEventListener("keydown", (event) => this.#step(event));
    this.length = el("span", { class: "length" });
    this.first = el("q", { class: "first-words" });
    this.hint = el("span", { class: "covered", id: `hint-${this.begin.input.id}` }, "Arrow up and down move it by a word.");
    this.begin.input.setAttribute("aria-describedby", `${this.hint.id} ${this.begin.input.getAttribute("aria-describedby")}`);
    this.body.append(this.fields.title.node,
      el("div", { class: "of-chapter" }, this.begin.node, this.hint,
        button("To playhead", () => this.move(nearestWord(player.now())), { class: "small" }),
        button("Play", () => player.playAt(this.item.start), { class: "small quiet" }), this.length, this.fields.title.room), this.first);
    this.moving = null;
  }

  get registers() { return ["title", "start", "keep"]; }

  // Where the title comes from, unless it is what the chapter begins with.
  evidenceOf(attribute) {
    const { evidence, start, edited } = this.item;
    return attribute === "title" && evidence && !edited.includes("title") && Math.abs(evidence.start - start) > NEAR_S ? evidence : null;
  }

  update(item, end) {
    super.update(item);
    const isMoving = this.moving !== null;
    const start = isMoving ? this.moving.start : item.start;
    this.begin.update({ value: precise(start), edited: !item.added && item.edited.includes("start") });
    const length = end - start;
    setText(this.length, `${clock(length)} long${length < SHORTEST_S ? ", short" : ""}`);
    this.length.classList.toggle("over", length < SHORTEST_S);
    setText(this.first, heardFrom(start, 9));
    this.end = end;
  }

  #step(event) {
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const word = wordBeside(this.moving?.id ?? this.item.word, step);
    if (!word) return;
    this.moving = word;
    this.begin.input.value = precise(word.start);
    this.update(this.item, this.end);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.move(this.moving), PAUSE_MS);
  }

  #type(text, options) {
    clearTimeout(this.timer);
    const time = seconds(text);
    if (time === null) return Promise.reject(new Error("Write a time such as 1:23 or 1:02:03.5."));
    return this.move(nearestWord(time), options);
  }

  // Lets the chapter begin with this word.
  async move(word, options = {}) {
    this.moving = null;
    if (word && word.id !== this.item.word) return set(`${this.key}/start`, word.id, `Move “${this.item.title}” to ${clock(word.start)}`, options);
    this.begin.update({ value: precise(this.item.start) });
    return null;
  }
}

export class Chapters {
  constructor() {
    this.cards = new Cards((item) => new ChapterCard(item));
    this.timeline = new Timeline((key, word) => this.cards.known.get(key)?.move(word)?.catch(() => {}));
    this.list = el("ol", { class: "cards chapter-cards" });
    this.adding = button("Add a chapter at the playhead", () => this.#add(), { class: "small" });
    this.problem = el("p", { class: "problem", role: "alert", hidden: true });
    this.node = el("section", { class: "panel", id: "chapters", "aria-labelledby": "chapters-title" },
      el("h3", { id: "chapters-title" }, "Chapters"), this.timeline.node, this.list, this.adding, this.problem);
  }

  update({ chapters }) {
    const kept = chapters.filter((chapter) => chapter.keep);
    this.cards.known = new Map(chapters.map((item) => [item.key, this.cards.known.get(item.key) ?? this.cards.make(item)]));
    chapters.forEach((item) => {
      const next = kept.find((other) => other.start > item.start);
      this.cards.known.get(item.key).update(item, next ? next.start : desk.data.duration);
    });
    this.cards.arrangeIn(this.list, chapters);
    this.timeline.update(kept, desk.data.duration);
    const added = this.cards.known.get(this.awaited);
    if (added) {
      this.awaited = null;
      added.fields.title.input.focus();
      added.fields.title.input.select();
    }
  }

  async #add() {
    const word = nearestWord(player.now());
    this.problem.hidden = true;
    if (!word) return;
    if (desk.data.notes.chapters.some((chapter) => chapter.keep && chapter.word === word.id)) {
      this.problem.hidden = false;
      this.problem.textContent = `A chapter begins at ${clock(word.start)} already. Play to where the new one begins.`;
      return;
    }
    this.awaited = `chapter/+${word.id}`;
    await set(`${this.awaited}/title`, "New chapter", `Add a chapter at ${clock(word.start)}`).catch(() => { this.awaited = null; });
  }
}
