#!/usr/bin/env python3
"""A whole backend for Gridbook at level 0 of docs/contract.md, with nothing but Python's standard library.

This is how small the contract is. A backend keeps one list, the log, and answers three requests:

  GET  /sync/v1/caps   who it is and how much it takes at once
  POST /sync/v1/push   takes operations in: ok, dup, defer or refuse for each, in order
  GET  /sync/v1/pull   gives them back, page by page, from a cursor that is a place in the list

It never looks into a body. Of an operation it reads one line of text, and of that three things: which record (entity),
which device (writer), which number (n). They say whether it is new, a repeat, a fork, or too early. Accounts, rights,
numbers and photos belong to higher levels. In memory, for reading and for tests: `python3 minimal_server.py [PORT]`.
"""

import gzip
import hashlib
import io
import json
import re
import secrets
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

VERSION = "1"
MAX_OPS, MAX_BYTES, MAX_PAGE, MAX_BODY = 500, 1024 * 1024, 1000, 256 * 1024
DOT = r"[0-9a-f]{16}\.(?:0|[1-9]\d*)\.[1-9]\d*"
LINE = re.compile(
    rf"gb1 (?P<entity>[0-9a-f]{{32}}) (?P<writer>[0-9a-f]{{16}}\.(?:0|[1-9]\d*))\.(?P<n>[1-9]\d*)"
    rf" [0-9a-f]{{12}}\.[0-9a-f]{{4}} (?P<kind>[\w.-]{{1,32}}) [\w.-]{{1,64}} (?P<ctx>-|{DOT}(?:\+{DOT})*)(?: .*)?",
    re.ASCII,
)
WORDS = {
    "malformed": "服务器看不懂这次请求", "cursor": "同步位置的记号不对", "history": "服务器的数据换过了",
    "not_found": "没有这个地址", "too_large": "一次发送的内容太大", "encoding": "不认识这种压缩方式", "contract": "版本不配套",
}
SAFE = ";这次什么也没有保存,记录都在本机,请更新应用后再试。"


class Refused(Exception):
    """A request that is not answered with 200: a code and a status."""


def demand(holds, code="malformed", status=400):
    if not holds:
        raise Refused(code, status)


class Log:
    """Everything that was ever stored, in order, and what is needed to judge the next operation."""

    def __init__(self):
        self.lock, self.history = threading.Lock(), secrets.token_hex(8)
        self.entries = []  # what pull gives: {"t": "op", "op": …, "at": …}; the writer beside it
        self.hashes = {}  # (entity, writer, n) -> hash
        self.upto = {}  # (entity, writer) -> highest n stored; an entity alone -> it has been created
        self.nonces = {}  # writer -> nonce of its first push

    def caps(self):
        return {"contract": VERSION, "levels": [0], "history": self.history, "now": time.time_ns() // 10**6,
                "max_batch_ops": MAX_OPS, "max_batch_bytes": MAX_BYTES, "max_blob": 0}

    def push(self, request):
        demand(isinstance(request, dict))
        writer, nonce, ops = request.get("writer"), request.get("nonce"), request.get("ops")
        demand(isinstance(writer, dict) and isinstance(ops, list) and isinstance(request.get("now"), int))
        demand(re.fullmatch(r"[0-9a-f]{16}\.\d+", f"{writer.get('dev')}.{writer.get('epoch')}"))
        demand(isinstance(nonce, str) and 0 < len(nonce) <= 64)
        demand(all(isinstance(op, dict) and isinstance(op.get("h"), str) for op in ops))
        demand(len(ops) <= MAX_OPS, "too_large", 413)
        with self.lock:  # one batch after the other: so places in the list have no holes
            known = self.nonces.setdefault(f"{writer['dev']}.{writer['epoch']}", nonce)
            return {"results": [self.take(op, known != nonce) for op in ops], "now": time.time_ns() // 10**6}

    def take(self, op, cloned):
        """One operation: a verdict, and stored if it is new and in order."""
        line = readable(op)
        if line is None:
            return {"r": "refuse", "code": "malformed"}
        entity, writer, n = line["entity"], line["writer"], int(line["n"])
        dev, epoch = writer.split(".")
        result = {"id": {"entity": entity, "dot": {"writer": {"dev": dev, "epoch": int(epoch)}, "n": n}}}
        digest, held = hash_of(op), self.hashes.get((entity, writer, n))
        if cloned:
            return result | {"r": "refuse", "code": "clone"}
        if held is not None:
            return result | ({"r": "dup"} if held == digest else {"r": "refuse", "code": "fork"})
        if n != self.upto.get((entity, writer), 0) + 1 or (entity not in self.upto and line["kind"] != "create"):
            return result | {"r": "defer"}
        self.store(op, entity, writer, n, digest)
        return result | {"r": "ok"}

    def store(self, op, entity, writer, n, digest):
        self.hashes[entity, writer, n] = digest
        self.upto[entity, writer] = self.upto[entity] = n
        kept = {key: op[key] for key in ("h", "s", "b", "x", "g") if key in op}
        self.entries.append((writer, {"t": "op", "op": kept, "at": time.time_ns() // 10**6}))

    def page(self, query):
        limit = query.get("limit", str(MAX_PAGE))
        demand(re.fullmatch("[1-9][0-9]{0,8}", limit))
        return self.pull(query.get("cursor"), min(int(limit), MAX_PAGE), query.get("not"))

    def pull(self, cursor, limit, without):
        start = self.place(cursor)
        demand(start <= len(self.entries), "history", 409)
        page = self.entries[start:start + limit]
        stop, entries = start + len(page), [entry for writer, entry in page if writer != without]
        return {"entries": entries, "cursor": f"{self.history}.{stop}", "more": stop < len(self.entries)}

    def place(self, cursor):
        if not cursor:
            return 0
        given = re.fullmatch(r"([0-9a-f]{16})\.(\d{1,15})", cursor, re.ASCII)
        demand(given, "cursor")
        demand(given[1] == self.history, "history", 409)
        return int(given[2])


def readable(op):
    """The parts of the header line, or None for an operation that nobody could use."""
    line = LINE.fullmatch(op["h"]) if len(op["h"].encode()) <= 16 * 1024 else None
    salt, body, erased = op.get("s"), op.get("b"), op.get("x")
    here = erased is None and isinstance(body, str) and re.fullmatch("[0-9a-f]{32}", str(salt))
    gone = salt is None and body is None and re.fullmatch("[0-9a-f]{64}", str(erased))
    if not line or not op["h"].isprintable() or not (here and len(body.encode()) <= MAX_BODY or gone):
        return None
    # An author has seen its own earlier operations, and never this one.
    seen = dict(dot.rsplit(".", 1) for dot in line["ctx"].split("+") if dot != "-")
    return line.groupdict() if int(seen.get(line["writer"], 0)) == int(line["n"]) - 1 else None


def hash_of(op):
    body = op.get("x") or hashlib.sha256(bytes.fromhex(op["s"]) + op["b"].encode()).hexdigest()
    return hashlib.sha256(op["h"].encode() + b"\n" + bytes.fromhex(body)).digest()


class Handler(BaseHTTPRequestHandler):
    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True

    def do_GET(self):
        url, log = urlsplit(self.path), self.server.log
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        self.answer({"/sync/v1/caps": log.caps, "/sync/v1/pull": lambda: log.page(query)}.get(url.path))

    def do_POST(self):
        raw, log = self.body(), self.server.log
        self.answer({"/sync/v1/push": lambda: log.push(self.unpacked(raw))}.get(self.path))

    def body(self):
        """The body, read to its end even where it is too large: else the sender never hears why."""
        left, kept = int(self.headers.get("content-length") or 0), b""
        while left > 0 and (part := self.rfile.read(min(left, MAX_BYTES + 1))):
            left, kept = left - len(part), kept or part
        return kept

    def unpacked(self, raw):
        demand(len(raw) <= MAX_BYTES, "too_large", 413)
        encoding = self.headers.get("content-encoding", "identity")
        demand(encoding in ("identity", "gzip"), "encoding", 415)
        try:
            if encoding == "gzip":
                raw = gzip.GzipFile(fileobj=io.BytesIO(raw)).read(MAX_BYTES + 1)
            demand(len(raw) <= MAX_BYTES, "too_large", 413)
            value = json.loads(raw.decode())
            json.dumps(value, ensure_ascii=False).encode()  # half a character has no bytes
            return value
        except (ValueError, OSError, EOFError, RecursionError):
            raise Refused("malformed", 400) from None

    def answer(self, work):
        try:
            demand(self.headers.get("gridbook-contract", VERSION) == VERSION, "contract", 426)
            demand(work, "not_found", 404)
            status, answer = 200, work()
        except Refused as refused:
            code, status = refused.args
            answer = {"code": code, "message": WORDS[code] + SAFE}
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.send_header("gridbook-contract", VERSION)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_): ...


def serve(log, port, handler=Handler):
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.log = log
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(Log(), int(sys.argv[1]) if len(sys.argv) > 1 else 8765)
