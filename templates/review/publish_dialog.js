// Publishing now or at a date and time in some zone, and taking it back.
import { desk } from "./state.js";
import { button, el, when } from "./dom.js";
import { here, momentIn, nowIn, zones } from "./zones.js";

const A_DAY_MIN = 24 * 60;

export class PublishDialog {
  constructor({ act, approve }) {
    Object.assign(this, { act, approve });
    this.stand = el("p");
    this.problem = el("p", { class: "alert", role: "alert", hidden: true });
    this.now = el("input", { type: "radio", name: "moment", value: "now", checked: true, change: () => this.#drawTime() });
    this.later = el("input", { type: "radio", name: "moment", value: "later", change: () => this.#drawTime() });
    this.time = el("input", { type: "datetime-local", id: "publish-time", input: () => this.#drawTime() });
    this.zone = el("select", { id: "publish-zone", change: () => this.#drawTime() });
    this.meaning = el("p", { class: "soft-note", role: "status" });
    this.times = el("div", { class: "pair", hidden: true },
      el("div", {}, el("label", { for: "publish-time" }, "Date and time"), this.time), el("div", {}, el("label", { for: "publish-zone" }, "Time zone"), this.zone));
    this.going = el("button", { class: "primary" }, "Publish now");
    this.approving = button("Approve", () => this.approve());
    this.choice = el("div", { class: "choices" }, el("label", {}, this.now, " Now"), el("label", {}, this.later, " At a date and time"), this.times, this.meaning);
    this.back = button("Unpublish", () => this.#run("unpublish", {}));
    this.cancelPlan = button("Do not publish then", () => this.#run("unpublish", {}));
    const form = el("form", { submit: (event) => { event.preventDefault(); this.#publish(); } },
      this.stand, this.problem, this.choice, el("p", { class: "dialog-buttons" }, this.going, this.approving, this.back, this.cancelPlan, button("Close", () => this.node.close())));
    this.node = el("dialog", { "aria-labelledby": "publish-title", id: "publish-dialog" }, el("h2", { id: "publish-title" }, "Publish"), form);
  }

  open() {
    if (!this.zone.options.length) {
      this.zone.append(...zones().map((zone) => el("option", { value: zone }, zone.replaceAll("_", " "))));
      this.zone.value = here();
    }
    if (!this.time.value) this.time.value = nowIn(this.zone.value, A_DAY_MIN);
    this.problem.hidden = true;
    this.draw();
    this.node.showModal();
  }

  draw() {
    const { state, approval, published, publish_at: planned } = desk.data;
    const isPublic = state === "published", isApproved = state === "approved", lines = [];
    if (published) lines.push(`Version ${published.version} was published ${when(published.at)} by ${published.by}.`);
    if (planned) lines.push(`The approved version is to be published ${when(planned)}.`);
    if (isPublic) lines.push("It is public as it was approved.");
    else if (state === "changed_since_approval") lines.push("Something was changed since it was approved. Approve it again to publish the change.");
    else if (!isApproved) lines.push("Only an approved version is published. Approve it first.");
    else if (!published && !planned) lines.push(`Approved by ${approval.by}, ${when(approval.at)}.`);
    this.stand.replaceChildren(lines.join(" "));
    if (published?.url) this.stand.append(" ", el("a", { href: published.url, target: "_blank", rel: "noopener" }, "See the page"));
    this.choice.hidden = this.going.hidden = !isApproved;
    this.approving.hidden = isApproved || isPublic;
    this.approving.textContent = state === "changed_since_approval" ? "Approve again" : "Approve";
    this.back.hidden = !published;
    this.cancelPlan.hidden = !planned || Boolean(published);
    this.#drawTime();
  }

  #drawTime() {
    const isLater = this.later.checked;
    this.times.hidden = !isLater;
    this.going.textContent = isLater ? "Publish then" : "Publish now";
    const moment = isLater ? momentIn(this.time.value, this.zone.value) : null;
    this.meaning.textContent = moment ? `That is ${when(moment)} where you are, ${new Date(moment).toISOString().slice(0, 16).replace("T", " ")} UTC.` : "";
  }

  #publish() {
    if (!this.later.checked) return this.#run("publish", { at: null });
    const moment = momentIn(this.time.value, this.zone.value);
    if (moment === null) return this.#complain(new Error("Choose a date and a time."));
    if (Date.parse(moment) < Date.now()) return this.#complain(new Error("That time has passed. Choose a later one, or publish now."));
    return this.#run("publish", { at: moment });
  }

  async #run(path, body) {
    this.problem.hidden = true;
    this.node.setAttribute("aria-busy", "true");
    try {
      await this.act(path, body);
    } catch (error) {
      this.#complain(error);
    } finally {
      this.node.removeAttribute("aria-busy");
    }
  }

  #complain(error) {
    this.problem.hidden = false;
    this.problem.textContent = error.message;
  }
}
