// How this editor likes the desk to behave; remembered in this browser.
const KEY = "shownotes.options";
const DEFAULTS = { speed: 1, follows: true, pausesWhileTyping: false, playsBefore: true, hasSingleKeys: true, model: "" };

const stored = () => { try { return JSON.parse(localStorage.getItem(KEY)) ?? {}; } catch { return {}; } };

export const options = { ...DEFAULTS, ...stored() };

export const remember = (name, value) => {
  options[name] = value;
  try { localStorage.setItem(KEY, JSON.stringify(options)); } catch { /* forgotten when the page closes */ }
};

// A check box with `data-option="name"` shows and sets that option.
export const bindOptions = (root) => {
  const show = () => { for (const box of root.querySelectorAll("[data-option]")) box.checked = Boolean(options[box.dataset.option]); };
  show();
  root.addEventListener("toggle", show, true); // following may have stopped by itself meanwhile
  root.addEventListener("change", ({ target }) => {
    if (target.dataset.option) remember(target.dataset.option, target.checked);
  });
};
