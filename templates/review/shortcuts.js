// Every shortcut in one table: what the keys do, what the help dialog says, what the tests press.
// "Mod" is Ctrl, on a Mac Command. With a modifier they work while typing, plain only outside of text. Tab is never
// taken, so the keyboard is never trapped; Alt with D, E, F and the arrows stays the browser's.
import { options } from "./options.js";

export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

const digits = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => `Alt+${digit}`);

// {keys, does, in, says}: `in` is where they work: everywhere · outside (of text) · segment (one has the focus) ·
// editing (its words are being edited) · find (the find bar).
export const TABLE = [
  { group: "Listening", rows: [
    { keys: ["Alt+K"], does: "toggle", in: "everywhere", says: "Play or pause" },
    { keys: ["Space"], does: "toggle", in: "outside", says: "Play or pause, outside of text" },
    { keys: ["Alt+J"], does: "back", in: "everywhere", says: "Back 5 seconds" },
    { keys: ["Alt+L"], does: "forward", in: "everywhere", says: "Forward 5 seconds" },
    { keys: ["Alt+R"], does: "replay", in: "everywhere", says: "Play the marked segment again" },
    { keys: ["Alt+-"], does: "slower", in: "everywhere", says: "Slower" },
    { keys: ["Alt+="], does: "faster", in: "everywhere", says: "Faster" },
    { keys: ["Alt+G"], does: "follow", in: "everywhere", says: "Go to the word that is heard, and follow it" },
  ] },
  { group: "What is doubtful", rows: [
    { keys: ["Alt+N"], does: "nextDoubt", in: "everywhere", says: "Next passage to check" },
    { keys: ["Alt+Shift+N"], does: "previousDoubt", in: "everywhere", says: "Previous passage to check" },
    { keys: ["Alt+A"], does: "accept", in: "everywhere", says: "Accept it as it is, and go on to the next" },
  ] },
  { group: "Segments", rows: [
    { keys: ["ArrowDown"], does: "nextSegment", in: "segment", says: "Next segment" },
    { keys: ["ArrowUp"], does: "previousSegment", in: "segment", says: "Previous segment" },
    { keys: ["Enter"], does: "edit", in: "segment", says: "Edit its words" },
    { keys: ["F2"], does: "edit", in: "outside", says: "Edit the words of the marked segment" },
    { keys: ["Alt+["], does: "startHere", in: "everywhere", says: "The segment begins where the playhead is" },
    { keys: ["Alt+]"], does: "endHere", in: "everywhere", says: "The segment ends where the playhead is" },
    { keys: digits, shown: "Alt+1…9", does: "speakerByNumber", in: "everywhere", says: "The segment is spoken by speaker 1 to 9" },
    { keys: ["Alt+W"], does: "speakers", in: "everywhere", says: "Who speaks: assign, rename, add, hear a sample" },
    { keys: ["Alt+X"], does: "again", in: "everywhere", says: "Transcribe this passage again" },
    { keys: ["Alt+M"], does: "spelling", in: "everywhere", says: "Fix a name everywhere" },
  ] },
  { group: "While editing words", rows: [
    { keys: ["Enter"], does: "editNext", in: "editing", says: "Save, and edit the next segment" },
    { keys: ["Shift+Enter"], does: "split", in: "editing", says: "Split the segment at the caret" },
    { keys: ["Backspace"], does: "joinPrevious", in: "editing", says: "At the beginning: join with the segment before" },
    { keys: ["Delete"], does: "joinNext", in: "editing", says: "At the end: join with the segment after" },
    { keys: ["Escape"], does: "cancelEdit", in: "editing", says: "Put the words back as they were, and leave" },
  ] },
  { group: "Everything", rows: [
    { keys: ["Mod+S"], does: "save", in: "everywhere", says: "Save now (all is saved by itself, too)" },
    { keys: ["Mod+Z"], does: "undo", in: "everywhere", says: "Undo; while you type, your typing first" },
    { keys: ["Mod+Shift+Z"], does: "redo", in: "everywhere", says: "Redo" },
    { keys: ["Mod+F"], does: "find", in: "everywhere", says: "Find in the transcript; a second time, the browser’s own" },
    { keys: ["Enter"], does: "findNext", in: "find", says: "Next place found" },
    { keys: ["Shift+Enter"], does: "findPrevious", in: "find", says: "Previous place found" },
    { keys: ["Escape"], does: "closeFind", in: "find", says: "Close the find bar" },
    // Command+H belongs to macOS itself.
    { keys: [isMac ? "Mod+Alt+F" : "Mod+H"], does: "replace", in: "everywhere", says: "Find and replace, with a preview" },
    { keys: ["Alt+O"], does: "refusals", in: "everywhere", says: "Go to what could not be saved" },
    { keys: ["?"], does: "help", in: "outside", says: "This help" },
  ] },
];

const ORDER = ["editing", "find", "segment", "outside", "everywhere"];
const CODES = { "[": "BracketLeft", "]": "BracketRight", "-": "Minus", "=": "Equal" };
const TEXT = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=button], [type=submit], [type=file])";
const CONTROLS = "button, a[href], summary, input, [role=button], [role=tab], audio";

const actions = {};
export const bind = (more) => Object.assign(actions, more);
export const act = (name, event = null) => actions[name]?.(event);

// A Mac's Option writes another character, and a layout may have none of ours: then the place of the key decides.
const isKey = (event, key) => {
  if (event.key === key || event.key.toUpperCase() === key) return true;
  if (key === "Space") return event.key === " ";
  if (!event.altKey || /^[a-z]$/i.test(event.key)) return false;
  return event.code === (CODES[key] ?? (/\d/.test(key) ? `Digit${key}` : `Key${key}`));
};

const matches = (event, keys) => {
  const parts = keys.split("+"), key = parts.pop();
  const isModHeld = isMac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
  const isWanted = parts.includes("Mod") ? isModHeld : !event.ctrlKey && !event.metaKey;
  const isShiftRight = key === "?" || event.shiftKey === parts.includes("Shift");
  return isWanted && isShiftRight && event.altKey === parts.includes("Alt") && isKey(event, key);
};

const placesOf = (target) => {
  if (document.querySelector("dialog[open]")) return [];
  if (target.closest(".words[contenteditable]")) return ["editing", "everywhere"];
  if (target.closest(TEXT)) return target.closest("#find") ? ["find", "everywhere"] : ["everywhere"];
  return target.matches(".segment") ? ["segment", "outside", "everywhere"] : ["outside", "everywhere"];
};

const isLeftAlone = (row, keys, target) => row.in === "outside" && (
  (keys === "Space" && target.closest(CONTROLS)) || (["Space", "?"].includes(keys) && !options.hasSingleKeys));

const ROWS = TABLE.flatMap(({ rows }) => rows).sort((a, b) => ORDER.indexOf(a.in) - ORDER.indexOf(b.in));

export const listen = () => document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || !(event.target instanceof Element)) return;
  const places = placesOf(event.target);
  for (const row of ROWS) {
    const keys = places.includes(row.in) && row.keys.find((one) => matches(event, one));
    if (!keys || isLeftAlone(row, keys, event.target)) continue;
    // An action that has nothing to do here leaves the key to the browser.
    if (act(row.does, event) !== false) { event.preventDefault(); return; }
  }
});

const OF_MODIFIERS = isMac ? { Mod: "⌘", Alt: "⌥", Shift: "⇧" } : { Mod: "Ctrl" };
const NAMES = { ...OF_MODIFIERS, ArrowDown: "↓", ArrowUp: "↑", Escape: "Esc", "-": "−" };
export const shown = (row) => (row.shown ?? row.keys[0]).split("+").map((part) => NAMES[part] ?? part);
