// Changes on their way: sent one after the other, again and again until the server has answered, and kept in the
// browser's storage until then, so that neither a server that is away nor a killed tab loses one.
import { ask } from "./server.js";
import { changedRuns } from "./runs.js";

const FIRST_WAIT_MS = 400, LONGEST_WAIT_MS = 8000;
// Where no lock tells that a tab is alive: it writes more often than this while it has something to send.
const ORPHANED_MS = 30_000;
// A server that fails at a change again and again will not have it; what comes after must not wait for ever.
const MOST_FAILURES = 6;
const isAnswer = (status) => status >= 400 && status < 500 && ![401, 408, 425, 429].includes(status);

// randomUUID exists only where the page counts as secure; a desk on the local network by http does not.
const uuid = () => {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
};

export class Queue {
  #waiting = [];
  #draft = null;
  #isSending = false;
  #failures = 0;
  #wake = null;

  constructor(desk, episode) {
    this.desk = desk;
    this.prefix = `shownotes.unsent.${episode}.`;
    this.tab = uuid();
    // Held for as long as this page lives: how another one knows that what is stored here is not orphaned.
    navigator.locks?.request(this.prefix + this.tab, () => new Promise(() => {}));
    this.refused = [];
    for (const name of ["online", "pageshow"]) addEventListener(name, () => this.#wake?.());
    document.addEventListener("visibilitychange", () => this.#wake?.());
    addEventListener("beforeunload", (event) => { if (this.isUnsaved) event.preventDefault(); });
  }

  get isBusy() { return this.#waiting.length > 0; }
  get isUnsaved() { return this.isBusy || this.#draft !== null; }
  get state() {
    if (this.isBusy && this.#failures) return "failing";
    if (this.isUnsaved) return "saving";
    return this.refused.length ? "refused" : "saved";
  }

  add(change) {
    const record = { id: uuid(), draft: this.desk.data?.draft, ...change };
    const sent = new Promise((resolve, reject) => { Object.defineProperty(record, "settle", { value: { resolve, reject } }); });
    sent.catch(() => {}); // a refusal is shown by the page, whoever asked
    this.#waiting.push(record);
    this.#keep();
    this.#send();
    return sent;
  }

  // What is being typed and not yet a change: {words, text, seen}, or null.
  draft(draft) {
    this.#draft = draft;
    this.#keep();
  }

  // Sends what waits now instead of at the end of its pause.
  hurry() { this.#wake?.(); }

  drop(record) {
    this.refused = this.refused.filter((one) => one !== record);
    this.#keep();
  }

  // ---- sending
  async #send() {
    if (this.#isSending) return;
    this.#isSending = true;
    while (this.#waiting.length) {
      const record = this.#waiting[0];
      try {
        const patch = await this.#post(record);
        this.#failures = 0;
        this.#waiting.shift();
        this.#advance(record, patch);
        this.#keep();
        this.desk.merge(patch, record);
        record.settle.resolve(patch);
      } catch (error) {
        if (isAnswer(error.status) || (error.status === 500 && this.#failures >= MOST_FAILURES)) this.#refuse(record, error);
        else await this.#rest(error);
      }
    }
    this.#isSending = false;
  }

  async #post(record) {
    const { path, id, seen, label, draft } = record;
    if (path !== "changes") return ask("POST", `${this.desk.path}/${path}`, { id, seen, draft });
    if (!record.ops) {
      record.ops = changedRuns(this.desk.wordsOver(record.about.words), record.about.text);
      this.#keep();
    }
    return ask("POST", `${this.desk.path}/changes`, { id, seen, draft, label, ops: record.ops });
  }

  // The editor's later changes were made on top of this one: unless somebody else's came between, they have seen it.
  #advance({ seen }, patch) {
    if (patch.seq > seen + 1) return;
    for (const later of this.#waiting) if (later.seen >= seen) later.seen = Math.max(later.seen, patch.seq);
  }

  async #rest(error) {
    this.#failures += 1;
    this.lastError = error;
    this.#keep();
    const pause = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#failures - 1));
    await new Promise((resolve) => { this.#wake = resolve; setTimeout(resolve, pause); });
    this.#wake = null;
  }

  #refuse(record, error) {
    this.#failures = 0;
    this.#waiting.shift();
    const isChange = record.path === "changes";
    if (isChange) {
      Object.assign(record, { message: error.message, theirs: error.answer?.theirs ?? [] });
      this.refused.push(record);
    }
    this.#keep();
    if (error.answer?.patch) this.desk.merge(error.answer.patch);
    else if (isChange) this.desk.reload().catch(() => {});
    this.#tell("refused", { record, error });
    record.settle.reject(error);
  }

  // ---- storage
  #keep() {
    const key = this.prefix + this.tab;
    try {
      if (this.isUnsaved || this.refused.length) {
        localStorage.setItem(key, JSON.stringify({ at: Date.now(), waiting: this.#waiting, draft: this.#draft, refused: this.refused }));
      } else localStorage.removeItem(key);
    } catch { /* storage is full or forbidden: the page still has it all */ }
    this.#tell("saving");
  }

  // What tabs that are no longer there left behind is sent now, with the ids that it was first sent with, so that
  // what had arrived is not done twice. Returns how many changes there were.
  async recover() {
    let keys = [], found = 0;
    try { keys = Object.keys(localStorage).filter((key) => key.startsWith(this.prefix) && key !== this.prefix + this.tab); } catch { /* forbidden */ }
    for (const key of keys) {
      if (navigator.locks) await navigator.locks.request(key, { ifAvailable: true }, (lock) => { if (lock) found += this.#adopt(key); });
      else if (this.#isOrphaned(key)) found += this.#adopt(key);
      else setTimeout(() => this.recover(), ORPHANED_MS);
    }
    return found;
  }

  #isOrphaned(key) {
    try { return !(Date.now() - JSON.parse(localStorage.getItem(key)).at < ORPHANED_MS); } catch { return true; }
  }

  #adopt(key) {
    let left = null;
    try { left = JSON.parse(localStorage.getItem(key)); } catch { /* not ours, or cut off */ }
    localStorage.removeItem(key);
    if (!left) return 0;
    const changes = [...(left.waiting ?? [])];
    if (left.draft) {
      // Typed on top of what still waits, if anything does: compared with the words when that has arrived.
      const { words, text, seen } = left.draft, ops = changes.length ? null : changedRuns(words, text);
      if (!ops || ops.length) changes.push({ path: "changes", ops, label: "Edit words", about: { words, text }, seen });
    }
    for (const change of changes) this.add(change);
    for (const record of left.refused ?? []) {
      this.refused.push(record);
      this.#keep();
      this.#tell("refused", { record });
    }
    return changes.length;
  }

  #tell(name, detail = null) { this.desk.dispatchEvent(new CustomEvent(name, { detail })); }
}
