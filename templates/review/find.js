// Finding in the transcript, and replacing with every place shown before and after.
import { clock, count, el } from "./dom.js";
import { editing } from "./editing.js";
import { places, replaced } from "./places.js";
import { changedRuns } from "./runs.js";
import { bind } from "./shortcuts.js";
import { desk } from "./state.js";
import { say } from "./status.js";
import { transcript } from "./transcript.js";

const PAUSE_MS = 120, MOST_MARKED = 2000;
const at = (id) => document.getElementById(id);

class FindBar {
  #found = [];
  #place = -1;
  #timer = null;

  start() {
    this.bar = at("find");
    this.field = at("find-text");
    const next = () => this.go(1), previous = () => this.go(-1), close = () => this.close();
    for (const [id, act] of [["find-next", next], ["find-previous", previous], ["find-close", close]]) at(id).addEventListener("click", act);
    at("find-replace").addEventListener("click", () => replacing.open(this.field.value));
    at("open-find").addEventListener("click", () => this.open());
    this.bar.addEventListener("input", () => { clearTimeout(this.#timer); this.#timer = setTimeout(() => this.search(), PAUSE_MS); });
    transcript.addEventListener("drawn", () => { if (!this.bar.hidden) this.search(); });
    bind({ find: (event) => this.open(event), findNext: next, findPrevious: previous, closeFind: close });
  }

  // Asked a second time, the key is the browser's own.
  open(event = null) {
    if (event && document.activeElement === this.field) return false;
    const selected = getSelection().toString().replace(/\s+/g, " ").trim();
    editing.close();
    document.body.dataset.pane = "transcript";
    this.bar.hidden = false;
    if (selected && selected.length < 100) this.field.value = selected;
    this.field.focus();
    this.field.select();
    this.search();
    return true;
  }

  close() {
    this.bar.hidden = true;
    this.#unmark();
    transcript.choose(transcript.chosen, { hasFocus: true });
  }

  get wanted() { return { text: this.field.value, hasCase: at("find-case").checked, isWhole: at("find-whole").checked }; }

  search() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const current = this.#found[this.#place];
    this.#found = places(desk.data.segments, this.wanted);
    this.#place = current ? this.#found.findIndex((one) => one.segment.at === current.segment.at && one.from === current.from) : -1;
    this.#mark();
    this.#tell();
  }

  go(by) {
    if (this.#timer) this.search();
    if (!this.#found.length) { say("Nothing found."); return; }
    if (this.#place < 0) {
      const from = transcript.chosen.start, place = this.#found.findIndex(({ segment }) => segment.start >= from);
      this.#place = by > 0 ? Math.max(0, place) : (place <= 0 ? this.#found.length : place) - 1;
    } else this.#place = (this.#place + by + this.#found.length) % this.#found.length;
    const one = this.#found[this.#place];
    transcript.choose(one.segment);
    transcript.show(transcript.span(one.words[0]) ?? transcript.node(one.segment));
    this.#mark();
    this.#tell();
    say(`${this.#place + 1} of ${this.#found.length}, ${clock(one.segment.start)}: ${one.before}${one.text}${one.after}`);
  }

  #tell() {
    const { length } = this.#found;
    const told = this.#place >= 0 ? `${this.#place + 1} of ${length}` : length ? `${length} found` : "Not found";
    at("find-count").textContent = this.field.value.trim() ? told : "";
  }

  #unmark() { for (const span of transcript.place.querySelectorAll(".found, .found-now")) span.classList.remove("found", "found-now"); }

  #mark() {
    this.#unmark();
    const mark = ({ words }, name) => { for (const id of words) transcript.span(id)?.classList.add(name); };
    for (const one of this.#found.slice(0, MOST_MARKED)) mark(one, "found");
    if (this.#found[this.#place]) mark(this.#found[this.#place], "found-now");
  }
}

class Replacing {
  #found = [];
  #timer = null;
  #spared = new Set(); // places that the editor took the tick from

  start() {
    this.dialog = at("replace-dialog");
    this.list = at("replace-list");
    this.dialog.querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); this.replace(); });
    this.dialog.addEventListener("input", ({ target }) => {
      if (target.closest("#replace-list")) return;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.draw(), PAUSE_MS);
    });
    this.list.addEventListener("change", () => this.#tell());
    at("replace-all").addEventListener("change", ({ target }) => { for (const box of this.#boxes) box.checked = target.checked; this.#tell(); });
    at("replace-cancel").addEventListener("click", () => this.dialog.close());
    at("open-replace").addEventListener("click", () => this.open());
    bind({ replace: () => this.open() });
  }

  get #boxes() { return [...this.list.querySelectorAll("input")]; }

  open(text = getSelection().toString().replace(/\s+/g, " ").trim() || at("find-text").value) {
    editing.close();
    if (text) at("replace-from").value = text;
    this.#spared.clear();
    this.dialog.showModal();
    (text ? at("replace-to") : at("replace-from")).focus();
    this.draw();
  }

  draw() {
    clearTimeout(this.#timer);
    const to = at("replace-to").value;
    const wanted = { text: at("replace-from").value, hasCase: at("replace-case").checked, isWhole: at("replace-whole").checked };
    this.#found = places(desk.data.segments, wanted);
    this.list.replaceChildren(...this.#found.map((one, index) => el("li", {}, el("label", {},
      el("input", { type: "checkbox", checked: !this.#spared.has(this.#keyOf(one)), value: String(index) }),
      el("span", { class: "clock" }, clock(one.segment.start)),
      el("span", { class: "before-after" },
        el("span", { class: "was" }, el("span", { class: "covered" }, "Before: "), one.before, el("del", {}, one.text), one.after),
        el("span", { class: "will" }, el("span", { class: "covered" }, "After: "), one.before, el("ins", {}, to), one.after))))));
    this.#tell();
  }

  #keyOf(one) { return `${one.segment.at}/${one.from}`; }

  #tell() {
    for (const { value, checked } of this.#boxes) this.#spared[checked ? "delete" : "add"](this.#keyOf(this.#found[Number(value)]));
    const chosen = this.#boxes.filter((box) => box.checked).length, { length } = this.#found;
    const none = at("replace-from").value.trim() ? "Not found in the transcript" : "";
    at("replace-count").textContent = length ? `${chosen} of ${count(length, "place")} chosen` : none;
    at("replace-go").textContent = `Replace ${count(chosen, "place")}`;
    at("replace-go").disabled = !chosen;
    at("replace-all").checked = length > 0 && chosen === length;
    at("replace-all").indeterminate = chosen > 0 && chosen < length;
    at("replace-all").closest("label").hidden = !length;
  }

  // One change, so that one undo takes all of it back.
  replace() {
    this.draw();
    const from = at("replace-from").value, to = at("replace-to").value, chosen = new Map();
    for (const { value, checked } of this.#boxes) {
      const one = this.#found[Number(value)];
      if (checked) chosen.set(one.segment, [...(chosen.get(one.segment) ?? []), one]);
    }
    const ops = [...chosen].flatMap(([segment, ones]) => changedRuns(segment.words, replaced(segment, ones, to)));
    const number = [...chosen.values()].flat().length;
    this.dialog.close();
    if (!ops.length) { say("Nothing to replace."); return; }
    desk.change(ops, `Replace “${from}” by “${to}” in ${count(number, "place")}`).then(() => say(`Replaced in ${count(number, "place")}.`), () => {});
  }
}

export const replacing = new Replacing();
export const findBar = new FindBar();
