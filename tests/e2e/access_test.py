#!/usr/bin/env python3
"""Who may do what: applications with tokens scoped to prefixes, hashes only at rest, TLS."""

import http.client
import json
import os
import signal
import ssl
import subprocess
import unittest

from harness import BIN, GrpcPipe, NodeTest, clean_environment


class AccessTest(NodeTest):
    def create(self, node, name, *prefixes):
        path = os.path.join(self.directory, name + ".token")
        options = [word for prefix in prefixes for word in ("--prefix", prefix)]
        self.idnode(node, "app", "create", name, *options, "--output", path)
        return path

    def test_applications_write_under_their_prefixes_only(self):
        node = self.start()
        token_file = self.create(node, "erp", "88.108.1001")
        own = self.idnode_json(node, "register", "88.108.1001/A", token_file=token_file)
        self.assertEqual(own["results"][0]["outcome"], "REGISTERED")
        for name in ("88.108.1002/A", "88.108.10011/A"):
            other = json.loads(self.idnode(node, "register", name, "--json", code=4,
                                           token_file=token_file).stdout)
            self.assertEqual(other["results"][0]["reason"], "permission-denied")
        # The node says who wrote it, and counts by application.
        self.assertEqual(self.idnode_json(node, "resolve", "88.108.1001/A")["application"], "erp")
        groups = self.idnode_json(node, "volume", "--group-by", "application")["groups"]
        self.assertIn(("erp", "1"), [(g["key"], g["firstEver"]) for g in groups])
        # Administration is the operator's.
        self.idnode(node, "app", "list", token_file=token_file, code=4)
        self.idnode(node, "volume", "recount", token_file=token_file, code=4)

    def test_anonymous_resolves_and_reads_volume_and_nothing_else(self):
        node = self.start()
        self.idnode(node, "register", "88.108.1001/A")
        self.idnode(node, "resolve", "88.108.1001/A", token_file=None)
        self.idnode(node, "volume", token_file=None)
        refused = self.idnode(node, "register", "88.108.1001/B", "--json", token_file=None, code=4)
        self.assertEqual(json.loads(refused.stdout)["error"]["slug"], "unauthenticated")
        status, headers, problem = self.http(node)("POST", "/v1/identifiers:batchRegister",
                                                   {"items": [{"identifier": "88.108.1001/B"}]})
        self.assertEqual((status, problem["type"]), (401, "urn:idnode:error:unauthenticated"))
        self.assertIn("Bearer", headers["WWW-Authenticate"])
        wrong = self.file("wrong.token", "x" * 43)
        self.idnode(node, "volume", token_file=wrong, code=4)

    def test_revoked_tokens_are_refused_at_once_and_after_a_restart(self):
        node = self.start()
        token_file = self.create(node, "mes", "88.108.1001")
        self.idnode(node, "register", "88.108.1001/A", token_file=token_file)
        self.idnode(node, "app", "revoke", "mes")
        self.idnode(node, "register", "88.108.1001/B", token_file=token_file, code=4)
        applications = self.idnode_json(node, "app", "list")["applications"]
        self.assertEqual([(a["name"], a["revoked"]) for a in applications], [("mes", True)])
        node.stop()
        again = self.start()
        self.idnode(again, "register", "88.108.1001/B", token_file=token_file, code=4)

    def test_only_hashes_of_tokens_are_at_rest(self):
        node = self.start()
        token_file = self.create(node, "erp", "88.108.1001")
        with open(token_file, encoding="utf-8") as file:
            token = file.read().strip()
        self.idnode(node, "register", "88.108.1001/A", token_file=token_file)
        self.assertEqual(node.stop(), 0)
        self.assertNotIn(token, "".join(node.log))
        read = 0
        for folder, _, names in os.walk(self.data_dir):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    self.assertNotIn(token.encode(), file.read(), name)
                read += 1
        self.assertGreater(read, 3)
        again = self.start()  # the hash is enough to know the token by
        self.idnode(again, "register", "88.108.1001/B", token_file=token_file)


class TlsTest(NodeTest):
    def certificate(self, name, into):
        """A certificate for this machine that is its own authority; returns its path."""
        pem = os.path.join(self.directory, into)
        key = pem + ".key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=" + name,
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key,
                        "-out", pem], check=True, capture_output=True)
        return key, pem

    def start_tls(self):
        self.key, self.pem = self.certificate("first", "node.pem")
        first = os.path.join(self.directory, "first-ca.pem")
        with open(self.pem, "rb") as source, open(first, "wb") as target:
            target.write(source.read())
        files = {"IDNODE_HTTP_TLS_CERTIFICATE": self.pem, "IDNODE_HTTP_TLS_KEY": self.key,
                 "IDNODE_GRPC_TLS_CERTIFICATE": self.pem, "IDNODE_GRPC_TLS_KEY": self.key}
        return self.start(files), first

    def http_name(self, node, ca):
        """The common name of the certificate that HTTP shows to a client that trusts `ca`."""
        connection = http.client.HTTPSConnection("127.0.0.1", node.ports["http"], timeout=60,
                                                 context=ssl.create_default_context(cafile=ca))
        connection.request("GET", "/v1/volume")
        response = connection.getresponse()
        self.assertEqual(response.status, 200)
        response.read()
        subject = connection.sock.getpeercert()["subject"]
        connection.close()
        return dict(pair for part in subject for pair in part)["commonName"]

    def test_both_faces_speak_tls_and_reload_on_sighup(self):
        node, first = self.start_tls()
        self.idnode(node, "--ca", first, "register", "88.108.1001/A")
        self.assertEqual(self.http_name(node, first), "first")
        # Neither plain text nor an authority that did not sign gets anywhere.
        self.idnode(node, "volume", "--timeout", "5", code=5)
        _, stranger = self.certificate("stranger", "stranger.pem")
        self.idnode(node, "--ca", stranger, "volume", "--timeout", "5", code=5)
        with self.assertRaises(ssl.SSLError):
            self.http_name(node, stranger)

        self.certificate("second", "node.pem")
        node.process.send_signal(signal.SIGHUP)
        waiting = {"http", "grpc"}
        while waiting:
            line = node.wait_for("certificates reloaded")
            waiting = {face for face in waiting if f"face={face}" not in line.replace('"', "")}
        self.assertEqual(self.http_name(node, self.pem), "second")
        self.wait_until_grpc_trusts(node, self.pem)
        self.assertEqual(node.stop(), 0)

    def wait_until_grpc_trusts(self, node, ca):
        """gRPC looks at its files once a second; a client that waits sees the new one."""
        done = subprocess.run([os.path.join(BIN, "idnode"), "--server", node.grpc, "--ca", ca,
                               "wait-ready", "--timeout", "60"], env=clean_environment(),
                              capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        pipe = GrpcPipe(node.grpc, node.token_file, ca)
        self.assertTrue(pipe.call("GetVolume", {})["ok"])
        pipe.close()


if __name__ == "__main__":
    unittest.main()
