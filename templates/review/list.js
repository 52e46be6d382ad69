// The list of episodes: filtered as one types, kept up to date while something is being made.
import { ask } from "./server.js";
import { arrange, setText } from "./dom.js";
import { startUploads } from "./upload.js";

const POLL_MS = 2000;
const at = (id) => document.getElementById(id);
const main = at("main"), list = at("episodes"), text = at("text"), state = at("state");
const states = JSON.parse(main.dataset.states), steps = JSON.parse(main.dataset.steps), waits = JSON.parse(main.dataset.waits);
// What may still move by itself.
const MOVING = ["queued", "processing"];
const REVIEWED = ["draft", "in_review", "changed_since_approval"];
const rows = new Map([...list.children].map((row) => [row.dataset.id, row]));
let order = [...rows.keys()], isWhole = !("filtered" in main.dataset), timer = null;

const inMinutes = (seconds) => {
  const minutes = Math.round(seconds / 60);
  return minutes >= 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : minutes ? `${minutes} min` : seconds ? `${Math.round(seconds)} s` : "";
};

const inMegabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`;

const tell = (message) => {
  at("notice").hidden = !message;
  at("notice").textContent = message;
};

const fill = (row, episode) => {
  const part = (name) => row.querySelector(`.${name}`);
  const put = (name, words) => { part(name).hidden = !words; setText(part(name), words); };
  row.dataset.id = episode.id;
  row.dataset.state = episode.state;
  part("what").querySelector("a").href = `/episode/${episode.id}`;
  setText(part("what").querySelector("a"), episode.title);
  put("show", episode.show ?? "");
  put("length", inMinutes(episode.duration ?? 0));
  put("guests", episode.guests?.length ? `with ${episode.guests.join(", ")}` : "");
  put("reason", episode.error ?? "");
  part("chip").dataset.state = episode.state;
  setText(part("chip"), waits[episode.waits_for] ?? states[episode.state] ?? episode.state);
  put("checks", episode.checks && REVIEWED.includes(episode.state) ? `${episode.checks} to check` : "");
  part("doing").hidden = episode.state !== "processing";
  const progress = part("doing").querySelector("progress");
  progress.max = episode.duration || 1;
  progress.value = episode.audio_done || 0;
  progress.setAttribute("aria-label", `How much of ${episode.title} is transcribed`);
  const amount = episode.step === "transcribe" && episode.duration ? `, ${inMinutes(episode.audio_done) || "0 min"} of ${inMinutes(episode.duration)}` : "";
  setText(part("step"), `${steps[episode.step] ?? "Working"}${amount}`);
  part("retry").hidden = !episode.retryable;
  fillModel(part("model"), episode);
};

// The model that an episode waits for: a button, and how far it is once somebody has pressed it.
const fillModel = (place, { needs, title }) => {
  place.hidden = !needs;
  const fetch = needs?.fetch, isRunning = Boolean(fetch?.is_running);
  place.classList.toggle("moving", isRunning);
  const button = place.querySelector("button"), bar = place.querySelector("progress");
  button.hidden = !needs?.can_fetch || isRunning;
  button.dataset.model = needs?.model ?? "";
  setText(button, `${fetch?.error ? "Go on fetching" : "Fetch"} the model (${needs?.megabytes ?? 0} MB)`);
  bar.hidden = !isRunning;
  bar.setAttribute("aria-label", `How much of the model for ${title} is fetched`);
  if (fetch?.total) { bar.max = fetch.total; bar.value = fetch.done; } else bar.removeAttribute("value");
  const far = fetch?.total ? `, ${inMegabytes(fetch.done)} of ${inMegabytes(fetch.total)}` : "";
  setText(place.querySelector(".fetched"), isRunning ? `Fetching ${needs.model}${far}` : fetch?.error ?? "");
};

const filter = () => {
  const wanted = text.value.trim().toLowerCase();
  let shown = 0;
  for (const row of rows.values()) {
    const fits = (!state.value || row.dataset.state === state.value) && (!wanted || row.querySelector(".what").textContent.toLowerCase().includes(wanted));
    row.hidden = !fits;
    shown += fits;
  }
  const isFiltered = Boolean(wanted || state.value);
  setText(at("count"), `${shown} of ${rows.size}`);
  at("none").hidden = shown > 0;
  setText(at("none"), isFiltered ? "No episode fits the filter." : "No episodes yet. Put an audio file into the audio folder, or drop one here.");
};

// The choices of the state, each with how many there are.
const countStates = () => {
  const counts = {};
  for (const row of rows.values()) counts[row.dataset.state] = (counts[row.dataset.state] ?? 0) + 1;
  for (const option of state.options) if (option.value) setText(option, `${states[option.value] ?? option.value} (${counts[option.value] ?? 0})`);
  for (const value of Object.keys(states)) {
    if (counts[value] && ![...state.options].some((option) => option.value === value)) state.append(new Option(`${states[value]} (${counts[value]})`, value));
  }
};

const refresh = async () => {
  clearTimeout(timer);
  let episodes;
  try {
    episodes = await ask("GET", "/api/episodes");
    tell("");
  } catch (error) {
    tell(error.message);
    timer = setTimeout(refresh, 5 * POLL_MS);
    return;
  }
  isWhole = true;
  const now = new Set(episodes.map((episode) => episode.id));
  for (const id of rows.keys()) if (!now.has(id)) rows.delete(id);
  for (const episode of episodes) {
    if (!rows.has(episode.id)) rows.set(episode.id, at("row").content.firstElementChild.cloneNode(true));
    fill(rows.get(episode.id), episode);
  }
  order = episodes.map((episode) => episode.id);
  arrange(list, order.map((id) => rows.get(id)));
  countStates();
  filter();
  later();
};

const later = (isAwaited = false) => {
  clearTimeout(timer);
  const moves = isAwaited || [...rows.values()].some((row) => MOVING.includes(row.dataset.state) || row.querySelector(".model.moving"));
  if (moves) timer = setTimeout(() => (document.hidden ? later(true) : refresh()), POLL_MS);
};

const changed = () => {
  const query = new URLSearchParams([["filter", text.value.trim()], ["state", state.value]].filter(([, value]) => value));
  history.replaceState(null, "", query.size ? `/?${query}` : "/");
  // The server sent only what fitted the filter then.
  if (isWhole) filter(); else refresh();
};

document.documentElement.classList.add("js");
for (const node of document.querySelectorAll(".add[hidden]")) node.hidden = false;
text.addEventListener("input", changed);
state.addEventListener("change", changed);
at("filter").addEventListener("submit", (event) => { event.preventDefault(); changed(); });
list.addEventListener("click", async ({ target }) => {
  const button = target.closest(".retry, .fetch");
  if (!button) return;
  button.disabled = true;
  const path = button.matches(".fetch") ? `/api/models/${encodeURIComponent(button.dataset.model)}/fetch`
    : `/api/episodes/${button.closest(".episode").dataset.id}/retry`;
  try {
    await ask("POST", path, {});
    tell("");
    later(true);
  } catch (error) {
    tell(error.message);
  } finally {
    button.disabled = false;
  }
});
document.addEventListener("tray", refresh);
startUploads({ onArrived: () => later(true) });
filter();
later();
