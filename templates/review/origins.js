// Who decided about what and when, and what the machine had there: from the history, fetched when it is wanted.
import { desk } from "./state.js";
import { ask } from "./server.js";

let known = new Map(), upTo = -1, loading = null;

// {by, at, machine} of the decision that gave a key its value; empty when it is not known yet.
export const originOf = (key, value) => (known.get(key)?.after === value ? known.get(key) : {});

const load = async () => {
  const { seq, id } = desk.data;
  const { changes } = await ask("GET", `/api/episodes/${id}/history`);
  const found = new Map();
  for (const { by, at, edits } of changes) for (const { key, machine, after } of edits) if (!found.has(key)) found.set(key, { by, at, machine, after });
  known = found;
  upTo = seq;
};

// Whether there is anything new to show.
export const loadOrigins = async () => {
  if (upTo === desk.data.seq) return false;
  loading ??= load().finally(() => { loading = null; });
  try { await loading; } catch { return false; }
  return true;
};
