#!/usr/bin/env python3
"""The real catalogue, imported: repeats, interruptions, a killed node; the volume stays exact."""

import csv
import json
import os
import signal
import subprocess
import unittest

from harness import END_SECONDS, SAMPLE, NodeTest, clean_environment

COLUMNS = ["brand_owner", "branded_food_category", "ingredients", "package_weight"]


def expected_of(path):
    """Rows, distinct GTINs, and repeats whose mapped columns are those of the first row or not."""
    first, same, other, rows = {}, 0, 0, 0
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rows += 1
            content = tuple(row[c] for c in COLUMNS)
            known = first.setdefault(row["gtin_upc"], content)
            if known is not content:
                same, other = (same + 1, other) if known == content else (same, other + 1)
    return rows, len(first), same, other


class ImportTest(NodeTest):
    def arguments(self, path, *more):
        maps = [word for column in COLUMNS for word in ("--map", f"{column}={column.upper()}")]
        return ["import", path, "--prefix", "88.108.1001", "--suffix-column", "gtin_upc", "--class",
                "product", *maps, *more]

    def write_goods(self, count, name="goods.csv"):
        return self.file(name, "gtin_upc,brand_owner,branded_food_category,ingredients,"
                               "package_weight\n" +
                         "".join(f'{i},"Maker, No. {i % 97}",Shoes,"leather\nand thread",{i % 500} g\n'
                                 for i in range(count)))

    def test_sample_catalogue_in_file_order(self):
        node = self.start()
        rows, distinct, same, other = expected_of(SAMPLE)
        rejects = os.path.join(self.directory, "rejects.csv")
        # One batch under way, so that the first row of a repeated GTIN is the one that counts.
        done = self.idnode(node, *self.arguments(SAMPLE, "--rejects", rejects, "--in-flight", "1",
                                                 "--json"), code=3)
        report = json.loads(done.stdout)
        self.assertEqual((report["rows"], report["registered"], report["unchanged"],
                          report["conflicting"], report["rejected"]),
                         (rows, distinct, same, other, 0))
        self.assertEqual(self.volume(node)["firstEver"], distinct)
        with open(rejects, encoding="utf-8", newline="") as file:
            kept = list(csv.DictReader(file))
        self.assertEqual(len(kept), other)
        self.assertEqual({(r["idnode_outcome"], r["idnode_reason"]) for r in kept},
                         {("CONFLICT", "identifier-exists")})
        self.assertTrue(all(r["fdc_id"] and r["gtin_upc"] for r in kept))
        self.assert_recount_equal(node)

        again = self.idnode_json(node, *self.arguments(SAMPLE, "--rejects", rejects), code=3)
        self.assertEqual((again["registered"], again["unchanged"], again["conflicting"]),
                         (0, distinct + same, other))
        self.assertEqual(self.volume(node)["firstEver"], distinct)

    def test_with_many_batches_under_way_nothing_is_lost(self):
        node = self.start()
        rows, distinct, _, _ = expected_of(SAMPLE)
        report = self.idnode_json(node, *self.arguments(
            SAMPLE, "--batch", "50", "--rejects", os.path.join(self.directory, "r.csv")), code=3)
        self.assertEqual(report["registered"], distinct)
        self.assertEqual(report["registered"] + report["unchanged"] + report["conflicting"], rows)
        self.assertEqual(self.volume(node)["firstEver"], distinct)

    def start_import(self, node, path, *more):
        process = subprocess.Popen(self.command(node, *self.arguments(path, "--json", *more)),
                                   env=clean_environment(), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        return process

    def wait_for_volume(self, node, at_least):
        """Asks until so many are registered: the import is then under way."""
        while self.volume(node)["firstEver"] < at_least:
            pass

    def test_interrupted_and_resumed(self):
        node = self.start()
        path = self.write_goods(60_000)
        process = self.start_import(node, path, "--batch", "100")
        self.wait_for_volume(node, 2_000)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=END_SECONDS)
        self.assertEqual(process.returncode, 130, err)
        self.assertTrue(json.loads(out)["interrupted"])
        self.assertIn("--resume", err)
        # The command that was printed is the one that resumes.
        command = err[err.index("resume with:\n") + len("resume with:\n"):].strip()
        resumed = subprocess.run(["bash", "-c", command], env=clean_environment(),
                                 capture_output=True, text=True, timeout=END_SECONDS, check=False)
        self.assertEqual(resumed.returncode, 0, resumed.stderr)
        report = json.loads(resumed.stdout)
        self.assertEqual((report["rows"], report["registered"], report["unchanged"]),
                         (60_000, 60_000, 0))
        self.assertEqual(self.volume(node)["firstEver"], 60_000)
        self.assertFalse(os.path.exists(path + ".idnode-import.json"))
        self.assert_recount_equal(node)

    def test_node_killed_in_the_middle_and_started_again(self):
        # The restarted node must be found where the first one was.
        node = self.start()
        port = {"IDNODE_GRPC_PORT": str(node.ports["grpc"])}
        path = self.write_goods(60_000)
        process = self.start_import(node, path, "--batch", "100")
        self.wait_for_volume(node, 2_000)
        node.kill()
        again = self.start(port)
        out, err = process.communicate(timeout=END_SECONDS)
        self.assertEqual(process.returncode, 0, err)
        report = json.loads(out)
        # Batches whose answers were lost are answered again as they were: all count as registered.
        self.assertEqual((report["rows"], report["registered"], report["unchanged"]),
                         (60_000, 60_000, 0))
        self.assertEqual(self.volume(again)["firstEver"], 60_000)
        self.assert_recount_equal(again)

    def test_client_killed_and_resumed(self):
        node = self.start()
        path = self.write_goods(60_000)
        process = self.start_import(node, path, "--batch", "100")
        self.wait_for_volume(node, 2_000)
        process.kill()
        process.communicate(timeout=END_SECONDS)
        report = self.idnode_json(node, *self.arguments(path, "--batch", "100", "--resume"))
        self.assertEqual((report["rows"], report["registered"]), (60_000, 60_000))
        self.assertEqual(self.volume(node)["firstEver"], 60_000)

    def test_export_reads_back(self):
        node = self.start()
        path = self.write_goods(2_500)
        self.idnode(node, *self.arguments(path))
        exported = os.path.join(self.directory, "all.jsonl")
        self.idnode(node, "export", "88.108.1001", "--output", exported)
        with open(exported, encoding="utf-8") as file:
            names = [json.loads(line)["identifier"] for line in file]
        self.assertEqual(len(names), 2_500)
        self.assertEqual(names, sorted(names))
        report = self.idnode_json(node, "import", exported)
        self.assertEqual(report["unchanged"], 2_500)


if __name__ == "__main__":
    unittest.main()
