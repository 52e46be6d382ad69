// What the desk says of itself: whether all is saved, what happened, and what can be undone.
import { el } from "./dom.js";
import { tell } from "./notices.js";
import { desk } from "./state.js";
import { bind } from "./shortcuts.js";

const SAVING = { saved: "Saved", saving: "Saving…", failing: "Not saved, trying again", refused: "Not all saved" };

// Said to those who listen to the page, too. The same words twice are said twice.
export const say = (words) => {
  const place = document.getElementById("says");
  place.textContent = place.textContent === words ? `${words}\u00a0` : words;
};

const showSaving = () => {
  const place = document.getElementById("saving"), { state } = desk.queue;
  if (!place) return;
  if (place.textContent !== SAVING[state]) place.textContent = SAVING[state];
  place.dataset.state = state;
  const why = state === "failing" ? `${desk.queue.lastError.message} What you did is kept in this browser and sent again.` : "";
  place.title = why;
  // Waiting does not help against this.
  if (why && desk.queue.lastError.status === 401) tell(why, "bad", el("a", { href: "/login", target: "_blank" }, "Sign in"));
};

const showSteps = () => {
  for (const [id, label, name] of [["undo", desk.data.undo, "Undo"], ["redo", desk.data.redo, "Redo"]]) {
    const button = document.getElementById(id);
    if (!button) continue;
    button.disabled = !label;
    button.title = label ? `${name}: ${label}` : `Nothing to ${name.toLowerCase()}`;
  }
};

const step = async (which) => {
  const label = desk.data[which], name = which === "undo" ? "Undone" : "Redone";
  try {
    await desk[which]();
    say(label ? `${name}: ${label}` : name);
  } catch (error) {
    say(error.message);
  }
};

export const start = () => {
  desk.addEventListener("saving", showSaving);
  desk.addEventListener("state", showSteps);
  document.getElementById("undo")?.addEventListener("click", () => step("undo"));
  document.getElementById("redo")?.addEventListener("click", () => step("redo"));
  bind({ undoAll: () => step("undo"), redoAll: () => step("redo") });
  showSaving();
  showSteps();
};
