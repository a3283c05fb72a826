#!/usr/bin/env python3
"""The ledger accepted by software that idnode's makers did not write: Go's sumdb packages note and
tlog, as Debian has them, over the C2SP paths (sumdb/main.go). And refused by it, where somebody in
between changes one bit."""

import http.client
import http.server
import os
import subprocess
import tempfile
import threading
import unittest

from harness import END_SECONDS, NodeTest, clean_environment

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sumdb")
LEAVES = 1_500  # five full tiles and a part of one
EARLIER = 600


class Relay(http.server.ThreadingHTTPServer):
    """Passes requests on to a node; flips one bit in bodies of paths that begin with `spoil`."""

    def __init__(self, port, spoil):
        relay = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=END_SECONDS)
                upstream.request("GET", self.path, headers={
                    name: value for name, value in self.headers.items()
                    if name in ("Authorization", "Accept")})
                answer = upstream.getresponse()
                body = bytearray(answer.read())
                upstream.close()
                if self.path.startswith(spoil) and body:
                    body[len(body) // 2] ^= 1
                    relay.spoiled += 1
                self.send_response(answer.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.spoiled = 0
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class SumdbTest(NodeTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.build = tempfile.TemporaryDirectory(prefix="idnode-sumdb-")
        cls.addClassCleanup(cls.build.cleanup)
        cls.program = os.path.join(cls.build.name, "sumdb")
        # Debian keeps the sources of Go packages here; nothing is fetched.
        environment = clean_environment({
            "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "-buildvcs=false",
            "GOCACHE": os.path.join(cls.build.name, "cache"), "GOPROXY": "off"})
        subprocess.run(["go", "build", "-o", cls.program, "."], cwd=SOURCE, env=environment,
                       check=True, timeout=END_SECONDS)

    def setUp(self):
        super().setUp()
        self.node = self.start()
        client = self.http(self.node, self.node.token())
        for start in range(0, LEAVES, 500):
            status, _, body = client("POST", "/v1/identifiers:batchRegister", {
                "items": [{"identifier": f"88.108.1001/N{n}",
                           "values": [{"index": 1, "type": "NAME", "data": f"part {n}"}]}
                          for n in range(start, start + 500)],
                "waitForLedger": True})
            self.assertEqual(status, 200, body)
        status, _, volume = client("GET", "/v1/volume")
        self.assertEqual(status, 200, volume)
        self.assertEqual(volume["firstEver"], str(LEAVES))
        self.month = volume["month"]
        status, _, vkey = client("GET", "/ledger/vkey")
        self.assertEqual(status, 200)
        self.vkey = vkey.decode().strip()

    def check(self, url, vkey=None):
        return subprocess.run(
            [self.program, url, vkey or self.vkey, self.node.token_file, "88.108.1001/N777",
             str(EARLIER), self.month],
            capture_output=True, text=True, timeout=END_SECONDS, check=False)

    def test_accepts_everything(self):
        result = self.check(f"http://127.0.0.1:{self.node.ports['http']}")
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = result.stdout.splitlines()
        self.assertEqual(lines[:3], [f"checkpoint of {LEAVES} leaves", "tiles make up the root",
                                     f"{LEAVES} entries are the leaves"])
        self.assertRegex(lines[3], r"^88\.108\.1001/N777 is leaf \d+$")
        self.assertEqual(lines[4:], [f"consistent with its first {EARLIER} leaves",
                                     f"statement of {self.month}"])

    def test_refuses_what_was_changed_on_the_way(self):
        for spoil in ("/ledger/checkpoint", "/ledger/tile/0/", "/ledger/tile/1/",
                      "/ledger/tile/entries/", "/ledger/statement/"):
            with self.subTest(spoil):
                relay = Relay(self.node.ports["http"], spoil)
                try:
                    result = self.check(relay.url)
                finally:
                    relay.shutdown()
                    relay.server_close()
                self.assertEqual(result.returncode, 1, result.stdout)
                self.assertGreater(relay.spoiled, 0)

    def test_refuses_another_key(self):
        # The same name and hash, and other bytes at the end of the key.
        other = self.vkey[:-4] + ("AAA=" if not self.vkey.endswith("AAA=") else "BBB=")
        result = self.check(f"http://127.0.0.1:{self.node.ports['http']}", other)
        self.assertEqual(result.returncode, 1, result.stdout)


if __name__ == "__main__":
    unittest.main()
