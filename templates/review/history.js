// Every change with who, when, before and after; newest first.
import { desk } from "./state.js";
import { ask } from "./server.js";
import { saveAll } from "./field.js";
import { button, count, el, when } from "./dom.js";
import { inWords, keyInWords } from "./wording.js";

const AT_ONCE = 100;
let dialog = null;

const edit = ({ key, machine, before, after }) => el("li", {},
  el("strong", {}, keyInWords(key)),
  el("dl", { class: "sides" },
    el("div", {}, el("dt", {}, "Before"), el("dd", {}, before === null ? `the machine’s: ${inWords(machine, key)}` : inWords(before, key))),
    el("div", {}, el("dt", {}, "After"), el("dd", {}, after === null ? `the machine’s: ${inWords(machine, key)}` : inWords(after, key)))));

const change = ({ seq, at, by, kind, label, edits }) => {
  const list = el("ul", { class: "edits" });
  const fill = () => { if (!list.children.length) list.append(...edits.map(edit)); };
  return el("li", { dataset: { seq } }, el("details", { toggle: fill },
    el("summary", {}, el("span", { class: "what" }, label || kind), el("span", { class: "soft" }, `${by}, ${when(at)}`)),
    edits.length ? list : el("p", { class: "soft-note" }, "Nothing was edited.")));
};

const show = (list, changes, more, from = 0) => {
  list.append(...changes.slice(from, from + AT_ONCE).map(change));
  const next = from + AT_ONCE;
  more.hidden = next >= changes.length;
  more.onclick = () => show(list, changes, more, next);
};

export const openHistory = async () => {
  if (!dialog) {
    dialog = el("dialog", { id: "history-dialog", "aria-labelledby": "history-title", class: "wide" });
    document.body.append(dialog);
  }
  const told = el("p", { class: "soft-note", role: "status" }, "Loading …"), list = el("ol", { class: "history" });
  const more = button("Show older ones", () => {}, { hidden: true });
  dialog.replaceChildren(el("h2", { id: "history-title" }, "History"), told, list, el("p", { class: "dialog-buttons" }, more, button("Close", () => dialog.close())));
  if (!dialog.open) dialog.showModal();
  try {
    await saveAll();
    const { changes } = await ask("GET", `/api/episodes/${desk.data.id}/history`);
    told.textContent = changes.length ? `${count(changes.length, "change")}, newest first. The machine’s own draft is never changed.` : "Nobody has changed anything yet.";
    show(list, changes, more);
  } catch (error) {
    told.textContent = error.message;
  }
};
