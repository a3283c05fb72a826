#!/usr/bin/env python3
"""The real idnoded: flags, exit codes, signals, and the files it leaves behind.

Usage: idnoded_test.py PATH_TO_IDNODED [unittest arguments]
"""

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import unittest

IDNODED = ""
PORTS = {"IDNODE_HTTP_PORT": "0", "IDNODE_GRPC_PORT": "0", "IDNODE_ADMIN_PORT": "0"}
END_SECONDS = 120  # a bound for what should take moments, never an expectation


def environment(extra=None):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("IDNODE_")}
    return {**clean, **PORTS, **(extra or {})}


def run(*arguments, extra=None):
    return subprocess.run([IDNODED, *arguments], env=environment(extra), capture_output=True,
                          text=True, timeout=END_SECONDS, check=False)


class Node:
    """A running idnoded in --dev."""

    def __init__(self, data_dir, extra=None):
        self.data_dir = data_dir
        self.process = subprocess.Popen([IDNODED, "--dev", "--data-dir", data_dir],
                                        env=environment(extra), stderr=subprocess.PIPE, text=True)
        self.wait_for("node ready")
        with open(os.path.join(data_dir, "ports.json"), encoding="utf-8") as file:
            self.ports = json.load(file)

    def wait_for(self, event):
        lines = []
        for line in self.process.stderr:
            lines.append(line)
            if f'event="{event}' in line:
                return line
        raise AssertionError(f"idnoded ended before \"{event}\":\n" + "".join(lines))

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        """Waits for the end; returns the exit code."""
        self.rest = self.process.stderr.read()
        code = self.process.wait(timeout=END_SECONDS)
        self.process.stderr.close()
        return code

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        if not self.process.stderr.closed:
            self.end()


class IdnodedTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="idnode-test-")
        self.addCleanup(self.directory.cleanup)
        self.data_dir = os.path.join(self.directory.name, "data")

    def start(self, extra=None):
        node = Node(self.data_dir, extra)
        self.addCleanup(node.kill)
        return node

    def file(self, name, text):
        path = os.path.join(self.directory.name, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    # ---- flags ------------------------------------------------------------

    def test_help_begins_with_examples(self):
        done = run("--help")
        self.assertEqual(done.returncode, 0)
        self.assertLess(done.stdout.index("Examples"), done.stdout.index("--config FILE"))
        self.assertIn("Exit codes", done.stdout)

    def test_version(self):
        done = run("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^idnoded \d+\.\d+\.\d+\n$")

    def test_usage_errors(self):
        for arguments in (["--port", "1"], ["extra"], ["--config"],
                          ["--check-config", "--print-config"]):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertNotEqual(done.stderr, "")

    def test_check_config_reports_every_fault(self):
        path = self.file("bad.toml", '[node]\nsecondary_prefix = ["88.108"]\n[http]\nport = -1\n')
        done = run("--config", path, "--check-config",
                   extra={"IDNODE_HTTP_PORT": "99999", "IDNODE_LOG_LEVEL": "loud"})
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"{path}:2: node.secondary_prefix: there is no such key; did you mean "
                      "secondary_prefixes?\n", done.stderr)
        self.assertIn(f"{path}:4: http.port: -1 is less than 0", done.stderr)
        self.assertIn("IDNODE_HTTP_PORT: http.port: 99999 is more than 65535", done.stderr)
        self.assertIn('IDNODE_LOG_LEVEL: log.level: "loud" is not known', done.stderr)
        self.assertIn("node.data_dir: is not set", done.stderr)
        self.assertIn("node.secondary_prefixes: is empty", done.stderr)
        self.assertIn("the configuration has 6 faults\n", done.stderr)

    def test_printed_configuration_is_one(self):
        printed = run("--dev", "--data-dir", self.data_dir, "--print-config")
        self.assertEqual(printed.returncode, 0)
        path = self.file("printed.toml", printed.stdout)
        done = run("--config", path, "--check-config")
        self.assertEqual((done.returncode, done.stdout), (0, "the configuration is fine\n"))
        self.assertFalse(os.path.exists(self.data_dir), "neither may touch the data directory")

    # ---- lifecycle --------------------------------------------------------

    def test_serves_until_sigterm(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            node = self.start()
            self.assertEqual(sorted(node.ports), ["admin", "grpc", "http"])
            connection = http.client.HTTPConnection("127.0.0.1", node.ports["http"])
            connection.request("GET", "/v1/volume")
            self.assertEqual(connection.getresponse().status, 200)
            connection.close()
            node.signal(number)
            self.assertEqual(node.end(), 0)
            self.assertIn('event="node stopped"', node.rest)
            self.assertFalse(os.path.exists(os.path.join(self.data_dir, "ports.json")))

    def test_data_directory_is_the_owners_alone(self):
        self.start()
        self.assertEqual(stat.S_IMODE(os.stat(self.data_dir).st_mode), 0o700)
        token = os.path.join(self.data_dir, "operator.token")
        self.assertEqual(stat.S_IMODE(os.stat(token).st_mode), 0o600)

    def test_second_process_on_the_directory_is_refused(self):
        node = self.start()
        second = run("--dev", "--data-dir", self.data_dir)
        self.assertEqual(second.returncode, 1)
        self.assertIn(f"the data directory {self.data_dir} is in use by process "
                      f"{node.process.pid}; stop it first", second.stderr)
        self.assertTrue(os.path.exists(os.path.join(self.data_dir, "ports.json")))

    def test_starts_again_after_kill(self):
        node = self.start()
        node.signal(signal.SIGKILL)
        node.end()
        self.assertTrue(os.path.exists(os.path.join(self.data_dir, "ports.json")))
        again = self.start()
        again.signal(signal.SIGTERM)
        self.assertEqual(again.end(), 0)

    def test_port_in_use_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            for section in ("HTTP", "GRPC", "ADMIN"):
                done = run("--dev", "--data-dir", self.data_dir,
                           extra={f"IDNODE_{section}_PORT": str(port)})
                self.assertEqual(done.returncode, 1)
                self.assertIn(f"starting the {section.lower()} face", done.stderr)
                self.assertIn(str(port), done.stderr)

    def test_another_time_zone_is_refused(self):
        node = self.start()
        node.signal(signal.SIGTERM)
        self.assertEqual(node.end(), 0)
        done = run("--dev", "--data-dir", self.data_dir, extra={"IDNODE_NODE_TIME_ZONE": "UTC"})
        self.assertEqual(done.returncode, 2)
        self.assertIn("the store counts in Asia/Shanghai since it was created", done.stderr)

    def test_a_signal_before_it_is_ready_is_an_orderly_stop(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            process = subprocess.Popen([IDNODED, "--dev", "--data-dir", self.data_dir],
                                       env=environment(), stderr=subprocess.PIPE, text=True)
            try:
                for line in process.stderr:
                    if 'event="opening the store"' in line:
                        process.send_signal(number)
                        break
                rest = process.stderr.read()
                self.assertEqual(process.wait(timeout=END_SECONDS), 0, rest)
            finally:
                process.kill()
                process.stderr.close()
                process.wait()
            self.assertIn('event="stop asked for"', rest)
            self.assertIn("node stopped", rest)
            self.assertFalse(os.path.exists(os.path.join(self.data_dir, "ports.json")))

    def test_open_data_directory_is_refused(self):
        os.mkdir(self.data_dir)
        os.chmod(self.data_dir, 0o777)
        done = run("--dev", "--data-dir", self.data_dir)
        self.assertEqual(done.returncode, 2)
        self.assertIn("others may write to the data directory", done.stderr)

    def test_second_signal_skips_the_drain(self):
        node = self.start({"IDNODE_SHUTDOWN_DRAIN_MS": "3600000",
                           "IDNODE_HTTP_REQUEST_TIMEOUT_MS": "3600000"})
        # A request whose body never comes keeps the drain waiting.
        with socket.create_connection(("127.0.0.1", node.ports["http"])) as slow:
            slow.sendall(b"POST /v1/identifiers:batchRegister HTTP/1.1\r\nHost: x\r\n"
                         b"Content-Type: application/json\r\nContent-Length: 100\r\n"
                         b"Expect: 100-continue\r\n\r\n")
            # The answer shows that the node has the header: the request is under way.
            self.assertIn(b"100", slow.recv(64))
            node.signal(signal.SIGTERM)
            node.wait_for("draining")
            self.assertIsNone(node.process.poll())
            node.signal(signal.SIGTERM)
            self.assertEqual(node.end(), 1)
            self.assertIn("the drain is skipped", node.rest)
        self.assertFalse(os.path.exists(os.path.join(self.data_dir, "ports.json")))

    def test_drain_ends_at_its_deadline(self):
        node = self.start({"IDNODE_SHUTDOWN_DRAIN_MS": "50",
                           "IDNODE_HTTP_REQUEST_TIMEOUT_MS": "3600000"})
        with socket.create_connection(("127.0.0.1", node.ports["http"])) as slow:
            slow.sendall(b"POST /v1/identifiers:batchRegister HTTP/1.1\r\nHost: x\r\n"
                         b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n")
            node.signal(signal.SIGTERM)
            self.assertEqual(node.end(), 0)

    def test_sighup_reloads_and_serves_on(self):
        node = self.start()
        node.signal(signal.SIGHUP)
        node.wait_for("certificates reloaded")
        connection = http.client.HTTPConnection("127.0.0.1", node.ports["admin"])
        connection.request("GET", "/ready")
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()


if __name__ == "__main__":
    IDNODED = sys.argv.pop(1)
    unittest.main()
