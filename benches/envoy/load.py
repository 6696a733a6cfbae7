"""What a request costs: Envoy's time on a CPU while `wrk` asks, by the number of requests."""

import json
import pathlib
import random
import signal
import statistics
import subprocess
import time

HERE = pathlib.Path(__file__).parent


# Few connections, so that Envoy finds more than one request when it wakes: with a single one it sleeps after each, and
# what is measured on a busy machine is the cold cache.
CONNECTIONS = 8


# Seconds until wrk has read its requests.
STARTS = 0.15

# The row that the others are compared with.
BASELINE = "baseline"

# How often rounds are drawn, to see how much a ratio depends on them.
DRAWS = 400


class Failed(Exception):
    """A listener did not do its job."""


def ask_for(envoy, row, requests, seconds, core):
    """One run of wrk against a row: µs a request."""
    before, waited_before = envoy.cpu()
    # It would go on for a minute, and counts what it did when it is told to stop: by itself it knows whole seconds alone.
    command = ["taskset", "--cpu-list", core, "wrk", "-t1", f"-c{CONNECTIONS}", "-d60s", "-s", HERE / "wrk.lua",
               f"http://127.0.0.1:{envoy.ports[row]}/", "--", requests]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as wrk:
        time.sleep(STARTS + seconds)
        wrk.send_signal(signal.SIGINT)
        told, complaint = wrk.communicate()
    after, waited_after = envoy.cpu()
    lines = told.strip().splitlines()
    if wrk.returncode != 0 or not lines:
        raise Failed(f"wrk: {complaint.strip() or told}")
    told = json.loads(lines[-1])
    if told["bad"] or not told["requests"]:
        raise Failed(f"{row}: {told['bad']} of {told['requests']} requests were answered otherwise than 200")
    return (after - before) / told["requests"] / 1000, (waited_after - waited_before) / max(1, after - before)


class Rounds:
    """Measurements of some rows (name to file of requests) in one Envoy: each round takes them in turn, in another order."""

    def __init__(self, envoy, loads, seconds, core, say):
        self.envoy, self.loads, self.seconds, self.core, self.say = envoy, loads, seconds, core, say
        self.costs = []  # of each round, {row: µs a request}
        self.waits = []  # for how long Envoy waited for its core, as a part of its work
        self.chance = random.Random(1)
        for row, requests in loads.items():
            ask_for(envoy, row, requests, 1, core)

    def run(self, count, rows):
        """So many more rounds of these rows."""
        for _ in range(count):
            order = list(rows)
            self.chance.shuffle(order)
            costs = {}
            for row in order:
                costs[row], wait = ask_for(self.envoy, row, self.loads[row], self.seconds, self.core)
                self.waits.append(wait)
            self.costs.append(costs)
            self.say(f"round {len(self.costs)}")

    def of(self, row):
        """The costs of a row, one a round; None where it wasn't measured."""
        return [costs.get(row) for costs in self.costs]

    def added(self, row):
        """What a row adds to the baseline of the same round, one a round that measured it."""
        return [costs[row] - costs[BASELINE] for costs in self.costs if row in costs]

    def ratio(self, row, peer, sure=0.9):
        """What a row adds to what its peer adds: (the ratio, between what it lies in so many of all cases, rounds)."""
        both = [(costs[row] - costs[BASELINE], costs[peer] - costs[BASELINE])
                for costs in self.costs if row in costs and peer in costs]

        def of(pairs):
            own, others = zip(*pairs)
            return middle(own) / middle(others)

        # Drawn again and again from the rounds that there are: how much does it depend on which these are?
        draw = random.Random(1)
        drawn = sorted(of(draw.choices(both, k=len(both))) for _ in range(DRAWS))
        cut = round(DRAWS * (1 - sure) / 2)
        return of(both), (drawn[cut], drawn[-1 - cut]), len(both)


def middle(values):
    """The mean of the middle half: a neighbour's noise is in the rest, and it wavers less than the median."""
    ordered = sorted(values)
    cut = len(ordered) // 4
    return statistics.mean(ordered[cut:len(ordered) - cut])


def quartiles(values):
    """(first quartile, third quartile)."""
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high
