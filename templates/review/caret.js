// The caret in edited words, counted in characters of their text.

export const caretIn = (place) => {
  const selection = getSelection();
  if (!selection.rangeCount || !place.contains(selection.focusNode)) return null;
  const range = document.createRange();
  range.selectNodeContents(place);
  range.setEnd(selection.focusNode, selection.focusOffset);
  return range.toString().length;
};

const pointAt = (place, offset) => {
  const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
  let left = offset, node = walker.nextNode();
  while (node && left > node.length) { left -= node.length; node = walker.nextNode(); }
  return node ? [node, left] : [place, place.childNodes.length];
};

export const select = (place, from, to = from) => {
  const range = document.createRange();
  range.setStart(...pointAt(place, from));
  range.setEnd(...pointAt(place, to));
  getSelection().removeAllRanges();
  getSelection().addRange(range);
};
