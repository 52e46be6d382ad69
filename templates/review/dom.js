// Elements built as objects: text from a transcript or an editor never becomes markup.

// el("button", { type: "button", class: "small", click: act }, "Drop"): functions listen, the rest are attributes.
export const el = (tag, props = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else if (name === "dataset") Object.assign(node.dataset, value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
};

export const button = (words, click, props = {}) => el("button", { type: "button", click, ...props }, words);

// Puts exactly these nodes into `parent`. What stays in place is not touched, and the focus stays where it was.
export const arrange = (parent, nodes) => {
  const wanted = new Set(nodes), focused = document.activeElement;
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
  if (focused !== document.activeElement && parent.contains(focused)) focused.focus({ preventScroll: true });
};

export const setText = (node, text) => { if (node.textContent !== text) node.textContent = text; };

export const clock = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds + 0.001)), hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60, rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
};

// "1:02:03.5", "2:03" or "63": seconds, or null where it is none of these.
export const seconds = (text) => {
  const match = /^(?:(?:(\d+):)?(\d+):)?(\d+(?:[.,]\d+)?)$/.exec(text.trim());
  return match && Number(match[1] ?? 0) * 3600 + Number(match[2] ?? 0) * 60 + Number(match[3].replace(",", "."));
};

export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
// "14:03" today, else "12 Sep 2026, 14:03", in the reader's own zone.
export const when = (iso) => {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return DAY.format(date) === DAY.format(new Date()) ? TIME.format(date) : `${DAY.format(date)}, ${TIME.format(date)}`;
};

export const ownKey = () => `+${[...crypto.getRandomValues(new Uint8Array(3))].map((n) => n.toString(16).padStart(2, "0")).join("")}`;
