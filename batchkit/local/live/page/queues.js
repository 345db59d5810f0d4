/** The queues, and how much of their compute environments is taken. */

import { arrange, element, write } from "./dom.js";

const list = document.getElementById("queues");
const hint = list.firstElementChild;
const rows = new Map();
const meters = new Map();

export function draw(queues) {
  arrange(list, queues.length ? queues.map(row) : [hint]);
}

function row({ name, environments }) {
  if (!rows.has(name)) {
    rows.set(name, element("li", "", element("b", "", name), element("ul")));
  }
  const made = rows.get(name);
  arrange(made.lastElementChild, environments.map((each) => meter(name, each)));
  return made;
}

function meter(queue, { name, vcpus, used }) {
  const key = `${queue} ${name}`;
  if (!meters.has(key)) {
    const bar = element("progress");
    bar.setAttribute("aria-label", `${name}: vCPUs in use`);
    meters.set(key, element("li", "", bar, element("small", "soft")));
  }
  const made = meters.get(key);
  const [bar, text] = made.children;
  bar.max = vcpus || 1;
  bar.value = used;
  write(text, `${used} of ${vcpus} vCPU · ${name}`);
  return made;
}
