/** The output of a job's attempts. It grows while it is looked at, and what is shown stays where it is. */

import { ask } from "./asking.js";
import { element, write } from "./dom.js";

const AGAIN = 1000;
// Pixels from the end within which a reader is at the end, and wants to stay there.
const NEAR = 8;
const dialog = document.getElementById("logs");
const attempts = document.getElementById("attempts");
const waiting = document.getElementById("waiting");
/** The job whose output is shown, with what is shown of each stream. */
let shown = null;

dialog.addEventListener("close", () => {
  shown = null;
});

export function open(job, title) {
  shown = { job, streams: new Map() };
  write(document.getElementById("logs-title"), `Logs of ${title}`);
  attempts.replaceChildren();
  write(waiting, "Loading …");
  waiting.hidden = false;
  dialog.showModal();
  follow(shown);
}

async function follow(mine) {
  while (shown === mine) {
    const found = document.hidden ? null : await ask("logs", mine.job);
    if (shown === mine && found) {
      fill(mine.streams, found);
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
}

function fill(streams, found) {
  write(waiting, "It has not started yet.");
  waiting.hidden = found.length > 0;
  found.forEach((each, index) => {
    if (!streams.has(each.stream)) {
      streams.set(each.stream, attempt(each.stream, index + 1));
    }
    extend(streams.get(each.stream), each);
  });
}

function attempt(stream, number) {
  const text = element("pre", "log");
  text.tabIndex = 0;
  text.setAttribute("role", "region");
  text.setAttribute("aria-label", `attempt ${number}`);
  attempts.append(element("section", "", element("h3", "", `Attempt ${number}`), element("small", "soft", stream), text));
  return { text, next: 0 };
}

/** Only adds: whoever reads or marks something there is not disturbed. */
function extend(known, { first, lines }) {
  const fresh = lines.slice(Math.max(known.next - first, 0)).map((line) => `${line}\n`);
  if (!fresh.length) {
    return;
  }
  if (first > known.next) {
    fresh.unshift(`… ${first - known.next} lines are not shown …\n`);
  }
  const { text } = known;
  const isAtEnd = text.scrollHeight - text.scrollTop - text.clientHeight < NEAR;
  text.append(fresh.join(""));
  known.next = first + lines.length;
  if (isAtEnd) {
    text.scrollTop = text.scrollHeight;
  }
}
