"""What a flood of tokens does to the other clients of the same worker."""

import collections
import json
import statistics
import subprocess
import time
import urllib.parse

import load
import module
import policies
import tokens
from costs import CORE, LOAD_CORE
from gateway import Envoy

# The number of different requests of a flood, and the time in µs between two requests of the others.
DIFFERENT, PERIOD = 200, 2000

# The floods: what the client sends. Each token has the right key, issuer, audience and times, and a wrong signature.
KINDS = {"keys": "unknown keys, for comparison", "RS256": "RS256 tokens", "ES512": "ES512 tokens (P-521)"}

# What the others send: the requests of the pacer's file, in this order.
OTHERS = ("key", "token seen before")

REASON = "verification_overloaded"


def policy(signer):
    """J1, where a token is accepted as well, with the default bound of the time for verifications."""
    policy = policies.gate()
    for consumer in policy["consumers"]:
        consumer["credentials"].append({"jwt": {"claim": consumer["name"]}})
    policy["providers"]["corp"] = {"jwt": tokens.provider([signer.jwk("RS256"), signer.jwk("ES512")])}
    for route in policy["routes"]:
        route["require"] = {"any": ["keys", "corp"]}
    return policy


def files(bench):
    """(the file of the others' requests, the file of each flood)."""
    signer = bench.signer()
    key = next(policies.requests(1))
    token, = tokens.requests(signer.tokens("RS256", 1))
    floods = {"keys": list(policies.requests(DIFFERENT)),
              **{kind: tokens.requests(signer.tokens(kind, DIFFERENT)) for kind in ("RS256", "ES512")}}
    bad = {kind: [each._replace(credential=each.wrong()) for each in all_of] for kind, all_of in floods.items()}
    paths = {}
    for name, requests in (("others", [key, token]), *bad.items()):
        paths[name] = bench.folder / f"flood-{name}.tsv"
        paths[name].write_text("".join(each.line() for each in requests))
    return paths.pop("others"), paths


class Client:
    """A running client of benches/envoy/asker, which ends when its input does."""

    def __init__(self, name, nice, *arguments):
        # The flood is nice: it shares a core with the clients whose time is measured.
        command = ["nice", "-n", str(nice), "taskset", "--cpu-list", LOAD_CORE, module.build_client(name), *map(str, arguments)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def stop(self):
        """Ends it. Returns the numbers of each line that it printed."""
        output, errors = self.process.communicate(timeout=60)
        if self.process.returncode != 0:
            raise load.Failed(f"a client of the flood ended: {errors.strip()}")
        return [tuple(map(int, line.split())) for line in output.splitlines()]


def p99s(envoy, others, seconds):
    """The 99th percentile in µs of the time of the others' requests, for each of OTHERS."""
    pacer = Client("pacer", 0, envoy.ports["gate"], others, PERIOD)
    time.sleep(seconds)
    took = collections.defaultdict(list)
    for line, micros, status in pacer.stop():
        if status != 200:
            raise load.Failed(f"another client got {status} for its {OTHERS[line]}")
        took[line].append(micros)
    return [statistics.quantiles(took[line], n=100)[98] for line in range(len(OTHERS))]


def counted(envoy, metric):
    """The value of a counter of the gate with the reason REASON."""
    query = urllib.parse.quote(rf"postern\.{metric}\..*{REASON}")
    _, body = envoy.ask_admin(f"/stats?format=json&filter={query}")
    return sum(stat.get("value", 0) for stat in json.loads(body)["stats"])


def check_counters(envoy, overloaded):
    """Checks that each answer 503 was counted, by its reason."""
    deadline = time.monotonic() + 30
    while True:
        counts = {metric: counted(envoy, metric) for metric in ("decisions", "authentications")}
        if set(counts.values()) == {overloaded}:
            return
        if time.monotonic() > deadline:
            raise load.Failed(f"{overloaded} requests were answered with 503, but counted are {counts}")
        time.sleep(0.2)


def flood(bench):
    """Measures the time of the others' requests without a flood and during one."""
    others, floods = files(bench)
    seconds, runs = (2, 3) if bench.quick else (6, 3)
    ratios = collections.defaultdict(list)
    seen = collections.defaultdict(list)
    filters = {"gate": bench.postern("flood", policy(bench.signer()))}
    with Envoy(bench.envoy, bench.folder / "flood", filters) as envoy:
        envoy.pin(CORE)
        overloaded = 0
        for _ in range(runs):
            for kind, file in floods.items():
                quiet = p99s(envoy, others, seconds)
                flooder = Client("flooder", 19, envoy.ports["gate"], file)
                time.sleep(0.5)
                during = p99s(envoy, others, seconds)
                answers = dict(flooder.stop())
                if answers.keys() - {401, 503}:
                    raise load.Failed(f"the flood of {kind} got {answers}")
                overloaded += answers.get(503, 0)
                ratios[kind].append([own / other for own, other in zip(during, quiet)])
                seen[kind].append({"quiet_us": quiet, "during_us": during, "answers": answers})
        bench.record["flood"] = {"seconds": seconds, "runs": seen}
        check_counters(envoy, overloaded)
    if not overloaded:
        raise load.Failed(f"no answer of a flood is 503: {seen}")
    for kind, what in KINDS.items():
        report(bench, kind, what, ratios[kind], seen[kind])


def report(bench, kind, what, ratios, runs):
    """Makes the rows of one flood, one for each of OTHERS."""
    total = sum(sum(run["answers"].values()) for run in runs)
    refused = sum(run["answers"].get(503, 0) for run in runs) / total
    limits = (None, None) if kind == "keys" else (5, 3)
    for at, other in enumerate(OTHERS):
        quiet, during = (statistics.median(run[when][at] for run in runs) for when in ("quiet_us", "during_us"))
        bench.row("flood", f"p99 of a client with a {other}, in a flood of {what}", statistics.median(each[at] for each in ratios), "×",
                  *limits, f"{quiet:.0f} to {during:.0f} µs; median of {len(runs)}; {refused:.0%} of {total} answers were 503")
