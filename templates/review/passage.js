// What is done to a passage: heard again by another model, its times set, and a name in it fixed everywhere.
import { clock, count, seconds } from "./dom.js";
import { editing } from "./editing.js";
import { places } from "./places.js";
import { player } from "./player.js";
import { textOf } from "./runs.js";
import { ask } from "./server.js";
import { bind } from "./shortcuts.js";
import { desk } from "./state.js";
import { say } from "./status.js";
import { transcript } from "./transcript.js";
import { selectedWords } from "./words.js";

const SHORTEST_S = 0.2;
const at = (id) => document.getElementById(id);
const precise = (time) => `${clock(time)}.${Math.floor((time % 1) * 10 + 0.001)}`;
const bare = (text) => text.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "").replace(/['’]s$/u, "");

// The selected words, else those of the marked segment.
const passage = () => {
  const ids = selectedWords(), first = ids && desk.segmentOf(ids[0]), last = ids && desk.segmentOf(ids[1]);
  const segment = transcript.chosen;
  if (!first || !last) return { start: segment.start, end: segment.end };
  return { start: first.words.find(([id]) => id === ids[0])[2], end: last.words.findLast(([id]) => id === ids[1])[3] };
};

const setTime = (edge) => {
  const segment = transcript.chosen, to = Math.round(player.now() * 1000) / 1000;
  const words = edge === "start" ? "begins" : "ends";
  desk.change([{ op: "time", at: segment.at, edge, to }], `A segment ${words} at ${precise(to)}`)
    .then(() => say(`The segment ${words} at ${precise(to)}.`), () => {});
};

class AgainDialog {
  constructor() {
    this.dialog = at("again-dialog");
    this.dialog.querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); this.#send(); });
    at("again-cancel").addEventListener("click", () => this.dialog.close());
    at("again-play").addEventListener("click", () => player.playRange(...this.#times()));
    for (const id of ["again-from", "again-to"]) at(id).addEventListener("input", () => this.#show());
    this.dialog.addEventListener("close", () => player.pause());
  }

  open() {
    const { start, end } = passage();
    editing.close();
    at("again-from").value = precise(start);
    at("again-to").value = precise(end + 0.099);
    at("again-model").replaceChildren(new Option("The same model", ""), ...(desk.data.models ?? []).map((name) => new Option(name, name)));
    at("again-problem").hidden = true;
    this.dialog.showModal();
    this.#show();
  }

  #times() { return [at("again-from"), at("again-to")].map((field) => seconds(field.value)); }

  #show() {
    const [from, to] = this.#times();
    at("again-words").textContent = from === null || to === null ? "" : textOf(desk.wordsBetween(from, to));
  }

  #complain(words) {
    at("again-problem").textContent = words;
    at("again-problem").hidden = false;
  }

  async #send() {
    const [start, end] = this.#times(), isRight = start !== null && end !== null && end - start >= SHORTEST_S && end <= desk.data.duration + 1;
    if (!isRight) { this.#complain("Give a beginning and a later end, such as 1:02.5."); return; }
    const glossary = at("again-glossary").value.split(/[,;\n]/).map((word) => word.trim()).filter(Boolean);
    try {
      await ask("POST", `${desk.path}/again`, { start, end: Math.min(end, desk.data.duration), model: at("again-model").value || null, glossary });
      this.dialog.close();
      say(`${precise(start)} to ${precise(end)} is being transcribed again. What is heard appears here by itself.`);
    } catch (error) {
      this.#complain(error.message);
    }
  }
}

// In how many places of the notes a text stands, too: in what is printed, not in what says so.
const UNPRINTED = /^(key|machine|by|code|label)$|evidence$/;

const inNotes = (text) => {
  let found = 0;
  const walk = (value) => {
    if (typeof value === "string") found += places([{ words: [[0, value]] }], { text, hasCase: false, isWhole: true }).length;
    else if (value && typeof value === "object") for (const [key, one] of Object.entries(value)) if (!UNPRINTED.test(key)) walk(one);
  };
  const { fields, people, bodies, events, chapters, quotes } = desk.data.notes;
  walk([fields, people, bodies, events, chapters, quotes]);
  return found;
};

class SpellingDialog {
  constructor() {
    this.dialog = at("spelling-dialog");
    this.dialog.querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); this.#save(); });
    at("spelling-cancel").addEventListener("click", () => this.dialog.close());
    at("spelling-from").addEventListener("input", () => this.#count());
  }

  open() {
    const ids = selectedWords(), selected = ids ? bare(getSelection().toString().replace(/\s+/g, " ").trim()) : "";
    editing.close();
    at("spelling-from").value = at("spelling-to").value = selected;
    at("spelling-problem").hidden = true;
    this.dialog.showModal();
    (selected ? at("spelling-to") : at("spelling-from")).focus();
    if (selected) at("spelling-to").select();
    this.#count();
  }

  get #from() { return at("spelling-from").value.replace(/\s+/g, " ").trim(); }

  #count() {
    if (!this.#from) { at("spelling-count").textContent = ""; return; }
    const said = places(desk.data.segments, { text: this.#from, hasCase: false, isWhole: true }).length;
    at("spelling-count").textContent = `${count(said, "place")} in the transcript, ${inNotes(this.#from)} in the notes`;
  }

  #save() {
    const from = this.#from, to = at("spelling-to").value.replace(/\s+/g, " ").trim();
    if (!from || !to || from === to) {
      at("spelling-problem").hidden = false;
      return;
    }
    this.dialog.close();
    desk.change([{ op: "spelling", from, to, glossary: at("spelling-glossary").checked }], `Fix “${from}” to “${to}” everywhere`)
      .then(() => say(`“${from}” is “${to}” everywhere now.`), () => {});
  }
}

export const start = () => {
  const again = new AgainDialog(), spelling = new SpellingDialog();
  const replay = () => { const { start: from, end } = transcript.chosen; player.playRange(from, end); };
  const does = { again: () => again.open(), spelling: () => spelling.open(), startHere: () => setTime("start"), endHere: () => setTime("end"), replay };
  bind(does);
  const tools = { "open-again": does.again, "open-spelling": does.spelling, "start-here": does.startHere, "end-here": does.endHere, replay };
  for (const [id, act] of Object.entries(tools)) {
    // The words selected, and the edit that is open, stay so while a tool is pressed.
    at(id).addEventListener("pointerdown", (event) => event.preventDefault());
    at(id).addEventListener("click", act);
  }
};
