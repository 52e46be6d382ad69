// What the desk has to say that belongs to no field: a strip below the bar, until it is read.
import { button, el } from "./dom.js";

export const tell = (message, kind = "bad", action = null) => {
  const place = document.getElementById("notices");
  const same = [...place.children].find((line) => line.firstChild.textContent === message);
  if (same) return;
  const line = el("p", { dataset: { kind } }, el("span", {}, message), action,
    button("Close", () => line.remove(), { class: "small" }));
  place.append(line);
};

export const hush = () => document.getElementById("notices").replaceChildren();
