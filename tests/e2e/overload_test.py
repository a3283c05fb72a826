#!/usr/bin/env python3
"""Ten times the queue bound of work at once: clear refusals, bounded memory, an exact volume."""

import threading
import unittest

from harness import NodeTest

QUEUE_ITEMS = 400
BATCH_ITEMS = 100
LANES = 10 * QUEUE_ITEMS // BATCH_ITEMS
BATCHES_PER_LANE = 8
HTTP_CLIENTS = 4
MEMORY_GROWTH_BYTES_MAX = 256 << 20


class OverloadTest(NodeTest):
    def setUp(self):
        super().setUp()
        # One shard, so that all clients stand in one queue.
        self.node = self.start({"IDNODE_STORAGE_SHARDS": "1",
                                "IDNODE_REGISTRATION_QUEUE_ITEMS_MAX": str(QUEUE_ITEMS),
                                "IDNODE_REGISTRATION_GROUP_ITEMS_MAX": str(BATCH_ITEMS)})

    @staticmethod
    def batch(client, number):
        return {"requestId": f"{client}-{number}",
                "items": [{"identifier": f"88.108.1001/{client}-{number}-{i}",
                           "values": [{"index": 1, "type": "TEXT", "data": "y" * 200}]}
                          for i in range(BATCH_ITEMS)]}

    def test_refusals_are_clear_and_nothing_acknowledged_is_lost(self):
        before = self.node.memory_peak_bytes()
        http = [threading.Thread(target=self.write_over_http, args=(n,)) for n in range(HTTP_CLIENTS)]
        self.http_problems, self.http_refusals = [], 0
        for thread in http:
            thread.start()
        refusals = self.write_over_grpc()
        for thread in http:
            thread.join()
        self.assertEqual(self.http_problems, [])
        self.assertGreater(refusals, 0, "the bound was never reached: the test tests nothing")
        print(f"{refusals} refusals over gRPC, {self.http_refusals} over HTTP", flush=True)

        growth = self.node.memory_peak_bytes() - before
        self.assertLess(growth, MEMORY_GROWTH_BYTES_MAX)
        expected = (LANES + HTTP_CLIENTS) * BATCHES_PER_LANE * BATCH_ITEMS
        self.assertEqual(self.volume(self.node)["firstEver"], expected)
        self.assert_recount_equal(self.node)

    def write_over_grpc(self):
        """Every lane repeats what is refused until it is taken; gives the number of refusals."""
        pipe = self.pipe(self.node)
        calls, refusals = {}, 0

        def start(lane, number):
            method = "RegisterStream" if lane % 2 else "BatchRegister"
            calls[pipe.send(lane, method, self.batch(f"g{lane}", number))] = (lane, number)

        for lane in range(LANES):
            start(lane, 0)
        while calls:
            answer = pipe.receive()
            lane, number = calls.pop(answer["id"])
            if answer["ok"]:
                self.assertEqual({r["outcome"] for r in answer["response"]["results"]},
                                 {"REGISTERED"})
                number += 1
                if number == BATCHES_PER_LANE:
                    continue
            else:
                self.assertEqual(answer["slug"], "overloaded", answer)
                self.assertGreater(answer["retryAfterMs"], 0)
                refusals += 1
            start(lane, number)
        return refusals

    def write_over_http(self, client):
        http = self.http(self.node, self.node.token())
        number = 0
        while number < BATCHES_PER_LANE:
            status, headers, answer = http("POST", "/v1/identifiers:batchRegister",
                                           self.batch(f"h{client}", number))
            if status == 200:
                outcomes = {r["outcome"] for r in answer["results"]}
                if outcomes != {"REGISTERED"}:
                    self.http_problems.append(outcomes)
                number += 1
            elif status == 503 and answer["type"] == "urn:idnode:error:overloaded" and \
                    int(headers["Retry-After"]) > 0:
                self.http_refusals += 1
            else:
                self.http_problems.append((status, answer))
                break


if __name__ == "__main__":
    unittest.main()
