// The episode, asked for while the page is still being read; `state.js` takes it from here.
const id = location.pathname.split("/").at(-1);

export const early = fetch(`/api/episodes/${id}`, { headers: { "X-Shownotes": "desk" }, cache: "no-store" })
  .then((answer) => (answer.ok ? answer.json() : null))
  .catch(() => null);
