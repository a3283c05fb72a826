#!/usr/bin/env python3
"""The way of a newcomer: start, register over gRPC and HTTP, resolve, count; what the files say."""

import json
import os
import signal
import stat
import unittest

from harness import NodeProcess, NodeTest


class QuickstartTest(NodeTest):
    def test_register_resolve_count(self):
        node = self.start()
        self.idnode(node, "wait-ready", "--timeout", "30", token_file=None)
        registered = self.idnode_json(node, "register", "88.108.1001/SN1", "--class", "product",
                                      "--value", "URL=https://maker.example/SN1")
        self.assertEqual(registered["results"][0]["outcome"], "REGISTERED")
        again = self.idnode_json(node, "register", "88.108.1001/sn1", "--class", "product",
                                 "--value", "URL=https://maker.example/SN1")
        self.assertEqual(again["results"][0]["outcome"], "UNCHANGED")
        other = self.idnode(node, "register", "88.108.1001/SN1", "--json", code=1)
        self.assertEqual(json.loads(other.stdout)["results"][0]["outcome"], "CONFLICT")

        # Anyone may resolve, by either face, and both say the same.
        record = self.idnode_json(node, "resolve", "88.108.1001/SN1", token_file=None)
        http = self.http(node)
        status, _, by_http = http("GET", "/v1/identifiers/88.108.1001/SN1")
        self.assertEqual(status, 200)
        self.assertEqual(by_http, record)
        status, _, short = http("GET", "/88.108.1001/SN1", headers={"Accept": "application/json"})
        self.assertEqual((status, short), (200, record))
        self.assertEqual(record["values"][0]["data"], "https://maker.example/SN1")

        self.assertEqual(self.volume(node, token_file=None),
                         {"firstEver": 1, "registrations": 1, "reRegistrations": 0, "deletions": 0,
                          "net": 1})
        missing = self.idnode(node, "resolve", "88.108.1001/none", "--json", code=1)
        self.assertEqual(json.loads(missing.stdout)["error"]["slug"], "identifier-not-found")

    def test_http_registers_what_grpc_resolves(self):
        node = self.start()
        http = self.http(node, node.token())
        status, _, answer = http("POST", "/v1/identifiers:batchRegister", {
            "requestId": "r1",
            "items": [{"identifier": "88.108.1001/A", "values": [
                {"index": 1, "type": "URL", "data": "https://a.example"}]},
                {"identifier": "88.108.2002/B"}, {"identifier": "no identifier"}]})
        self.assertEqual(status, 200)
        self.assertEqual([r["outcome"] for r in answer["results"]],
                         ["REGISTERED", "REGISTERED", "REJECTED"])
        self.assertEqual(answer["results"][2]["reason"], "invalid-identifier")
        listed = self.idnode(node, "list", "88.108.1001", "--json").stdout.splitlines()
        self.assertEqual([json.loads(line)["identifier"] for line in listed], ["88.108.1001/A"])
        status, _, volume = http("GET", "/v1/volume")
        self.assertEqual((status, volume["firstEver"]), (200, "2"))

    def test_a_life_of_an_identifier_and_its_history(self):
        node = self.start()
        name = "88.108.1001/LIFE"
        self.idnode(node, "register", name, "--value", "1:URL=https://one.example")
        self.idnode(node, "update", name, "--value", "1:URL=https://two.example")
        self.idnode(node, "state", name, "--set", "frozen")
        self.idnode(node, "update", name, "--value", "1:URL=https://no.example", code=1)
        self.idnode(node, "state", name, "--set", "active")
        self.idnode(node, "delete", name)
        self.idnode(node, "resolve", name, code=1)
        again = self.idnode_json(node, "register", name, "--value", "1:URL=https://three.example")
        self.assertEqual(again["results"][0]["outcome"], "RE_REGISTERED")
        history = [json.loads(line) for line in
                   self.idnode(node, "resolve", name, "--history", "--json").stdout.splitlines()]
        self.assertEqual([h["change"] for h in reversed(history)],
                         ["CHANGE_REGISTERED", "CHANGE_UPDATED", "CHANGE_STATE", "CHANGE_STATE",
                          "CHANGE_DELETED", "CHANGE_RE_REGISTERED"])
        figures = self.volume(node)
        self.assertEqual((figures["firstEver"], figures["reRegistrations"], figures["deletions"]),
                         (1, 1, 1))
        self.assert_recount_equal(node)

    def test_ports_file_is_there_while_the_node_serves(self):
        node = self.start()
        self.assertEqual(sorted(p for p in node.ports if node.ports[p]), ["admin", "grpc", "http"])
        self.assertEqual(node.stop(), 0)
        self.assertFalse(os.path.exists(node.path("ports.json")))

        killed = self.start()
        killed.kill()
        again = self.start()  # a stale file does not keep a node from starting
        self.assertEqual(self.idnode_json(again, "volume")["firstEver"], "0")

    def test_second_process_is_refused(self):
        node = self.start()
        second = NodeProcess(self.data_dir)
        self.addCleanup(second.kill)
        self.assertNotEqual(second.process.wait(timeout=60), 0)
        second.kill()
        self.assertIn("in use", "".join(second.log))
        self.idnode(node, "volume")  # the first one is not disturbed

    def test_sigterm_loses_nothing_that_was_acknowledged(self):
        node = self.start()
        pipe = self.pipe(node)
        lanes, sent = 8, {}
        for n in range(200):
            items = [{"identifier": f"88.108.{lane}/D{n}-{i}"} for i in range(20) for lane in [n % 7]]
            sent[pipe.send(n % lanes, "BatchRegister", {"requestId": f"d{n}", "items": items})] = items
        answers = [pipe.receive() for _ in range(20)]
        node.process.send_signal(signal.SIGTERM)
        answers += pipe.close()
        self.assertEqual(node.process.wait(timeout=120), 0)
        acknowledged = [i["identifier"] for a in answers if a["ok"] for i in sent[a["id"]]]
        for answer in answers:
            if not answer["ok"]:
                self.assertIn(answer["slug"], ("shutting-down", "unavailable", ""), answer)

        again = self.start()
        found = self.idnode(again, "resolve", "--from-file", "-", "--json",
                            stdin="\n".join(acknowledged)).stdout.splitlines()
        self.assertEqual(len(found), len(acknowledged))
        self.assertTrue(all("record" in json.loads(line) for line in found))
        self.assertGreaterEqual(self.volume(again)["firstEver"], len(acknowledged))
        self.assert_recount_equal(again)

    def test_operator_token_is_kept_for_its_owner_and_never_logged(self):
        node = self.start()
        token = node.token()
        self.assertGreaterEqual(len(token), 32)
        self.assertEqual(stat.S_IMODE(os.stat(node.token_file).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(self.data_dir).st_mode), 0o700)
        self.idnode(node, "status")
        self.assertEqual(node.stop(), 0)
        self.assertNotIn(token, "".join(node.log))


if __name__ == "__main__":
    unittest.main()
