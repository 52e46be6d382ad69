// Requests to the desk's server. What it refuses comes back as an error with its own sentence.

export class Refused extends Error {
  constructor(message, status, answer) {
    super(message);
    this.status = status;
    this.answer = answer;
  }
}

export const ask = async (method, path, body) => {
  const headers = { "X-Shownotes": "desk", ...(body === undefined ? {} : { "Content-Type": "application/json" }) };
  let response;
  try {
    response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store" });
  } catch {
    throw new Refused("The desk's server does not answer. Is it still running?", 0, null);
  }
  const text = await response.text();
  let answer = null;
  try { answer = text ? JSON.parse(text) : null; } catch { /* not ours; the status says enough */ }
  if (!response.ok) throw new Refused(answer?.error ?? (response.status < 500 ? `The server refused this (${response.status}).`
    : `Something went wrong in the desk’s server (${response.status}); what, stands in its log.`), response.status, answer);
  return answer;
};

export const askText = async (path) => {
  const response = await fetch(path, { cache: "no-store" }).catch(() => null);
  if (!response) throw new Refused("The desk's server does not answer. Is it still running?", 0, null);
  if (!response.ok) throw new Refused(`This file cannot be made now (${response.status}).`, response.status, null);
  return response.text();
};
