// Somebody who has the share's password and none of the keys: reads logs in a WebDAV folder and writes one.

import { createHash } from "node:crypto";
import { chown, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const sha256 = (data) => createHash("sha256").update(data).digest("hex");

/** All operations of a share, with the log that each lies in. */
export async function operations(dav) {
  const found = [];
  for (const log of await dav.list("log")) {
    for (const file of await dav.list(join("log", log))) {
      const bytes = await readFile(join(dav.share, "log", log, file));
      const text = (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString("utf8");
      for (const line of text.trim().split("\n").slice(1, -1)) {
        const op = JSON.parse(line);
        if (op.h) found.push({ log, op });
      }
    }
  }
  return found;
}

/** Writes operations into a log of that device which its owner does not use, as the format has it. */
export async function write(dav, log, ops) {
  const device = log.slice(0, log.lastIndexOf("-"));
  const { head } = JSON.parse(await readFile(join(dav.share, "heads", `${log}.json`), "utf8"));
  const body = [{ format: 1, at: Date.now() }, ...ops].map((line) => `${JSON.stringify(line)}\n`).join("");
  const hash = sha256(body);
  const text = `${body}${JSON.stringify({ count: ops.length, sha256: hash })}\n`;
  const name = `${device}-9`;
  const file = `1-${ops.length}-${hash.slice(0, 8)}.bin`;
  const mine = { ...head, segments: [{ f: 1, n: ops.length, h: hash, z: Buffer.byteLength(text), p: file }], marks: [] };
  const sealed = `{"sha256":"${sha256(JSON.stringify(mine))}","head":${JSON.stringify(mine)}}`;
  const folder = join(dav.share, "log", name);
  await mkdir(folder);
  await writeFile(join(folder, file), text);
  await writeFile(join(dav.share, "heads", `${name}.json`), sealed);
  // Apache reads as somebody else.
  const { uid, gid } = await stat(dav.share);
  for (const path of [folder, join(folder, file), join(dav.share, "heads", `${name}.json`)]) await chown(path, uid, gid);
}

