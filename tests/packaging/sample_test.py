#!/usr/bin/env python3
"""The sample catalogue is what its README says, and a faithful excerpt by its own shape.

Usage: sample_test.py SOURCE_DIRECTORY [unittest arguments]
"""

import csv
import os
import re
import sys
import unittest

ROOT = ""
MAPPED = ["brand_owner", "branded_food_category", "ingredients", "package_weight"]


class SampleTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = os.path.join(ROOT, "node/sample")
        with open(os.path.join(folder, "catalogue.csv"), encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            cls.columns = rows.fieldnames
            cls.rows = list(rows)
        with open(os.path.join(folder, "README.md"), encoding="utf-8") as file:
            cls.readme = file.read()

    def stated(self, start):
        """The number in the README's table row that begins with `start`."""
        return int(re.search(rf"^\| {re.escape(start)}[^|]*\| (\d+) \|$", self.readme,
                             re.M).group(1))

    def test_rows_are_whole(self):
        for row in self.rows:
            self.assertNotIn(None, row, "more cells than columns")
            self.assertNotIn(None, row.values(), "fewer cells than columns")
        self.assertLessEqual({"gtin_upc", *MAPPED}, set(self.columns))

    def test_figures_of_the_readme(self):
        first = {}
        same = other = 0
        for row in self.rows:
            content = [row[column] for column in MAPPED]
            if row["gtin_upc"] not in first:
                first[row["gtin_upc"]] = content
            elif first[row["gtin_upc"]] == content:
                same += 1
            else:
                other += 1
        self.assertEqual(len(self.rows), self.stated("Rows"))
        self.assertEqual(len(self.rows), 2000)
        self.assertEqual(len(first), self.stated("Distinct GTINs"))
        self.assertEqual(same, self.stated("Rows that repeat a GTIN with the same"))
        self.assertEqual(other, self.stated("Rows that repeat a GTIN with something else"))
        self.assertGreaterEqual(min(same, other), 15)

    def test_it_is_as_dirty_as_its_source(self):
        text = [cell for row in self.rows for cell in row.values()]
        self.assertTrue(any("," in cell for cell in text), "quoted commas")
        self.assertTrue(any('"' in cell for cell in text), "quoted quotes")
        self.assertTrue(any(not cell.isascii() for cell in text), "non-ASCII text")
        self.assertTrue(any(not row["package_weight"] for row in self.rows), "empty columns")
        self.assertGreater(len({len(row["gtin_upc"]) for row in self.rows}), 3, "GTIN lengths")

    def test_source_note(self):
        self.assertIn("U.S. Department of Agriculture, Agricultural Research Service. "
                      "FoodData Central.", self.readme)
        self.assertIn("CC0 1.0", self.readme)


if __name__ == "__main__":
    ROOT = sys.argv.pop(1)
    unittest.main()
