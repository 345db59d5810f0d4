/** Events on their way from rule to target, messages, dead letters, faults: lists that keep the latest. */

import { element, prepend, text, time } from "./dom.js";

const KEPT = 100;
const lists = new Map(["flow", "messages", "letters", "faults"].map((id) => [id, document.getElementById(id)]));
/** The row of each event that is shown, by its id. */
const rows = new Map();

export function clear() {
  rows.clear();
  lists.forEach((list) => list.replaceChildren());
}

export function missed(count) {
  add("flow", element("li", "soft", `${count} more happened meanwhile.`));
}

/** One line of the stream. */
export function show(line) {
  const shown = { event, delivery, "dead-letter": letter, message }[line.kind] ?? fault;
  shown(line);
}

function event(line) {
  return line.event ? rowOf(line) : plain("flow", line);
}

function delivery(line) {
  if (!line.event) {
    plain("flow", line);
    return;
  }
  const step = element("li", "step", element("b", "", line.rule ?? ""), " → ", element("b", "", line.target));
  if (line.matched?.length) {
    step.append(element("small", "soft", text(line.matched.join(" · "))));
  }
  rowOf(line).querySelector("ul").append(step);
}

/** Why, and with what, is told in its own list; beside the event, whom it did not reach. */
function letter(line) {
  plain("letters", line, line.event?.subject);
  if (line.event) {
    const names = [line.rule, line.target].filter(Boolean).join(" → ");
    rowOf(line).querySelector("ul").append(element("li", "step bad", "dead letter: ", element("bdi", "", names)));
  }
}

function message(line) {
  add("messages", element("li", "", time(line.at), " ", element("b", "", line.topic), element("pre", "", line.text)));
}

const fault = (line) => plain("faults", line);

function plain(list, line, subject) {
  const row = element("li", "", time(line.at), " ", text(line.text));
  if (subject) {
    row.append(element("small", "soft", text(subject)));
  }
  add(list, row);
}

function add(list, row) {
  prepend(lists.get(list), row, KEPT).forEach((gone) => rows.delete(gone.dataset.id));
}

/** The row of a line's event, made when it is new: deliveries may come first. */
function rowOf({ at, event: { id, source, type, subject } }) {
  const known = rows.get(id);
  if (known) {
    return known;
  }
  const row = element("li", "", time(at), " ", element("b", "", type), " ", element("span", "soft", source),
    element("span", "subject", text(subject)), element("ul", "steps"));
  rows.set(id, row);
  row.dataset.id = id;
  add("flow", row);
  return row;
}
