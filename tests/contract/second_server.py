#!/usr/bin/env python3
"""Level 2 of docs/contract.md on top of the minimal server: packed streams, what a reader should hold, and news.

`second_server.py Second` keeps all of it; every other class below breaks one rule, to see that the suite notices.
"""

import json
import sys
import threading
import time
from urllib.parse import parse_qsl, urlsplit

import minimal_server
from minimal_server import VERSION, Handler, Log, Refused, demand, serve

PAGE = 7
minimal_server.WORDS["snapshot"] = "这里没有打包的记录"


def fingerprint(digests):
    digests = list(digests)
    total = sum(int.from_bytes(digest[:16], "big") for digest in digests) % 2**128
    return {"count": len(digests), "sum": f"{total:032x}"}


def frame(op):
    body, sig = op.get("b", ""), op.get("g", "")
    flags = 4 | (1 if "x" in op else 0) | (2 if "g" in op else 0)
    lengths = (len(op["h"].encode()).to_bytes(4, "little") + len(body.encode()).to_bytes(4, "little")
               + len(sig).to_bytes(2, "little"))
    salted = bytes.fromhex(op.get("x") or op["s"])
    return bytes([flags]) + lengths + salted + op["h"].encode() + body.encode() + sig.encode()


class Second(Log):
    """All of it."""

    def __init__(self):
        super().__init__()
        self.areas, self.order = {}, []  # entity -> where it lies; (op, entity, hash) in the order of the log

    def caps(self):
        return super().caps() | {"snapshot": 1}

    def store(self, op, entity, writer, n, digest):
        super().store(op, entity, writer, n, digest)
        self.order.append((self.entries[-1][1]["op"], entity, digest))
        try:
            body = json.loads(op.get("b", "null"))
            kind = op["h"].split(" ")[4]
            place = body.get("place", {}) if kind == "create" else body if kind == "place" else {}
            self.areas[entity] = place.get("area") or self.areas.get(entity, "")
        except (ValueError, AttributeError):
            self.areas.setdefault(entity, "")

    def snapshot(self, query):
        start, place = self.place(query.get("cursor")), query.get("place")
        with self.lock:
            demand(start <= len(self.order), "history", 409)
            demand(start < len(self.order) or not self.order or place is not None, "snapshot", 410)
            taken = self.order[start:start + PAGE]
            if place is not None:
                taken = [entry for entry in taken if self.areas[entry[1]] == place]
            stop = min(start + PAGE, len(self.order))
            more = stop < len(self.order)
            head = {"form": 1, "cursor": f"{self.history}.{stop}", "more": more,
                    "fp": fingerprint(digest for _, _, digest in taken)}
            return head, b"".join(frame(op) for op, _, _ in taken)

    def fp(self, query):
        with self.lock:
            told = {"cursor": f"{self.history}.{len(self.order)}",
                    "fp": fingerprint(digest for _, _, digest in self.order)}
            if query.get("places") == "1":
                lying = {}
                for _, entity, digest in self.order:
                    lying.setdefault(self.areas[entity], []).append(digest)
                told["places"] = [{"place": place, "fp": fingerprint(digests)} for place, digests in lying.items()]
            return told

    def status(self, query):
        place, until = self.place(query.get("cursor")), time.monotonic() + min(int(query.get("wait", "0")), 30)
        while not (behind := self.behind(place)) and time.monotonic() < until:
            threading.Event().wait(0.05)
        return {"now": time.time_ns() // 10**6, "history": self.history, "behind": behind, "waited": True}

    def behind(self, place):
        with self.lock:
            return place < len(self.entries)


class Miscounts(Second):
    """Forgets the latest one."""

    def fp(self, query):
        told = super().fp({})
        return told | {"fp": fingerprint(digest for _, _, digest in self.order[:-1])} | (
            {"places": super().fp(query)["places"]} if query.get("places") == "1" else {})


class Misplaces(Second):
    """Counts everything in one place."""

    def fp(self, query):
        told = super().fp(query)
        return told | ({"places": [{"place": "51", "fp": told["fp"]}]} if "places" in told else {})


class Elsewhen(Second):
    """Says a cursor that no pull ends with."""

    def fp(self, query):
        return super().fp(query) | {"cursor": f"{self.history}.0"}


class Gap(Second):
    """Leaves the last operation out where one page ends and the next begins."""

    def snapshot(self, query):
        head, frames = super().snapshot(query)
        if head["more"] and "place" not in query:
            head["cursor"] = f"{self.history}.{self.place(head['cursor']) + 1}"
        return head, frames


class Damages(Second):
    """Sends bytes that are not what they were."""

    def snapshot(self, query):
        head, frames = super().snapshot(query)
        return head, frames[:-1] + bytes([frames[-1] ^ 1]) if frames and "place" not in query else frames


class Anywhere(Second):
    """Gives everything whatever place is asked for."""

    def snapshot(self, query):
        return super().snapshot({"cursor": query.get("cursor", "")}) if "place" in query else super().snapshot(query)


class Endless(Second):
    """Has packed pages, empty ones, for those who are through."""

    def snapshot(self, query):
        return super().snapshot(query | ({} if "place" in query else {"place": "0"})
                                if self.place(query.get("cursor")) == len(self.order) else query)


class Deaf(Second):
    """Never hears of news."""

    def behind(self, place):
        return False


class Restless(Second):
    """Always has news."""

    def behind(self, place):
        return True


class SecondHandler(Handler):
    def do_GET(self):
        url, log = urlsplit(self.path), self.server.log
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        if url.path == "/sync/v1/snapshot":
            return self.packed(log, query)
        level2 = {"/sync/v1/fp": lambda: log.fp(query), "/sync/v1/status": lambda: log.status(query)}.get(url.path)
        return self.answer(level2) if level2 else super().do_GET()

    def packed(self, log, query):
        try:
            head, frames = log.snapshot(query)
        except Refused as refused:
            def again():
                raise refused
            return self.answer(again)
        self.send_response(200)
        self.send_header("content-type", "application/octet-stream")
        self.send_header("content-length", str(len(frames)))
        self.send_header("gridbook-contract", VERSION)
        self.send_header("gridbook-page", json.dumps(head))
        self.end_headers()
        self.wfile.write(frames)


if __name__ == "__main__":
    serve(globals()[sys.argv[1]](), 0, SecondHandler)
