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


def rounds(envoy, loads, count, seconds, core, say):
    """Measures the rows (name to file of requests) in turn, in another order each round: {row: [µs a request]}, and
    for how long Envoy waited for its core, as a part of its work."""
    costs = {row: [] for row in loads}
    waits = []
    order = list(loads)
    chance = random.Random(1)
    for row in order:
        ask_for(envoy, row, loads[row], 1, core)
    for each in range(count):
        chance.shuffle(order)
        for row in order:
            cost, wait = ask_for(envoy, row, loads[row], seconds, core)
            costs[row].append(cost)
            waits.append(wait)
        say(f"round {each + 1} of {count}")
    return costs, statistics.median(waits)


def quartiles(values):
    """(first quartile, median, third quartile)."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def added(costs, baseline):
    """What each row adds to the baseline of the same round: {row: [µs a request]}."""
    return {row: [cost - base for cost, base in zip(values, costs[baseline])]
            for row, values in costs.items() if row != baseline}
