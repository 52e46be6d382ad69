// Registers and their values in words, for people.
import { clock } from "./dom.js";
import { desk } from "./state.js";
import { wordById } from "./words.js";

const FIELDS = { title: "Title", hook: "Hook", sign_off: "Sign-off", date: "Date", number: "Number", summary: "Summary", long_summary: "Longer summary",
  narrative: "Opening", questions: "Questions", key_points: "Key points" };
const PARTS = { name: "name", role: "role", title: "title", organization: "organization", description: "description", link: "link", keep: "kept",
  kind: "kind", start: "beginning", speaker: "speaker", url: "link", text: "words" };
const WORDS = { word: "Words", break: "Beginning of a passage", start: "Beginning", end: "End", voice: "Speaker of a passage", sure: "Doubtful words" };

const placeOf = (id) => { const word = wordById(Number(id)); return word ? ` at ${clock(word.start)}` : ""; };

// "person/Mei Tanaka/title" -> "Mei Tanaka, title"
export const keyInWords = (key) => {
  const [kind, ...rest] = key.split("/");
  if (!rest.length) return FIELDS[kind] ?? kind;
  if (WORDS[kind]) return `${WORDS[kind]}${placeOf(rest[0])}`;
  if (kind === "speaker") return `Name of ${rest[0]}`;
  if (kind === "spelling") return `Spelling of “${rest[0]}”`;
  if (kind === "glossary") return `The show’s glossary, for “${rest.join("/")}”`;
  if (kind === "seen") return "Looked at";
  const part = PARTS[rest.at(-1)] ?? rest.at(-1), name = rest.slice(0, -1).join("/");
  if (kind === "chapter" || kind === "quote") return `${kind === "quote" ? "Quote" : "Chapter"}${placeOf(name.replace("+", "").split("-")[0])}, ${part}`;
  return `${nameOf(`${kind}/${name}`) ?? name}, ${part}`;
};

const nameOf = (key) => {
  const { people, bodies, resources, links, earlier } = desk.data.notes;
  const found = [...people, ...bodies, ...resources, ...links, ...earlier].find((one) => one.key === key);
  return found?.name ?? found?.text;
};

export const inWords = (value, key = "") => {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length ? value.map((item) => item.text ?? String(item)).join("\n") : "nothing";
  if (typeof value === "boolean") return key.endsWith("/keep") ? (value ? "kept" : "dropped") : (value ? "yes" : "no");
  if (typeof value === "object") return value.text === "" ? "deleted" : (value.text ?? JSON.stringify(value));
  const [kind] = key.split("/");
  if (typeof value === "number" && kind === "chapter") { const word = wordById(value); return word ? clock(word.start) : String(value); }
  if (typeof value === "number" && (kind === "start" || kind === "end")) return clock(value);
  return value === "" ? "nothing" : String(value);
};
