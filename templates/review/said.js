// What says so: the time, the sentence, and its sound on a click.
import { player } from "./player.js";
import { clock, el } from "./dom.js";

export class Said {
  constructor() {
    this.node = el("button", { type: "button", class: "said", hidden: true, click: () => player.playAt(this.start) });
    this.shown = null;
  }

  // Evidence {text, start, end}, or null where nothing says it. `about` names what it is evidence of.
  update(evidence, about = "") {
    const now = JSON.stringify([evidence, about]);
    if (now === this.shown) return;
    this.shown = now;
    this.node.hidden = !evidence;
    if (!evidence) return;
    this.start = evidence.start;
    this.node.replaceChildren(
      el("span", { class: "covered" }, `Play what says so${about && `, ${about}`}: `),
      el("span", { class: "clock" }, clock(evidence.start)),
      ...(evidence.text ? [el("q", {}, evidence.text)] : evidence.note ? [el("span", {}, evidence.note)] : []),
    );
  }
}
