"use strict";

/**
 * The JSON files beside the page. A hosted page fetches them; in an exported one, which must open from a disk
 * (where fetch() is not allowed), each is a script that calls galleryData(name, document).
 */
const Data = (() => {
  const asScripts = document.querySelector('meta[name="gallery-data"]')?.content === "scripts";
  const AT_ONCE = 8;
  // Rows that stay in memory, some 100 MB; a larger gallery's other parts are asked for again.
  const KEPT_ROWS = 200_000;
  // What is shown at most: nobody scrolls further, and browsers cannot make a page much higher.
  const SHOWN_ROWS = 20_000;
  const BITS = { failed: 1, rejected: 2, fresh: 4, done: 8 };

  const arrivals = new Map();
  const policy =
    asScripts && globalThis.trustedTypes
      ? trustedTypes.createPolicy("gallery-data", { createScriptURL: (url) => url })
      : { createScriptURL: (url) => url };

  function arrived(name, document_) {
    arrivals.get(name)?.(document_);
    arrivals.delete(name);
  }

  function scripted(name) {
    return new Promise((resolve) => {
      arrivals.set(name, resolve);
      const script = document.createElement("script");
      script.src = policy.createScriptURL(`data/${name}.js`);
      script.addEventListener("load", () => script.remove());
      script.addEventListener("error", () => {
        script.remove();
        arrived(name, null);
      });
      document.head.append(script);
    });
  }

  async function fetched(name) {
    const answer = await fetch(`data/${name}.json`, { cache: "no-cache" });
    // Without the right to list a bucket, S3 says 403 of what is not there.
    if (answer.status === 403 || answer.status === 404) {
      return null;
    }
    if (!answer.ok) {
      throw new Error(`data/${name}.json: HTTP ${answer.status}`);
    }
    return answer.json();
  }

  const loading = new Map();

  /** A file by its name below data/, without ending; null where there is none. One request for all who ask. */
  function load(name) {
    if (!loading.has(name)) {
      const coming = (asScripts ? scripted : fetched)(name);
      loading.set(name, coming.finally(() => loading.delete(name)));
    }
    return loading.get(name);
  }

  function asRow(fields, values) {
    const row = Object.fromEntries(fields.map((field, at) => [field, values[at]]));
    row.needle = row.key.toLowerCase();
    return row;
  }

  /** What a person asked for, as a test of rows. `run:…` names a run; other words are all parts of the key. */
  function matcher({ query, outcome, job }) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const runs = words.filter((word) => word.startsWith("run:")).map((word) => word.slice(4));
    const parts = words.filter((word) => !word.startsWith("run:"));
    const bit = BITS[outcome] ?? 0;
    return (row) =>
      (!bit || (row.outcomes & bit) !== 0) &&
      (!job || row.job === job) &&
      parts.every((part) => row.needle.includes(part)) &&
      runs.every((run) => row.run === run);
  }

  const byText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  const ORDERS = {
    "": (a, b) => b.modified - a.modified || byText(a.key, b.key),
    oldest: (a, b) => a.modified - b.modified || byText(a.key, b.key),
    name: (a, b) => byText(a.needle, b.needle) || byText(a.key, b.key),
    bytes: (a, b) => b.bytes - a.bytes || byText(a.key, b.key),
  };

  const rest = () => new Promise((resolve) => setTimeout(resolve));

  /** The index: its parts, read once as far as they fit into memory, and searched as they come. */
  class Index {
    #parts;
    #kept = 0;
    jobs = new Set();

    constructor(names) {
      this.#parts = names.map((name) => ({ name, rows: null, size: 0 }));
    }

    get parts() {
      return this.#parts.length;
    }

    /** Sources in the parts that were read so far. */
    get size() {
      return this.#parts.reduce((sum, part) => sum + part.size, 0);
    }

    /**
     * Tell `show` of the best rows so far, again and again, the last time with `read` equal to `parts`; stop
     * when `signal` is aborted. `show` gets { rows, matches, read }: at most SHOWN_ROWS, in order.
     */
    async search(asked, signal, show) {
      const matches = matcher(asked);
      const order = ORDERS[asked.order] ?? ORDERS[""];
      const found = { rows: [], matches: 0, read: 0 };
      let shown = performance.now();
      let rested = shown;
      for await (const rows of this.#all(signal)) {
        const fitting = rows.filter(matches);
        found.matches += fitting.length;
        found.read += 1;
        found.rows.push(...fitting);
        if (found.rows.length > 2 * SHOWN_ROWS) {
          found.rows.sort(order).length = SHOWN_ROWS;
        }
        if (performance.now() - shown > 300) {
          show(Index.#best(found, order));
          shown = performance.now();
        }
        if (performance.now() - rested > 12) {
          await rest();
          rested = performance.now();
        }
        if (signal.aborted) {
          return;
        }
      }
      show(Index.#best(found, order));
    }

    static #best(found, order) {
      return { ...found, rows: found.rows.toSorted(order).slice(0, SHOWN_ROWS) };
    }

    /** The rows of each part, those in memory first, a few requests ahead. */
    async *#all(signal) {
      const missing = this.#parts.filter((part) => !part.rows);
      for (const part of this.#parts.filter((one) => one.rows)) {
        yield part.rows;
      }
      const coming = [];
      while ((missing.length || coming.length) && !signal.aborted) {
        while (missing.length && coming.length < AT_ONCE) {
          coming.push(this.#read(missing.shift()));
        }
        yield await coming.shift();
      }
    }

    async #read(part) {
      if (part.rows) {
        return part.rows;
      }
      const document_ = await load(`index/${part.name}`);
      const rows = document_ ? document_.rows.map((values) => asRow(document_.fields, values)) : [];
      rows.forEach((row) => row.job && this.jobs.add(row.job));
      part.size = rows.length;
      if (!part.rows && this.#kept + rows.length <= KEPT_ROWS) {
        part.rows = rows;
        this.#kept += rows.length;
      }
      return rows;
    }
  }

  async function index() {
    return new Index((await load("index"))?.parts ?? []);
  }

  /** The record of a source, null where there is none. */
  async function source(id) {
    if (!/^[0-9a-f]{32}$/.test(id)) {
      return null;
    }
    return (await load(`sources/${id.slice(0, 3)}`))?.sources[id] ?? null;
  }

  const settings = async () => (await load("settings")) ?? { project: "", outputs: "../", url: "" };

  return { BITS, SHOWN_ROWS, arrived, index, settings, source };
})();

/** What the scripts of an exported gallery call. */
function galleryData(name, document_) {
  Data.arrived(name, document_);
}
