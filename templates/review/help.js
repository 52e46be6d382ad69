// The dialog that lists every shortcut, from the table that also carries them out.
import { el } from "./dom.js";
import { bindOptions } from "./options.js";
import { TABLE, bind, shown } from "./shortcuts.js";

const keysOf = (row) => el("td", {}, shown(row).flatMap((key, index) => [index ? " + " : null, el("kbd", {}, key)]));

const tableOf = ({ group, rows }) => el("table", {},
  el("caption", {}, group),
  el("tbody", {}, rows.map((row) => el("tr", {}, keysOf(row), el("td", {}, row.says)))));

export const start = () => {
  const dialog = document.getElementById("help-dialog");
  dialog.querySelector(".shortcuts").append(...TABLE.map(tableOf));
  bindOptions(dialog);
  const open = () => dialog.showModal();
  bind({ help: open });
  document.getElementById("help")?.addEventListener("click", open);
};
