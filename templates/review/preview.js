// Every file as it would be published now, and the copies that people paste elsewhere: exactly what the lint checked.
import { desk } from "./state.js";
import { askText } from "./server.js";
import { saveAll } from "./field.js";
import { arrange, button, count, el, setText } from "./dom.js";

const KINDS = { "notes.html": "Web page", "notes.md": "Blog" };
// What each paste target takes: rich text keeps its links and lists, plain text is for boxes that know no markup.
const COPIES = [["Podcast apps", "app.html", true], ["Video platform", "video.txt", false], ["Newsletter", "newsletter.html", true], ["Blog", "notes.md", false]];

// What people read comes before what machines do.
const FIRST = ["notes.html", "app.html", "newsletter.html", "notes.md", "video.txt", "social.txt"];
const rank = ({ name }) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
const address = (target) => `/episode/${desk.data.id}/preview/${encodeURIComponent(target)}`;
const isPage = (target) => target.endsWith(".html");

const bodyOf = (html) => new DOMParser().parseFromString(html, "text/html").body;
const plainOf = (html) => {
  const body = bodyOf(html);
  body.querySelectorAll("style, script").forEach((node) => node.remove());
  body.querySelectorAll("p, li, h1, h2, h3, h4, br, blockquote").forEach((node) => node.append("\n"));
  return body.textContent.replace(/[ \t]+/g, " ").replace(/ *\n[ \n]*/g, "\n").trim();
};

// Without a secure connection browsers hide the newer interface; the older one copies just the same.
const copyOldWay = (forms) => new Promise((done, failed) => {
  const put = (event) => {
    event.preventDefault();
    for (const [type, text] of Object.entries(forms)) event.clipboardData.setData(type, text);
  };
  document.addEventListener("copy", put, { once: true });
  if (document.execCommand("copy")) done(); else { document.removeEventListener("copy", put); failed(new Error("This browser lets no page copy.")); }
});

// The text is promised, not awaited: some browsers let a page copy only while the press is being answered.
const copy = (types, making) => {
  if (!navigator.clipboard?.write) return making.then(copyOldWay);
  const item = Object.fromEntries(types.map((type) => [type, making.then((forms) => new Blob([forms[type]], { type }))]));
  return navigator.clipboard.write([new ClipboardItem(item)]);
};

export class Preview {
  constructor(lint) {
    this.lint = lint;
    this.tabs = el("div", { class: "tabs", role: "tablist", "aria-label": "Files", keydown: (event) => this.#key(event) });
    this.frame = el("iframe", { sandbox: "", hidden: true });
    this.text = el("pre", { tabindex: "0", hidden: true });
    this.apart = el("a", { target: "_blank", rel: "noopener" }, "Open in a tab of its own");
    this.page = el("div", { class: "page", role: "tabpanel", id: "preview-page" }, this.frame, this.text);
    this.told = el("p", { class: "soft-note", role: "status" });
    this.node = el("section", { class: "panel", id: "preview", "aria-labelledby": "preview-title" },
      el("h3", { id: "preview-title" }, "Preview"),
      el("h4", {}, "Copy for"), el("p", { class: "row-tools", id: "copies" }, ...COPIES.map(([words, target, isRich]) => button(words, () => this.#copy(words, target, isRich), { class: "small", "aria-label": `Copy for: ${words}` }))),
      this.told, el("h4", {}, "As it will be published"), this.tabs, this.page, el("p", { class: "soft-note" }, this.apart));
    new IntersectionObserver((seen) => { this.isSeen = seen.at(-1).isIntersecting; if (this.isSeen && this.isStale) this.#load(); }).observe(this.page);
  }

  update() {
    const known = new Map([...this.tabs.children].map((tab) => [tab.dataset.target, tab]));
    const targets = [...desk.data.targets].sort((one, other) => rank(one) - rank(other));
    arrange(this.tabs, targets.map(({ name, kind }) => known.get(name) ?? el("button", {
      type: "button", class: "small", role: "tab", id: `tab-${name}`, dataset: { target: name }, "aria-controls": "preview-page", "aria-selected": "false",
      tabindex: "-1", click: () => this.open(name) }, KINDS[name] ?? (kind || name))));
    if (!this.target && targets.length) this.open(targets[0].name);
    else this.#stale();
  }

  open(target) {
    this.target = target;
    for (const tab of this.tabs.children) {
      const isThis = tab.dataset.target === target;
      tab.setAttribute("aria-selected", String(isThis));
      tab.tabIndex = isThis ? 0 : -1;
    }
    this.page.setAttribute("aria-labelledby", `tab-${target}`);
    this.apart.href = address(target);
    this.isStale = true;
    if (this.isSeen) this.#load();
  }

  #stale() {
    this.isStale = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { if (this.isSeen && this.isStale) this.#load(); }, 1200);
  }

  async #load() {
    this.isStale = false;
    const { target } = this;
    this.frame.hidden = !isPage(target);
    this.text.hidden = isPage(target);
    if (isPage(target)) {
      this.frame.title = `Preview of ${target}`;
      this.frame.src = address(target);
      return;
    }
    let text;
    try { text = await askText(address(target)); } catch (error) { text = error.message; }
    if (target === this.target) setText(this.text, text);
  }

  #key(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const tabs = [...this.tabs.children];
    const place = tabs.findIndex((tab) => tab.dataset.target === this.target);
    const next = event.key === "Home" ? tabs[0] : event.key === "End" ? tabs.at(-1) : step && tabs[(place + step + tabs.length) % tabs.length];
    if (!next) return;
    event.preventDefault();
    this.open(next.dataset.target);
    next.focus();
  }

  async #make(target, isRich) {
    await saveAll();
    const text = await askText(address(target));
    return isRich ? { "text/plain": plainOf(text), "text/html": text } : { "text/plain": text };
  }

  async #copy(words, target, isRich) {
    setText(this.told, "");
    const making = this.#make(target, isRich);
    try {
      await copy(isRich ? ["text/plain", "text/html"] : ["text/plain"], making);
      await this.lint.now();
      const findings = this.lint.findings.filter((finding) => finding.target === target).length;
      setText(this.told, `Copied for ${words.toLowerCase()}, ${findings ? count(findings, "finding") : "no findings"}.`);
    } catch (error) {
      // What could not be made says more than the browser that got nothing to copy.
      const cause = await making.then(() => error, (reason) => reason);
      setText(this.told, `Nothing was copied: ${cause.message}`);
    }
  }
}
