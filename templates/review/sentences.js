// A list of sentences: reworded, put in another order, added to, thinned out, and back to the machine's.
import { Field, set } from "./field.js";
import { arrange, button, clock, count, el, setText, when } from "./dom.js";
import { heardFrom } from "./words.js";

const plain = (text) => text.replace(/[^\p{L}\p{N}]+/gu, " ").trim().toLowerCase();

export class Sentences {
  constructor(key, label, one, isOpen) {
    Object.assign(this, { key, label, one, items: [], inFlight: 0, rows: [] });
    this.amount = el("span", { class: "amount" });
    this.mark = el("span", { class: "mark", hidden: true }, "edited");
    this.list = el("ol", { class: "sentences" });
    this.origin = el("div", { class: "origin", hidden: true });
    this.problem = el("p", { class: "problem", role: "alert", hidden: true });
    this.adding = button(`Add a ${one}`, () => this.#add(), { class: "small" });
    this.node = el("details", { class: "field listed", dataset: { key }, open: isOpen },
      el("summary", {}, el("h4", {}, label), this.amount, this.mark),
      this.list, this.adding, this.problem, this.origin, el("ul", { class: "lint", dataset: { lint: key } }));
  }

  update({ value, machine, by, at }) {
    this.mark.hidden = !by;
    this.node.classList.toggle("is-edited", Boolean(by));
    this.#tellOrigin(machine, by, at);
    if (this.inFlight || this.rows.some((row) => row.field.isDirty || row.isNew)) return;
    this.items = (value ?? []).map((item) => ({ ...item }));
    this.#draw();
  }

  #draw() {
    while (this.rows.length < this.items.length) this.rows.push(this.#row());
    this.rows.length = this.items.length;
    arrange(this.list, this.rows.map((row) => row.node));
    this.items.forEach((item, index) => this.#fill(this.rows[index], item, index));
    setText(this.amount, count(this.items.length, this.one));
  }

  #row() {
    const row = { isNew: false };
    const place = () => this.rows.indexOf(row);
    row.field = new Field({ key: this.key, label: "", isLabelHidden: true, save: (text, options) => this.#reword(row, place(), text, options) });
    row.field.node.querySelector(".lint").remove();
    row.field.node.addEventListener("focusout", () => setTimeout(() => this.#leave(row)));
    row.up = button("Up", () => this.#move(place(), -1), { class: "small quiet" });
    row.down = button("Down", () => this.#move(place(), 1), { class: "small quiet" });
    row.drop = button("Drop", () => this.#drop(place()), { class: "small quiet" });
    row.node = el("li", {}, row.field.node,
      el("div", { class: "row-foot" }, row.field.said.node, el("div", { class: "row-tools" }, row.up, row.down, row.drop)));
    return row;
  }

  #fill(row, item, index) {
    const name = `${this.label}, ${index + 1}`;
    const heard = item.start === null || item.start === undefined ? null : heardFrom(item.start);
    const differs = heard !== null && plain(heard) !== plain(item.text);
    row.field.label = name;
    setText(row.field.node.querySelector("label"), name);
    row.field.update({ value: item.text, evidence: heard === null ? null : { text: differs ? heard : "", start: item.start } });
    row.up.disabled = index === 0;
    row.down.disabled = index === this.items.length - 1;
    for (const [tool, words] of [[row.up, "Up"], [row.down, "Down"], [row.drop, "Drop"]]) tool.setAttribute("aria-label", `${words}: ${name}`);
  }

  async #send(label, options = {}) {
    this.inFlight += 1;
    this.problem.hidden = true;
    setText(this.amount, count(this.items.length, this.one));
    try {
      return await set(this.key, this.items.filter((item) => item.text), label, options);
    } catch (error) {
      this.problem.hidden = false;
      this.problem.textContent = error.message;
      return null;
    } finally {
      this.inFlight -= 1;
    }
  }

  #reword(row, index, text, options) {
    if (text === "") return this.#drop(index);
    row.isNew = false;
    this.items[index] = { ...this.items[index], text };
    return this.#send(`Reword “${this.label}”`, options);
  }

  #move(index, step) {
    const other = index + step;
    [this.items[index], this.items[other]] = [this.items[other], this.items[index]];
    [this.rows[index], this.rows[other]] = [this.rows[other], this.rows[index]];
    this.#draw();
    const row = this.rows[other], tool = step < 0 ? row.up : row.down;
    (tool.disabled ? (step < 0 ? row.down : row.up) : tool).focus();
    return this.#send(`Reorder “${this.label}”`);
  }

  #drop(index) {
    const wasNew = this.rows[index].isNew;
    this.items.splice(index, 1);
    this.rows.splice(index, 1);
    this.#draw();
    (this.rows[Math.min(index, this.rows.length - 1)]?.drop ?? this.adding).focus();
    return wasNew ? Promise.resolve() : this.#send(`Drop from “${this.label}”`);
  }

  #add() {
    this.items.push({ text: "", start: null });
    this.#draw();
    this.rows.at(-1).isNew = true;
    this.rows.at(-1).field.input.focus();
  }

  // A row that was added and left without a word goes away again.
  #leave(row) {
    if (!row.isNew || row.field.text || row.node.contains(document.activeElement) || !this.rows.includes(row)) return;
    this.items.splice(this.rows.indexOf(row), 1);
    this.rows.splice(this.rows.indexOf(row), 1);
    this.#draw();
  }

  #tellOrigin(machine, by, at) {
    const now = JSON.stringify([machine, by, at]);
    if (now === this.toldOrigin) return;
    this.toldOrigin = now;
    this.origin.hidden = !by;
    this.origin.replaceChildren(...(by ? [
      el("span", {}, `${by}, ${when(at)}`),
      el("details", {}, el("summary", {}, "Compare with the machine’s"),
        el("ol", {}, (machine ?? []).map((item) => el("li", {}, item.start === null ? null : el("span", { class: "clock" }, `${clock(item.start)} `), item.text)))),
      button("Back to the machine’s", () => set(this.key, null, `“${this.label}”: back to the machine’s`).catch(() => {}), { class: "small quiet" }),
    ] : []));
  }
}
