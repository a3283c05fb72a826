#!/usr/bin/env python3
"""Holds the source tree to the rules of tidy.py, and tidy.py to its word.

Usage: tidy_test.py SOURCE_DIRECTORY [unittest arguments]
"""

import os
import re
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tidy  # noqa: E402

ROOT = ""
ONCE = "#pragma once\n"
SLEEP = "sle" + "ep"

# What a tree may hold -> the finding it must give (rule at a line), or None.
INCLUDE_CASES = [
    ("node/base/a.cc", '#include "node/model/record.h"\n', "1: include: node/base must not know"),
    ("node/base/a.cc", '#include "node/base/b.h"\n', None),
    ("node/model/a.cc", '#include "storage/engine.h"\n', "1: include: node/model must not know"),
    ("node/model/a.cc", '#include "node/base/result.h"\n', None),
    ("storage/a.cc", '#include "node/service/writer.h"\n', "1: include: storage must not know"),
    ("storage/a.cc", '#include "storage/memory/memory_engine.h"\n', "1: include: storage must not"),
    ("storage/registry.cc", '#include "storage/memory/memory_engine.h"\n', None),
    ("storage/memory/a.cc", '#include "storage/rocksdb/x.h"\n', "1: include: storage/memory must"),
    ("storage/memory/a.cc", '#include "storage/engine.h"\n', None),
    ("node/service/a.cc", '#include "storage/rocksdb/x.h"\n', "1: include: node/service must not"),
    ("node/service/a.cc", '#include "storage/engine.h"\n', None),
    ("node/service/a.cc", '#include "node/frontend/error_map.h"\n', "1: include: node/service must"),
    ("node/frontend/http/a.cc", '#include "node/frontend/grpc/x.h"\n', "1: include: node/frontend/h"),
    ("node/frontend/http/a.cc", '#include "node/app/config.h"\n', "1: include: node/frontend/http"),
    ("node/frontend/http/a.cc", '#include "node/frontend/frontend.h"\n', None),
    ("node/frontend/convert/a.cc", '#include "node/frontend/http/x.h"\n', "1: include: node/front"),
    ("node/cli/a.cc", '#include "node/service/writer.h"\n', "1: include: node/cli must not know"),
    ("node/app/a.cc", '#include "node/cli/text.h"\n', "1: include: node/app must not know node/cli"),
    ("node/app/a.cc", '#include "node/frontend/http/http_frontend.h"\n', None),
    ("node/app/a.cc", '#include "tests/x.h"\n', "1: include: tests/x.h is not part of the product"),
    ("node/app/a.cc", "#include <grpcpp/grpcpp.h>\n", "1: include: grpcpp/grpcpp.h belongs to"),
    ("node/app/a.cc", '\n#include "idnode/v1/common.pb.h"\n', "2: include: idnode/v1/common.pb.h"),
    ("node/frontend/http/a.cc", '#include "idnode/v1/common.pb.h"\n', None),
    ("node/frontend/http/a.cc", "#include <grpcpp/grpcpp.h>\n", "1: include: grpcpp/grpcpp.h"),
    ("node/frontend/grpc/a.cc", "#include <boost/beast/http.hpp>\n", "1: include: boost/beast"),
    ("node/frontend/admin/a.cc", "#include <boost/beast/http.hpp>\n", None),
    ("storage/a.cc", "#include <rocksdb/db.h>\n", "1: include: rocksdb/db.h belongs to"),
    ("storage/rocksdb/a.cc", "#include <rocksdb/db.h>\n", None),
    ("tests/a.cc", "#include <rocksdb/db.h>\n", "1: include: rocksdb/db.h belongs to"),
    ("bench/a.cc", "#include <rocksdb/db.h>\n", None),
    ("node/cli/a.cc", "#include <toml++/toml.h>\n", "1: include: toml++/toml.h belongs to"),
    ("node/service/a.cc", "#include <spdlog/spdlog.h>\n", "1: include: spdlog/spdlog.h belongs"),
]

OTHER_CASES = [
    ("node/app/a.cc", "auto t = std::chrono::system_clock::now();\n", "1: clock: "),
    ("storage/a.cc", "auto t = std::chrono::system_clock::now();\n", "1: clock: "),
    ("tests/a.cc", "auto t = std::chrono::system_clock::now();\n", None),
    ("node/base/clock.cc", "auto t = std::chrono::system_clock::now();\n", None),
    ("node/app/a.cc", "// not std::chrono::system_clock::now()\n", None),
    ("node/app/a.cc", "std::cerr << 1;\n", "1: cerr: "),
    ("node/app/main.cc", "std::cerr << 1;\n", None),
    ("node/cli/a.cc", "std::cerr << 1;\n", None),
    ("tests/a.cc", f"std::this_thread::{SLEEP}_for(x);\n", f"1: {SLEEP}: "),
    ("tests/a.cc", f"::{SLEEP}(1);\n", f"1: {SLEEP}: "),
    ("tests/a.py", f"\ntime.{SLEEP}(1)\n", f"2: {SLEEP}: "),
    ("tests/a.py", f"from time import monotonic, {SLEEP}\n", f"1: {SLEEP}: "),
    ("node/cli/a.cc", f"std::this_thread::{SLEEP}_for(x);\n", None),
    ("node/app/a.cc", "throw 1;\n", "1: throw: "),
    ("node/app/a.cc", 'Log("do not throw"); // throw\n', None),
    ("tests/a.cc", "throw 1;\n", None),
    ("node/CMakeLists.txt", "file(GLOB sources *.cc)\n", "1: glob: "),
    ("node/app/a.cc", "int a;  // TO" "DO: later\n", "1: todo: "),
    ("node/app/a.cc", "int a;  // TO" "DO(#12): later\n", None),
    ("node/x.md", "see /wo" "rk/main\n", "1: machine-path: "),
    ("node/run", "cd /ro" "ot/idnode\n", "1: machine-path: "),
    ("node/x.md", "see the network/home page and /v1/home/x\n", None),
    ("node/app/a.cc", "int a;\r\n", "1: line-ends: "),
    ("node/app/a.cc", "int a;", "1: line-ends: "),
    ("node/app/a.cc", "\n" * 600, None),
    ("node/app/a.cc", "\n" * 601, "1: length: 601 lines"),
    ("tests/a.py", "\n" * 601, "1: length: 601 lines"),
    ("node/app/a.h", "int a;\n", "1: pragma-once: "),
    ("node/app/a.h", ONCE, None),
    ("README.zh.md", "# 标题\n", "1: twin: README.md does not exist"),
    ("README.md", "# Title\n", "1: twin: README.zh.md does not exist"),
    ("node/run", "#!/bin/bash\n", "1: program: "),
    ("build/a.h", "int a;\n", None),
    ("build-dev/a.h", "int a;\n", None),
]


class Tree:
    """A source tree for one case."""

    def __init__(self, files):
        self.directory = tempfile.TemporaryDirectory(prefix="idnode-tidy-")
        for path, text in files.items():
            whole = os.path.join(self.directory.name, path)
            os.makedirs(os.path.dirname(whole), exist_ok=True)
            with open(whole, "w", encoding="utf-8", newline="") as file:
                file.write(text)

    def findings(self):
        with self.directory as root:
            return tidy.check(root)


class TreeTest(unittest.TestCase):
    def test_source_tree_keeps_the_rules(self):
        findings = tidy.check(ROOT)
        self.assertEqual(findings, [], "\n" + "\n".join(findings))

    def test_rules_see_the_tree(self):
        paths = tidy.files_of(ROOT)
        for known in ("node/base/errc.h", "storage/engine.h", "tests/tidy/tidy.py", "CMakeLists.txt"):
            self.assertIn(known, paths)
        layers = {tidy.layer_of(p) for p in paths if p.endswith(".cc")}
        self.assertEqual(set(tidy.MAY_INCLUDE) - layers - {"node/frontend"}, set(),
                         "a folder in the table has no sources")

    def test_exceptions_are_needed(self):
        for path, lines in tidy.LONG_FILES.items():
            self.assertGreater(tidy.read(ROOT, path).count("\n"), tidy.LINES_MAX, path)
            self.assertGreaterEqual(lines, tidy.read(ROOT, path).count("\n"), path)


class RuleTest(unittest.TestCase):
    def run_cases(self, cases):
        for path, text, expected in cases:
            with self.subTest(path=path, text=text[:60]):
                findings = Tree({path: text}).findings()
                if expected is None:
                    self.assertEqual(findings, [])
                else:
                    self.assertTrue(any(f.startswith(f"{path}:{expected}") for f in findings),
                                    findings)

    def test_includes(self):
        self.run_cases(INCLUDE_CASES)

    def test_the_rest(self):
        self.run_cases(OTHER_CASES)

    def test_every_rule_has_a_case(self):
        cased = {re.match(r"\d+: ([\w-]+)", e).group(1)
                 for _, _, e in INCLUDE_CASES + OTHER_CASES if e}
        self.assertEqual(cased | {"readme"},
                         {"include", "clock", "cerr", "sleep", "throw", "glob", "todo",
                          "machine-path", "line-ends", "length", "pragma-once", "readme", "twin",
                          "program"})

    def test_large_folders_have_a_readme_with_decisions(self):
        five = {f"node/app/{n}.h": ONCE for n in "abcde"}
        six = {**five, "node/app/f.h": ONCE}
        self.assertEqual(Tree(five).findings(), [])
        self.assertRegex(Tree(six).findings()[0], "node/app:1: readme: ")
        self.assertRegex(Tree({**six, "node/app/README.md": "# App\n"}).findings()[0],
                         'there is no section "Decisions"')
        self.assertEqual(
            Tree({**six, "node/app/README.md": "# App\n\n## Decisions\n"}).findings(), [])
        self.assertEqual(Tree({**six, "node/app/README.md": "# App\n",
                               "node/README.md": "## Decisions\n"}).findings(), [])
        self.assertEqual(Tree({**six, "node/README.md": "`app/` is …\n"}).findings(), [])
        self.assertRegex(Tree({**six, "node/README.md": "Nothing.\n"}).findings()[0], "node/app:1")

    def test_twins_have_the_same_structure(self):
        english = "# Title\n\ntext\n\n```sh\nrun  # now\n```\n\n## Part\n"
        chinese = "# 标题\n\n正文\n\n```sh\nrun  # 现在\n```\n\n## 部分\n"
        self.assertEqual(Tree({"README.md": english, "README.zh.md": chinese}).findings(), [])
        for changed in (chinese.replace("## 部分\n", ""), chinese.replace("## ", "### "),
                        chinese.replace("run ", "walk "), chinese.replace("```sh", "```text")):
            findings = Tree({"README.md": english, "README.zh.md": changed}).findings()
            self.assertEqual(len(findings), 1)
            self.assertIn("headings and commands differ", findings[0])


if __name__ == "__main__":
    ROOT = sys.argv.pop(1)
    unittest.main()
