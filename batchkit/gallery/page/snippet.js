"use strict";

/** The markup with which a web page shows a source's outputs: <picture>, <source> and srcset. */
const Snippet = (() => {
  // The best first; the last of those that a source has is what every browser understands.
  const FORMATS = ["avif", "webp", "png", "gif", "jpeg"];
  const ALIKE = 0.02;
  const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

  const escaped = (text) => text.replace(/[&<>"']/g, (one) => ENTITIES[one]);

  function format(output) {
    const ending = output.slice(output.lastIndexOf(".") + 1).toLowerCase();
    const name = ending === "jpg" ? "jpeg" : ending;
    return FORMATS.includes(name) ? name : null;
  }

  /** The outputs that a browser can show, each { task, output, width, height, format, group }. */
  function candidates(items) {
    return Object.entries(items)
      .filter(([, { output, facts }]) => output && format(output) && facts.width > 0 && facts.height > 0)
      .map(([task, { output, facts }]) => ({
        task,
        output,
        width: facts.width,
        height: facts.height,
        format: format(output),
        group: facts.srcset ?? "",
      }))
      .sort((a, b) => a.width - b.width);
  }

  /** The candidates that show the same picture: a srcset that the recipe names, else those of one shape. */
  function alike(all) {
    const widest = all.at(-1);
    const named = all.findLast((one) => one.group);
    const ratio = (one) => one.width / one.height;
    return all.filter((one) =>
      named ? one.group === named.group : Math.abs(ratio(one) / ratio(widest) - 1) <= ALIKE,
    );
  }

  function srcset(ones, base) {
    return ones.map((one) => `${base}${Text.path(one.output)} ${one.width}w`).join(", ");
  }

  /** The markup of the chosen candidates; `base` ends with a slash. "" where nothing is chosen. */
  function markup(chosen, { base, alt }) {
    if (!chosen.length) {
      return "";
    }
    const widths = new Set();
    const distinct = chosen.filter(({ format: kind, width }) => {
      const known = widths.has(`${kind} ${width}`);
      widths.add(`${kind} ${width}`);
      return !known;
    });
    const kinds = FORMATS.filter((kind) => distinct.some((one) => one.format === kind));
    const of = (kind) => distinct.filter((one) => one.format === kind);
    const widest = Math.max(...distinct.map((one) => one.width));
    const sizes = `(max-width: ${widest}px) 100vw, ${widest}px`;
    const last = of(kinds.at(-1));
    const image = last.at(-1);
    const lines = kinds
      .slice(0, -1)
      .map((kind) => `  <source type="image/${kind}" srcset="${escaped(srcset(of(kind), base))}" sizes="${sizes}">`);
    const attributes = [
      `src="${escaped(base + Text.path(image.output))}"`,
      ...(last.length > 1 ? [`srcset="${escaped(srcset(last, base))}"`, `sizes="${sizes}"`] : []),
      `width="${image.width}" height="${image.height}" alt="${escaped(alt)}"`,
      `loading="lazy" decoding="async"`,
    ];
    return ["<picture>", ...lines, `  <img ${attributes.join("\n       ")}>`, "</picture>"].join("\n");
  }

  return { alike, candidates, markup };
})();
