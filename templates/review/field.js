// One value of the notes: edited in place, saved by itself, marked as edited, and always comparable with the machine's.
import { desk } from "./state.js";
import { Said } from "./said.js";
import { act } from "./shortcuts.js";
import { button, el, when } from "./dom.js";

const TYPING_PAUSE_MS = 600;
const unsaved = new Set();
let lastId = 0;

// Hands everything that is still being typed to the desk; resolves when it is acknowledged.
export const saveAll = () => Promise.all([...unsaved].map((field) => field.save()));
export const hasUnsaved = () => unsaved.size > 0;

// By key, the last change of this page that the server has: what is typed here was typed on top of it.
const own = new Map();

// `seen` is the state of the episode that the editor was looking at when they began to type.
export const set = async (key, value, label, { seen = desk.data.seq } = {}) => {
  const patch = await desk.change([{ op: "set", key, value }], label, { seen: Math.max(seen, own.get(key) ?? 0) });
  if (patch) own.set(key, patch.seq);
  return patch;
};

const inWords = (value) => Array.isArray(value) ? value.map((item) => item.text).join(" ") : String(value ?? "");

export class Field {
  // save(text) hands a new text on and returns a promise. With `waits`, only Enter or leaving the field saves:
  // for what changes more than itself. `back` returns to the machine's value.
  constructor({ key, label, save, back = null, type = "text", waits = false, placeholder = "", isLabelHidden = false, options = null, limit = 0 }) {
    Object.assign(this, { key, label, onSave: save, back, waits, limit, value: "", inFlight: 0, timer: null });
    const id = `field-${(lastId += 1)}`;
    this.input = this.#makeInput(type, options);
    Object.assign(this.input, { id, placeholder });
    this.input.setAttribute("aria-describedby", `${id}-lint ${id}-notes`);
    this.mark = el("span", { class: "mark", hidden: true }, "edited");
    this.room = limit ? el("output", { class: "room", for: id }) : null;
    this.said = new Said();
    this.origin = el("p", { class: "origin", id: `${id}-notes`, hidden: true });
    this.problem = el("p", { class: "problem", role: "alert", hidden: true });
    this.node = el("div", { class: "field", dataset: { key }, focusout: (event) => this.#leave(event) },
      el("div", { class: isLabelHidden ? "label bare" : "label" }, el("label", { for: id, class: isLabelHidden ? "covered" : null }, label), this.mark, this.room),
      this.input, this.problem, this.said.node, this.origin, el("ul", { class: "lint", id: `${id}-lint`, dataset: { lint: key } }));
  }

  #makeInput(type, options) {
    if (options) {
      const input = el("select", { change: () => this.#changed(true) });
      for (const [value, words] of options) input.append(el("option", { value }, words));
      return input;
    }
    const input = type === "text" ? el("textarea", { rows: "1", spellcheck: "true" }) : el("input", { type: type === "plain" ? "text" : type });
    input.addEventListener("input", () => this.#changed(false));
    input.addEventListener("keydown", (event) => this.#key(event));
    return input;
  }

  #leave(event) { if (!this.node.contains(event.relatedTarget)) this.save(); }

  #key(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.save();
    } else if (event.key.toLowerCase() === "s" && (event.ctrlKey || event.metaKey)) {
      this.save();
    } else if (event.key === "Escape" && (this.isDirty || this.isWrong)) {
      event.preventDefault();
      event.stopPropagation();
      this.#clean();
      this.#complain(null);
      this.value = inWords(this.last.value);
      this.#show(this.value);
    }
  }

  get isDirty() { return unsaved.has(this); }
  get text() { return this.input.value.replace(/\s+/g, " ").trim(); }

  #changed(isWhole) {
    if (!this.isDirty) this.seen = desk.data.seq;
    unsaved.add(this);
    this.#measure();
    clearTimeout(this.timer);
    if (isWhole) this.save();
    else if (!this.waits) this.timer = setTimeout(() => this.save(), TYPING_PAUSE_MS);
  }

  #clean() {
    clearTimeout(this.timer);
    unsaved.delete(this);
  }

  async save() {
    if (!this.isDirty) return;
    const { text, seen } = this;
    this.#clean();
    if (text === this.value) { this.update(this.last); return; }
    this.value = text;
    this.inFlight += 1;
    this.#complain(null);
    let refusal = null;
    try {
      const patch = await this.onSave(text, { seen });
      // What is typed by now was typed on top of this change.
      if (this.isDirty && patch) this.seen = Math.max(this.seen, patch.seq);
    } catch (error) {
      refusal = error;
    }
    this.inFlight -= 1;
    if (refusal && !this.isDirty) this.#refuse(refusal);
  }

  // Where somebody was first, theirs is shown and the page keeps both; what is only wrong stays to be put right.
  #refuse(error) {
    this.#complain(error);
    this.value = inWords(this.last.value);
    this.isWrong = error.status !== 409;
    if (!this.isWrong) this.update(this.last);
  }

  #complain(error) {
    this.isWrong = false;
    this.problem.hidden = !error;
    this.problem.replaceChildren(error?.message ?? "");
    if (error?.status === 409) this.problem.append(" ", button("Show both", () => act("refusals"), { class: "small" }));
    this.input.toggleAttribute("aria-invalid", Boolean(error));
  }

  // What the server has now. Text that is being typed or is on its way is never overwritten.
  update(latest) {
    const { value, evidence = null, edited = false, by = null, at = null, machine = undefined } = latest;
    const text = inWords(value);
    this.last = latest;
    if (!this.isDirty && !this.inFlight && !this.isWrong) {
      const isSame = document.activeElement === this.input && this.text === text;
      this.value = text;
      if (!isSame) this.#show(text);
    }
    this.said.update(evidence, this.label);
    const isEdited = Boolean(edited || by);
    this.mark.hidden = !isEdited;
    this.node.classList.toggle("is-edited", isEdited);
    this.#tellOrigin(isEdited, { by, at, machine, text });
  }

  #tellOrigin(isEdited, { by, at, machine, text }) {
    const now = JSON.stringify([isEdited, by, at, machine, text]);
    if (now === this.toldOrigin) return;
    this.toldOrigin = now;
    this.origin.hidden = !isEdited;
    if (!isEdited) { this.origin.replaceChildren(); return; }
    const original = machine === undefined ? null : inWords(machine);
    this.origin.replaceChildren(
      ...(by ? [el("span", {}, `${by}, ${at ? when(at) : ""}`)] : []),
      ...(original === null ? [] : original === "" ? [el("span", {}, "the machine had nothing here")]
        : original === text ? [] : [el("span", {}, "machine’s: ", el("q", {}, original))]),
      ...(this.back ? [button("Back to the machine’s", () => this.#goBack(), { class: "small quiet" })] : []),
    );
  }

  async #goBack() {
    this.#clean();
    this.input.focus();
    try { await this.back(); this.#complain(null); } catch (error) { this.#complain(error); }
  }

  #show(text) {
    this.input.value = text;
    this.#measure();
  }

  #measure() {
    if (this.limit) {
      this.room.textContent = `${this.text.length} / ${this.limit}`;
      this.room.classList.toggle("over", this.text.length > this.limit);
    }
    if (this.input.tagName === "TEXTAREA" && !CSS.supports("field-sizing", "content")) {
      this.input.style.height = "auto";
      this.input.style.height = `${this.input.scrollHeight + 2}px`;
    }
  }
}

// A field over one register of its own key.
export const registerField = ({ key, label, verb = `Change the ${label.toLowerCase()}`, emptyIs = "", ...rest }) => new Field({
  key, label, ...rest,
  save: (text, options) => set(key, text === "" ? emptyIs : text, verb, options),
  back: () => set(key, null, `${verb}: back to the machine’s`),
});

addEventListener("beforeunload", (event) => {
  if (!hasUnsaved()) return;
  saveAll();
  event.preventDefault();
});
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") saveAll(); });
