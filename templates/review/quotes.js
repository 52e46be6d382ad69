// Sayings word for word: kept or dropped, whose they are, and new ones out of the transcript.
import { desk } from "./state.js";
import { set } from "./field.js";
import { Card, Cards, attributeField } from "./card.js";
import { Said } from "./said.js";
import { button, el, setText } from "./dom.js";
import { selectedWords, sentenceAt } from "./words.js";
import { player } from "./player.js";

// Whose a quote can be: who speaks, and who is named.
const speakers = () => [...desk.data.speakers, ...desk.data.notes.people.filter((person) => person.keep)].map((one) => one.name);

class QuoteCard extends Card {
  constructor(item) {
    super(item, "quote");
    this.text = el("p");
    this.said = new Said();
    this.fields.speaker = attributeField(this.key, "speaker", "Speaker", { name: () => "a quote", options: [["", "Nobody is named"]], isLabelHidden: true });
    this.body.append(el("blockquote", {}, this.text), el("div", { class: "of-quote" }, this.fields.speaker.node, this.said.node));
  }

  update(item) {
    this.#offer(item.speaker ?? "");
    super.update(item);
    setText(this.text, item.text);
    this.said.update({ text: "", start: item.start, end: item.end }, "the quote");
  }

  #offer(speaker) {
    const names = new Set([...speakers(), speaker]);
    names.delete("");
    const { input } = this.fields.speaker, known = [...input.options].map((option) => option.value).filter(Boolean);
    if (known.length === names.size && known.every((name) => names.has(name))) return;
    input.replaceChildren(el("option", { value: "" }, "Nobody is named"), ...[...names].map((name) => el("option", { value: name }, name)));
    input.value = speaker;
  }
}

export class Quotes {
  constructor() {
    this.cards = new Cards((item) => new QuoteCard(item));
    this.list = el("ul", { class: "cards" });
    this.selection = null;
    // Kept, because the press on the button may take the selection away.
    document.addEventListener("selectionchange", () => {
      const chosen = selectedWords();
      if (chosen || document.activeElement !== this.fromSelection) this.selection = chosen;
      this.fromSelection.setAttribute("aria-disabled", String(!this.selection));
    });
    this.fromSelection = button("Quote the selection", () => this.#quoteSelection(), { class: "small", "aria-disabled": "true", mousedown: (event) => event.preventDefault() });
    this.told = el("p", { class: "soft-note", role: "status" });
    this.node = el("section", { class: "panel", id: "quotes", "aria-labelledby": "quotes-title" },
      el("h3", { id: "quotes-title" }, "Quotes"), this.list,
      el("p", { class: "row-tools" }, this.fromSelection, button("Quote the sentence being played", () => this.#quoteSentence(), { class: "small" })), this.told);
  }

  update({ quotes }) {
    this.cards.update(quotes, JSON.stringify(speakers()));
    this.cards.arrangeIn(this.list, quotes);
  }

  #quoteSelection() {
    if (this.selection) this.#quote(...this.selection);
    else setText(this.told, "Select some words of the transcript first.");
  }

  #quoteSentence() {
    const sentence = sentenceAt(player.now());
    if (sentence) this.#quote(sentence[0].id, sentence[1].id);
  }

  async #quote(first, last) {
    setText(this.told, "");
    try {
      await set(`quote/${first}-${last}/keep`, true, "Add a quote");
      setText(this.told, "The quote was added.");
    } catch (error) {
      setText(this.told, error.message);
    }
  }
}
