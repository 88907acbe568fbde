// A copy of the built bundles in a folder of its own, so that a server can get a new version while it runs.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BUILT = process.env.GRIDBOOK_DIST ?? fileURLToPath(new URL("../../../dist/", import.meta.url));
const sha256 = (data) => createHash("sha256").update(data).digest("hex");

export class Bundles {
  static async copy() {
    const bundles = new Bundles();
    bundles.folder = await mkdtemp(join(tmpdir(), "gridbook-dist-"));
    await cp(BUILT, bundles.folder, { recursive: true });
    return bundles;
  }

  /** Changes a file of the phone's bundle and makes the worker that goes with it, as the build does. Its version. */
  async release(file, change) {
    const base = join(this.folder, "field");
    const text = change(await readFile(join(base, file), "utf8"));
    await this.#write(join(base, file), text);
    const worker = await readFile(join(base, "sw.js"), "utf8");
    const end = worker.indexOf("\n");
    const list = JSON.parse(worker.slice("self.GRIDBOOK = ".length, end - 1));
    const entry = list.files.find(({ url }) => url === `/${file}`);
    assert.ok(entry, `${file} is kept by the worker`);
    entry.rev = sha256(text);
    list.version = sha256(JSON.stringify(list.files) + worker.slice(end + 1)).slice(0, 16);
    await this.#write(join(base, "sw.js"), `self.GRIDBOOK = ${JSON.stringify(list)};${worker.slice(end)}`);
    return list.version;
  }

  /** Compressed copies are made from the file and go with it. */
  async #write(path, text) {
    await writeFile(path, text);
    for (const end of [".br", ".gz"]) await rm(path + end, { force: true });
  }

  async remove() {
    await rm(this.folder, { recursive: true, force: true });
  }
}
