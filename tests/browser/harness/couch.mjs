// A database as CouchDB has one, in memory; what lies in it can be read here.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";

const FOLDER = fileURLToPath(new URL("../../couch", import.meta.url));

export class Couch {
  static async start() {
    const couch = new Couch();
    couch.process = spawn(process.execPath, ["server.js"], { cwd: FOLDER, stdio: ["pipe", "pipe", "inherit"] });
    const gone = once(couch.process, "exit").then(() => Promise.reject(new Error("no CouchDB: cargo xtask setup --tests")));
    gone.catch(() => {});
    const [line] = await Promise.race([once(createInterface({ input: couch.process.stdout }), "line"), gone]);
    // The name tells the server's relay what it is.
    couch.address = `${line.trim()}couch-village`;
    const made = await fetch(couch.address, { method: "PUT" });
    if (made.status !== 201) throw new Error(`the database was not made: ${made.status}`);
    return couch;
  }

  /** Names of the documents that begin so. */
  async list(prefix) {
    const all = await (await fetch(`${this.address}/_all_docs`)).json();
    return all.rows.map((row) => row.id).filter((id) => id.startsWith(prefix));
  }

  async stop() {
    const gone = once(this.process, "exit");
    this.process.stdin.end();
    await gone;
  }
}
