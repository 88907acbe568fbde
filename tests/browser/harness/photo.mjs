// Pictures as a camera gives them: large, and different each time.

import { crc32 } from "./crc.mjs";
import { deflateSync } from "node:zlib";

/** A small repeatable generator, so that a failing picture can be made again. */
export function random(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

function chunk(name, data) {
  const out = Buffer.alloc(data.length + 12);
  out.writeUInt32BE(data.length, 0);
  out.write(name, 4, "ascii");
  data.copy(out, 8);
  out.writeUInt32BE(crc32(out.subarray(4, data.length + 8)), data.length + 8);
  return out;
}

/** A slope with a crack in it, roughly; as a file for `setInputFiles`. `grain` makes it hard to compress. */
export function photo(seed, { width = 2000, height = 1500, grain = 0 } = {}) {
  const next = random(seed * 7919 + 17);
  const raw = Buffer.alloc((width * 3 + 1) * height);
  const [r, g, b] = [90 + next() * 60, 100 + next() * 60, 70 + next() * 40];
  let crack = width / 2;
  for (let y = 0, at = 0; y < height; y += 1) {
    at += 1;
    crack += (next() - 0.5) * 14;
    for (let x = 0; x < width; x += 1) {
      const dark = Math.abs(x - crack) < 6 ? 0.2 : 1;
      const noise = grain > 0 ? (next() - 0.5) * grain : 0;
      const light = Math.max(0, dark * (0.7 + (0.5 * (height - y)) / height) + ((x ^ y) & 15) / 160 + noise);
      raw[at] = Math.min(255, r * light);
      raw[at + 1] = Math.min(255, g * light);
      raw[at + 2] = Math.min(255, b * light);
      at += 3;
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const buffer = Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(raw, { level: 1 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
  return { name: `photo-${seed}.png`, mimeType: "image/png", buffer };
}
