# SPDX-License-Identifier: Apache-2.0
# One row's figures as tools/bench speaks of them: what it adds to a sign-in through pam_permit in the same run, as
# medians, and how far a ratio of two rows can be believed. Called by report.py, targets.py and plot.py.
import random
import statistics


class Seen:
    def __init__(self, name, row, permit):
        self.name, self.row, self.permit = name, row, permit

    def median(self, key):
        return statistics.median(self.row[key])

    def above(self, key):
        return self.median(key) - statistics.median(self.permit[key])

    instructions = property(lambda self: self.row["instructions"] - self.permit["instructions"])
    login = property(lambda self: self.above("cpu") / 1000)         # ms of CPU
    verifier = property(lambda self: self.median("verifier") / 1000)
    both = property(lambda self: self.login + self.verifier)
    wall = property(lambda self: self.median("wall") / 1000)        # of the whole process
    wall_above = property(lambda self: self.above("wall") / 1000)
    prompt = property(lambda self: self.above("prompt"))            # us; pam_permit asks nothing: there, to the end
    calls = property(lambda self: self.row["login_calls"]["syscalls"] - self.permit["login_calls"]["syscalls"])
    syncs = property(lambda self: self.row["login_calls"]["syncs"] + self.row["verifier_calls"]["syncs"])
    written = property(lambda self: self.row["login_calls"]["written"] + self.row["verifier_calls"]["written"])

    @property
    def opened(self):
        here, permit, there = (self.row["login_calls"], self.permit["login_calls"], self.row["verifier_calls"])
        return here["opened"] - permit["opened"] + there["opened"]

    def trials(self):
        return {int(level): trials for level, trials in self.row.get("throughput", {}).items()}

    def rate(self, level):
        trials = self.trials().get(level)
        return statistics.median(each["good"] for each in trials) if trials else None

    def rejected(self):
        """Right codes refused, at single sign-ins and in parallel ones: how many of how many."""
        trials = [each for level in self.trials().values() for each in level]
        return (self.row["failed"] + sum(each["rejected"] for each in trials),
                len(self.row["cpu"]) + sum(each["of"] for each in trials))


def all_seen(figures):
    rows = figures["rows"]
    return {name: Seen(name, row, rows["permit"]) for name, row in rows.items()}


def interval(top, bottom, figure):
    """95 % of what the ratio would be if the rounds were drawn again; a round holds both rows and pam_permit."""
    chosen, found = random.Random(1), []
    rounds = len(top.row["cpu"])
    for _ in range(400):
        picks = chosen.choices(range(rounds), k=rounds)
        found.append(figure(redrawn(top, picks)) / figure(redrawn(bottom, picks)))
    found.sort()
    return found[10], found[-11]


def redrawn(seen, picks):
    row, permit = ({**each, **{key: [each[key][i] for i in picks] for key in ("cpu", "verifier", "wall")}}
                   for each in (seen.row, seen.permit))
    return Seen(seen.name, row, permit)
