#!/usr/bin/env python3
"""node/run on what is built: start, catalogue, what it prints, stop.

Usage: run_test.py SOURCE_DIRECTORY BIN_DIRECTORY [unittest arguments]
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from running_node import END_SECONDS, clean_environment  # noqa: E402

ROOT = BIN = ""
FREE_PORTS = ["--http-port", "0", "--grpc-port", "0", "--admin-port", "0"]


class RunTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="idnode-test-")
        self.addCleanup(directory.cleanup)
        self.data_dir = os.path.join(directory.name, "above", "data")
        self.environment = clean_environment({"IDNODE_BIN_DIR": BIN, "LC_ALL": "C.UTF-8"})
        self.addCleanup(self.run_script, "--stop")

    def arguments(self, *arguments):
        return [os.path.join(ROOT, "node/run"), "--no-build", "--data-dir", self.data_dir,
                *arguments]

    def run_script(self, *arguments):
        # A file, not a pipe: the node in the background would hold a pipe open.
        with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
            done = subprocess.run(self.arguments(*arguments), env=self.environment, stdout=output,
                                  stderr=subprocess.STDOUT, timeout=END_SECONDS, check=False)
            output.seek(0)
            return done.returncode, output.read()

    def test_quickstart_in_the_background(self):
        code, text = self.run_script("--detach", *FREE_PORTS)
        self.assertEqual(code, 0, text)
        with open(os.path.join(self.data_dir, "ports.json"), encoding="utf-8") as file:
            ports = json.load(file)
        self.assertIn(f"HTTP http://127.0.0.1:{ports['http']}", text)

        # Everything that it says to try works as printed.
        tried = re.findall(r"^  ((?:curl|export|/).*)$", text, re.M)
        self.assertGreaterEqual(len(tried), 6, text)
        script = "set -euo pipefail\n" + "\n".join(tried).replace("curl ", "curl -fsS ")
        done = subprocess.run(["bash", "-c", script], env=self.environment, capture_output=True,
                              text=True, timeout=END_SECONDS, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn('"firstEver":"1919"', done.stdout)
        self.assertIn("BRAKEBUSH BROTHERS INC.", done.stdout)

        code, text = self.run_script("--detach", *FREE_PORTS)
        self.assertEqual(code, 1)
        self.assertIn("a node runs in", text)
        code, text = self.run_script("--stop")
        self.assertEqual((code, text), (0, "stopped 已停止\n"))
        self.assertFalse(os.path.exists(os.path.join(self.data_dir, "ports.json")))

        # Again on the same data: the catalogue is there already, and nothing counts twice.
        code, text = self.run_script("--detach", *FREE_PORTS)
        self.assertEqual(code, 0, text)
        with open(os.path.join(self.data_dir, "ports.json"), encoding="utf-8") as file:
            http = json.load(file)["http"]
        volume = subprocess.run(["curl", "-fsS", f"http://127.0.0.1:{http}/v1/volume"],
                                env=self.environment, capture_output=True, text=True, check=True)
        self.assertIn('"firstEver":"1920"', volume.stdout)

    def test_rejected_rows_are_kept(self):
        code, text = self.run_script("--detach", *FREE_PORTS)
        self.assertEqual(code, 0, text)
        with open(os.path.join(self.data_dir, "catalogue-rejects.csv"), encoding="utf-8") as file:
            self.assertEqual(len(file.readlines()), 1 + 48)

    def test_ctrl_c_stops_the_node(self):
        process = subprocess.Popen(self.arguments("--no-sample", *FREE_PORTS), text=True,
                                   env=self.environment, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        seen = ""
        for line in process.stdout:
            seen += line
            if line.startswith("Ctrl-C"):
                break
        process.send_signal(signal.SIGINT)
        seen += process.stdout.read()
        process.stdout.close()
        self.assertEqual(process.wait(timeout=END_SECONDS), 0, seen)
        with open(os.path.join(self.data_dir, "idnoded.log"), encoding="utf-8") as file:
            self.assertIn('event="node stopped"', file.read())

    def test_port_in_use_is_told(self):
        code, _ = self.run_script("--detach", "--no-sample", *FREE_PORTS)
        self.assertEqual(code, 0)
        with open(os.path.join(self.data_dir, "ports.json"), encoding="utf-8") as file:
            port = json.load(file)["http"]
        done = subprocess.run([os.path.join(ROOT, "node/run"), "--no-build", "--no-sample",
                               "--data-dir", self.data_dir + "2", "--http-port", str(port),
                               "--grpc-port", "0", "--admin-port", "0"], env=self.environment,
                              capture_output=True, text=True, timeout=END_SECONDS, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("starting the http face", done.stderr)
        self.assertIn("the node did not start", done.stderr)

    def test_usage(self):
        code, text = self.run_script("--help")
        self.assertEqual(code, 0)
        self.assertTrue(text.startswith("Examples"))
        self.assertEqual(self.run_script("--nonsense")[0], 2)
        self.assertEqual(self.run_script("--http-port")[0], 2)
        code, text = self.run_script("--stop")
        self.assertEqual(code, 1)
        self.assertIn("no node runs in", text)


if __name__ == "__main__":
    ROOT, BIN = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main()
