"use strict";

/** The page: what is asked for is in the address, what is shown follows from it. */
(async () => {
  const $ = (id) => document.getElementById(id);
  const FIELDS = { q: $("query"), outcome: $("outcome"), job: $("job"), order: $("order") };
  // Typing is not asking: the answer comes after a pause, in milliseconds.
  const PAUSE = 150;

  let searching = new AbortController();
  let asked = null;
  let opened = null;

  const address = () => new URLSearchParams(location.hash.slice(1));

  /** The address of what is asked for, and of a source in it. */
  function link(source) {
    const parameters = new URLSearchParams();
    for (const [name, field] of Object.entries(FIELDS)) {
      if (field.value) {
        parameters.set(name, field.value);
      }
    }
    if (source) {
      parameters.set("source", source);
    }
    return `#${parameters}`;
  }

  const settings = await Data.settings();
  const base = new URL(settings.outputs, document.baseURI).href;
  const here = new URL("../", document.baseURI);
  settings.base = base;
  // What is served from a disk or to this machine alone is no address for a web page.
  settings.url ||= here.protocol === "file:" || here.hostname === "127.0.0.1" ? "/" : base;
  document.title = `${settings.project} gallery`;
  $("title").textContent = document.title;

  const grid = new Grid(
    $("grid"),
    (row) => Card.card(row, row.thumb ? base + Text.path(row.thumb) : ""),
    (row) => link(row.id),
  );
  const detail = new Detail($("detail"), settings, () => {
    const at = grid.rows.findIndex((row) => row.id === opened);
    opened = null;
    history.replaceState(null, "", link(""));
    grid.focus(at);
  });
  const index = await Data.index();

  function tell({ rows, matches, read }) {
    const isAll = read === index.parts;
    const whole = Text.counted(index.size, "source");
    const shown = matches === index.size ? whole : `${Text.number(matches)} of ${whole}`;
    const cut = matches > rows.length ? `, the first ${Text.number(rows.length)} are shown` : "";
    $("status").textContent = isAll ? `${shown}${cut}` : `${shown} so far, part ${read} of ${index.parts} …`;
    $("nothing").hidden = !isAll || matches > 0;
    $("nothing").textContent = index.size
      ? "No source is like that. Take a word or a filter away."
      : "Nothing yet. As soon as a run has finished, its sources are here.";
    const known = new Set([...$("job").options].map((option) => option.value));
    [...index.jobs].filter((job) => !known.has(job)).sort().forEach((job) => $("job").add(new Option(job, job)));
    grid.show(rows);
  }

  async function search() {
    const now = { query: FIELDS.q.value, outcome: FIELDS.outcome.value, job: FIELDS.job.value, order: FIELDS.order.value };
    if (asked && Object.keys(now).every((name) => now[name] === asked[name])) {
      return;
    }
    asked = now;
    searching.abort();
    searching = new AbortController();
    const { signal } = searching;
    try {
      await index.search(now, signal, (found) => signal.aborted || tell(found));
    } catch (error) {
      $("status").textContent = `The gallery could not be read: ${error.message}`;
    }
  }

  /** Make fields and dialog what the address says. */
  function follow() {
    const parameters = address();
    for (const [name, field] of Object.entries(FIELDS)) {
      const value = parameters.get(name) ?? "";
      if (name === "job" && value && ![...field.options].some((option) => option.value === value)) {
        field.add(new Option(value, value));
      }
      field.value = value;
    }
    const source = parameters.get("source");
    if (source && source !== opened) {
      opened = source;
      detail.open(source);
    } else if (!source && opened) {
      opened = null;
      detail.close();
    }
    search();
  }

  let pause = 0;
  for (const field of Object.values(FIELDS)) {
    field.addEventListener("input", () => {
      clearTimeout(pause);
      pause = setTimeout(() => {
        history.replaceState(null, "", link(""));
        search();
      }, field === FIELDS.q ? PAUSE : 0);
    });
  }
  addEventListener("hashchange", follow);
  $("skip").addEventListener("click", (event) => {
    event.preventDefault();
    $("sources").focus();
  });
  follow();
})();
