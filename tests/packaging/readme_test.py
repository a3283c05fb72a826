#!/usr/bin/env python3
"""The tour of the README runs as written and shows what it says, in both languages.

A block of commands after the line `<!-- run -->` is run against a node that node/run has started;
the block of text after it is its output: each of its lines is in the real output, in this order,
where "…" stands for anything.

Usage: readme_test.py SOURCE_DIRECTORY BIN_DIRECTORY [unittest arguments]
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from running_node import END_SECONDS, clean_environment  # noqa: E402

ROOT = BIN = ""


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def tour(readme):
    """(commands, lines of output shown) of each block to run."""
    pattern = r"<!-- run -->\n+```sh\n(.*?)```\n(?:\n*```text\n(.*?)```\n)?"
    return [(commands, shown.splitlines())
            for commands, shown in re.findall(pattern, readme, re.S)]


def matches(shown, line):
    return re.fullmatch(".*".join(re.escape(part) for part in shown.strip().split("…")),
                        line.strip()) is not None


def missing_line(shown_lines, output):
    """The first line shown that the output lacks after those before it, or None."""
    rest = iter(output.splitlines())
    for shown in filter(str.strip, shown_lines):
        if not any(matches(shown, line) for line in rest):
            return shown
    return None


class ReadmeTest(unittest.TestCase):
    def run_tour(self, name, language):
        blocks = tour(read(name))
        self.assertGreaterEqual(len(blocks), 4)
        self.assertGreaterEqual(sum(len(shown) for _, shown in blocks), 10)
        with tempfile.TemporaryDirectory(prefix="idnode-test-") as directory:
            # LANG alone: bash complains of an LC_ALL that the machine does not have.
            environment = clean_environment({"IDNODE_BIN_DIR": BIN, "LANG": language})
            environment.pop("LC_ALL", None)
            data_dir = os.path.join(directory, "data")
            start = [os.path.join(ROOT, "node/run"), "--no-build", "--data-dir", data_dir]
            subprocess.run([*start, "--detach", "--http-port", "0", "--grpc-port", "0",
                            "--admin-port", "0"], env=environment, check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           timeout=END_SECONDS)
            self.addCleanup(subprocess.run, [*start, "--stop"], env=environment,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            with open(os.path.join(data_dir, "ports.json"), encoding="utf-8") as file:
                ports = json.load(file)

            def here(text):
                """What the README says about a node as it stands, for this one."""
                text = text.replace("127.0.0.1:8080", f"127.0.0.1:{ports['http']}")
                text = text.replace("127.0.0.1:50051", f"127.0.0.1:{ports['grpc']}")
                text = text.replace("127.0.0.1:9464", f"127.0.0.1:{ports['admin']}")
                return text.replace("build/node-data", data_dir).replace("build/bin", BIN)

            # One shell for all: what a block exports holds for those after it.
            end = "--- end of a block ---"
            script = f"cd '{ROOT}'\n" + f"echo; echo '{end}'\n".join(
                here(commands) for commands, _ in blocks)
            done = subprocess.run(["bash", "-c", script], env=environment, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=END_SECONDS, check=False)
            outputs = done.stdout.split(end)
            self.assertEqual(len(outputs), len(blocks), done.stdout)
            for (commands, shown), output in zip(blocks, outputs):
                self.assertIsNone(missing_line([here(line) for line in shown], output),
                                  f"not in the output of\n{commands}\n{output}")
            subprocess.run([*start, "--stop"], env=environment, check=True,
                           stdout=subprocess.DEVNULL, timeout=END_SECONDS)

    def test_english_tour(self):
        self.run_tour("README.md", "C.UTF-8")

    def test_chinese_tour(self):
        self.run_tour("README.zh.md", "zh_CN.UTF-8")

    def test_links_lead_somewhere(self):
        for name in ("README.md", "README.zh.md"):
            for target in re.findall(r"\]\(([^)#:]+)\)", read(name)):
                self.assertTrue(os.path.exists(os.path.join(ROOT, target)), f"{name}: {target}")

    def test_has_changes(self):
        self.assertRegex(read("README.md"), r"(?m)^## Changes$")
        self.assertRegex(read("README.zh.md"), r"(?m)^## 变更$")


class MatcherTest(unittest.TestCase):
    def test_lines_in_order_with_anything_between(self):
        output = "one 1\nskipped\ntwo 22 end\n"
        self.assertIsNone(missing_line(["one 1", "two … end"], output))
        self.assertEqual(missing_line(["two … end", "one 1"], output), "one 1")
        self.assertEqual(missing_line(["one"], output), "one")
        self.assertEqual(missing_line(["one .*"], output), "one .*")


if __name__ == "__main__":
    ROOT, BIN = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main()
