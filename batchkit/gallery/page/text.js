"use strict";

/** Texts for people, and addresses. Names from the world only ever become text nodes and attributes. */
const Text = (() => {
  const UNITS = ["B", "kB", "MB", "GB", "TB"];
  const LOCALE = "en-GB";
  const whole = new Intl.NumberFormat(LOCALE);
  const moment = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });

  /** 1234567 → "1.2 MB", decimal as S3's console counts. */
  function bytes(count) {
    let value = count;
    let unit = 0;
    while (value >= 999.5 && unit + 1 < UNITS.length) {
      value /= 1000;
      unit += 1;
    }
    return `${unit && value < 99.5 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
  }

  /** How much smaller than the source an output is: "−93 %"; "" where the source's size is not known. */
  function saving(output, source) {
    if (!source || !output) {
      return "";
    }
    const percent = (1 - output / source) * 100;
    const digits = percent >= 99 ? percent.toFixed(1) : Math.round(Math.abs(percent));
    return `${percent > 0 ? "−" : "+"}${digits} %`;
  }

  const number = (count) => whole.format(count);
  const counted = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

  /** Epoch seconds as a <time>. */
  function time(seconds) {
    const date = new Date(seconds * 1000);
    return element("time", { dateTime: date.toISOString(), textContent: moment.format(date) });
  }

  function duration(seconds) {
    const minutes = Math.floor(seconds / 60);
    return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
  }

  /** A key as the path of a URL: every segment encoded, slashes kept, nothing normalised. */
  const path = (key) => key.split("/").map(encodeURIComponent).join("/");

  /** The last segment of a key, which may be empty, and what comes before it. */
  function split(key) {
    const at = key.lastIndexOf("/") + 1;
    return { folder: key.slice(0, at), name: key.slice(at) || key };
  }

  /** An element with properties and children; strings become text. */
  function element(name, properties = {}, ...children) {
    const made = document.createElement(name);
    for (const [property, value] of Object.entries(properties)) {
      if (property.includes("-") || property === "role" || property === "for") {
        made.setAttribute(property, value);
      } else {
        made[property] = value;
      }
    }
    made.append(...children.filter((child) => child !== null));
    return made;
  }

  return { bytes, counted, duration, element, number, path, saving, split, time };
})();
