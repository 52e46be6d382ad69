// The notes beside the transcript: all panels, drawn again whenever the desk has news.
import { desk } from "./state.js";
import { Chapters } from "./chapters.js";
import { Checks } from "./checks.js";
import { Conflicts } from "./conflicts.js";
import { Lint } from "./lint.js";
import { Links } from "./links.js";
import { People } from "./people.js";
import { Preview } from "./preview.js";
import { Quotes } from "./quotes.js";
import { Story } from "./story.js";
import { el, setText } from "./dom.js";

const PARTS = [["checks", "Check"], ["story", "Story"], ["people", "People"], ["chapters", "Chapters"], ["quotes", "Quotes"], ["links", "Links"], ["lint", "Rules"], ["preview", "Preview"]];
let panels = null, lint = null, ways = null, isDue = false;

const wayTo = (id, words) => el("a", { href: `#${id}`, dataset: { part: id } }, words);

// On a narrow screen one of the two is shown. Whoever sets `data-pane` of the body switches.
const switchPanes = () => {
  const buttons = [...document.querySelectorAll(".panes button")];
  const mark = () => { for (const one of buttons) one.setAttribute("aria-pressed", String(one.dataset.pane === document.body.dataset.pane)); };
  for (const one of buttons) {
    one.addEventListener("click", () => {
      document.body.dataset.pane = one.dataset.pane;
      scrollTo(0, 0);
    });
  }
  new MutationObserver(mark).observe(document.body, { attributeFilter: ["data-pane"] });
  document.body.dataset.pane = "transcript";
};

const draw = () => {
  isDue = false;
  for (const panel of panels) panel.update(desk.data.notes);
  lint.draw();
  const left = panels.find((panel) => panel instanceof Checks).left;
  setText(ways.get("checks"), left ? `Check ${left}` : "Check");
};

// Once for many changes, and not while the page is busy with a key.
const drawSoon = () => {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(draw);
};

const start = () => {
  if (panels) return;
  // Every change is somebody's: a desk without accounts asks a name once.
  if (!desk.data.editor) {
    location.replace(`/name?next=${encodeURIComponent(location.pathname + location.hash)}`);
    return;
  }
  const column = document.getElementById("notes");
  lint = new Lint();
  const preview = new Preview(lint);
  panels = [new Conflicts(), new Checks(), new Story(), new People(), new Chapters(), new Quotes(), new Links(), preview];
  ways = new Map(PARTS.map(([id, words]) => [id, wayTo(id, words)]));
  document.getElementById("readable")?.remove();
  document.getElementById("notes-title").classList.add("covered");
  column.append(el("nav", { class: "ways", "aria-label": "Parts of the notes" }, ...ways.values()),
    ...panels.slice(0, -1).map((panel) => panel.node), lint.node, preview.node);
  for (const hidden of document.querySelectorAll("[data-needs-scripts]")) hidden.hidden = false;
  switchPanes();
  draw();
  lint.now();
  desk.addEventListener("notes", () => { drawSoon(); lint.later(); });
};

if (desk.data) start(); else desk.addEventListener("notes", start, { once: true });
