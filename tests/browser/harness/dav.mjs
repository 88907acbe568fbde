// A WebDAV share as a township has one: Apache with an account, in a folder of its own.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./server.mjs";
import { until } from "./wait.mjs";

export const ACCOUNT = { user: "cunwu", password: "qinghe-2026" };
const MODULES = "/usr/lib/apache2/modules";
/** Apache does not serve as root; started by root it becomes this. */
const NOBODY = 65534;

/** What browsers need to know of files. */
const TYPES = {
  css: "text/css",
  html: "text/html",
  js: "text/javascript",
  json: "application/json",
  png: "image/png",
  svg: "image/svg+xml",
  wasm: "application/wasm",
  webmanifest: "application/manifest+json",
};

export class Dav {
  /** `pages`: the same Apache serves the app's pages too, and the share lies below `/share/`. */
  static async start({ pages = false } = {}) {
    const dav = new Dav();
    dav.folder = await mkdtemp(join(tmpdir(), "gridbook-dav-"));
    dav.port = await freePort();
    dav.share = join(dav.folder, "share");
    dav.path = pages ? "share/" : "";
    const site = join(dav.folder, "site");
    await Promise.all([mkdir(dav.share), mkdir(join(dav.folder, "lock"))]);
    if (pages) await promisify(execFile)(process.env.GRIDBOOK_SERVER, ["pages", "--out", site]);
    const sha = createHash("sha1").update(ACCOUNT.password).digest("base64");
    await writeFile(join(dav.folder, "users"), `${ACCOUNT.user}:{SHA}${sha}\n`);
    const more = pages ? ["alias", "dir", "mime"] : [];
    const modules = [...more, "mpm_event", "authz_core", "authn_core", "authn_file", "auth_basic", "authz_user", "dav", "dav_fs"];
    const root = process.getuid() === 0;
    await writeFile(join(dav.folder, "apache.conf"), `
ServerRoot ${dav.folder}
ServerName 127.0.0.1
Listen 127.0.0.1:${dav.port}
PidFile ${dav.folder}/apache.pid
ErrorLog ${dav.folder}/error.log
${modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join("\n")}
${root ? `User #${NOBODY}\nGroup #${NOBODY}` : ""}
DavLockDB ${dav.folder}/lock/dav
${pages ? `DocumentRoot ${site}
Alias /share ${dav.share}
TypesConfig /dev/null
${Object.entries(TYPES).map(([end, type]) => `AddType ${type} .${end}`).join("\n")}
<Directory ${site}>
  DirectoryIndex index.html
  Require all granted
</Directory>` : `DocumentRoot ${dav.share}`}
<Directory ${dav.share}>
  Dav On
  AuthType Basic
  AuthName share
  AuthUserFile ${dav.folder}/users
  Require valid-user
</Directory>
`);
    if (root) await Promise.all([dav.folder, dav.share, join(dav.folder, "lock")].map((path) => chown(path, NOBODY, NOBODY)));
    dav.process = spawn("/usr/sbin/apache2", ["-f", join(dav.folder, "apache.conf"), "-D", "FOREGROUND"], { stdio: "inherit" });
    await until("Apache answers", async () => (await fetch(dav.origin).catch(() => ({}))).status === 401);
    return dav;
  }

  get origin() {
    return `http://127.0.0.1:${this.port}/${this.path}`;
  }

  /** Where the pages are, when Apache serves them. */
  get pages() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Names of what lies in a folder of the share. */
  async list(folder) {
    return readdir(join(this.share, folder)).catch(() => []);
  }

  async stop() {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const gone = once(this.process, "exit");
      this.process.kill("SIGTERM");
      await gone;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
