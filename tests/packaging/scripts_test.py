#!/usr/bin/env python3
"""The scripts: their usage, and node/install against a Debian that is made of stand-ins.

Usage: scripts_test.py SOURCE_DIRECTORY BIN_DIRECTORY [unittest arguments]
"""

import os
import subprocess
import sys
import tempfile
import unittest

ROOT = ""
SCRIPTS = ["node/run", "node/build", "node/install", "tests/run"]


def run(arguments, **options):
    return subprocess.run(arguments, capture_output=True, text=True, check=False, **options)


class UsageTest(unittest.TestCase):
    def test_help_begins_with_examples(self):
        for script in SCRIPTS:
            done = run([os.path.join(ROOT, script), "--help"])
            self.assertEqual(done.returncode, 0, script)
            self.assertTrue(done.stdout.startswith("Examples\n"), script)

    def test_scripts_are_sound_bash(self):
        for script in [*SCRIPTS, "bench/run", ".ci/run", "docker/healthcheck"]:
            self.assertEqual(run(["bash", "-n", os.path.join(ROOT, script)]).stderr, "", script)

    def test_unknown_options_are_usage_errors(self):
        self.assertEqual(run([os.path.join(ROOT, "node/build"), "release", "--fast"]).returncode, 2)
        self.assertEqual(run([os.path.join(ROOT, "node/build")]).returncode, 2)
        self.assertEqual(run([os.path.join(ROOT, "node/install"), "everything"]).returncode, 2)


class InstallTest(unittest.TestCase):
    """Stand-ins for dpkg-query, apt-get, sudo and id record what node/install does."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="idnode-test-")
        self.addCleanup(directory.cleanup)
        self.folder = directory.name
        self.calls_path = os.path.join(self.folder, "calls")
        self.calls = []

    def stand_in(self, name, body):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/bash\n{body}\n")
        os.chmod(path, 0o755)

    def install(self, section, missing, apt_get=""):
        """Runs node/install where all packages but `missing` are there."""
        pattern = "|".join(missing) or "-"
        self.stand_in("dpkg-query", f"""
for package in "${{@:4}}"; do
  case "$package" in
    {pattern}) ;;
    *) printf 'ii |%s ' "$package" ;;
  esac
done""")
        self.stand_in("apt-get", f'echo "apt-get $*" >> {self.calls_path}\n{apt_get}')
        self.stand_in("sudo", f'echo "sudo" >> {self.calls_path}\nexec "$@"')
        done = run([os.path.join(ROOT, "node/install"), section],
                   env={**os.environ, "PATH": self.folder + ":" + os.environ["PATH"]})
        self.calls = []
        if os.path.exists(self.calls_path):
            with open(self.calls_path, encoding="utf-8") as file:
                self.calls = [c for c in file.read().splitlines() if c != "sudo"]
        return done

    def test_nothing_to_do_is_silent(self):
        done = self.install("test", [])
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(self.calls, [])

    def test_installs_only_what_is_missing_and_says_so(self):
        done = self.install("test", ["cmake", "python3-yaml"])
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stderr, "node/install: installing cmake python3-yaml\n")
        self.assertEqual(len(self.calls), 1)
        self.assertTrue(self.calls[0].endswith(
            "install -y --no-install-recommends cmake python3-yaml"), self.calls)

    def test_sections(self):
        self.assertNotIn("python3-yaml", self.install("build", ["cmake", "python3-yaml"]).stderr)
        done = self.install("runtime", ["cmake", "librocksdb7.8"])
        self.assertEqual(done.stderr, "node/install: installing librocksdb7.8\n")

    def test_fetches_the_lists_where_the_first_try_fails(self):
        mark = os.path.join(self.folder, "updated")
        done = self.install("build", ["cmake"], f"""
[[ "$*" != *update* ]] || touch {mark}
[[ "$*" != *install* || -e {mark} ]]""")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([c.split()[-1] for c in self.calls], ["cmake", "update", "cmake"])

    def test_failure_shows_what_apt_said(self):
        done = self.install("build", ["cmake"], 'echo "no such thing"; [[ "$*" == *update* ]]')
        self.assertEqual(done.returncode, 1)
        self.assertIn("no such thing", done.stderr)
        self.assertIn("apt-get could not install all of: cmake", done.stderr)


if __name__ == "__main__":
    ROOT = sys.argv.pop(1)
    sys.argv.pop(1)
    unittest.main()
