"use strict";

/** One source in a dialog: its picture, all its outputs or the reasons why there are none, snippet, history. */
class Detail {
  static EVERY_TASK = "*";

  #dialog;
  #settings;
  #closed;
  #wanted = "";

  /** `closed()` is told when a person has closed the dialog. */
  constructor(dialog, settings, closed) {
    this.#dialog = dialog;
    this.#settings = settings;
    this.#closed = closed;
    dialog.addEventListener("close", () => this.#wanted && this.#leave());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }

  async open(id) {
    this.#wanted = id;
    this.#fill("Loading …", Text.element("p", { textContent: "The record of this source is being loaded." }));
    try {
      const record = await Data.source(id);
      if (this.#wanted === id) {
        this.#show(record);
      }
    } catch (error) {
      this.#fill("Not loaded", Text.element("p", { textContent: String(error) }));
    }
  }

  close() {
    this.#wanted = "";
    this.#dialog.close();
  }

  #leave() {
    this.#wanted = "";
    this.#closed();
  }

  #fill(title, ...parts) {
    const close = Text.element("button", { type: "button", className: "close", "aria-label": "Close" }, "×");
    close.addEventListener("click", () => this.#dialog.close());
    const heading = Text.element("h2", { id: "detail-title" }, Text.element("bdi", { textContent: title }));
    this.#dialog.replaceChildren(Text.element("div", { className: "bar" }, heading, close), ...parts);
    if (!this.#dialog.open) {
      this.#dialog.showModal();
    }
    this.#dialog.scrollTop = 0;
  }

  #show(record) {
    if (!record) {
      const text = "The gallery knows no such source. It may have another name by now.";
      this.#fill("Not found", Text.element("p", { textContent: text }));
      return;
    }
    const items = Detail.current(record.items);
    this.#fill(
      Text.split(record.key).name,
      Text.element("p", { className: "key" }, Text.element("bdi", { textContent: `s3://${record.bucket}/${record.key}` })),
      this.#picture(items),
      Detail.#facts(items),
      this.#outputs(items, record.items),
      this.#snippet(items),
      Detail.#history(record.runs),
    );
  }

  /** The items of the latest upload, as the gallery's rows count them (batchkit/gallery/records.py). */
  static current(items) {
    const latest = Math.max(...Object.values(items).map((item) => item.modified));
    const found = Object.entries(items).filter(([, item]) => item.modified === latest);
    return Object.fromEntries(found.filter(([task]) => task !== Detail.EVERY_TASK || found.length === 1));
  }

  #url(item) {
    return this.#settings.base + Text.path(item.file ?? item.output);
  }

  #picture(items) {
    const pictures = Snippet.candidates(items);
    const shown = pictures.find((one) => one.width >= 800) ?? pictures.at(-1);
    if (!shown) {
      return null;
    }
    const facts = Object.values(items).map((item) => item.facts);
    const fact = (name) => items[shown.task].facts[name] ?? facts.find((one) => name in one)?.[name] ?? "";
    const box = Card.picture({
      url: this.#url(items[shown.task]),
      colour: fact("colour"),
      blurhash: fact("blurhash"),
      alt: `The output ${shown.task}`,
      lazy: false,
    });
    box.classList.add("large");
    box.style.aspectRatio = `${shown.width} / ${shown.height}`;
    return box;
  }

  static #facts(items) {
    const all = Object.values(items);
    const source = Math.max(0, ...all.map((item) => item.source));
    const bytes = all.reduce((sum, item) => sum + item.bytes, 0);
    const list = Text.element("dl", { className: "facts" });
    const add = (name, value) =>
      list.append(Text.element("div", {}, Text.element("dt", {}, name), Text.element("dd", {}, value)));
    if (all.length) {
      add("uploaded", Text.time(Math.max(...all.map((item) => item.modified))));
    }
    add("source", source ? Text.bytes(source) : "size not known");
    add("outputs", `${all.filter((item) => item.output).length}, ${Text.bytes(bytes)} in all`);
    return list;
  }

  #outputs(items, all) {
    const section = Text.element("section", {}, Text.element("h3", {}, "Outputs"));
    if (!Object.keys(all).length) {
      const text = "The ledger knows no outcome of this source: the child that it belonged to died. ";
      section.append(Text.element("p", { className: "reason" }, `${text}batchkit retry does it again.`));
      return section;
    }
    const body = Text.element("tbody");
    const widest = ([, a], [, b]) => (b.facts.width ?? 0) - (a.facts.width ?? 0);
    for (const [task, item] of Object.entries(all).sort(widest)) {
      body.append(this.#output(task, item, task in items));
    }
    const names = ["task", "outcome", "size", "bytes", "saving", "quality", "made"];
    const head = Text.element("tr", {}, ...names.map((name) => Text.element("th", { scope: "col" }, name)));
    const table = Text.element("table", { className: "outputs" }, Text.element("thead", {}, head), body);
    section.append(Text.element("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": "Outputs" }, table));
    return section;
  }

  #output(task, item, isCurrent) {
    const { facts } = item;
    const cell = (...children) => Text.element("td", {}, ...children);
    const name = task === Detail.EVERY_TASK ? "all tasks" : task;
    const link = item.output ? Text.element("a", { href: this.#url(item), target: "_blank", rel: "noopener" }, name) : name;
    const row = Text.element("tr", {}, Text.element("th", { scope: "row" }, link), cell(Card.badge(item.outcome)));
    if (item.output) {
      row.append(
        cell(facts.width ? `${facts.width} × ${facts.height}` : ""),
        cell(Text.bytes(item.bytes)),
        cell(Text.saving(item.bytes, item.source)),
        cell(String(facts.quality ?? "")),
        cell(Text.time(item.updated), item.milliseconds ? ` in ${Text.number(item.milliseconds)} ms` : ""),
      );
    } else {
      const reason = Text.element("td", { colSpan: 5, className: "reason" });
      reason.append(Text.element("strong", { textContent: item.error_class }), " ", Text.element("bdi", { textContent: item.message }));
      row.append(reason);
    }
    if (!isCurrent) {
      row.className = "former";
      row.title = "of an earlier upload";
    }
    const notes = Detail.#notes(item, isCurrent);
    if (!notes) {
      return row;
    }
    const both = document.createDocumentFragment();
    both.append(row, notes);
    return both;
  }

  /** What else is known of an output: the facts that no column shows. */
  static #notes(item, isCurrent) {
    const shown = new Set(["width", "height", "quality", "source-bytes"]);
    const notes = Object.entries(item.facts).filter(([name]) => !shown.has(name));
    const parts = notes.map(([name, value]) => `${name}: ${value}`);
    if (!isCurrent) {
      parts.unshift("of an earlier upload");
    }
    if (item.attempt > 1) {
      parts.push(`attempt ${item.attempt}`);
    }
    if (!parts.length) {
      return null;
    }
    const text = Text.element("td", { colSpan: 7, textContent: parts.join(" · ") });
    return Text.element("tr", { className: "notes" }, text);
  }

  #snippet(items) {
    const all = Snippet.candidates(items);
    if (!all.length) {
      return null;
    }
    const usual = new Set(Snippet.alike(all).map((one) => one.task));
    const boxes = all.map((one) => ({
      one,
      box: Text.element("input", { type: "checkbox", checked: usual.has(one.task) }),
    }));
    const base = Text.element("input", { type: "url", value: this.#settings.url, spellcheck: false });
    const alt = Text.element("input", { type: "text", value: "" });
    const code = Text.element("textarea", { readOnly: true, rows: 9, spellcheck: false, "aria-label": "Markup" });
    const write = () => {
      const chosen = boxes.filter(({ box }) => box.checked).map(({ one }) => one);
      const address = base.value.endsWith("/") || !base.value ? base.value : `${base.value}/`;
      code.value = Snippet.markup(chosen, { base: address || "/", alt: alt.value });
    };
    const choices = Text.element("fieldset", {}, Text.element("legend", {}, "Candidates"));
    for (const { one, box } of boxes) {
      choices.append(Text.element("label", {}, box, ` ${one.task} (${one.format}, ${one.width} w) `));
    }
    const section = Text.element(
      "section",
      { className: "snippet" },
      Text.element("h3", {}, "For a web page"),
      choices,
      Text.element("label", {}, "Address of the outputs ", base),
      Text.element("label", {}, "Text for those who do not see it ", alt),
      code,
      Detail.#copying(code),
    );
    section.addEventListener("input", write);
    write();
    return section;
  }

  static #copying(code) {
    const said = Text.element("span", { role: "status" });
    const button = Text.element("button", { type: "button" }, "Copy");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.value);
        said.textContent = "Copied.";
      } catch {
        code.select();
        said.textContent = "Not allowed to copy: the markup is selected, press Ctrl-C.";
      }
    });
    return Text.element("p", { className: "copying" }, button, " ", said);
  }

  static #history(runs) {
    const section = Text.element("section", {}, Text.element("h3", {}, "History"));
    const list = Text.element("ol", { className: "history" });
    const latest = Object.entries(runs).sort(([, a], [, b]) => b.started - a.started);
    for (const [name, run] of latest) {
      const link = Text.element("a", { href: `#q=${encodeURIComponent(`run:${name}`)}` }, name);
      const took = run.stopped > run.started ? ` in ${Text.duration(run.stopped - run.started)}` : "";
      list.append(
        Text.element(
          "li",
          {},
          Text.time(run.started),
          " ",
          Text.element("span", { className: `badge ${run.state.toLowerCase()}`, textContent: run.state }),
          ` ${run.lane} run `,
          link,
          ` of ${run.job}${took}`,
        ),
      );
    }
    section.append(list);
    return section;
  }
}
