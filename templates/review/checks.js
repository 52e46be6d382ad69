// What an editor should look at before approving, and how much of it is done.
import { desk } from "./state.js";
import { player } from "./player.js";
import { arrange, button, clock, el, setText } from "./dom.js";

// Shows a time in the transcript and leaves the focus there; `desk.js` listens.
const jump = (time) => {
  document.body.dataset.pane = "transcript";
  document.dispatchEvent(new CustomEvent("desk:show", { detail: { time } }));
};

class Check {
  constructor(check) {
    this.box = el("input", { type: "checkbox", change: () => this.#see() });
    this.message = el("span");
    this.play = button("", () => player.playAt(this.check.start), { class: "small quiet" });
    this.show = button("Show", () => jump(this.check.start), { class: "small quiet" });
    this.node = el("li", { class: "check", dataset: { check: check.key } }, el("label", {}, this.box, this.message),
      el("span", { class: "row-tools" }, this.play, this.show));
  }

  update(check) {
    this.check = check;
    this.box.checked = check.seen;
    this.node.classList.toggle("is-seen", check.seen);
    setText(this.message, check.message);
    const hasPlace = check.start !== null && check.start !== undefined;
    this.play.hidden = this.show.hidden = !hasPlace;
    if (!hasPlace) return;
    setText(this.play, clock(check.start));
    this.play.setAttribute("aria-label", `Play ${clock(check.start)}`);
    this.show.setAttribute("aria-label", `Show ${clock(check.start)} in the transcript`);
  }

  #see() {
    const is = this.box.checked;
    desk.change([{ op: "seen", check: this.check.key, is }], is ? "Looked at a passage" : "Look at a passage again")
      .catch(() => { this.box.checked = !is; });
  }
}

export class Checks {
  constructor() {
    this.known = new Map();
    this.summary = el("p", { class: "soft-note", id: "checks-summary", role: "status" });
    this.progress = el("progress", { "aria-labelledby": "checks-summary" });
    this.list = el("ol", { class: "check-list" });
    this.next = button("Play the next one", () => this.#next(), { class: "small" });
    this.node = el("section", { class: "panel", id: "checks", "aria-labelledby": "checks-title" },
      el("h3", { id: "checks-title" }, "To check"), this.summary, this.progress, this.list, this.next);
  }

  update({ checks }) {
    this.checks = checks;
    this.known = new Map(checks.map((check) => [check.key, this.known.get(check.key) ?? new Check(check)]));
    for (const check of checks) this.known.get(check.key).update(check);
    arrange(this.list, checks.map((check) => this.known.get(check.key).node));
    const seen = checks.filter((check) => check.seen).length;
    setText(this.summary, checks.length ? `${seen} of ${checks.length} looked at` : "The machine found nothing doubtful.");
    this.progress.max = Math.max(1, checks.length);
    this.progress.value = seen;
    this.progress.hidden = this.next.hidden = !checks.length;
    this.next.hidden = seen === checks.length;
  }

  get left() { return (this.checks ?? []).filter((check) => !check.seen).length; }

  #next() {
    const check = this.checks.find((one) => !one.seen);
    if (!check) return;
    const { box } = this.known.get(check.key);
    box.focus();
    if (check.start !== null) player.playAt(check.start);
  }
}
