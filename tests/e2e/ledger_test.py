#!/usr/bin/env python3
"""The ledger from outside, with a verifier that shares nothing with the node (tlog.py): checkpoint,
tiles, entries, proofs and statement of a node under registration, and after kill -9.

IDNODE_LEDGER_ROUNDS rounds of kill -9 (3), seed IDNODE_LEDGER_SEED (random; printed).
"""

import base64
import http.client
import os
import random
import threading
import time
import unittest

import tlog
from harness import END_SECONDS, Http, NodeTest

ROUNDS = int(os.environ.get("IDNODE_LEDGER_ROUNDS", "3"))
SEED = int(os.environ.get("IDNODE_LEDGER_SEED", str(random.SystemRandom().randrange(1 << 32))))

WRITERS = 4
BATCH_ITEMS_MAX = 80
BATCHES_BEFORE_CRASH_MAX = 120
GONE = (ConnectionError, http.client.HTTPException, TimeoutError, OSError)


def batch(prefix, numbers, **more):
    return {"items": [{"identifier": f"{prefix}/N{n}", "objectClass": "product",
                       "values": [{"index": 1, "type": "NAME", "data": f"part {n}"}]}
                      for n in numbers], **more}


def proof_hashes(proof):
    return [base64.b64decode(value) for value in proof["hashes"]]


class Ledger:
    """The node's ledger as a client sees it, its keys pinned at the first look."""

    def __init__(self, test, node, vkeys=None):
        self.test = test
        self.public = test.http(node)
        self.auditor = test.http(node, node.token())
        self.vkeys = vkeys or [tlog.Vkey(self.text(path)) for path in self.key_paths()]

    def key_paths(self):
        status, _, _ = self.public("GET", "/ledger/vkey-sm2")
        return ["/ledger/vkey"] + (["/ledger/vkey-sm2"] if status == 200 else [])

    def text(self, path):
        status, headers, body = self.public("GET", path)
        self.test.assertEqual(status, 200, (path, body))
        self.test.assertEqual(headers["Content-Type"], "text/plain; charset=utf-8")
        return body.decode()

    def fetch(self, path):
        """Bytes of a tile or, as an auditor, of an entry bundle."""
        client = self.auditor if path.startswith("tile/entries/") else self.public
        status, headers, body = client("GET", "/ledger/" + path)
        self.test.assertEqual(status, 200, (path, body))
        self.test.assertEqual(headers["Content-Type"], "application/octet-stream")
        return body

    def json(self, path):
        status, _, body = self.public("GET", path)
        self.test.assertEqual(status, 200, (path, body))
        return body

    def checkpoint(self):
        """The newest checkpoint. A node that has just started for the first time signs its first
        one a moment after it is ready, and says until then that there is none."""
        deadline = time.monotonic() + END_SECONDS
        while True:
            status, headers, body = self.public("GET", "/ledger/checkpoint")
            if status != 503:
                break
            self.test.assertEqual(headers["Retry-After"], "1")
            self.test.assertLess(time.monotonic(), deadline, "there is no first checkpoint")
        self.test.assertEqual((status, headers["Content-Type"]),
                              (200, "text/plain; charset=utf-8"), body)
        return tlog.open_checkpoint(body, self.vkeys)

    def checkpoint_of(self, size):
        """The checkpoint, once it covers `size` leaves. The node publishes within a second; the
        wait has a bound, and no interval of its own but that of one request after the other."""
        deadline = time.monotonic() + END_SECONDS
        while True:
            found = self.checkpoint()
            if found[0] >= size:
                return found
            self.test.assertLess(time.monotonic(), deadline,
                                 f"the checkpoint stays at {found[0]} of {size} leaves")

    def leaves(self, size, root):
        """All leaves, once they make up the root, and every tile is what they give."""
        leaves = tlog.read_leaves(self.fetch, size)
        self.test.assertEqual(tlog.root_of([tlog.leaf_hash(leaf) for leaf in leaves]), root)
        tlog.check_tiles(self.fetch, leaves)
        tlog.check_identifiers(leaves)
        return leaves

    def check_consistency(self, old, new):
        proof = self.json(f"/ledger/proof/consistency?from={old[0]}&to={new[0]}")
        tlog.check_consistency(old[0], old[1], new[0], new[1], proof_hashes(proof))

    def check_inclusion(self, identifier):
        """Index and leaf of an identifier that is proved to be in the tree."""
        proof = self.json("/ledger/proof/inclusion?identifier=" + identifier)
        size, root = tlog.open_checkpoint(proof["checkpoint"], self.vkeys)
        self.test.assertEqual(size, int(proof["treeSize"]))
        leaf = base64.b64decode(proof["leaf"])
        value = tlog.leaf_hash(leaf)
        self.test.assertEqual(value, base64.b64decode(proof["leafHash"]))
        tlog.check_inclusion(int(proof["index"]), size, value, proof_hashes(proof), root)
        return int(proof["index"]), leaf

    def statement(self, month, final=False):
        """A month's statement, its signatures and figures checked."""
        note = self.text(f"/ledger/statement/{month}")
        statement = tlog.parse_statement(tlog.open_note(note, self.vkeys))
        tlog.check_statement(statement)
        self.test.assertEqual(statement["month"], month)
        self.test.assertEqual(statement["origin"], self.vkeys[0].name)
        self.test.assertEqual(statement["status"], "final" if final else "provisional")
        return statement


class LedgerTest(NodeTest):
    def register(self, client, body):
        """Outcomes by identifier."""
        status, _, answer = client("POST", "/v1/identifiers:batchRegister", body)
        self.assertEqual(status, 200, answer)
        return {result["identifier"]: result for result in answer["results"]}

    def test_what_is_registered_is_in_the_ledger(self):
        node = self.start()
        ledger = Ledger(self, node)
        operator = self.http(node, node.token())
        start = ledger.checkpoint()
        self.assertEqual(start, (0, tlog.EMPTY_ROOT))
        names = {}
        for prefix in (1001, 1002, 1003):
            for first in range(0, 200, 50):
                results = self.register(operator, batch(f"88.108.{prefix}",
                                                        range(first, first + 50)))
                names.update({name: r["outcome"] for name, r in results.items()})
        self.assertEqual(set(names.values()), {"REGISTERED"})
        # None of these is a first registration: a repeat, another case, again after a deletion.
        self.register(operator, batch("88.108.1001", range(10)))
        lower = batch("88.108.1001", range(10))
        for item in lower["items"]:
            item["identifier"] = item["identifier"].lower()
        self.register(operator, lower)
        status, _, _ = operator("DELETE", "/v1/identifiers/88.108.1001/N0")
        self.assertEqual(status, 200)
        again = self.register(operator, batch("88.108.1001", [0]))
        self.assertEqual(again["88.108.1001/N0"]["outcome"], "RE_REGISTERED")

        first = ledger.checkpoint_of(len(names))
        self.assertEqual(first[0], len(names))
        leaves = ledger.leaves(*first)
        self.assertEqual(set(tlog.check_identifiers(leaves)), set(names))
        for name in ("88.108.1001/N7", "88.108.1002/N199", "88.108.1003/n0"):
            index, leaf = ledger.check_inclusion(name)
            self.assertEqual(leaves[index], leaf)
            self.assertEqual(tlog.parse_leaf(leaf)["identifier"].lower(), name.lower())
        _, _, record = self.http(node)("GET", "/v1/identifiers/88.108.1001/N7")
        index, leaf = ledger.check_inclusion("88.108.1001/N7")
        digest = base64.urlsafe_b64encode(base64.b64decode(record["contentDigest"])).rstrip(b"=")
        self.assertEqual(tlog.parse_leaf(leaf)["content"], digest.decode())
        self.assertEqual(tlog.parse_leaf(leaf)["class"], "product")

        self.register(operator, batch("88.108.1004", range(77)))
        second = ledger.checkpoint_of(len(names) + 77)
        ledger.check_consistency(start, first)
        ledger.check_consistency(first, second)
        # What was a proof of the old tree is none of the new one.
        forged = (first[0], tlog.leaf_hash(b"forged"))
        with self.assertRaises(tlog.Invalid):
            ledger.check_consistency(forged, second)
        self.assertEqual(ledger.leaves(*second)[:first[0]], leaves)

        self.check_statement_of_running_month(node, ledger)
        self.check_access(node)

    def check_statement_of_running_month(self, node, ledger):
        _, _, volume = self.http(node)("GET", "/v1/volume?groupBy=enterprise-prefix")
        statement = ledger.statement(volume["month"])
        for name, key in (("first-ever", "firstEver"), ("registrations", "registrations"),
                          ("re-registrations", "reRegistrations"), ("deletions", "deletions"),
                          ("net", "net"), ("target", "target")):
            self.assertEqual(statement[name], volume[key], name)
        self.assertEqual(statement["time-zone"], volume["timeZone"])
        by_prefix = {group["key"]: int(group["firstEver"]) for group in volume["groups"]}
        rows = statement["rows"]["enterprise-prefix"]
        self.assertEqual({key: row[0] for key, row in rows.items()}, by_prefix)
        self.assertEqual(statement["tree-end"], ledger.checkpoint())
        self.assertEqual(statement["previous"], "none")
        self.assertEqual(ledger.json("/ledger/statements")["months"], [])
        read = ledger.json(f"/ledger/statement/{volume['month']}.json")
        self.assertEqual(read["firstEver"], volume["firstEver"])
        self.assertEqual(read["status"], "PROVISIONAL")
        status, headers, page = self.http(node)(
            "GET", f"/ledger/statement/{volume['month']}", headers={"Accept": "text/html"})
        self.assertEqual((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertIn("月度注册量声明", page.decode())
        self.assertNotIn(b"<script", page)
        shown = self.idnode(node, "statement", "--format", "note", token_file=None).stdout
        self.assertEqual(tlog.parse_statement(tlog.open_note(shown, ledger.vkeys))["first-ever"],
                         volume["firstEver"])

    def check_access(self, node):
        path = "/ledger/" + tlog.tile_path("entries", 0)
        status, _, problem = self.http(node)("GET", path)
        self.assertEqual((status, problem["type"]), (401, "urn:idnode:error:unauthenticated"))
        token = self.idnode(node, "app", "create", "erp", "--prefix", "88.108.1001").stdout.strip()
        status, _, problem = self.http(node, token)("GET", path)
        self.assertEqual((status, problem["type"]), (403, "urn:idnode:error:permission-denied"))
        status, headers, _ = self.http(node, node.token())("GET", path)
        self.assertEqual(status, 200)
        self.assertIn("private", headers["Cache-Control"])
        status, headers, _ = self.http(node)("GET", "/ledger/" + tlog.tile_path(0, 0))
        self.assertEqual(status, 200)
        self.assertIn("immutable", headers["Cache-Control"])

    def test_receipt_says_which_leaf(self):
        node = self.start()
        ledger = Ledger(self, node)
        operator = self.http(node, node.token())
        results = self.register(operator, batch("88.108.1001", range(300), waitForLedger=True))
        indexes = {name: int(result["leafIndex"]) for name, result in results.items()}
        sizes = {int(result["treeSize"]) for result in results.values()}
        self.assertEqual(sorted(indexes.values()), list(range(300)))
        size, root = ledger.checkpoint()
        self.assertGreaterEqual(size, max(sizes))
        leaves = ledger.leaves(size, root)
        for name, index in indexes.items():
            self.assertEqual(tlog.parse_leaf(leaves[index])["identifier"], name)
        # A repeat registers nothing, and has no receipt.
        again = self.register(operator, batch("88.108.1001", range(3), waitForLedger=True))
        for result in again.values():
            self.assertEqual(result["outcome"], "UNCHANGED")
            self.assertNotIn("leafIndex", result)

    def test_orderly_stop_publishes_what_was_acknowledged(self):
        node = self.start()
        ledger = Ledger(self, node)
        self.register(self.http(node, node.token()), batch("88.108.1001", range(500)))
        self.assertEqual(node.stop(), 0)
        again = Ledger(self, self.start(), ledger.vkeys)
        size, root = again.checkpoint()
        self.assertEqual(size, 500)
        again.leaves(size, root)

    def test_survives_kill(self):
        print(f"seed {SEED}, {ROUNDS} rounds", flush=True)
        self.rng = random.Random(SEED)
        self.acknowledged = set()
        self.sent = set()
        node = self.start()
        vkeys = Ledger(self, node).vkeys
        old, leaves = (0, tlog.EMPTY_ROOT), []
        for number in range(ROUNDS):
            seen = self.load_and_kill(node, vkeys, number)
            node = self.start()
            ledger = Ledger(self, node, vkeys)
            volume = self.volume(node)
            new = ledger.checkpoint_of(volume["firstEver"])
            self.assertEqual(new[0], volume["firstEver"])
            # Every checkpoint ever seen is of the same log.
            for before in [old] + seen:
                self.assertLessEqual(before[0], new[0], "the log shrank")
                ledger.check_consistency(before, new)
            now = ledger.leaves(*new)
            self.assertEqual(now[:len(leaves)], leaves, "the order of leaves changed")
            for size, root in seen:
                self.assertEqual(tlog.root_of([tlog.leaf_hash(leaf) for leaf in now[:size]]), root)
            names = set(tlog.check_identifiers(now))
            self.assertEqual(self.acknowledged - names, set(), "acknowledged, and not in the log")
            self.assertEqual(names - self.sent, set(), "in the log, and never sent")
            month = self.idnode_json(node, "volume")["month"]
            self.assertEqual(int(ledger.statement(month)["first-ever"]), new[0])
            self.assert_recount_equal(node)
            old, leaves = new, now
            print(f"round {number + 1}: {new[0]} leaves, {len(self.acknowledged)} acknowledged, "
                  f"{len(seen)} checkpoints seen under load", flush=True)

    def load_and_kill(self, node, vkeys, round_number):
        """Several writers and a reader of checkpoints, until the node is killed under them; the
        checkpoints that were seen."""
        enough = threading.Event()
        left = [self.rng.randint(WRITERS, BATCHES_BEFORE_CRASH_MAX)]
        lock = threading.Lock()
        failures = []
        plans = [(f"88.108.{2000 + writer}", round_number * 1_000_000,
                  random.Random(self.rng.random())) for writer in range(WRITERS)]

        def write(prefix, first, rng):
            client = Http(node, node.token())
            at = first
            try:
                while True:
                    count = rng.randint(1, BATCH_ITEMS_MAX)
                    body = batch(prefix, range(at, at + count))
                    at += count
                    names = {item["identifier"] for item in body["items"]}
                    with lock:
                        self.sent |= names
                    status, _, answer = client("POST", "/v1/identifiers:batchRegister", body)
                    if status != 200:
                        failures.append((status, answer))
                        return
                    done = {r["identifier"] for r in answer["results"]
                            if r["outcome"] == "REGISTERED"}
                    with lock:
                        self.acknowledged |= done
                        left[0] -= 1
                        if left[0] <= 0:
                            enough.set()
            except GONE:
                pass  # killed: what this batch became, the log will tell
            finally:
                enough.set()
                client.close()

        notes = []

        def read():
            client = Http(node)
            try:
                while True:
                    status, _, note = client("GET", "/ledger/checkpoint")
                    if status == 200 and (not notes or notes[-1] != note):
                        notes.append(note)
            except GONE:
                pass
            finally:
                client.close()

        threads = [threading.Thread(target=write, args=plan) for plan in plans]
        threads.append(threading.Thread(target=read))
        for thread in threads:
            thread.start()
        self.assertTrue(enough.wait(END_SECONDS), "the load does not get on")
        node.kill()
        for thread in threads:
            thread.join(END_SECONDS)
        self.assertEqual(failures, [])
        return [tlog.open_checkpoint(note, vkeys) for note in notes]


class VerifierTest(unittest.TestCase):
    def test_the_verifier_itself(self):
        tlog.self_test()


if __name__ == "__main__":
    unittest.main()
