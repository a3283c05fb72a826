#!/usr/bin/env python3
"""The judge of the crash test must catch every kind of lie."""

import unittest

from model import DELETED, NEVER, Call, Lie, Model


class ModelTest(unittest.TestCase):
    def setUp(self):
        self.model = Model()

    def call(self, operation, *items):
        call = Call(0, operation, list(items), "r")
        self.model.sent(call)
        return call

    def done(self, operation, *items_and_outcome):
        *items, outcome = items_and_outcome
        self.model.answered(self.call(operation, *items), [outcome] * len(items))

    def test_a_life_in_order(self):
        self.done("register", ("a", 1), "REGISTERED")
        self.done("register", ("a", 1), "UNCHANGED")
        self.done("register", ("a", 2), "CONFLICT")
        self.done("update", ("a", 2), "UPDATED")
        self.done("delete", ("a", 0), "DELETED")
        self.done("register", ("a", 3), "RE_REGISTERED")
        self.model.seen({"a": 3})
        self.assertEqual((self.model.first_ever(), self.model.live()), (1, 1))

    def test_wrong_outcomes_are_lies(self):
        with self.assertRaises(Lie):
            self.done("register", ("a", 1), "RE_REGISTERED")
        self.setUp()
        self.done("register", ("a", 1), "REGISTERED")
        with self.assertRaises(Lie):
            self.done("register", ("a", 1), "REGISTERED")

    def test_lost_acknowledged_items_are_lies(self):
        self.done("register", ("a", 1), "REGISTERED")
        with self.assertRaises(Lie):
            self.model.seen({})

    def test_undone_acknowledged_deletions_are_lies(self):
        self.done("register", ("a", 1), "REGISTERED")
        self.done("delete", ("a", 0), "DELETED")
        with self.assertRaises(Lie):
            self.model.seen({"a": 1})

    def test_items_from_nowhere_are_lies(self):
        with self.assertRaises(Lie):
            self.model.seen({"a": 1})

    def test_unanswered_calls_are_done_or_not(self):
        for found, first_ever in (({"a": 1, "b": 1}, 2), ({}, 0)):
            self.setUp()
            self.call("register", ("a", 1), ("b", 1))
            self.model.seen(found)
            self.assertEqual(self.model.first_ever(), first_ever)

    def test_unanswered_calls_done_in_part_are_lies(self):
        self.call("register", ("a", 1), ("b", 1))
        with self.assertRaises(Lie):
            self.model.seen({"a": 1})

    def test_a_repeat_tells_what_was_done(self):
        self.done("register", ("a", 1), "REGISTERED")
        call = self.call("update", ("a", 2))
        self.assertEqual(self.model.possible("a"), {1, 2})
        self.model.answered(call, ["UPDATED"])
        self.assertEqual(self.model.possible("a"), {2})

    def test_refused_calls_leave_nothing(self):
        self.model.refused(self.call("register", ("a", 1)))
        self.assertEqual(self.model.possible("a"), {NEVER})
        with self.assertRaises(Lie):
            self.model.seen({"a": 1})

    def test_unanswered_deletion_keeps_deleted_apart_from_never(self):
        self.done("register", ("a", 1), "REGISTERED")
        self.call("delete", ("a", 0))
        self.model.seen({})
        self.assertEqual(self.model.possible("a"), {DELETED})
        self.assertEqual(self.model.first_ever(), 1)


if __name__ == "__main__":
    unittest.main()
