// Starts the desk: the episode is fetched, the page comes to life, and what an earlier tab left unsent is sent.
import "./notes.js";
import "./publish.js";
import { count } from "./dom.js";
import { doubts } from "./doubts.js";
import { editing } from "./editing.js";
import { saveAll } from "./field.js";
import { findBar, replacing } from "./find.js";
import * as help from "./help.js";
import { tell } from "./notices.js";
import { bindOptions } from "./options.js";
import * as passage from "./passage.js";
import { player } from "./player.js";
import * as refused from "./refused.js";
import { act, bind, listen } from "./shortcuts.js";
import * as speakers from "./speakers.js";
import { desk } from "./state.js";
import * as status from "./status.js";
import { transcript } from "./transcript.js";
import { Waveform } from "./waveform.js";

const at = (id) => document.getElementById(id);
const chapters = () => desk.data.notes.chapters.filter((chapter) => chapter.keep);

// In a field, the browser takes typing back by itself.
const unlessTyping = (name) => (event) => {
  const isEditing = event.target.closest(".words[contenteditable]");
  if (isEditing ? editing.hasNativeUndo : event.target.closest("textarea, input:not([type=checkbox], [type=radio])")) return false;
  act(name);
  return true;
};

const save = async () => {
  desk.queue.hurry();
  await Promise.all([editing.flush(), saveAll()]);
  if (desk.queue.state === "saved") status.say("Saved");
};

const speed = (step) => { status.say(`Speed ${player.faster(step)}`); };

const bindAll = () => bind({
  toggle: (event) => { if (!event?.repeat) player.toggle(); },
  back: () => player.back(), forward: () => player.forward(), slower: () => speed(-1), faster: () => speed(1),
  follow: () => transcript.follow(), nextSegment: () => transcript.step(1), previousSegment: () => transcript.step(-1),
  edit: () => editing.begin(transcript.chosen, doubts.wordsIn(transcript.chosen)),
  undo: unlessTyping("undoAll"), redo: unlessTyping("redoAll"), save,
});

// The tools press what the keys press; the edit that is open stays open.
const pressTools = () => {
  for (const tool of document.querySelectorAll("#transcript [data-does]")) {
    tool.addEventListener("pointerdown", (event) => event.preventDefault());
    tool.addEventListener("click", (event) => act(tool.dataset.does, event));
  }
};

// The options fold away when something else is turned to.
const foldOptions = () => {
  const menu = document.querySelector(".options"), summary = menu.querySelector("summary");
  menu.addEventListener("keydown", (event) => { if (event.key === "Escape" && menu.open) { menu.open = false; summary.focus(); event.preventDefault(); } });
  document.addEventListener("click", ({ target }) => { if (!menu.contains(target)) menu.open = false; });
  menu.addEventListener("focusout", ({ relatedTarget }) => { if (relatedTarget && !menu.contains(relatedTarget)) menu.open = false; });
};

const showChosen = () => {
  const segment = transcript.chosen;
  at("chosen-at").textContent = segment ? transcript.nameOf(segment) : "";
};

const startPlayer = () => {
  player.start(chapters());
  if (!player.hasAudio) return;
  player.audio.addEventListener("error", () => tell("The audio of this episode cannot be played here. Everything else works."));
  const waveform = new Waveform(desk, player);
  desk.addEventListener("notes", () => player.setChapters(chapters()));
  waveform.load(`/episode/${desk.data.id}/peaks`);
};

// How tall what sticks to the top is, so that what follows it can stick below, and nothing is scrolled to behind it.
const measure = () => {
  const sizes = new ResizeObserver(() => {
    for (const [name, place] of [["--listen", at("listen")], ["--tools", document.querySelector(".tools-of-transcript")]]) {
      document.documentElement.style.setProperty(name, `${place.offsetHeight}px`);
    }
  });
  sizes.observe(at("listen"));
  sizes.observe(document.querySelector(".tools-of-transcript"));
};

// Other parts of the page ask for a time to be shown.
const showTime = ({ detail: { time } }) => {
  const segment = desk.segmentAt(time + 0.01);
  if (!segment) return;
  transcript.choose(segment, { hasFocus: true });
  transcript.show(transcript.node(segment));
};

const start = async () => {
  document.documentElement.classList.add("js");
  await desk.open(at("bar").dataset.id);
  for (const hidden of document.querySelectorAll("[data-needs-scripts]")) hidden.hidden = false;
  status.start();
  bindAll();
  editing.start();
  transcript.addEventListener("chosen", showChosen);
  transcript.start();
  startPlayer();
  measure();
  for (const part of [doubts, findBar, replacing, speakers, passage, refused, help]) part.start();
  pressTools();
  foldOptions();
  bindOptions(at("transcript"));
  document.addEventListener("desk:show", showTime);
  listen();
  const found = await desk.queue.recover();
  if (found) tell(`${count(found, "change")} from a tab that was closed before ${found === 1 ? "it was" : "they were"} saved: sent now.`, "good");
  document.documentElement.dataset.desk = "ready";
};

start().catch((error) => {
  tell(error.message);
  throw error;
});
