"use strict";

/** A picture with what stands in its place until it comes, and a source's card in the grid. */
const Card = (() => {
  const { element } = Text;
  const PLACEHOLDER = 24;

  /** A box for a picture: its colour at once, its BlurHash next, the picture last. Never a broken image. */
  function picture({ url, colour, blurhash, alt = "", lazy = true }) {
    const box = element("span", { className: "picture" });
    if (/^#[0-9a-f]{6}$/i.test(colour)) {
      box.style.backgroundColor = colour;
    }
    if (blurhash) {
      const canvas = element("canvas", { width: PLACEHOLDER, height: PLACEHOLDER, "aria-hidden": "true" });
      if (Blurhash.paint(canvas, blurhash)) {
        box.append(canvas);
      }
    }
    if (!url) {
      box.classList.add("empty");
      return box;
    }
    const image = element("img", { alt, decoding: "async" });
    image.loading = lazy ? "lazy" : "eager";
    image.addEventListener("load", () => box.classList.add("loaded"));
    image.addEventListener("error", () => {
      image.remove();
      box.classList.add("empty");
    });
    image.src = url;
    box.append(image);
    return box;
  }

  /** The outcomes of a row's bits, the worst first. */
  function outcomes(bits) {
    return Object.keys(Data.BITS).filter((name) => (bits & Data.BITS[name]) !== 0);
  }

  const badge = (name) => element("span", { className: `badge ${name}`, textContent: name });

  function summary(row) {
    return row.outputs ? `${Text.counted(row.outputs, "output")} · ${Text.bytes(row.bytes)}` : "no output";
  }

  /** The link that opens a source. */
  function card(row, url) {
    const { folder, name } = Text.split(row.key);
    const shown = outcomes(row.outcomes);
    const badges = shown.filter((one) => one !== "done").map(badge);
    return element(
      "a",
      { className: "card", title: row.key },
      picture({ url, colour: row.colour, blurhash: row.blurhash }),
      element(
        "span",
        { className: "caption" },
        element("span", { className: "name" }, element("bdi", { textContent: name })),
        element("span", { className: "folder" }, element("bdi", { textContent: folder || "\u00a0" })),
        element("span", { className: "facts" }, ...badges, element("span", { textContent: summary(row) })),
      ),
    );
  }

  return { badge, card, outcomes, picture };
})();
