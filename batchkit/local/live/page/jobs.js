/** Jobs and the children of arrays, as they are now. A row changes in its place; logs on click. */

import { ask } from "./asking.js";
import { arrange, element, time, write } from "./dom.js";
import * as logs from "./logs.js";

const STATES = ["SUCCEEDED", "FAILED", "RUNNING", "STARTING", "RUNNABLE", "PENDING", "SUBMITTED"];
const list = document.getElementById("jobs");
const hint = list.firstElementChild;
/** The row of each job by id: its element, how it is filled, and what it was last filled with. */
const rows = new Map();

export function draw(jobs) {
  const wanted = jobs.map((job) => shown(rows, job).made);
  const kept = new Set(jobs.map((job) => job.id));
  [...rows.keys()].filter((id) => !kept.has(id)).forEach((id) => rows.delete(id));
  arrange(list, wanted.length ? wanted : [hint]);
}

/** The row of a job among `known`, made when it is new, filled when something has changed. */
function shown(known, job) {
  if (!known.has(job.id)) {
    known.set(job.id, { ...(job.size ? array(job) : single(job)), text: "" });
  }
  const row = known.get(job.id);
  const text = JSON.stringify(job);
  if (row.text !== text) {
    row.fill(job);
    row.text = text;
  }
  return row;
}

/** A plain job or a child: a button that shows its logs. */
function single(first) {
  const name = first.index === null ? first.name : `child ${first.index}`;
  const [state, more] = [element("span"), element("small", "soft")];
  const button = element("button", "job", element("b", "", name), state, more, ...about(first));
  button.type = "button";
  button.addEventListener("click", () => logs.open(first.id, first.index === null ? name : `${first.name}, ${name}`));
  const fill = ({ status, reason, attempts }) => {
    mark(state, status);
    write(more, [reason, attempts > 1 ? `attempt ${attempts}` : ""].filter(Boolean).join(" · "));
  };
  return { made: element("li", "", button), fill };
}

/** An array: how many children are in which state, and on demand those that have begun. */
function array({ id, name, size, ...rest }) {
  const [state, bar, counts] = [element("span"), stripe(), element("p", "soft")];
  const size_ = element("span", "soft", `array of ${size}`);
  const summary = element("summary", "", element("b", "", name), state, size_, ...about(rest), bar.made);
  const children = { id, size, note: element("p", "soft"), list: element("ul", "rows"), rows: new Map() };
  const details = element("details", "", summary, counts, children.list, children.note);
  details.addEventListener("toggle", () => details.open && refresh(children));
  const fill = (job) => {
    const present = STATES.filter((each) => job.counts[each]);
    mark(state, job.status);
    bar.fill(job.counts, present);
    write(counts, present.map((each) => `${job.counts[each]} ${each}`).join(" · "));
    if (details.open) {
      refresh(children);
    }
  };
  return { made: element("li", "", details), fill };
}

/** What tells a job from others of its name: when it came, and its source or run. A child has its number. */
function about({ about: subject, created }) {
  if (subject === undefined) {
    return [];
  }
  const words = element("bdi", "clamped", subject);
  words.title = subject;
  return [element("span", "about", time(created / 1000), " ", words)];
}

/** A bar with a part for each state. */
function stripe() {
  const parts = new Map(STATES.map((name) => [name, element("span", `part ${name}`)]));
  const made = element("span", "bar", ...parts.values());
  made.setAttribute("role", "img");
  const fill = (counts, present) => {
    made.setAttribute("aria-label", present.map((name) => `${counts[name]} ${name}`).join(", "));
    parts.forEach((part, name) => {
      part.hidden = !counts[name];
      part.style.flexGrow = counts[name] ?? 0;
    });
  };
  return { made, fill };
}

/** Asks for the children, one question at a time; what changes meanwhile is asked for afterwards. */
async function refresh(children) {
  children.isStale = true;
  if (children.isAsking) {
    return;
  }
  children.isAsking = true;
  while (children.isStale) {
    children.isStale = false;
    const found = await ask("children", children.id);
    if (found) {
      arrange(children.list, found.map((child) => shown(children.rows, child).made));
      write(children.note, found.length < children.size ? `${found.length} of ${children.size}, failed ones first` : "");
    }
  }
  children.isAsking = false;
}

function mark(made, status) {
  made.className = `state ${status}`;
  write(made, status);
}
