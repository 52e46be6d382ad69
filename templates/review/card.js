// A card: one person, body, quote or link of the notes, kept or dropped.
import { desk } from "./state.js";
import { Field, set } from "./field.js";
import { loadOrigins, originOf } from "./origins.js";
import { arrange, button, el, setText } from "./dom.js";

// A field over one attribute of a thing: `person/Mei Tanaka/title`.
export const attributeField = (key, attribute, label, { name, noun = label.toLowerCase(), ...rest } = {}) => new Field({
  key: `${key}/${attribute}`, label, ...rest,
  save: (text, options) => set(`${key}/${attribute}`, text, `Change the ${noun} of ${name()}`, options),
  back: () => set(`${key}/${attribute}`, null, `Take the machine’s ${noun} of ${name()}`),
});

// The machine's spelling of a name is in its key.
export const machineName = (card) => card.key.slice(card.key.indexOf("/") + 1);
const ownName = (card) => (card.item.edited.includes("name") ? [{ op: "set", key: `${card.key}/name`, value: null }] : []);

// What the transcript says and what is shown by now: both are spelled anew.
const fixOps = (card, to) => [...ownName(card),
  ...[...new Set([machineName(card), card.item.name])].filter((from) => from !== to).map((from) => ({ op: "spelling", from, to, glossary: true }))];

// With the words of the name that were fixed by themselves.
const backOps = (card) => {
  const shown = card.item.name.split(" "), words = machineName(card).split(" ").filter((word) => !shown.includes(word));
  return [...ownName(card), ...[...new Set([machineName(card), card.item.name, ...words])].map((from) => ({ op: "spelling", from, to: null, glossary: false }))];
};

// The name of a person or body. A name is fixed once: everywhere, and in the show's glossary, unless told otherwise.
export const nameField = (card, label) => {
  const everywhere = el("input", { type: "checkbox", checked: true, keydown: (event) => { if (event.key === "Enter") field.save(); } });
  // The press leaves the focus in the field, which would be saved otherwise.
  const choice = el("label", { class: "everywhere", hidden: true, mousedown: (event) => event.preventDefault() }, everywhere,
    " everywhere: transcript, notes, chapters and captions, and in the show’s glossary");
  const field = new Field({
    key: `${card.key}/name`, label, waits: true, isLabelHidden: true,
    save: (text, options) => {
      choice.hidden = true;
      const { name } = card.item;
      if (text === "") return Promise.reject(new Error("A name cannot be empty. Drop the card instead."));
      if (card.item.added || !everywhere.checked) return set(`${card.key}/name`, text, `Change the name ${name} to ${text}`, options);
      return desk.change(fixOps(card, text), `Fix “${name}” to “${text}” everywhere`, options);
    },
    back: () => desk.change(backOps(card), `Spell “${machineName(card)}” as the machine has it`),
  });
  field.input.addEventListener("input", () => { choice.hidden = card.item.added || field.text === card.item.name; });
  field.input.after(choice);
  return field;
};

export class Card {
  // `kind` is what the card is called: “person”. `fields` are made by the subclass.
  constructor(item, kind) {
    Object.assign(this, { item, key: item.key, kind, fields: {} });
    this.dropped = el("p", { class: "dropped" });
    this.keeping = button("Drop", () => this.toggle(), { class: "small quiet keeping" });
    this.body = el("div", { class: "card-body" });
    this.node = el("li", { class: "card", dataset: { card: item.key }, focusin: () => this.#look(), pointerenter: () => this.#look() },
      this.dropped, this.body, this.keeping);
  }

  // Of a person or body, what the machine calls it.
  get machineName() { return undefined; }
  get name() { return this.item.name ?? this.item.title ?? this.item.text ?? this.kind; }

  // What says an attribute that has no evidence of its own.
  evidenceOf() { return null; }

  // What is set when an added thing is taken out again: no decision is left of it.
  get registers() { return []; }

  toggle() {
    const { item, name } = this;
    const ops = item.added && this.registers.length
      ? this.registers.map((attribute) => ({ op: "set", key: `${this.key}/${attribute}`, value: null }))
      : [{ op: "set", key: `${this.key}/keep`, value: !item.keep }];
    return desk.change(ops, `${item.keep ? "Drop" : "Keep"} ${name}`).catch(() => {});
  }

  update(item) {
    this.item = item;
    this.node.classList.toggle("is-dropped", !item.keep);
    this.body.hidden = !item.keep;
    this.dropped.hidden = item.keep;
    setText(this.dropped, this.name);
    setText(this.keeping, item.keep ? (item.added ? "Take out" : "Drop") : "Keep");
    this.keeping.setAttribute("aria-label", `${this.keeping.textContent}: ${this.name}`);
    for (const attribute of Object.keys(this.fields)) this.#updateField(attribute, this.fields[attribute]);
    if (this.node.contains(document.activeElement)) this.#look();
  }

  #updateField(attribute, field) {
    const { item } = this, value = item[attribute];
    const evidence = this.#asAbove(item[`${attribute}_evidence`] ?? null) ?? this.evidenceOf(attribute);
    if (item.added) { field.update({ value }); return; }
    const isSpelled = attribute === "name" && this.machineName !== undefined && value !== this.machineName;
    const isEdited = (item.edited ?? []).includes(attribute);
    const origin = isEdited ? originOf(`${this.key}/${attribute}`, value) : {};
    const machine = isSpelled ? this.machineName : item.machine?.[attribute] ?? origin.machine;
    field.update({ value, evidence, edited: isEdited || isSpelled, by: origin.by, at: origin.at, machine: isEdited || isSpelled ? machine : undefined });
  }

  // The sentence of the card itself is not printed again with each of its attributes.
  #asAbove(evidence) {
    const own = this.item.evidence;
    return evidence && own && evidence.start === own.start && evidence.text === own.text ? { ...evidence, text: "", note: "the same sentence" } : evidence;
  }

  // Who decided, and what the machine had, is looked up when somebody comes near.
  async #look() {
    if (!(this.item.edited ?? []).length || !(await loadOrigins())) return;
    this.update(this.item);
  }
}

// Cards by key: made once, then only updated, so that nothing that is being typed is lost.
export class Cards {
  constructor(make) {
    this.make = make;
    this.known = new Map();
  }

  // `around` is what else the cards show. A card with nothing new is left alone.
  update(items, around = "") {
    this.known = new Map(items.map((item) => [item.key, this.known.get(item.key) ?? this.make(item)]));
    for (const item of items) {
      const card = this.known.get(item.key), now = JSON.stringify(item) + around;
      if (card.shown === now) continue;
      card.shown = now;
      card.update(item);
    }
  }

  arrangeIn(list, items) { arrange(list, items.map((item) => this.known.get(item.key).node)); }
}
