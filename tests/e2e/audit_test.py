#!/usr/bin/env python3
"""The auditor's and the witness's commands against a real node: download, verify, statement,
witness, rank, and what they say of a log that was tampered with."""

import datetime
import json
import os
import time
import unittest

import tlog
from harness import END_SECONDS, NodeTest

LEAVES = 1500
PREFIXES = (1001, 1002, 1003)
EXIT_FAILED = 1
EXIT_NOT_AUTHORISED = 4
EXIT_TRY_AGAIN = 5


class AuditTest(NodeTest):
    def register(self, node):
        client = self.http(node, node.token())
        per_prefix = LEAVES // len(PREFIXES)
        for prefix in PREFIXES:
            for first in range(0, per_prefix, 100):
                items = [{"identifier": f"88.108.{prefix}/N{n}", "objectClass": "product",
                          "values": [{"index": 1, "type": "NAME", "data": f"part {prefix} {n}"}]}
                         for n in range(first, first + 100)]
                status, _, answer = client("POST", "/v1/identifiers:batchRegister",
                                           {"items": items})
                self.assertEqual(status, 200, answer)
                self.assertEqual({r["outcome"] for r in answer["results"]}, {"REGISTERED"})

    def wait_for_checkpoint(self, node, size):
        """The newest checkpoint's note once it covers `size` leaves."""
        public = self.http(node)
        deadline = time.monotonic() + END_SECONDS
        while True:
            status, _, note = public("GET", "/ledger/checkpoint")
            if status == 200 and int(note.decode().split("\n")[1]) >= size:
                return note.decode()
            self.assertLess(time.monotonic(), deadline, "the checkpoint does not get on")

    def url(self, node):
        return f"http://127.0.0.1:{node.ports['http']}"

    def vkeys(self, node):
        """Options with the node's keys, and its Ed25519 key in a file."""
        public = self.http(node)
        options = []
        for path, option in (("/ledger/vkey", "--vkey"), ("/ledger/vkey-sm2", "--vkey-sm2")):
            status, _, body = public("GET", path)
            if status == 200:
                options += [option, self.file(path.rsplit("/", 1)[1], body.decode())]
        return options

    def verify(self, node, *arguments, code=0, token_file=""):
        done = self.idnode(node, "ledger", "verify", "--month", self.month, *self.keys,
                           *arguments, "--json", code=code, token_file=token_file)
        return json.loads(done.stdout) if done.stdout else None

    def test_auditor_and_witness(self):
        node = self.start()
        self.register(node)
        self.wait_for_checkpoint(node, LEAVES)
        self.month = self.idnode_json(node, "volume")["month"]
        self.keys = self.vkeys(node)
        self.check_live(node)
        mirror = self.check_folder(node)
        self.check_statement_and_rank(node)
        self.check_tampering(node, mirror)
        self.check_month_end(*self.check_witness(node))

    def check_live(self, node):
        report = self.verify(node, "--url", self.url(node))
        self.assertEqual((report["verified"], report["status"]), (True, "provisional"))
        self.assertEqual((report["firstEver"], report["leavesRead"]), (LEAVES, LEAVES))
        checked = "\n".join(report["checked"])
        for evidence in ("longest-sequence-run", "distinct-content", "largest-application"):
            self.assertIn(f'the evidence "{evidence}"', checked)
        self.assertIn("the newest checkpoint is consistent", checked)
        sampled = self.verify(node, "--url", self.url(node), "--sample", "200", "--prefix",
                              "88.108")
        self.assertEqual(sampled["verified"], True, sampled)
        self.assertEqual({k: sampled["sample"][k] for k in ("drawn", "failed", "asked", "resolved",
                                                            "sameContent")},
                         {"drawn": 200, "failed": 0, "asked": 200, "resolved": 200,
                          "sameContent": 200})
        other = self.verify(node, "--url", self.url(node), "--prefix", "88.109",
                            code=EXIT_FAILED)
        self.assertEqual(other["faults"][0]["kind"], "bad-identifier")
        self.assertEqual(other["faultsTotal"], LEAVES)
        self.verify(node, "--url", self.url(node), code=EXIT_NOT_AUTHORISED, token_file=None)
        stranger = self.verify(node, "--url", self.url(node), "--public", token_file=None)
        self.assertEqual((stranger["verified"], stranger["leavesRead"]), (True, 0))
        self.assertIn("the leaves: identifiers", "\n".join(stranger["unchecked"]))

    def check_folder(self, node):
        mirror = os.path.join(self.directory, "mirror")
        for fetched_again in (False, True):
            report = self.idnode_json(node, "ledger", "download", "--url", self.url(node), "--dir",
                                      mirror, "--month", self.month)
            self.assertEqual(report["treeSize"], LEAVES)
            self.assertEqual(report["kept"] > 0, fetched_again)
        report = self.verify(node, "--dir", mirror, token_file=None)
        self.assertEqual((report["verified"], report["leavesRead"]), (True, LEAVES))
        sampled = self.verify(node, "--dir", mirror, "--sample", "100", token_file=None)
        self.assertEqual((sampled["verified"], sampled["sample"]["asked"]), (True, 0))
        return mirror

    def check_statement_and_rank(self, node):
        shown = self.idnode(node, "statement", token_file=None).stdout
        self.assertIn(f"{LEAVES:,}", shown)
        note = self.idnode(node, "statement", "--format", "note", token_file=None).stdout
        path = self.file("statement.note", note)
        vkeys = ["--vkey", self.keys[1]]
        ranked = self.idnode_json(node, "rank", path, *vkeys, token_file=None)
        self.assertEqual([(r["rank"], r["status"], r["firstEver"], r["eligible"])
                          for r in ranked["rows"]], [(1, "provisional", LEAVES, False)])
        changed = self.file("changed.note", note.replace(f"first-ever: {LEAVES}",
                                                         "first-ever: 16000000", 1))
        self.idnode(node, "rank", changed, *vkeys, code=EXIT_FAILED, token_file=None)

    def check_tampering(self, node, mirror):
        path = os.path.join(mirror, tlog.tile_path("entries", 2))
        with open(path, "rb") as file:
            bundle = bytearray(file.read())
        at = bundle.index(b"/N", len(bundle) // 2)
        bundle[at + 1] ^= 1  # "N" becomes "O": a leaf still, but not the signed one
        with open(path, "wb") as file:
            file.write(bundle)
        for more in ((), ("--sample", str(LEAVES))):
            report = self.verify(node, "--dir", mirror, *more, code=EXIT_FAILED, token_file=None)
            self.assertIn("tampered-leaf", [fault["kind"] for fault in report["faults"]])

    def witness(self, node, code):
        return self.idnode(node, "witness", "--state-dir", os.path.join(self.directory, "witness"),
                           "--name", "witness.example/w1", "--node",
                           f"{self.url(node)}={self.keys[1]}", "--once", code=code,
                           token_file=None)

    def check_witness(self, node):
        # A node that was not given the key does not take the cosignature, and it is said.
        refused = self.witness(node, EXIT_TRY_AGAIN)
        self.assertIn("does not know this witness", refused.stderr)
        vkey = refused.stdout.split("\n")[0]
        self.assertTrue(vkey.startswith("witness.example/w1+"), vkey)
        self.assertEqual(node.stop(), 0)
        node = self.start({"IDNODE_LEDGER_WITNESS_VKEYS": vkey})
        self.wait_for_checkpoint(node, LEAVES)
        self.witness(node, 0)
        cosigned = self.wait_for_checkpoint(node, LEAVES)
        self.assertIn("— witness.example/w1 ", cosigned)
        report = self.verify(node, "--url", self.url(node), "--witness-vkey",
                             os.path.join(self.directory, "witness", "witness.vkey"))
        self.assertEqual(report["verified"], True)
        self.assertIn("witness witness.example/w1 cosigned", "\n".join(report["checked"]))
        return node, vkey

    def register_more(self, node, name, count):
        token = open(node.token_file, encoding="ascii").read().strip()
        items = [{"identifier": f"88.108.1001/{name}{i}",
                  "values": [{"type": "NAME", "data": f"{name} {i}"}]} for i in range(count)]
        status, _, answer = self.http(node, token)("POST", "/v1/identifiers:batchRegister",
                                                   {"items": items})
        self.assertEqual(status, 200, answer)
        self.assertEqual({r["outcome"] for r in answer["results"]}, {"REGISTERED"})

    def check_month_end(self, node, witness_vkey):
        """The month closes at exactly its registrations, is stated as final, and is cosigned though
        the log has gone on; what comes later counts in the next month."""
        self.register_more(node, "LATE", 5)
        self.wait_for_checkpoint(node, LEAVES + 5)
        self.assertEqual(node.stop(), 0)
        zone = datetime.timezone(datetime.timedelta(hours=8))  # Asia/Shanghai
        now = datetime.datetime.now(zone)
        year, month = divmod(now.year * 12 + now.month, 12)
        end = datetime.datetime(year, month + 1, 1, tzinfo=zone)
        ahead_hours = int((end - now).total_seconds() // 3600) + 2
        node = self.start({"IDNODE_LEDGER_WITNESS_VKEYS": witness_vkey,
                           "IDNODE_CLOCK_AHEAD_HOURS": str(ahead_hours)})
        public = self.http(node)
        deadline = time.monotonic() + END_SECONDS
        note = b""
        while b"\nstatus: final\n" not in note:
            self.assertLess(time.monotonic(), deadline, note)
            note = public("GET", f"/ledger/statement/{self.month}",
                          headers={"Accept": "text/plain"})[2]
            note = note if isinstance(note, bytes) else b""
        self.register_more(node, "NEXT", 3)
        self.wait_for_checkpoint(node, LEAVES + 8)
        for month, count in ((self.month, LEAVES + 5), (end.strftime("%Y-%m"), 3)):
            status, _, volume = public("GET", f"/v1/volume/{month}")
            self.assertEqual((status, volume["firstEver"]), (200, str(count)))
        self.witness(node, 0)
        closing = public("GET", f"/ledger/statement/{self.month}/checkpoint")[2].decode()
        self.assertEqual(closing.split("\n")[1], str(LEAVES + 5))
        self.assertIn("— witness.example/w1 ", closing)
        report = self.verify(node, "--url", self.url(node), "--witness-vkey",
                             os.path.join(self.directory, "witness", "witness.vkey"))
        self.assertEqual((report["verified"], report["status"], report["firstEver"]),
                         (True, "final", LEAVES + 5))
        path = self.file("final.note", note.decode())
        ranked = self.idnode_json(node, "rank", path, "--vkey", self.keys[1], token_file=None)
        self.assertEqual([(r["rank"], r["status"], r["firstEver"]) for r in ranked["rows"]],
                         [(1, "final", LEAVES + 5)])


if __name__ == "__main__":
    unittest.main()
