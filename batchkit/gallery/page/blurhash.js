"use strict";

/** BlurHash (https://blurha.sh): a few cosine waves in 20 to 30 characters, painted onto a small canvas. */
const Blurhash = (() => {
  const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";

  function number(text) {
    let value = 0;
    for (const character of text) {
      value = value * 83 + DIGITS.indexOf(character);
    }
    return value;
  }

  const linear = (level) => {
    const value = level / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  const level = (value) => {
    const bound = Math.min(Math.max(value, 0), 1);
    return Math.round((bound <= 0.0031308 ? bound * 12.92 : 1.055 * bound ** (1 / 2.4) - 0.055) * 255);
  };
  const signedSquare = (value) => Math.sign(value) * value * value;

  /** The waves' colours (linear), `across` of them in each of `down` rows; null for what is no BlurHash. */
  function parse(hash) {
    const size = number(hash.slice(0, 1));
    const across = (size % 9) + 1;
    const down = Math.floor(size / 9) + 1;
    if (hash.length !== 4 + 2 * across * down || [...hash].some((one) => !DIGITS.includes(one))) {
      return null;
    }
    const largest = (number(hash.slice(1, 2)) + 1) / 166;
    const mean = number(hash.slice(2, 6));
    const waves = [[mean >> 16, (mean >> 8) & 255, mean & 255].map(linear)];
    for (let at = 6; at < hash.length; at += 2) {
      const value = number(hash.slice(at, at + 2));
      const parts = [Math.floor(value / 361), Math.floor(value / 19) % 19, value % 19];
      waves.push(parts.map((part) => signedSquare((part - 9) / 9) * largest));
    }
    return { across, down, waves };
  }

  function cosines(count, size) {
    return Array.from({ length: size }, (_, at) =>
      Array.from({ length: count }, (_, wave) => Math.cos((Math.PI * wave * (at + 0.5)) / size)),
    );
  }

  /** Paint a hash over the whole canvas; false, and nothing, for what is no BlurHash. */
  function paint(canvas, hash) {
    const parsed = parse(hash);
    if (!parsed) {
      return false;
    }
    const { across, down, waves } = parsed;
    const { width, height } = canvas;
    const context = canvas.getContext("2d");
    const image = context.createImageData(width, height);
    const columns = cosines(across, width);
    const rows = cosines(down, height);
    for (let at = 0; at < width * height; at += 1) {
      const column = columns[at % width];
      const row = rows[Math.floor(at / width)];
      for (let channel = 0; channel < 3; channel += 1) {
        let value = 0;
        for (let wave = 0; wave < waves.length; wave += 1) {
          value += waves[wave][channel] * column[wave % across] * row[Math.floor(wave / across)];
        }
        image.data[at * 4 + channel] = level(value);
      }
      image.data[at * 4 + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    return true;
  }

  return { paint };
})();
