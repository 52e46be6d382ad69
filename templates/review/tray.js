// The files in the in-tray that are no episodes yet, kept up to date.
import { ask } from "./server.js";
import { arrange, el, setText } from "./dom.js";

const POLL_MS = 4000;
const at = (id) => document.getElementById(id);
const rows = new Map([...at("dropped").children].map((row) => [row.dataset.path, row]));
// While nobody watches the folder and nothing waits there, nothing will move in it.
let before = null, isMoving = "watched" in at("tray").dataset || rows.size > 0;

const row = (file) => {
  const made = rows.get(file.path) ?? el("li", { dataset: { path: file.path } }, el("span", { class: "name" }), el("span", { class: "chip" }), el("span", { class: "soft why" }));
  rows.set(file.path, made);
  setText(made.querySelector(".name"), file.name);
  setText(made.querySelector(".chip"), file.words);
  setText(made.querySelector(".why"), file.reason);
  made.querySelector(".chip").dataset.state = file.state;
  return made;
};

const refresh = async () => {
  if (!document.hidden) {
    try {
      const tray = await ask("GET", "/api/tray");
      at("tray").hidden = !tray.files.length;
      at("unwatched").hidden = tray.is_watched;
      isMoving = tray.is_watched || tray.files.length > 0;
      arrange(at("dropped"), tray.files.map(row));
      at("more").hidden = !tray.more;
      setText(at("more"), `and ${tray.more} more`);
      const now = tray.files.map((file) => file.path + file.state).join("\n");
      // What has left this list, or begins to be made, shows among the episodes.
      if (before !== null && now !== before) document.dispatchEvent(new Event("tray"));
      before = now;
    } catch { /* The list of episodes says that the desk does not answer. */ }
  }
  later();
};

const later = () => { if (isMoving) setTimeout(refresh, POLL_MS); };

later();
