#!/usr/bin/env python3
"""Administration from the command line, on a real node: quotas, people who log in, certificates."""

import json
import os
import subprocess
import unittest

from harness import NodeTest

# Unified social credit codes with both check characters right; no such enterprises.
FOOTWEAR, FOOD = "91440101MA5D70N10A", "91510100MA6DF00287"
SHOES, CANS = "88.108.1001", "88.108.1002"  # their prefixes
PASSWORD = "correct horse battery"


class QuotaTest(NodeTest):
    def test_a_hard_quota_refuses_and_a_stopped_prefix_resolves(self):
        node = self.start({"IDNODE_NODE_ADMIT_ON_FIRST_USE": "false"})
        self.idnode(node, "prefix", "admit", SHOES)
        self.idnode(node, "prefix", "quota", SHOES, "--identifiers-hard", "3")
        lines = "".join(json.dumps({"identifier": f"{SHOES}/Q{i}"}) + "\n" for i in range(5))
        path = self.file("q.jsonl", lines)
        done = json.loads(self.idnode(node, "register", "--file", path, "--json", code=3).stdout)
        self.assertEqual([r["outcome"] for r in done["results"]],
                         ["REGISTERED"] * 3 + ["REJECTED"] * 2)
        self.assertEqual({r["reason"] for r in done["results"][3:]}, {"quota-exceeded"})
        self.idnode(node, "delete", f"{SHOES}/Q0")
        again = json.loads(self.idnode(node, "register", "--file", path, "--json", code=3).stdout)
        self.assertEqual([r["outcome"] for r in again["results"]],
                         ["RE_REGISTERED", "UNCHANGED", "UNCHANGED", "REJECTED", "REJECTED"])
        self.idnode(node, "prefix", "state", SHOES, "--set", "stopped", "--reason", "contract ended",
                    "--yes")
        refused = json.loads(self.idnode(node, "register", f"{SHOES}/NEW", "--json", code=1).stdout)
        self.assertEqual(refused["results"][0]["reason"], "prefix-not-active")
        self.assertIn("STOPPED", refused["results"][0]["detail"])
        self.idnode(node, "resolve", f"{SHOES}/Q1", token_file=None)
        self.assert_recount_equal(node)


class PeopleTest(NodeTest):
    def login(self, node, name, password, code=0):
        path = os.path.join(self.directory, name + ".session")
        self.idnode(node, "login", name, "--password-file", "-", "--output", path, code=code,
                    stdin=password + "\n", token_file=None)
        return path

    def test_an_administrator_runs_the_own_enterprise_and_no_other(self):
        node = self.start({"IDNODE_NODE_ADMIT_ON_FIRST_USE": "false"})
        for code, prefix in ((FOOTWEAR, SHOES), (FOOD, CANS)):
            self.idnode(node, "enterprise", "add", code, "--name", "x", "--industry", "C1952",
                        "--region", "440100")
            self.idnode(node, "prefix", "admit", prefix, "--enterprise", code)
        self.idnode(node, "user", "add", "li.ming", "--role", "enterprise-administrator",
                    "--enterprise", FOOTWEAR, "--password-file", "-", stdin=PASSWORD + "\n")
        self.idnode(node, "user", "add", "short", "--role", "auditor", "--password-file", "-",
                    stdin="short\n", code=1)
        session = self.login(node, "li.ming", PASSWORD)
        # Contacts are the enterprise's own to change, its industry the operator's.
        self.idnode(node, "enterprise", "set", FOOTWEAR, "--contact", "李明", token_file=session)
        self.idnode(node, "enterprise", "set", FOOTWEAR, "--industry", "C1951", code=4,
                    token_file=session)
        self.idnode(node, "enterprise", "show", FOOD, code=4, token_file=session)
        token = os.path.join(self.directory, "erp.token")
        self.idnode(node, "app", "create", "erp", "--prefix", SHOES, "--output", token,
                    token_file=session)
        self.idnode(node, "app", "create", "thief", "--prefix", CANS, code=4, token_file=session)
        self.idnode(node, "register", f"{SHOES}/P1", token_file=token)
        self.idnode(node, "register", f"{SHOES}/P2", token_file=session)
        self.idnode(node, "register", f"{CANS}/P2", code=4, token_file=session)
        listed = self.idnode_json(node, "app", "list", token_file=session)["applications"]
        self.assertEqual([a["name"] for a in listed], ["erp"])

        # A changed password ends what was logged in with the old one; so does disabling.
        new = self.file("new.txt", "another fine password\n")
        old = self.file("old.txt", PASSWORD + "\n")
        self.idnode(node, "user", "password", "li.ming", "--old-password-file", new,
                    "--password-file", new, code=4, token_file=session)
        self.idnode(node, "user", "password", "li.ming", "--old-password-file", old,
                    "--password-file", new, token_file=session)
        self.idnode(node, "enterprise", "show", FOOTWEAR, code=4, token_file=session)
        self.login(node, "li.ming", PASSWORD, code=4)
        session = self.login(node, "li.ming", "another fine password")
        self.idnode(node, "user", "disable", "li.ming")
        self.idnode(node, "enterprise", "show", FOOTWEAR, code=4, token_file=session)
        self.login(node, "li.ming", "another fine password", code=4)
        self.idnode(node, "user", "enable", "li.ming")
        self.login(node, "li.ming", "another fine password")
        users = self.idnode_json(node, "user", "list")["users"]
        self.assertEqual([(u["name"], u["role"], u.get("disabled", False)) for u in users],
                         [("li.ming", "ENTERPRISE_ADMINISTRATOR", False)])


class CertificateTest(NodeTest):
    def make_certificate(self, name):
        """A certificate for this machine that is its own authority."""
        pem = os.path.join(self.directory, name + ".pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=" + name,
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
                        pem + ".key", "-out", pem], check=True, capture_output=True)
        return pem

    def test_an_application_is_known_by_its_certificate(self):
        server, client = self.make_certificate("node"), self.make_certificate("erp")
        stranger = self.make_certificate("stranger")
        node = self.start({"IDNODE_GRPC_TLS_CERTIFICATE": server,
                           "IDNODE_GRPC_TLS_KEY": server + ".key",
                           "IDNODE_GRPC_TLS_CLIENT_CA": client})
        self.idnode(node, "--ca", server, "app", "create", "erp", "--prefix", SHOES)
        with_certificate = ["--ca", server, "--cert", client, "--key", client + ".key"]
        register = [*with_certificate, "register", f"{SHOES}/M1"]
        self.idnode(node, *register, token_file=None, code=4)  # nobody's yet
        self.idnode(node, "--ca", server, "app", "bind-certificate", "erp", client)
        self.idnode(node, *register, token_file=None)
        record = self.idnode_json(node, "--ca", server, "resolve", f"{SHOES}/M1")
        self.assertEqual(record["application"], "erp")
        self.idnode(node, *with_certificate, "register", f"{CANS}/M1", token_file=None, code=4)
        # One that no authority vouches for gets nowhere, whatever it is bound to.
        self.idnode(node, "--ca", server, "app", "bind-certificate", "erp", stranger)
        self.idnode(node, "--ca", server, "--cert", stranger, "--key", stranger + ".key",
                    "--timeout", "5", "register", f"{SHOES}/M2", token_file=None, code=5)
        self.idnode(node, "--ca", server, "app", "unbind-certificate", "erp", client)
        self.idnode(node, *with_certificate, "register", f"{SHOES}/M3", token_file=None, code=4)


if __name__ == "__main__":
    unittest.main()
