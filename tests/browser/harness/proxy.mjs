// The network between the browsers and the server: it can vanish, hold a request, lose an answer, or answer as a
// server that is busy or takes nothing.

import { once } from "node:events";
import { Agent, createServer, request as ask } from "node:http";
import { json } from "node:stream/consumers";

/** Photos going up, whole or in parts. */
export const isPhoto = (request) =>
  ["PUT", "PATCH"].includes(request.method) && request.url.startsWith("/sync/v1/blobs/");
/** Operations going up. */
export const isPush = (request) => request.method === "POST" && request.url.startsWith("/sync/v1/push");

/** What a server says of operations none of which it takes, for `answerNext(isPush, …)`. */
export const refusing = (code) => ({ ops, now }) => ({
  results: ops.map(({ h }) => {
    const [, entity, dot] = h.split(" ");
    const [dev, epoch, n] = dot.split(".");
    return { id: { entity, dot: { writer: { dev, epoch: Number(epoch) }, n: Number(n) } }, r: "refuse", code };
  }),
  now,
});

export class Proxy {
  /** Starts between the browsers and `target` (an origin). */
  static async to(target) {
    const proxy = new Proxy();
    proxy.target = new URL(target);
    proxy.agent = new Agent({ keepAlive: true });
    proxy.sockets = new Set();
    /** Everything that passed: `{method, url, status, lost, held}` in the order of arrival. */
    proxy.log = [];
    proxy.losses = [];
    proxy.late = [];
    proxy.holds = [];
    proxy.storms = [];
    proxy.answers = [];
    proxy.port = 0;
    await proxy.up();
    return proxy;
  }

  /** What browsers open. */
  get origin() {
    return `http://localhost:${this.port}`;
  }

  /** The network is there. */
  async up() {
    this.listener = createServer((request, response) => this.#pass(request, response));
    this.listener.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
      socket.on("error", () => {});
    });
    this.listener.listen(this.port, "localhost");
    await once(this.listener, "listening");
    this.port = this.listener.address().port;
  }

  /** The network is gone, in the middle of whatever is on its way. */
  async cut() {
    const closed = once(this.listener, "close");
    this.listener.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
    for (const hold of this.holds) hold.open = false;
    this.holds = [];
  }

  /** The answer to the next request that fits is lost after the server has given it. Resolves then. */
  loseNextAnswer(fits) {
    return new Promise((resolve) => this.losses.push({ fits, resolve }));
  }

  /**
   * The answer to the next request that fits waits on the line after the server has given it (`given` tells when), until
   * `release()`.
   */
  holdNextAnswer(fits) {
    const hold = { fits };
    hold.given = new Promise((resolve) => (hold.tell = resolve));
    hold.free = new Promise((resolve) => (hold.release = resolve));
    this.late.push(hold);
    return hold;
  }

  /** Requests that fit wait on the line, after `let_pass` of them have passed, until `release()` or `cut()`. */
  hold(fits, letPass = 0) {
    const hold = { fits, letPass, held: 0, open: true, waiting: [] };
    hold.release = () => {
      hold.open = false;
      this.holds = this.holds.filter((other) => other !== hold);
      for (const go of hold.waiting.splice(0)) go();
    };
    this.holds.push(hold);
    return hold;
  }

  /**
   * The next `times` requests that fit get `status` from somewhere on the way, and the server never hears of them.
   * `storm.left` tells how many are still to come.
   */
  storm(fits, status, times, headers = {}) {
    const storm = { fits, status, left: times, headers };
    this.storms.push(storm);
    return storm;
  }

  /**
   * The next request that fits is answered here with what `make` makes of its JSON; the server never hears of it.
   * Resolves then.
   */
  answerNext(fits, make) {
    return new Promise((resolve) => this.answers.push({ fits, make, resolve }));
  }

  async stop() {
    await this.cut();
    this.agent.destroy();
  }

  async #pass(request, response) {
    const entry = { method: request.method, url: request.url, status: 0, lost: false };
    this.log.push(entry);
    const hold = this.holds.find((one) => one.open && one.fits(request));
    if (hold) {
      if (hold.letPass > 0) {
        hold.letPass -= 1;
      } else {
        hold.held += 1;
        await new Promise((go) => hold.waiting.push(go));
      }
    }
    const storm = this.storms.find((one) => one.left > 0 && one.fits(request));
    if (storm) {
      storm.left -= 1;
      entry.status = storm.status;
      request.resume();
      request.on("end", () => response.writeHead(storm.status, storm.headers).end());
      return;
    }
    const answered = this.answers.findIndex(({ fits }) => fits(request));
    if (answered >= 0) {
      const [{ make, resolve }] = this.answers.splice(answered, 1);
      const answer = JSON.stringify(make(await json(request)));
      entry.status = 200;
      response.writeHead(200, { "content-type": "application/json" }).end(answer);
      resolve(entry);
      return;
    }
    const { hostname, port } = this.target;
    const onward = ask(
      { hostname, port, agent: this.agent, method: request.method, path: request.url, headers: request.headers },
      (answer) => this.#answer(entry, request, answer, response),
    );
    // The server is down or the browser went away: either way this exchange is over.
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  }

  async #answer(entry, request, answer, response) {
    entry.status = answer.statusCode;
    const late = this.late.findIndex(({ fits }) => fits(request));
    if (late >= 0) {
      const [hold] = this.late.splice(late, 1);
      hold.tell(entry);
      await hold.free;
    }
    const at = this.losses.findIndex(({ fits }) => fits(request));
    if (at < 0) {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
      return;
    }
    const [{ resolve }] = this.losses.splice(at, 1);
    entry.lost = true;
    answer.resume();
    answer.on("end", () => {
      // The head alone arrives, so that the browser does not silently ask again on its own.
      response.writeHead(answer.statusCode, { "content-type": "application/json", "content-length": "1000" });
      response.flushHeaders();
      setImmediate(() => response.destroy());
      resolve(entry);
    });
  }
}
