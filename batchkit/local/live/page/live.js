/** The stream: it rests while nobody sees the page, and goes on where it stopped. */

import { write } from "./dom.js";
import { clear, missed, show } from "./flow.js";
import * as jobs from "./jobs.js";
import * as queues from "./queues.js";

const SAY_SECONDS = 5;
const connection = document.getElementById("connection");
let source = null;
let last = "";
let heard = 0;
let live = false;

function open() {
  source = new EventSource(`events?${new URLSearchParams({ after: last })}`);
  source.addEventListener("full", () => tell("too many pages are open: close some", false));
  source.addEventListener("error", () => {
    if (live) {
      tell("not connected: is the stack still up?", false);
    }
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(() => source?.readyState === EventSource.CLOSED && open(), 2000);
    }
  });
  source.addEventListener("hello", ({ data }) => hello(JSON.parse(data)));
  source.addEventListener("jobs", ({ data }) => drawn(JSON.parse(data)));
  source.addEventListener("happened", (message) => {
    last = message.lastEventId;
    happened(JSON.parse(message.data));
  });
}

/** Browsers allow six connections to a host: a tab in the background gives its own back. */
function rest() {
  source?.close();
  source = null;
}

function hello({ faults, fresh }) {
  tell("live", true);
  if (fresh) {
    clear();
  }
  write(document.getElementById("settings"), faults.length ? `On purpose: ${faults.join(", ")}` : "None on purpose.");
}

function drawn(state) {
  queues.draw(state.queues);
  jobs.draw(state.jobs);
}

function happened({ missed: lost, lines }) {
  if (lost) {
    missed(lost);
  }
  lines.forEach(show);
  heard += lines.length;
}

function tell(text, isLive) {
  live = isLive;
  write(connection, text);
  connection.classList.toggle("live", isLive);
}

/** A screen reader hears a sum now and then, not each event. */
setInterval(() => {
  if (heard) {
    document.getElementById("said").textContent = `${heard} new on the bus`;
    heard = 0;
  }
}, SAY_SECONDS * 1000);

document.addEventListener("visibilitychange", () => (document.hidden ? rest() : source ?? open()));
if (!document.hidden) {
  open();
}
