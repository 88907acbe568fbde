#!/usr/bin/env python3
"""The minimal server with one rule broken, to see that the conformance suite notices: `broken_server.py RULE`.

Each class breaks one rule, in a way that a real server could.
"""

import json
import sys
import threading

import minimal_server
from minimal_server import Handler, Log, Refused, demand, hash_of, serve


class Border(Log):
    """Skips an entry where one page ends and the next begins."""

    def pull(self, cursor, limit, without):
        page = super().pull(cursor, limit, without)
        if page["more"]:
            page["cursor"] = f"{self.history}.{self.place(page['cursor']) + 1}"
        return page


class Back(Log):
    """At the end, points one entry back: whoever asks again hears the last one again, for ever."""

    def pull(self, cursor, limit, without):
        page = super().pull(cursor, limit, without)
        if not page["more"]:
            page["cursor"] = f"{self.history}.{max(self.place(page['cursor']) - 1, 0)}"
        return page


class Stuck(Log):
    """Says that more is waiting, and does not move the cursor."""

    def pull(self, cursor, limit, without):
        page = super().pull(cursor, limit, without)
        if page["more"] and limit == 1:
            page["cursor"] = cursor
        return page


class Overfull(Log):
    """Takes the limit of a page for advice."""

    def pull(self, cursor, limit, without):
        return super().pull(cursor, limit + (limit == 2), without)


class Reverse(Log):
    """Newest first."""

    def pull(self, cursor, limit, without):
        page = super().pull(cursor, limit, without)
        page["entries"].reverse()
        return page


class Shuffle(Log):
    """Gives a page in another order each time it is asked; the order inside a record is kept."""

    turn = 0

    def pull(self, cursor, limit, without):
        page = super().pull(cursor, limit, without)
        self.turn += 1
        if self.turn % 2:
            page["entries"].sort(key=lambda entry: entry["op"]["h"].split(" ")[1], reverse=True)
        return page


class Hides(Log):
    """Leaves out everything newer than what the asking device wrote."""

    def pull(self, cursor, limit, without):
        page = super().pull(cursor, limit, None)
        own = [i for i, entry in enumerate(page["entries"]) if without and f" {without}." in entry["op"]["h"]]
        return page | {"entries": page["entries"][:own[0]]} if own else page


class Forgets(Log):
    """Whoever begins anew is given only the latest."""

    def place(self, cursor):
        return super().place(cursor) if cursor else max(len(self.entries) - 5, 0)


class AnyCursor(Log):
    """Takes every cursor that it cannot read for the beginning."""

    def place(self, cursor):
        try:
            return super().place(cursor)
        except Refused:
            return 0


class Unknown(Log):
    """Keeps of a new record only the fields that it knows."""

    def store(self, op, entity, writer, n, digest):
        if " create " in op["h"]:
            body = json.loads(op["b"])
            known = {key: body[key] for key in ("type", "form", "state", "parent", "place", "set", "blobs") if key in body}
            op = op | {"b": json.dumps(known, ensure_ascii=False)}
        super().store(op, entity, writer, n, digest)


class Copies(Log):
    """Takes a repeat for something new."""

    def take(self, op, cloned):
        result = super().take(op, cloned)
        if result["r"] == "dup":
            writer = op["h"].split(" ")[2].rsplit(".", 1)[0]
            self.entries.append((writer, {"t": "op", "op": op, "at": 1_700_000_000_000}))
            result["r"] = "ok"
        return result


class LastWins(Log):
    """Puts another content under the same number in the place of the first."""

    def take(self, op, cloned):
        result = super().take(op, cloned)
        if result.get("code") == "fork":
            for _, entry in self.entries:
                if entry["op"]["h"].split(" ")[1:3] == op["h"].split(" ")[1:3]:
                    entry["op"] = op
            return {"id": result["id"], "r": "ok"}
        return result


class Clones(Log):
    """Does not look at the nonce."""

    def take(self, op, cloned):
        return super().take(op, False)


class Holes(Log):
    """Stores what misses its predecessor."""

    def take(self, op, cloned):
        result = super().take(op, cloned)
        if result["r"] == "defer":
            dot = result["id"]["dot"]
            writer = f"{dot['writer']['dev']}.{dot['writer']['epoch']}"
            self.store(op, result["id"]["entity"], writer, dot["n"], hash_of(op))
            result["r"] = "ok"
        return result


class Poison(Log):
    """Refuses a whole batch for one operation that it cannot read."""

    def push(self, request):
        reply = super().push(request)
        demand(all(result.get("code") != "malformed" for result in reply["results"]))
        return reply


class Sorted(Log):
    """Answers in an order of its own."""

    def push(self, request):
        reply = super().push(request)
        reply["results"].sort(key=lambda result: json.dumps(result.get("id"), sort_keys=True))
        return reply


class Greedy(Log):
    """Stores the first of too many, and says so."""

    def push(self, request):
        if isinstance(request, dict) and isinstance(request.get("ops"), list) and len(request["ops"]) > 500:
            super().push(request | {"ops": request["ops"][:500]})
        return super().push(request)


class Strict(Log):
    """Refuses requests with a field that it does not know."""

    def push(self, request):
        demand(not isinstance(request, dict) or set(request) <= {"writer", "nonce", "now", "ops"})
        return super().push(request)


class Undated(Log):
    """Does not say when it received an operation."""

    def pull(self, cursor, limit, without):
        page = super().pull(cursor, limit, without)
        return page | {"entries": [entry | {"at": 0} for entry in page["entries"]]}


class Late(Log):
    """Gives out places before it commits, and commits out of order: a reader passes a place that is still empty."""

    def __init__(self):
        super().__init__()
        self.pending, self.own, self.turn = set(), threading.local(), 0

    def store(self, op, entity, writer, n, digest):
        self.own.places.append(len(self.entries))
        self.pending.add(len(self.entries))
        super().store(op, entity, writer, n, digest)

    def push(self, request):
        self.own.places = []
        reply = super().push(request)
        self.turn += 1
        threading.Event().wait(self.turn % 3 * 0.02)
        self.pending.difference_update(self.own.places)
        return reply

    def pull(self, cursor, limit, without):
        with self.lock:
            start = self.place(cursor)
            ready = [i for i in range(start, len(self.entries)) if i not in self.pending]
        page = ready[:limit]
        entries = [entry for writer, entry in (self.entries[i] for i in page) if writer != without]
        return {"entries": entries, "cursor": f"{self.history}.{page[-1] + 1 if page else start}",
                "more": len(ready) > len(page)}


class Silent(Handler):
    """Does not name the contract's version."""

    def send_header(self, name, value):
        if name != "gridbook-contract":
            super().send_header(name, value)


class AnyVersion(Handler):
    """Talks to every version."""

    def answer(self, work):
        del self.headers["gridbook-contract"]
        super().answer(work)


class English(Handler):
    """Has a code and no words for people."""

    def answer(self, work):
        minimal_server.WORDS, minimal_server.SAFE = dict.fromkeys(minimal_server.WORDS, "error"), ""
        super().answer(work)


class Plain(Handler):
    """Cannot unpack."""

    def unpacked(self, raw):
        demand(self.headers.get("content-encoding", "identity") == "identity", "encoding", 415)
        return super().unpacked(raw)


class Lax(Handler):
    """Reads text that is no UTF-8 as well as it can."""

    def unpacked(self, raw):
        return super().unpacked(raw if self.headers.get("content-encoding") else raw.decode("utf-8", "replace").encode())


class Anything(Handler):
    """Answers every limit."""

    def do_GET(self):
        head, mark, tail = self.path.partition("limit=")
        if mark and not tail[:1].isdigit() or tail.startswith("0"):
            self.path = head
        super().do_GET()


if __name__ == "__main__":
    broken = globals()[sys.argv[1]]
    if issubclass(broken, Log):
        serve(broken(), 0)
    else:
        serve(Log(), 0, broken)
