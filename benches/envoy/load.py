"""What a request costs: the time that Envoy's worker is on a CPU while it is asked, by the number of requests."""

import contextlib
import random
import statistics
import subprocess
from typing import NamedTuple

# So many times a row is asked at a time. Long enough for a filter's tables to be in the processor's caches nearly all the
# time, as in a gateway that has but one filter; short enough for many rounds.
SLICE = 1500

# And so many times before anything is measured.
WARMS = 3000

# The row that the others are compared with.
BASELINE = "baseline"

# How often starts are drawn, to see how much a ratio depends on them.
DRAWS = 2000


class Failed(Exception):
    """A listener did not do its job."""


class Turn(NamedTuple):
    """What the worker spent on a request of one row's turn: on a CPU in µs, and waiting for one as a part of that."""
    cost: float
    waited: float


class Asker:
    """The client (benches/envoy/asker) beside an Envoy; `loads` is each row's file of requests."""

    def __init__(self, program, envoy, loads, core):
        schedstat = f"/proc/{envoy.pid}/task/{envoy.worker()}/schedstat"
        rows = [word for row, requests in loads.items() for word in (row, str(envoy.ports[row]), requests)]
        command = ["taskset", "--cpu-list", core, program, schedstat, *rows]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, bufsize=1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate()

    def ask(self, row, count=SLICE):
        """Asks a row so many times."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(f"{row} {count}\n")
        told = self.process.stdout.readline().split()
        if not told:
            raise Failed(f"the client ended: {self.process.stderr.read().strip()}")
        ran, waited = map(int, told)
        return Turn(ran / count / 1000, waited / max(1, ran))


class Rounds:
    """Measurements of some rows in several starts of Envoy, each with several rounds; a round takes the rows in turn, in
    another order each time."""

    def __init__(self, say):
        self.say = say
        self.starts = []  # of each start its rounds, and of each round {row: µs a request}
        self.waits = []  # for how long the worker waited for its core, as a part of its work
        self.chance = random.Random(1)

    def order(self, rows):
        """The rows in an order of chance."""
        return self.chance.sample(list(rows), len(rows))

    def run(self, asker, count, rows):
        """So many rounds of these rows in an Envoy that has just started."""
        for row in self.order(rows):
            asker.ask(row, WARMS)
        costs = []
        for _ in range(count):
            turns = {row: asker.ask(row) for row in self.order(rows)}
            costs.append({row: turn.cost for row, turn in turns.items()})
            self.waits.extend(turn.waited for turn in turns.values())
        self.starts.append(costs)
        self.say(f"start {len(self.starts)}")

    def of(self, *rows):
        """What each of these costs by itself, the baseline in it: a tuple for each start that measured them all."""
        measured = (start for start in self.starts if all(row in start[0] for row in rows))
        return [tuple(middle([costs[row] for costs in start]) for row in rows) for start in measured]

    def added(self, row):
        """What a row adds to the baseline, one for each start that measured it."""
        return [own - base for own, base in self.of(row, BASELINE)]

    def ratio(self, row, peer, sure=0.9):
        """What a row adds to what its peer adds: (the ratio, between what it lies in so many of all cases, starts)."""
        both = [(own - base, other - base) for own, other, base in self.of(row, peer, BASELINE)]

        def of(pairs):
            own, others = zip(*pairs)
            return middle(own) / middle(others)

        # Drawn again and again from the starts that there are: how much does it depend on which these are? Rounds of one
        # start are no answer to that: a filter's memory lies well or badly for as long as the process lives.
        draw = random.Random(1)
        drawn = sorted(of(draw.choices(both, k=len(both))) for _ in range(DRAWS))
        cut = round(DRAWS * (1 - sure) / 2)
        return of(both), (drawn[cut], drawn[-1 - cut]), len(both)


def middle(values):
    """The mean of the middle half: a median that wavers less. Not of the lowest, which a row that wavers more has lower."""
    ordered = sorted(values)
    cut = len(ordered) // 4
    return statistics.mean(ordered[cut:len(ordered) - cut])


def quartiles(values):
    """(first quartile, third quartile)."""
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high
