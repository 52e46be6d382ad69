// What the platforms' rules say of the notes as they are now, each finding beside the field it names.
import { desk } from "./state.js";
import { player } from "./player.js";
import { ask } from "./server.js";
import { button, clock, count, el, setText } from "./dom.js";

// All files are made anew for it: not after every word.
const PAUSE_MS = 2000;

export class Lint {
  constructor() {
    this.asking = null;
    this.findings = [];
    this.summary = el("p", { class: "soft-note", role: "status" });
    this.list = el("ul", { class: "lint" });
    this.node = el("section", { class: "panel", id: "lint", "aria-labelledby": "lint-title" },
      el("h3", { id: "lint-title" }, "Rules of the platforms"), this.summary, this.list);
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), PAUSE_MS);
  }

  async now() {
    clearTimeout(this.timer);
    await this.asking;
    this.asking = this.#ask();
    await this.asking;
  }

  async #ask() {
    try {
      ({ findings: this.findings } = await ask("GET", `/api/episodes/${desk.data.id}/lint`));
      this.draw();
    } catch (error) {
      setText(this.summary, `The rules could not be checked: ${error.message}`);
    }
  }

  // Put again after the notes were drawn: fields come and go.
  draw() {
    const slots = new Map([...document.querySelectorAll("[data-lint]")].map((slot) => [slot.dataset.lint, slot]));
    const placed = new Map(), rest = [];
    for (const finding of this.findings) {
      const slot = finding.field && slots.get(finding.field);
      if (slot) placed.set(slot, [...(placed.get(slot) ?? []), finding]);
      else rest.push(finding);
    }
    for (const slot of slots.values()) this.#fill(slot, placed.get(slot) ?? [], false);
    this.#fill(this.list, rest, true);
    const errors = this.findings.filter((finding) => finding.is_error).length;
    setText(this.summary, this.findings.length
      ? `${count(this.findings.length, "finding")}, ${errors ? `${errors} of them refused or cut by a platform` : "all of them advice"}.${placed.size ? ` ${count(this.findings.length - rest.length, "stands", "stand")} beside the fields above.` : ""}`
      : "Nothing to complain about.");
  }

  #fill(list, findings, withTarget) {
    const now = JSON.stringify(findings);
    if (list.dataset.shown === now || (!findings.length && !list.children.length)) return;
    list.dataset.shown = now;
    list.replaceChildren(...findings.map((finding) => el("li", { class: finding.is_error ? "is-error" : null },
      el("strong", {}, `${finding.is_error ? "Refused or cut" : "Advice"}${withTarget ? `, ${finding.target}` : ""}: `),
      `${finding.message} ${finding.fix} `, el("cite", {}, finding.source),
      finding.start === null ? null : button(clock(finding.start), () => player.playAt(finding.start), { class: "small quiet", "aria-label": `Play ${clock(finding.start)}` }))));
  }
}
