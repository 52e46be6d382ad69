// What listeners may look up: resources, links and earlier episodes.
import { desk } from "./state.js";
import { Card, Cards, attributeField } from "./card.js";
import { Said } from "./said.js";
import { button, el, ownKey, setText } from "./dom.js";

class ResourceCard extends Card {
  constructor(item) {
    super(item, "resource");
    this.kindOf = el("p", { class: "soft-note" });
    this.said = new Said();
    this.fields.name = attributeField(this.key, "name", "Name", { name: () => this.name, isLabelHidden: true });
    this.fields.url = attributeField(this.key, "url", "Link", { name: () => this.name, type: "url", placeholder: "https://" });
    this.body.append(this.fields.name.node, this.kindOf, this.said.node, el("div", { class: "attributes" }, this.fields.url.node));
  }

  update(item) {
    super.update(item);
    setText(this.kindOf, item.kind);
    this.said.update(item.evidence, item.name);
  }
}

class LinkCard extends Card {
  constructor(item) {
    super(item, "link");
    this.fields.text = attributeField(this.key, "text", "Words", { name: () => this.name });
    this.fields.url = attributeField(this.key, "url", "Link", { name: () => this.name, type: "url", placeholder: "https://" });
    this.body.append(el("div", { class: "attributes" }, this.fields.text.node, this.fields.url.node));
  }

  get registers() { return ["text", "url", "keep"]; }
}

class EarlierCard extends Card {
  constructor(item) {
    super(item, "episode");
    this.title = el("p", { class: "plain-name" });
    this.body.append(this.title);
  }

  update(item) {
    super.update(item);
    setText(this.title, item.text);
  }
}

export class Links {
  constructor() {
    const kinds = { resources: ["Resources", ResourceCard], links: ["Links", LinkCard], earlier: ["Earlier episodes", EarlierCard] };
    this.groups = Object.entries(kinds).map(([name, [title, Kind]]) => {
      const list = el("ul", { class: "cards" });
      return { name, list, cards: new Cards((item) => new Kind(item)), node: el("div", { class: "group" }, el("h4", {}, title), list) };
    });
    this.groups[1].node.append(button("Add a link", () => this.#add(), { class: "small" }));
    this.node = el("section", { class: "panel", id: "links", "aria-labelledby": "links-title" },
      el("h3", { id: "links-title" }, "Resources and links"), ...this.groups.map((group) => group.node));
  }

  update(notes) {
    for (const { name, list, cards, node } of this.groups) {
      cards.update(notes[name]);
      cards.arrangeIn(list, notes[name]);
      node.hidden = !notes[name].length && name !== "links";
    }
    const added = this.groups[1].cards.known.get(this.awaited);
    if (added) {
      this.awaited = null;
      added.fields.text.input.focus();
      added.fields.text.input.select();
    }
  }

  #add() {
    this.awaited = `link/${ownKey()}`;
    desk.change([{ op: "set", key: `${this.awaited}/text`, value: "New link" }], "Add a link").catch(() => { this.awaited = null; });
  }
}
