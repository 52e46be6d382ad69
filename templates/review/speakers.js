// Who speaks: a segment given to somebody else, a voice named once for everywhere, a sample to know it by.
import { button, clock, el } from "./dom.js";
import { player } from "./player.js";
import { bind } from "./shortcuts.js";
import { desk } from "./state.js";
import { say } from "./status.js";
import { transcript } from "./transcript.js";

const SAMPLE_S = 6;
const at = (id) => document.getElementById(id);

const assign = (segment, label) => desk.change([{ op: "voice", at: segment.at, label }], `${desk.nameOf(label)} speaks at ${clock(segment.start)}`);

const byNumber = (event) => {
  const digit = /\d/.exec(event.code)?.[0] ?? event.key, speaker = desk.data.speakers[Number(digit) - 1], segment = transcript.chosen;
  if (!speaker) { say(`There is no speaker ${digit}.`); return; }
  if (segment.speaker !== speaker.label) assign(segment, speaker.label).catch(() => {});
  say(`${speaker.name} speaks at ${clock(segment.start)}.`);
};

// The longest stretch of a voice is the one to know it by.
const playSample = (label) => {
  const own = desk.data.segments.filter(({ speaker }) => speaker === label);
  const best = own.reduce((most, one) => (one.end - one.start > most.end - most.start ? one : most), own[0]);
  if (best) player.playRange(best.start, Math.min(best.end, best.start + SAMPLE_S));
};

class SpeakersDialog {
  #segment = null;
  #rows = [];

  constructor() {
    this.dialog = at("speakers-dialog");
    this.list = at("speakers-list");
    this.dialog.querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); this.#save(); });
    at("speakers-cancel").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("close", () => player.pause());
  }

  open() {
    this.#segment = transcript.chosen;
    at("speakers-at").textContent = clock(this.#segment.start);
    at("known-names").replaceChildren(...desk.data.notes.people.filter((one) => one.keep).map((one) => el("option", { value: one.name })));
    this.#rows = [...desk.data.speakers.map((speaker, index) => this.#row(speaker, index + 1)), this.#row(null)];
    this.list.replaceChildren(...this.#rows.map((row) => row.node));
    at("speakers-problem").hidden = true;
    this.dialog.showModal();
    (this.#rows.find((row) => row.choice.checked) ?? this.#rows[0]).choice.focus();
  }

  #row(speaker, number = null) {
    const name = speaker?.name ?? "", who = speaker ? name : "somebody new";
    const choice = el("input", {
      type: "radio", name: "speaker", checked: Boolean(speaker) && speaker.label === this.#segment.speaker,
      "aria-label": speaker ? `${name} speaks here` : "Somebody new speaks here",
    });
    const field = el("input", {
      type: "text", value: name, list: "known-names", autocomplete: "off", maxlength: "128",
      "aria-label": speaker ? `Name of ${who}, everywhere` : "Name of somebody new", placeholder: speaker ? null : "Somebody new",
      input: () => { if (!speaker && field.value.trim()) choice.checked = true; },
    });
    const hear = speaker ? button("Sample", () => playSample(speaker.label), { class: "small", "aria-label": `Play a sample of ${who}` }) : null;
    const key = el("span", { class: "key" }, number && number < 10 ? el("kbd", {}, String(number)) : null);
    return { speaker, choice, field, node: el("li", {}, choice, key, field, hear) };
  }

  // All of it is one change.
  #save() {
    const segment = this.#segment, ops = [], done = [];
    for (const { speaker, field } of this.#rows) {
      const name = field.value.replace(/\s+/g, " ").trim();
      if (!speaker || name === speaker.name) continue;
      ops.push({ op: "speaker", label: speaker.label, name: name || null });
      done.push(`${speaker.name} is ${name || speaker.label}`);
    }
    const chosen = this.#rows.find((row) => row.choice.checked);
    const label = chosen && (chosen.speaker?.label ?? chosen.field.value.replace(/\s+/g, " ").trim());
    if (chosen && !label) {
      at("speakers-problem").hidden = false;
      chosen.field.focus();
      return;
    }
    if (label && label !== segment.speaker) {
      ops.push({ op: "voice", at: segment.at, label });
      done.push(`${chosen.field.value.trim()} speaks at ${clock(segment.start)}`);
    }
    this.dialog.close();
    if (ops.length) desk.change(ops, done.join("; ")).then(() => say(`${done.join("; ")}.`), () => {});
  }
}

export const start = () => {
  const dialog = new SpeakersDialog();
  const open = () => dialog.open();
  bind({ speakers: open, speakerByNumber: byNumber });
  transcript.addEventListener("who", open);
  at("open-speakers").addEventListener("click", open);
};
