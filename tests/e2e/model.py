"""What a node may hold, given what it acknowledged: the judge of the crash test.

Each identifier is in one of the states "never", "deleted" or the version of its content (a number).
While a call is not answered it may have been done or not, so an identifier has a set of possible
states; every answer and every look at the node narrows it. An empty set is a lie of the node.
"""

NEVER, DELETED = "never", "deleted"


def applied(operation, state, version):
    """(outcome, state after) of one item, by design: registration, update, deletion."""
    live = state not in (NEVER, DELETED)
    if operation == "register":
        if not live:
            return ("REGISTERED" if state == NEVER else "RE_REGISTERED"), version
        return ("UNCHANGED" if state == version else "CONFLICT"), state
    if not live:
        return "NOT_FOUND", state
    if operation == "update":
        return ("UNCHANGED" if state == version else "UPDATED"), version
    return "DELETED", DELETED


class Lie(AssertionError):
    """The node contradicts what it acknowledged."""


class Call:
    """One batch: what it asks, and what was possible before it."""

    def __init__(self, lane, operation, items, request_id):
        self.lane = lane
        self.operation = operation
        self.items = items  # [(identifier, version)]
        self.request_id = request_id
        self.before = None


class Model:
    def __init__(self):
        self.states = {}  # identifier -> set of possible states
        self.pending = []  # calls that were not answered, oldest first

    def possible(self, identifier):
        return self.states.get(identifier, {NEVER})

    def sent(self, call):
        """A call is under way: each of its items may be done or not."""
        call.before = [self.possible(name) for name, _ in call.items]
        for (name, version), before in zip(call.items, call.before):
            self.states[name] = before | {applied(call.operation, s, version)[1] for s in before}
        self.pending.append(call)

    def answered(self, call, outcomes):
        """The call was done, with these outcomes (also when asked again after a crash)."""
        self.pending.remove(call)
        if len(outcomes) != len(call.items):
            raise Lie(f"{len(outcomes)} outcomes for {len(call.items)} items")
        for (name, version), before, outcome in zip(call.items, call.before, outcomes):
            after = set()
            for state in before:
                expected, new = applied(call.operation, state, version)
                if expected == outcome:
                    after.add(new)
            if not after:
                raise Lie(f"{call.operation} {name}: {outcome}, but it was {before}")
            self.states[name] = after

    def refused(self, call):
        """The call was refused as a whole: nothing of it was done."""
        self.pending.remove(call)
        for (name, _), before in zip(call.items, call.before):
            self.states[name] = before

    def seen(self, found):
        """The node was asked for every identifier: `found` maps those that are there to versions."""
        for name in found:
            if name not in self.states:
                raise Lie(f"{name} is there, but nobody registered it")
        for name, possible in self.states.items():
            if name in found:
                if found[name] not in possible:
                    raise Lie(f"{name} is {found[name]}, possible is {possible}")
                self.states[name] = {found[name]}
            else:
                absent = possible & {NEVER, DELETED}
                if not absent:
                    raise Lie(f"{name} is not there, possible is {possible}")
                self.states[name] = absent
        for call in self.pending:
            self._check_whole(call)
        self.pending = []

    def _check_whole(self, call):
        """Items of a batch of one prefix are committed together: all were done, or none."""
        done = set()
        for (name, version), before in zip(call.items, call.before):
            can_be_undone = bool(before & self.states[name])
            can_be_done = bool({applied(call.operation, s, version)[1] for s in before} &
                               self.states[name])
            if can_be_done != can_be_undone:
                done.add(can_be_done)
        if len(done) == 2:
            raise Lie(f"{call.operation} {call.request_id} was done in part")

    def first_ever(self):
        """Identifiers that were registered at least once. Everything must be known by now."""
        count = 0
        for name, possible in self.states.items():
            assert len(possible) == 1, (name, possible)
            count += possible != {NEVER}
        return count

    def live(self):
        return sum(not possible & {NEVER, DELETED} for possible in self.states.values())
