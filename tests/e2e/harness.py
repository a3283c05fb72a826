"""A real node, its command line and its clients, for end-to-end tests.

The programs are found through IDNODE_BIN_DIR (idnoded, idnode) and IDNODE_GRPC_PIPE, which CTest
sets. Nothing here sleeps: everything waits for an event, with a bound.
"""

import http.client
import json
import os
import queue
import re
import signal
import subprocess
import tempfile
import threading
import unittest

BIN = os.environ.get("IDNODE_BIN_DIR", "")
GRPC_PIPE = os.environ.get("IDNODE_GRPC_PIPE", "")
SAMPLE = os.environ.get("IDNODE_SAMPLE", "")

# A bound for what should take moments, never an expectation.
END_SECONDS = 240
PORTS = {"IDNODE_HTTP_PORT": "0", "IDNODE_GRPC_PORT": "0", "IDNODE_ADMIN_PORT": "0"}


def clean_environment(extra=None):
    """The environment without what a developer may have set for a node of their own."""
    clean = {k: v for k, v in os.environ.items()
             if not k.startswith("IDNODE_") and k not in ("LC_ALL", "LC_MESSAGES", "LANG")}
    return {**clean, **(extra or {})}


class NodeProcess:
    """One run of idnoded. Its log is read by a thread, so it never blocks on a full pipe."""

    def __init__(self, data_dir, extra=None, arguments=("--dev",)):
        self.data_dir = data_dir
        self.log = []
        self._lines = queue.Queue()
        self.process = subprocess.Popen(
            [os.path.join(BIN, "idnoded"), *arguments, "--data-dir", data_dir],
            env=clean_environment({**PORTS, **(extra or {})}), stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL, text=True, errors="replace")
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()

    def _read_log(self):
        for line in self.process.stderr:
            self.log.append(line)
            self._lines.put(line)
        self._lines.put(None)

    def wait_for(self, event):
        """Waits for the log line of an event."""
        while True:
            line = self._lines.get(timeout=END_SECONDS)
            if line is None:
                raise AssertionError(f"idnoded ended before '{event}':\n" + "".join(self.log))
            if f'event="{event}' in line:
                return line

    def wait_ready(self):
        self.wait_for("node ready")
        with open(self.path("ports.json"), encoding="utf-8") as file:
            self.ports = json.load(file)
        return self

    def path(self, name):
        return os.path.join(self.data_dir, name)

    @property
    def grpc(self):
        return f"127.0.0.1:{self.ports['grpc']}"

    @property
    def token_file(self):
        return self.path("operator.token")

    def token(self):
        with open(self.token_file, encoding="utf-8") as file:
            return file.read().strip()

    def kill(self):
        """kill -9; returns once the process is gone."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=END_SECONDS)
        self._reader.join(timeout=END_SECONDS)
        self.process.stderr.close()

    def stop(self, number=signal.SIGTERM):
        """Stops in order; returns the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(timeout=END_SECONDS)
        self._reader.join(timeout=END_SECONDS)
        return code

    def memory_peak_bytes(self):
        """VmHWM: the most memory that was resident at any time."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmHWM:\s+(\d+) kB", file.read()).group(1)) * 1024


class GrpcPipe:
    """Calls over gRPC from Python: see grpc_pipe.cc."""

    def __init__(self, server, token_file, ca=None):
        arguments = [GRPC_PIPE, server, token_file] + ([ca] if ca else [])
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1 << 16, env=clean_environment())
        self._next_id = 0

    def send(self, lane, method, request):
        """Starts a call; returns its id."""
        self._next_id += 1
        self.process.stdin.write(json.dumps({"id": self._next_id, "lane": lane, "method": method,
                                             "request": request}) + "\n")
        self.process.stdin.flush()
        return self._next_id

    def receive(self):
        """The next answer; None at the end."""
        line = self.process.stdout.readline()
        return json.loads(line) if line else None

    def call(self, method, request, lane=0):
        """One call and its answer; nothing else may be under way."""
        call_id = self.send(lane, method, request)
        answer = self.receive()
        assert answer is not None and answer["id"] == call_id, answer
        return answer

    def close(self):
        """Lets calls under way finish; returns their answers."""
        if self.process.stdin.closed:
            return []
        self.process.stdin.close()
        rest = [json.loads(line) for line in self.process.stdout]
        self.process.stdout.close()
        code = self.process.wait(timeout=END_SECONDS)
        assert code == 0, f"grpc_pipe ended with {code}"
        return rest


class Http:
    """One kept-alive connection to the node's HTTP face."""

    def __init__(self, node, token=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", node.ports["http"],
                                                     timeout=END_SECONDS)
        self.headers = {"Authorization": "Bearer " + token} if token else {}

    def __call__(self, method, path, body=None, headers=None):
        """Returns status, headers, and the body as JSON where it is JSON."""
        sent = {**self.headers, **(headers or {})}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        self.connection.request(method, path, data, sent)
        response = self.connection.getresponse()
        text = response.read()
        is_json = "json" in (response.getheader("Content-Type") or "")
        return response.status, response.headers, json.loads(text) if is_json and text else text

    def close(self):
        self.connection.close()


class NodeTest(unittest.TestCase):
    """A temporary directory, nodes in it, and the command line."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="idnode-e2e-")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.data_dir = os.path.join(self.directory, "data")

    def start(self, extra=None, arguments=("--dev",)):
        node = NodeProcess(self.data_dir, extra, arguments)
        self.addCleanup(self._end, node)
        return node.wait_ready()

    @staticmethod
    def _end(node):
        if node.process.poll() is None or not node.process.stderr.closed:
            node.kill()

    def pipe(self, node, token_file=None):
        pipe = GrpcPipe(node.grpc, token_file or node.token_file)
        self.addCleanup(pipe.close)
        return pipe

    def http(self, node, token=None):
        connection = Http(node, token)
        self.addCleanup(connection.close)
        return connection

    def file(self, name, text, newline=""):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8", newline=newline) as file:
            file.write(text)
        return path

    def command(self, node, *arguments, token_file="", server=None):
        """What to run for `idnode ARGUMENTS…` against the node, as its operator."""
        token = ["--token-file", token_file or node.token_file] if token_file is not None else []
        return [os.path.join(BIN, "idnode"), "--server", server or node.grpc, *token, *arguments]

    def idnode(self, node, *arguments, code=0, token_file="", server=None, stdin=None):
        """Runs idnode; checks its exit code. `token_file=None` is anonymous."""
        done = subprocess.run(
            self.command(node, *arguments, token_file=token_file, server=server), input=stdin,
            env=clean_environment(), capture_output=True, text=True, timeout=END_SECONDS,
            check=False)
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def idnode_json(self, node, *arguments, **options):
        return json.loads(self.idnode(node, *arguments, "--json", **options).stdout)

    def volume(self, node, **options):
        """The running month's figures as numbers."""
        volume = self.idnode_json(node, "volume", **options)
        return {k: int(volume[k]) for k in ("firstEver", "registrations", "reRegistrations",
                                            "deletions", "net")}

    def assert_recount_equal(self, node):
        self.assertTrue(self.idnode_json(node, "volume", "recount")["equal"])
