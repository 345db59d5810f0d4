/** Elements and texts. What the world has named only ever becomes text nodes. */

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
// Characters above which a text is shown in part.
const LONG = 160;

/** An element of this class with children; strings become text. */
export function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) {
    made.className = className;
  }
  made.append(...children);
  return made;
}

/** A text from the world, which turns nothing around it. Of a long one the first lines, and the rest on demand. */
export function text(words) {
  const made = element("bdi", "", words);
  return words.length > LONG ? element("details", "long", element("summary", "", made)) : made;
}

/** Epoch seconds as a <time>. */
export function time(seconds) {
  const date = new Date(seconds * 1000);
  const made = element("time", "soft", clock.format(date));
  made.dateTime = date.toISOString();
  return made;
}

/** The text of an element; one that is right already is left alone, and a selection in it, too. */
export function write(made, text) {
  if (made.textContent !== text) {
    made.textContent = text;
  }
}

/** Puts `row` on top of a list that keeps `most`; the rows that had to go. */
export function prepend(list, row, most) {
  list.prepend(row);
  const gone = [...list.children].slice(most);
  gone.forEach((each) => each.remove());
  return gone;
}

/** The children of `list` in this order. None that is in its place is moved, and focus stays where it is. */
export function arrange(list, wanted) {
  const focused = document.activeElement;
  const stay = new Set(wanted);
  [...list.children].filter((child) => !stay.has(child)).forEach((child) => child.remove());
  wanted.forEach((each, index) => {
    if (list.children[index] !== each) {
      list.insertBefore(each, list.children[index] ?? null);
    }
  });
  if (focused !== document.activeElement && list.contains(focused)) {
    focused.focus({ preventScroll: true });
  }
}
