"""A node of the real binaries on free ports, for the tests of this folder."""

import json
import os
import signal
import subprocess

END_SECONDS = 120  # a bound for what should take moments, never an expectation


def clean_environment(extra=None):
    """The environment without the variables of another node or client, and with `extra`."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("IDNODE_")}
    return {**clean, **(extra or {})}


class RunningNode:
    """Starts idnoded --dev in `directory`/data, waits until it is ready, stops it at the end."""

    def __init__(self, bin_directory, directory):
        self.bin = bin_directory
        self.data_dir = os.path.join(directory, "data")

    def __enter__(self):
        ports = {"IDNODE_HTTP_PORT": "0", "IDNODE_GRPC_PORT": "0", "IDNODE_ADMIN_PORT": "0"}
        self.process = subprocess.Popen(
            [os.path.join(self.bin, "idnoded"), "--dev", "--data-dir", self.data_dir],
            env=clean_environment(ports), stderr=subprocess.PIPE, text=True)
        lines = []
        for line in self.process.stderr:
            lines.append(line)
            if 'event="node ready"' in line:
                break
        else:
            self.process.wait()
            self.process.stderr.close()
            raise AssertionError("the node did not start:\n" + "".join(lines))
        with open(os.path.join(self.data_dir, "ports.json"), encoding="utf-8") as file:
            self.ports = json.load(file)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.stderr.read()
        self.process.stderr.close()
        assert self.process.wait(timeout=END_SECONDS) == 0

    def client_environment(self):
        with open(os.path.join(self.data_dir, "operator.token"), encoding="utf-8") as file:
            token = file.read().strip()
        return clean_environment({"IDNODE_SERVER": f"127.0.0.1:{self.ports['grpc']}",
                                  "IDNODE_TOKEN": token, "LC_ALL": "C.UTF-8"})
