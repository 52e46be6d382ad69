// What the episode is: title, hook, date, number and sign-off, and the lists of sentences.
import { desk } from "./state.js";
import { Field, registerField, set } from "./field.js";
import { Sentences } from "./sentences.js";
import { arrange, button, el, setText } from "./dom.js";

const LISTS = [
  ["summary", "Summary", "sentence", true], ["questions", "Questions this episode answers", "question", true],
  ["key_points", "Key points", "point", true], ["long_summary", "Longer summary", "sentence", false],
  ["narrative", "Opening of the page", "sentence", false],
];

const asNumber = (key, label) => new Field({
  key, label, type: "number",
  save: (text, options) => set(key, text === "" ? null : Number(text), "Change the number", options),
  back: () => set(key, null, "Change the number: back to the machine’s"),
});

export class Story {
  constructor() {
    this.fields = {
      title: registerField({ key: "title", label: "Title", emptyIs: null }),
      hook: registerField({ key: "hook", label: "Hook", placeholder: "one line that makes somebody listen" }),
      sign_off: registerField({ key: "sign_off", label: "Sign-off", placeholder: "the last words" }),
      date: registerField({ key: "date", label: "Date", type: "date", emptyIs: null }),
      number: asNumber("number", "Number"),
    };
    const { title, hook, sign_off: signOff, date, number } = this.fields;
    title.node.classList.add("large");
    hook.node.classList.add("of-hook");
    this.suggestions = el("ul", { class: "suggestions", "aria-label": "Suggested titles", hidden: true });
    title.input.after(this.suggestions);
    this.lists = LISTS.map(([key, label, one, isOpen]) => new Sentences(key, label, one, isOpen));
    this.node = el("section", { class: "panel", id: "story", "aria-labelledby": "story-title" },
      el("h3", { id: "story-title" }, "Story"), title.node, hook.node, ...this.lists.map((list) => list.node), signOff.node,
      el("div", { class: "pair" }, date.node, number.node));
  }

  update(notes) {
    for (const [key, field] of Object.entries(this.fields)) if (notes.fields[key]) field.update(notes.fields[key]);
    for (const list of this.lists) if (notes.fields[list.key]) list.update(notes.fields[list.key]);
    this.#suggest((notes.suggestions?.title ?? []).filter((title) => title !== notes.fields.title.value));
    const heading = document.querySelector(".which h1");
    if (heading) setText(heading, notes.fields.title.value ?? desk.data.title);
  }

  #suggest(titles) {
    this.suggestions.hidden = !titles.length;
    const known = new Map([...this.suggestions.children].map((item) => [item.dataset.title, item]));
    arrange(this.suggestions, titles.map((title) => known.get(title) ?? el("li", { dataset: { title } },
      button(title, () => { set("title", title, "Take a suggested title").catch(() => {}); this.fields.title.input.focus(); },
        { class: "small", "aria-label": `Use the title “${title}”` }))));
  }
}
