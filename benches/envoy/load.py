"""Measures the cost of a request: the CPU time of Envoy's worker divided by the number of requests."""

import contextlib
import random
import statistics
import subprocess
from typing import NamedTuple

# The number of requests that a row gets in its turn. It is large enough that a filter's tables are in the processor's
# caches nearly all the time, as in a gateway with one filter. It is small enough for many rounds.
SLICE = 1500

# The number of requests that most rows get before the measurement.
WARMS = 3000

# The row that the others are compared with, and the one for rows whose requests have a token. A token makes a request three
# times as long, which costs something without a filter too.
BASELINE, TOKEN_BASELINE = "baseline", "baseline-token"

# The number of random draws of starts, which give the interval of a ratio.
DRAWS = 2000


class Failed(Exception):
    """A listener did not do its job."""


class Turn(NamedTuple):
    """The worker's cost of a row's turn: CPU time per request in µs, and the time of waiting for a CPU as a part of it."""
    cost: float
    waited: float


class Asker:
    """The client (benches/envoy/asker) of an Envoy. `loads` has the requests of each row: their file, whether they repeat,
    and how many come before the measurement."""

    def __init__(self, program, envoy, loads, core):
        self.loads = loads
        schedstat = f"/proc/{envoy.pid}/task/{envoy.worker()}/schedstat"
        rows = [word for row, each in loads.items()
                for word in (row, str(envoy.ports[row]), each.file, "again" if each.repeats else "once")]
        command = ["taskset", "--cpu-list", core, program, schedstat, *rows]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, bufsize=1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate()

    def warm(self, row):
        """Sends a row the requests that come before the measurement."""
        self.ask(row, self.loads[row].warms)

    def ask(self, row, count=SLICE):
        """Sends this number of requests to a row."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(f"{row} {count}\n")
        line = self.process.stdout.readline().split()
        if not line:
            raise Failed(f"the client ended: {self.process.stderr.read().strip()}")
        ran, waited = map(int, line)
        return Turn(ran / count / 1000, waited / max(1, ran))


class Rounds:
    """Measurements of rows in several starts of Envoy, each with several rounds. A round measures the rows in turn, in
    random order. `bases` has the rows that are not compared with BASELINE, each with its own."""

    def __init__(self, say, bases):
        self.say = say
        self.bases = bases
        self.starts = []  # the rounds of each start, each {row: µs per request}
        self.waits = []  # the time in which the worker waited for its core, as a part of its CPU time
        self.chance = random.Random(1)

    def order(self, rows):
        """The rows in random order."""
        return self.chance.sample(list(rows), len(rows))

    def run(self, asker, count, rows):
        """Measures this number of rounds of these rows in a new Envoy."""
        for row in self.order(rows):
            asker.warm(row)
        costs = []
        for _ in range(count):
            turns = {row: asker.ask(row) for row in self.order(rows)}
            costs.append({row: turn.cost for row, turn in turns.items()})
            self.waits.extend(turn.waited for turn in turns.values())
        self.starts.append(costs)
        self.say(f"start {len(self.starts)}")

    def of(self, *rows):
        """The whole cost of each row: a tuple for each start that measured them all."""
        measured = (start for start in self.starts if all(row in start[0] for row in rows))
        return [tuple(middle([costs[row] for costs in start]) for row in rows) for start in measured]

    def base(self, row):
        """The row without a filter that a row is compared with."""
        return self.bases.get(row, BASELINE)

    def added(self, row):
        """The cost that a row adds to the one without a filter, for each start that measured it."""
        return [own - base for own, base in self.of(row, self.base(row))]

    def beyond(self, row, base, peer, its_base):
        """How much more a row adds to its base than a peer adds to its own, in µs: (difference, interval, number of starts)."""
        measured = [(own - less) - (other - its_less) for own, less, other, its_less in self.of(row, base, peer, its_base)]
        return middle(measured), quartiles(measured), len(measured)

    def ratio(self, row, peer, sure=0.9):
        """The ratio of the costs that a row and its peer add: (ratio, interval, number of starts)."""
        measured = self.of(row, self.base(row), peer, self.base(peer))
        both = [(own - base, other - its_base) for own, base, other, its_base in measured]

        def of(pairs):
            own, others = zip(*pairs)
            return middle(own) / middle(others)

        # Random draws from the starts show how much the ratio depends on them. Draws of rounds would not: the addresses of
        # a filter's memory, good or bad for the caches, do not change while the process runs.
        draw = random.Random(1)
        drawn = sorted(of(draw.choices(both, k=len(both))) for _ in range(DRAWS))
        cut = round(DRAWS * (1 - sure) / 2)
        return of(both), (drawn[cut], drawn[-1 - cut]), len(both)


def middle(values):
    """The mean of the middle half, which varies less than the median. The mean of the lowest values would favour rows that
    vary more."""
    ordered = sorted(values)
    cut = len(ordered) // 4
    return statistics.mean(ordered[cut:len(ordered) - cut])


def quartiles(values):
    """(first quartile, third quartile)."""
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high
