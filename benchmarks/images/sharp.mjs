// sharp in a process of its own: a request per line, a photo and its variants; see worker.py for the protocol.
//   node sharp.mjs each|once
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const sharp = createRequire(process.env.SHARP_HOME + "/")("sharp");
sharp.concurrency(1);
sharp.cache(false);

const finish = (picture, one) =>
  (one.format === "webp"
    ? picture.webp({ quality: one.quality, effort: one.method })
    : picture.jpeg({ quality: one.quality })
  ).toBuffer();

const shaped = (picture, one) => {
  const sized = one.height
    ? picture.resize(one.width, one.height, { fit: "cover" })
    : picture.resize(one.width);
  return one.gray ? sized.grayscale().sharpen() : sized;
};

// As its documentation shows it: one pipeline per variant, each of which decodes.
async function each(body, wanted) {
  const made = {};
  for (const one of wanted) made[one.name] = await finish(shaped(sharp(body).rotate(), one), one);
  return made;
}

// Written by hand: decoded once, to the pixels of the largest variant; the others from there.
async function once(body, wanted) {
  const widest = Math.max(...wanted.map((one) => one.width));
  const pixels = [await raw(sharp(body).rotate().resize(widest))];
  const made = {};
  for (const one of [...wanted].sort((a, b) => b.width - a.width)) {
    const parent = pixels.filter((p) => p.info.width >= 2 * one.width).pop() ?? pixels[0];
    const picture = sharp(parent.data, { raw: parent.info });
    const same = pixels.find((p) => p.info.width === one.width && !one.height);
    if (same || one.height) {
      const from = same ? sharp(same.data, { raw: same.info }) : picture;
      made[one.name] = await finish(same ? (one.gray ? from.grayscale().sharpen() : from) : shaped(from, one), one);
    } else {
      const next = await raw(picture.resize(one.width));
      pixels.push(next);
      const from = sharp(next.data, { raw: next.info });
      made[one.name] = await finish(one.gray ? from.grayscale().sharpen() : from, one);
    }
  }
  return made;
}

const raw = (picture) => picture.raw().toBuffer({ resolveWithObject: true });
const make = { each, once }[process.argv[2]];

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const body = readFileSync(request.path);
  const before = process.cpuUsage();
  const begun = process.hrtime.bigint();
  const made = await make(body, request.wanted);
  const used = process.cpuUsage(before);
  const sizes = Object.fromEntries(Object.entries(made).map(([name, data]) => [name, data.length]));
  const wall = Number(process.hrtime.bigint() - begun) / 1e9;
  console.log(JSON.stringify({ cpu: (used.user + used.system) / 1e6, wall, sizes }));
}
