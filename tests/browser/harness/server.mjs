// The server with the demo township, on a port and a database of its own.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./wait.mjs";

/** Every demo account has it. */
export const PASSWORD = "gridbook-demo";
const START_TIMEOUT = 120_000;

function need(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run these tests with \`cargo xtask test browser\``);
  return value;
}

/** Below the ports that systems hand out by themselves; each process has twenty of its own, as several test files run at once. */
const PORTS = { from: 12_000, each: 20, processes: 600 };
let taken = 0;

/** A port that nobody listens at, and that nobody is given while its server is down. */
export async function freePort() {
  for (;;) {
    const port = PORTS.from + (process.pid % PORTS.processes) * PORTS.each + (taken % PORTS.each);
    taken += 1;
    const probe = createServer().listen(port, "127.0.0.1");
    const free = await once(probe, "listening").then(() => true, () => false);
    if (!free) continue;
    probe.close();
    await once(probe, "close");
    return port;
  }
}

export class Server {
  /**
   * Starts it and waits until it answers. `dist`: a folder with bundles in the place of those inside the program;
   * `more`: further arguments.
   */
  static async start({ dist = process.env.GRIDBOOK_DIST, more = [] } = {}) {
    const server = new Server();
    server.dist = dist;
    server.more = more;
    server.folder = await mkdtemp(join(tmpdir(), "gridbook-server-"));
    server.port = await freePort();
    await server.up();
    return server;
  }

  /** A township that had no server moves in from a carried file; then it is served at `port`, once `before` is done. */
  static async adopt(file, passphrase, { admin, port, before }) {
    const server = new Server();
    Object.assign(server, { dist: process.env.GRIDBOOK_DIST, more: [], port, empty: true });
    server.folder = await mkdtemp(join(tmpdir(), "gridbook-server-"));
    const said = await server.command(["adopt", "--from", file, "--admin", admin], `${passphrase}\n`);
    server.invitation = said.match(/\/#\/invite\/\S+/)[0];
    await before();
    await server.up();
    return server;
  }

  /** A new way in for an account: the path of the invitation. */
  async invite(user) {
    return (await this.command(["reset", "--user", user])).match(/\/#\/invite\/\S+/)[0];
  }

  /** Runs a command of whoever runs the server, on this database; what it printed. */
  async command(args, input = "") {
    const child = spawn(need("GRIDBOOK_SERVER"), [...args, ...this.database()], { stdio: ["pipe", "pipe", "inherit"] });
    child.stdin.end(input);
    let said = "";
    child.stdout.on("data", (chunk) => {
      said += chunk;
    });
    const [code] = await once(child, "close");
    if (code !== 0) throw new Error(`${args[0]} failed:\n${said}`);
    return said;
  }

  database() {
    return ["--db", `sqlite://${join(this.folder, "gridbook.db")}`];
  }

  get origin() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts the program on the same database and port. */
  async up() {
    const args = ["serve", "--listen", `127.0.0.1:${this.port}`, ...this.database(), ...this.more];
    if (!this.empty) args.push("--demo");
    // The program carries its own bundles.
    if (this.dist) args.push("--dist", this.dist);
    this.process = spawn(need("GRIDBOOK_SERVER"), args, { stdio: ["ignore", "ignore", "pipe"] });
    this.log = "";
    this.process.stderr.on("data", (chunk) => {
      this.log = (this.log + chunk).slice(-20_000);
    });
    const gone = once(this.process, "exit").then(() => Promise.reject(new Error(`the server stopped:\n${this.log}`)));
    gone.catch(() => {});
    const ready = until("the server answers /healthz", async () => (await fetch(`${this.origin}/healthz`)).ok, {
      timeout: START_TIMEOUT,
    });
    await Promise.race([ready, gone]);
  }

  /** Ends the program; the database stays. */
  async down() {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const gone = once(this.process, "exit");
      // Not gently: a browser may hold connections, and a commit must survive this anyway.
      this.process.kill("SIGKILL");
      await gone;
    }
  }

  async stop() {
    await this.down();
    await rm(this.folder, { recursive: true, force: true });
  }
}
