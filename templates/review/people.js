// Who speaks and who is spoken of; public bodies, other organizations and events.
import { desk } from "./state.js";
import { Card, Cards, attributeField, machineName, nameField } from "./card.js";
import { Said } from "./said.js";
import { button, el, ownKey, setText } from "./dom.js";

const ROLES = [["guest", "Guest"], ["host", "Host"], ["mentioned", "Mentioned"]];
const KINDS = [["government_agency", "Public agency"], ["intergovernmental", "Intergovernmental"], ["company", "Company"],
  ["ngo", "Non-profit"], ["university", "University"], ["media", "Media"], ["political", "Political"], ["other", "Other"]];
const AGENCIES = ["government_agency", "intergovernmental"];
const UNSURE = 0.7;

class PersonCard extends Card {
  constructor(item) {
    super(item, "person");
    const named = { name: () => this.name };
    this.fields.name = nameField(this, "Name");
    this.fields.role = attributeField(this.key, "role", "Role", { ...named, options: ROLES, isLabelHidden: true });
    this.fields.title = attributeField(this.key, "title", "What they do", { ...named, noun: "title", placeholder: "nobody says it" });
    this.fields.organization = attributeField(this.key, "organization", "For whom", { ...named, noun: "organization", placeholder: "nobody says it" });
    this.fields.description = attributeField(this.key, "description", "Said of them", { ...named, noun: "description", placeholder: "nothing is said" });
    this.fields.link = attributeField(this.key, "link", "Link", { ...named, type: "url", placeholder: "https://" });
    const { name, role, ...rest } = this.fields;
    this.said = new Said();
    this.unsure = el("p", { class: "soft-note", hidden: true }, "The machine is not sure of the role.");
    this.more = el("div", { class: "attributes" }, ...Object.values(rest).map((field) => field.node));
    this.opener = button("Title, organization, link", () => this.#open(true), { class: "small quiet opener", "aria-expanded": "false" });
    this.body.append(el("div", { class: "card-head" }, name.node, role.node), this.said.node, this.unsure, this.opener, this.more);
  }

  get machineName() { return machineName(this); }
  get registers() { return ["name", "role", "title", "organization", "description", "link", "keep"]; }

  #open(isOpen) {
    this.isOpen = isOpen;
    this.more.hidden = !isOpen;
    this.opener.hidden = isOpen;
    if (isOpen && document.activeElement === document.body) this.fields.title.input.focus();
  }

  update(item) {
    super.update(item);
    this.said.update(item.evidence, item.name);
    this.unsure.hidden = item.added || !(item.confidence < UNSURE);
    const edits = ["title", "organization", "description", "link"].some((attribute) => item[attribute] || item.edited.includes(attribute));
    if (!this.isOpen) this.#open(item.role === "guest" || edits);
  }
}

class BodyCard extends Card {
  constructor(item) {
    super(item, "body");
    const named = { name: () => this.name };
    this.fields.name = nameField(this, "Name");
    this.fields.kind = attributeField(this.key, "kind", "Kind", { ...named, options: KINDS, isLabelHidden: true });
    this.fields.description = attributeField(this.key, "description", "What it does", { ...named, noun: "description", placeholder: "nobody says it" });
    this.said = new Said();
    this.body.append(el("div", { class: "card-head" }, this.fields.name.node, this.fields.kind.node), this.said.node,
      el("div", { class: "attributes" }, this.fields.description.node));
  }

  get machineName() { return machineName(this); }
  get registers() { return ["name", "kind", "description", "keep"]; }

  update(item) {
    super.update(item);
    this.said.update(item.evidence, item.name);
  }
}

class EventCard extends Card {
  constructor(item) {
    super(item, "event");
    this.title = el("p", { class: "plain-name" });
    this.said = new Said();
    this.body.append(this.title, this.said.node);
  }

  update(item) {
    super.update(item);
    setText(this.title, item.name);
    this.said.update(item.evidence, item.name);
  }
}

// A heading with the cards below it; hidden when there are none.
class Group {
  constructor(title) {
    this.list = el("ul", { class: "cards" });
    this.node = el("div", { class: "group", hidden: true }, el("h4", {}, title), this.list);
  }

  show(cards, items) {
    this.node.hidden = !items.length;
    cards.arrangeIn(this.list, items);
  }
}

export class People {
  constructor() {
    this.people = new Cards((item) => new PersonCard(item));
    this.bodies = new Cards((item) => new BodyCard(item));
    this.events = new Cards((item) => new EventCard(item));
    this.groups = { guest: new Group("Guests"), host: new Group("Hosts"), mentioned: new Group("Mentioned"),
      agencies: new Group("Agencies"), others: new Group("Organizations"), events: new Group("Events") };
    const { guest, host, mentioned, agencies, others, events } = this.groups;
    this.node = el("section", { class: "panel", id: "people", "aria-labelledby": "people-title" },
      el("h3", { id: "people-title" }, "People and bodies"),
      guest.node, host.node, mentioned.node,
      button("Add a person", () => this.#add("person", "New person", ["role", "guest"]), { class: "small" }),
      agencies.node, others.node,
      button("Add a body", () => this.#add("body", "New body", ["kind", "government_agency"]), { class: "small" }),
      events.node);
  }

  update({ people, bodies, events }) {
    this.people.update(people);
    this.bodies.update(bodies);
    this.events.update(events);
    for (const role of ["guest", "host", "mentioned"]) this.groups[role].show(this.people, people.filter((p) => p.role === role));
    this.groups.agencies.show(this.bodies, bodies.filter((b) => AGENCIES.includes(b.kind)));
    this.groups.others.show(this.bodies, bodies.filter((b) => !AGENCIES.includes(b.kind)));
    this.groups.events.show(this.events, events);
    const known = [this.people, this.bodies].find((cards) => this.awaited && cards.known.has(this.awaited));
    if (known) {
      const { input } = known.known.get(this.awaited).fields.name;
      this.awaited = null;
      input.focus();
      input.select();
    }
  }

  #add(kind, name, [attribute, value]) {
    this.awaited = `${kind}/${ownKey()}`;
    const ops = [["name", name], [attribute, value]].map(([one, given]) => ({ op: "set", key: `${this.awaited}/${one}`, value: given }));
    desk.change(ops, `Add a ${kind}`).catch(() => { this.awaited = null; });
  }
}
