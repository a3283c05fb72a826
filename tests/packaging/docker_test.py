#!/usr/bin/env python3
"""The image and the compose file, as far as they can be judged without a container engine.

Usage: docker_test.py SOURCE_DIRECTORY BIN_DIRECTORY [unittest arguments]
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from running_node import RunningNode, clean_environment  # noqa: E402

ROOT = BIN = ""


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def instructions():
    """(name, argument) of each instruction of the Dockerfile, stage by stage."""
    text = re.sub(r"^\s*#.*\n", "", read("docker/Dockerfile"), flags=re.M).replace("\\\n", " ")
    stages = []
    for line in filter(None, (line.strip() for line in text.split("\n"))):
        name, _, argument = line.partition(" ")
        if name == "FROM":
            stages.append([])
        stages[-1].append((name, " ".join(argument.split())))
    return stages


def packages(section):
    found = None
    names = []
    for line in read("node/packages.txt").split("\n"):
        if line.startswith("["):
            found = line.strip("[]")
        elif found == section and line and not line.startswith("#"):
            names.append(line)
    return names


def installed_packages():
    """Names of the packages that are installed, with what they depend on."""
    lines = subprocess.run(["dpkg-query", "-W", "-f", "${Package}|${db:Status-Status}|${Depends}\n"],
                           capture_output=True, text=True, check=True).stdout.splitlines()
    parts = [line.split("|", 2) for line in lines]
    return {name: depends for name, status, depends in parts if status == "installed"}


class PackagesTest(unittest.TestCase):
    def test_sections_are_sorted_and_without_repeats(self):
        for section in ("runtime", "build", "test"):
            names = packages(section)
            self.assertNotEqual(names, [], section)
            self.assertEqual(names, sorted(set(names)), section)

    def test_packages_are_installed(self):
        """So the names are right: node/install has put them there before this test was built."""
        for section in ("runtime", "build", "test"):
            self.assertEqual([n for n in packages(section) if n not in installed_packages()], [])

    def test_runtime_packages_hold_every_library(self):
        """Each library the programs load is in a runtime package or in one it depends on."""
        depends = installed_packages()
        everything = set(packages("runtime")) | {"libc6", "libstdc++6", "libgcc-s1"}
        waiting = list(everything)
        while waiting:
            for name in re.findall(r"(?:^|[,|] ?)([a-z0-9.+-]+)", depends.get(waiting.pop(), "")):
                if name not in everything:
                    everything.add(name)
                    waiting.append(name)
        for program in ("idnoded", "idnode"):
            needed = subprocess.run(["ldd", os.path.join(BIN, program)], capture_output=True,
                                    text=True, check=True).stdout
            libraries = {os.path.basename(path) for path in re.findall(r"=> (/\S+)", needed)}
            owners = subprocess.run(["dpkg-query", "-S", *("*/" + name for name in libraries)],
                                    capture_output=True, text=True, check=False).stdout
            held = set()
            for line in owners.splitlines():
                names, _, path = line.partition(": ")
                if everything & {name.split(":")[0] for name in names.split(", ")}:
                    held.add(os.path.basename(path))
            self.assertEqual(libraries - held, set(), program)


class DockerfileTest(unittest.TestCase):
    def test_stages_are_slim_debian(self):
        for stage in instructions():
            self.assertRegex(stage[0][1], r"^debian:12-slim( AS \w+)?$")
        self.assertEqual(len(instructions()), 2)

    def test_copied_files_exist(self):
        ignored = read("docker/Dockerfile.dockerignore").split("\n")
        built = {"/src/build/bin/idnoded", "/src/build/bin/idnode"}
        for stage in instructions():
            for name, argument in stage:
                if name != "COPY":
                    continue
                parts = argument.split()
                if parts[0].startswith("--from="):
                    self.assertLessEqual(set(parts[1:-1]), built)
                    continue
                for source in parts[:-1]:
                    self.assertTrue(os.path.exists(os.path.join(ROOT, source)), source)
                    self.assertTrue(f"!{source}" in ignored or f"!{source.split('/')[0]}" in ignored,
                                    f"{source} is left out of the context")

    def test_build_takes_what_the_build_file_names(self):
        """Every folder that CMake adds without tests and benchmarks is copied."""
        copied = {p for name, a in instructions()[0] if name == "COPY" for p in a.split()[:-1]}
        for folder in re.findall(r"^add_subdirectory\(([^)/]+)", read("CMakeLists.txt"), re.M):
            self.assertIn(folder, copied)
        self.assertIn("cmake", copied)

    def test_final_stage_is_hardened(self):
        final = instructions()[-1]
        names = [name for name, _ in final]
        values = dict(final)
        self.assertNotIn(values["USER"].split(":")[0], ("root", "0"))
        self.assertGreater(names.index("USER"), max(i for i, n in enumerate(names) if n == "RUN"))
        self.assertIn("idnode-healthcheck", values["HEALTHCHECK"])
        self.assertEqual(values["VOLUME"], "/var/lib/idnode")
        self.assertEqual(values["ENTRYPOINT"], '["idnoded"]')
        self.assertNotIn("ADD", names)

    def test_ports_are_the_defaults(self):
        printed = subprocess.run([os.path.join(BIN, "idnoded"), "--dev", "--print-config"],
                                 env=clean_environment(), capture_output=True, text=True,
                                 check=True).stdout
        section = ""
        ports = {}
        for line in printed.split("\n"):
            if line.startswith("["):
                section = line.strip("[]")
            elif line.startswith("port = "):
                ports[section] = line[len("port = "):]
        exposed = dict(instructions()[-1])["EXPOSE"].split()
        self.assertEqual(exposed, [ports["http"], ports["grpc"]])
        self.assertIn(f"IDNODE_ADMIN_PORT:-{ports['admin']}", read("docker/healthcheck"))

    def test_image_without_certificates_says_what_is_missing(self):
        done = self.check_config({"IDNODE_NODE_SECONDARY_PREFIXES": "88.108"})
        self.assertEqual(done.returncode, 2)
        self.assertIn("http.address: 0.0.0.0 is not loopback", done.stderr)
        self.assertIn("2 faults", done.stderr)

    def check_config(self, extra):
        image = dict(pair.split("=", 1) for pair in dict(instructions()[-1])["ENV"].split())
        return subprocess.run([os.path.join(BIN, "idnoded"), "--check-config"],
                              env=clean_environment({**image, **extra}), capture_output=True,
                              text=True, check=False)

    def test_compose_file(self):
        compose = yaml.safe_load(read("docker/compose.yaml"))
        node = compose["services"]["node"]
        done = self.check_config(node["environment"])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(node["build"]["dockerfile"], "docker/Dockerfile")
        self.assertTrue(os.path.samefile(os.path.join(ROOT, "docker", node["build"]["context"]),
                                         ROOT))
        for published in node["ports"]:
            self.assertRegex(published, r"^127\.0\.0\.1:(\d+):\1$")
        volume, target = node["volumes"][0].split(":")
        self.assertIn(volume, compose["volumes"])
        self.assertEqual(target, dict(instructions()[-1])["VOLUME"])

    def test_healthcheck_tells_ready_from_not(self):
        with tempfile.TemporaryDirectory(prefix="idnode-test-") as directory:
            script = os.path.join(ROOT, "docker/healthcheck")
            with RunningNode(BIN, directory) as node:
                environment = clean_environment({"IDNODE_ADMIN_PORT": str(node.ports["admin"])})
                self.assertEqual(subprocess.run([script], env=environment, check=False).returncode,
                                 0)
            self.assertNotEqual(subprocess.run([script], env=environment, check=False,
                                               stderr=subprocess.DEVNULL).returncode, 0)


if __name__ == "__main__":
    ROOT, BIN = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main()
