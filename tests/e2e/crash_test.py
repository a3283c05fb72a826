#!/usr/bin/env python3
"""kill -9 at random moments under load, round after round on one store.

Several writers register, repeat, update, delete and register again, over unary calls and streams,
each call with a request id. A model keeps what was acknowledged (model.py). After each crash the
node is started again; some of the unanswered calls are repeated under their request ids; then every
identifier is looked up: what was acknowledged is there, what was not is wholly there or not at all.
The counters equal a recount, and the volume is the number of identifiers ever registered.

IDNODE_CRASH_ROUNDS rounds (5), seed IDNODE_CRASH_SEED (random; printed).
"""

import os
import random
import unittest

from harness import NodeTest
from model import DELETED, NEVER, Call, Model

ROUNDS = int(os.environ.get("IDNODE_CRASH_ROUNDS", "5"))
SEED = int(os.environ.get("IDNODE_CRASH_SEED", str(random.SystemRandom().randrange(1 << 32))))

UNARY_LANES = 6
STREAM_LANES = 2
STREAM_WINDOW = 4
BATCH_ITEMS_MAX = 60
ANSWERS_BEFORE_CRASH_MAX = 250
LOOKUP_ITEMS = 1000
METHODS = {"register": "BatchRegister", "update": "Update", "delete": "Delete"}


def value(version):
    """Content of a version; its size varies, so that commits do."""
    return [{"index": 1, "type": "VERSION", "data": str(version)},
            {"index": 2, "type": "TEXT", "data": "x" * (version % 300)}]


def request_of(call):
    items = []
    for name, version in call.items:
        item = {"identifier": name}
        if call.operation == "register":
            item["values"] = value(version)
        elif call.operation == "update":
            item.update(values=value(version), replaceValues=True)
        items.append(item)
    return {"requestId": call.request_id, "items": items}


class Writer:
    """One lane: chooses the next batch from what its own identifiers are known to be."""

    def __init__(self, lane, rng, model):
        self.lane = lane
        self.rng = rng
        self.model = model
        self.prefix = f"88.108.{2000 + lane}"
        self.is_stream = lane >= UNARY_LANES
        self.names = []
        self.under_way = set()
        self.calls = 0
        self.version = 0

    def pick(self, wanted, count):
        """Up to `count` of its identifiers whose state is known and wanted, in no call."""
        sample = self.rng.sample(self.names, min(len(self.names), 4 * count))
        picked = []
        for name in sample:
            possible = self.model.possible(name)
            if len(possible) == 1 and name not in self.under_way and wanted(next(iter(possible))):
                picked.append((name, next(iter(possible))))
        return picked[:count]

    def new_names(self, count):
        names = [f"{self.prefix}/N{len(self.names) + i}" for i in range(count)]
        self.names += names
        return names

    def next_version(self):
        self.version += 1
        return self.version

    def items(self, count):
        def is_live(state):
            return state not in (NEVER, DELETED)

        choice = self.rng.random()
        if choice < 0.15:
            return "register", [(n, self.next_version())
                                for n, _ in self.pick(lambda s: s == DELETED, count)]
        if choice < 0.25:  # the same again, or something else
            return "register", [(n, v if self.rng.random() < 0.5 else self.next_version())
                                for n, v in self.pick(is_live, count)]
        if choice < 0.40 and not self.is_stream:
            return "update", [(n, self.next_version()) for n, _ in self.pick(is_live, count)]
        if choice < 0.55 and not self.is_stream:
            return "delete", [(n, 0) for n, _ in self.pick(is_live, count)]
        return "register", []

    def next_call(self):
        count = self.rng.randint(1, BATCH_ITEMS_MAX)
        operation, items = self.items(count)
        if not items:
            operation = "register"
            items = [(name, self.next_version()) for name in self.new_names(count)]
        self.calls += 1
        self.under_way |= {name for name, _ in items}
        return Call(self.lane, operation, items, f"crash-{self.lane}-{self.calls}")

    def ended(self, call):
        self.under_way -= {name for name, _ in call.items}


class CrashTest(NodeTest):
    def test_what_was_acknowledged_survives(self):
        print(f"seed {SEED}, {ROUNDS} rounds", flush=True)
        self.rng = random.Random(SEED)
        self.model = Model()
        self.writers = [Writer(lane, self.rng, self.model)
                        for lane in range(UNARY_LANES + STREAM_LANES)]
        node = self.start()
        for number in range(ROUNDS):
            acknowledged, unanswered = self.load_and_kill(node)
            node = self.start()
            pipe = self.pipe(node)
            repeated = self.repeat_some(pipe)
            self.look_at_everything(pipe)
            pipe.close()
            self.assert_recount_equal(node)
            figures = self.volume(node)
            self.assertEqual(figures["firstEver"], self.model.first_ever())
            self.assertEqual(figures["net"], self.model.live())
            print(f"round {number + 1}: {acknowledged} calls acknowledged, {unanswered} not, "
                  f"{repeated} of them repeated; {figures['firstEver']} identifiers", flush=True)

    def send(self, pipe, call):
        writer = self.writers[call.lane]
        method = "RegisterStream" if writer.is_stream else METHODS[call.operation]
        self.calls[pipe.send(call.lane, method, request_of(call))] = call

    def take(self, answer):
        """Brings an answer into the model; true if the call was done."""
        call = self.calls.pop(answer["id"])
        writer = self.writers[call.lane]
        if answer["ok"]:
            outcomes = [r["outcome"] for r in answer["response"]["results"]]
            if "UNDETERMINED" not in outcomes:
                self.model.answered(call, outcomes)
                writer.ended(call)
                return True
        elif answer["slug"] == "overloaded":
            self.model.refused(call)
            writer.ended(call)
        else:
            # The node was killed under it. Anything else is a fault of the node.
            self.assertIn(answer["slug"], ("", "unavailable"), answer)
        return False

    def load_and_kill(self, node):
        pipe = self.pipe(node)
        self.calls = {}
        acknowledged = 0
        for writer in self.writers:
            writer.under_way.clear()
            for _ in range(STREAM_WINDOW if writer.is_stream else 1):
                self.start_call(pipe, writer)
        for _ in range(self.rng.randint(1, ANSWERS_BEFORE_CRASH_MAX)):
            answer = pipe.receive()
            lane = self.calls[answer["id"]].lane
            acknowledged += self.take(answer)
            self.start_call(pipe, self.writers[lane])
        node.kill()
        for answer in pipe.close():
            acknowledged += self.take(answer)
        self.assertEqual(self.calls, {})
        return acknowledged, len(self.model.pending)

    def start_call(self, pipe, writer):
        call = writer.next_call()
        self.model.sent(call)
        self.send(pipe, call)

    def repeat_some(self, pipe):
        """Asks again for about half of what was not answered, under the same request ids."""
        chosen = [call for call in self.model.pending if self.rng.random() < 0.5]
        for call in chosen:
            answer = pipe.call(METHODS[call.operation], request_of(call))
            self.assertTrue(answer["ok"], answer)
            self.model.answered(call, [r["outcome"] for r in answer["response"]["results"]])
        return len(chosen)

    def look_at_everything(self, pipe):
        found = {}
        names = list(self.model.states)
        for at in range(0, len(names), LOOKUP_ITEMS):
            part = names[at:at + LOOKUP_ITEMS]
            answer = pipe.call("BatchResolve", {"identifiers": part})
            self.assertTrue(answer["ok"], answer)
            for name, result in zip(part, answer["response"]["results"]):
                if "record" not in result:
                    continue
                values = {v["type"]: v.get("data", "") for v in result["record"]["values"]}
                version = int(values["VERSION"])
                self.assertEqual(values["TEXT"], "x" * (version % 300))
                found[name] = version
        self.model.seen(found)


if __name__ == "__main__":
    unittest.main()
