"use strict";

/**
 * A list of any length as a grid of cards, of which only those near the window exist. It scrolls with the page.
 * Each item says its place in the whole list, so that screen readers count right; arrow keys follow the grid.
 */
class Grid {
  static GAP = 16;
  static CAPTION = 84;
  static OVERSCAN = 600;

  #list;
  #make;
  #href;
  #rows = [];
  #items = new Map();
  #shape = { columns: 1, width: 0, height: 1 };
  #frame = 0;

  /** `make(row)` gives the link that stands in a row's item, `href(row)` where it leads now; rows have an `id`. */
  constructor(list, make, href) {
    this.#list = list;
    this.#make = make;
    this.#href = href;
    const later = () => this.#later();
    addEventListener("scroll", later, { passive: true });
    addEventListener("resize", later, { passive: true });
    new ResizeObserver(later).observe(list);
    list.addEventListener("keydown", (event) => this.#key(event));
    list.addEventListener("focusin", later);
  }

  get rows() {
    return this.#rows;
  }

  show(rows) {
    this.#rows = rows;
    this.#render();
  }

  /** Put the focus onto a row's link, wherever it is. */
  focus(at) {
    const row = this.#rows[at];
    if (!row) {
      return;
    }
    const { columns, height } = this.#shape;
    const top = this.#list.getBoundingClientRect().top + Math.floor(at / columns) * height;
    if (top < 0 || top + height > innerHeight) {
      scrollBy({ top: top - (innerHeight - height) / 2, behavior: "instant" });
    }
    this.#render();
    this.#items.get(row.id)?.item.querySelector("a")?.focus({ preventScroll: true });
  }

  #later() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#render();
    });
  }

  #measure() {
    const width = this.#list.clientWidth;
    const least = width < 560 ? 150 : 210;
    const columns = Math.max(1, Math.floor((width + Grid.GAP) / (least + Grid.GAP)));
    const card = Math.floor((width - Grid.GAP * (columns - 1)) / columns);
    this.#shape = { columns, width: card, height: Math.round(card * 0.75) + Grid.CAPTION + Grid.GAP };
  }

  /** The numbers [first, stop) of the rows near the window. */
  #near() {
    const { columns, height } = this.#shape;
    const top = -this.#list.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor((top - Grid.OVERSCAN) / height)) * columns;
    const stop = Math.ceil((top + innerHeight + Grid.OVERSCAN) / height) * columns;
    return [Math.min(first, this.#rows.length), Math.min(Math.max(stop, 0), this.#rows.length)];
  }

  #render() {
    this.#measure();
    const { columns, height } = this.#shape;
    this.#list.style.height = `${Math.ceil(this.#rows.length / columns) * height}px`;
    const [first, stop] = this.#near();
    const near = new Map();
    for (let at = first; at < stop; at += 1) {
      near.set(this.#rows[at].id, at);
    }
    this.#forget(near);
    let before = null;
    for (const at of near.values()) {
      const item = this.#item(this.#rows[at]);
      item.firstElementChild.href = this.#href(this.#rows[at]);
      this.#place(item, at);
      // Only what is new is moved into its place: moving an element takes the focus from it.
      if ((before ? before.nextSibling : this.#list.firstChild) !== item) {
        this.#list.insertBefore(item, before ? before.nextSibling : this.#list.firstChild);
      }
      before = item;
    }
  }

  #forget(near) {
    for (const [id, { item }] of this.#items) {
      // What has the focus stays, or the keyboard would begin at the top of the page.
      if (!near.has(id) && !(item.contains(document.activeElement) && this.#rows.some((row) => row.id === id))) {
        item.remove();
        this.#items.delete(id);
      }
    }
  }

  #item(row) {
    const known = this.#items.get(row.id);
    if (known?.rev === row.rev) {
      return known.item;
    }
    const item = known?.item ?? Text.element("li", { className: "item" });
    item.replaceChildren(this.#make(row));
    this.#items.set(row.id, { item, rev: row.rev });
    return item;
  }

  #place(item, at) {
    const { columns, width, height } = this.#shape;
    const x = (at % columns) * (width + Grid.GAP);
    const y = Math.floor(at / columns) * height;
    item.style.width = `${width}px`;
    item.style.height = `${height - Grid.GAP}px`;
    item.style.transform = `translate(${x}px, ${y}px)`;
    item.dataset.at = at;
    item.setAttribute("aria-posinset", at + 1);
    item.setAttribute("aria-setsize", this.#rows.length);
  }

  #key(event) {
    const at = Number(event.target.closest("li")?.dataset.at);
    const { columns } = this.#shape;
    const last = this.#rows.length - 1;
    const to = {
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      ArrowUp: at - columns,
      ArrowDown: at + columns,
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined || Number.isNaN(at) || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    event.preventDefault();
    this.focus(Math.min(Math.max(to, 0), last));
  }
}
