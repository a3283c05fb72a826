"""Runs `idnode-bench --quick` and checks that every scenario gave figures of the promised shape.

Says nothing about speed: a machine may be as slow as it likes.
"""

import json
import math
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = ""
KEYS = {"name", "value", "unit", "baseline", "ratio"}


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


class QuickTest(unittest.TestCase):
    def test_every_scenario_gives_figures(self):
        listed = subprocess.run(
            [PROGRAM, "--quick", "--list"], check=True, capture_output=True, text=True
        ).stdout
        scenarios = [line.split()[0] for line in listed.splitlines()]
        self.assertGreater(len(scenarios), 0)
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "figures.json"
            run = subprocess.run(
                [PROGRAM, "--quick", "--json", str(path)], capture_output=True, text=True
            )
            self.assertEqual(run.returncode, 0, run.stderr)
            figures = json.loads(path.read_text())
        for figure in figures:
            self.assertEqual(set(figure), KEYS, figure)
            self.assertTrue(is_number(figure["value"]), figure)
            self.assertTrue(figure["unit"], figure)
            self.assertEqual(figure["baseline"] is None, figure["ratio"] is None, figure)
            self.assertIn(figure["name"], run.stdout)
            if figure["baseline"]:
                self.assertTrue(is_number(figure["ratio"]), figure)
        names = [figure["name"] for figure in figures]
        self.assertEqual(len(names), len(set(names)), "a name occurs twice")
        for scenario in scenarios:
            self.assertTrue(
                any(name == scenario or name.startswith(scenario + "/") for name in names),
                scenario + " gave no figure",
            )

    def test_refuses_a_filter_that_matches_nothing(self):
        run = subprocess.run([PROGRAM, "--filter", "no-such"], capture_output=True, text=True)
        self.assertEqual(run.returncode, 2)
        self.assertIn("--filter", run.stderr)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop()
    unittest.main()
