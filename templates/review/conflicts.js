// Decisions made on something the machine has since changed: side by side, until an editor takes one.
import { desk } from "./state.js";
import { player } from "./player.js";
import { button, clock, count, el, setText, when } from "./dom.js";
import { inWords, keyInWords } from "./wording.js";

export class Conflicts {
  constructor() {
    this.title = el("h3", { id: "conflicts-title" });
    this.list = el("ul");
    this.node = el("section", { class: "panel conflicts", id: "conflicts", "aria-labelledby": "conflicts-title", hidden: true }, this.title,
      el("p", {}, "The episode was processed again, and the machine now says something else where an editor had decided. Nothing was thrown away; choose what shall stand. Approving has to wait for it."),
      this.list);
    this.shown = "[]";
  }

  update({ conflicts }) {
    const now = JSON.stringify(conflicts);
    if (now === this.shown) return;
    this.shown = now;
    const hadFocus = this.node.contains(document.activeElement);
    this.node.hidden = !conflicts.length;
    setText(this.title, count(conflicts.length, "conflict"));
    this.list.replaceChildren(...conflicts.map((conflict) => this.#row(conflict)));
    if (hadFocus) (this.list.querySelector("button") ?? document.getElementById("notes")).focus();
  }

  #row(conflict) {
    const { key, label, mine, then, now, by, at, start } = conflict;
    const problem = el("p", { class: "problem", role: "alert", hidden: true });
    const name = label || keyInWords(key);
    const take = (choice, words) => button(words, async () => {
      try {
        await desk.change([{ op: "resolve", key, take: choice }], `${words}: ${name}`);
      } catch (error) {
        problem.hidden = false;
        problem.textContent = error.message;
      }
    }, { "aria-label": `${words}: ${name}` });
    const side = (title, value) => el("div", {}, el("dt", {}, title), el("dd", {}, inWords(value, key)));
    return el("li", { class: "conflict", dataset: { conflict: key } },
      el("h4", {}, name, start === null || start === undefined ? null
        : button(clock(start), () => player.playAt(start), { class: "small quiet", "aria-label": `Play ${clock(start)}` })),
      el("dl", { class: "sides" }, side(`${by ?? "An editor"}${at ? `, ${when(at)}` : ""}`, mine), side("Machine then", then), side("Machine now", now)),
      el("p", { class: "row-tools" }, take("mine", "Keep mine"), take("machine", "Take the machine’s")), problem);
  }
}
