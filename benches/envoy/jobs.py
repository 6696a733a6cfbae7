"""The experiments. Each makes rows of the table."""

import json
import pathlib
import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import NamedTuple

import gateway
import load
import module
import policies
import tokens
from centre import Centre
from gateway import Envoy

HERE = pathlib.Path(__file__).parent


@dataclass
class Row:
    """A row of the table: a measured value in `unit`, its limit (`must`) and its goal. Without them it is only reported."""
    name: str
    what: str
    value: float
    unit: str
    must: float | None
    goal: float | None
    remark: str = ""

    def verdict(self):
        if self.must is None:
            return "shown"
        if self.goal is not None and self.value <= self.goal:
            return "goal"
        return "must" if self.value <= self.must else "MISSED"


@dataclass
class Bench:
    """The state that the experiments share."""
    envoy: str
    module: pathlib.Path
    folder: pathlib.Path
    quick: bool
    most_starts: int
    say: object
    rows: list = field(default_factory=list)
    record: dict = field(default_factory=dict)
    made_signer: tokens.Signer | None = None

    def signer(self):
        """Makes keys and tokens. It is built when it is needed first."""
        self.made_signer = self.made_signer or tokens.Signer(module.build_signer())
        return self.made_signer

    def postern(self, name, policy):
        return [gateway.wasm_filter(self.module, name, policies.dumps(policy))]

    def row(self, *values):
        self.rows.append(Row(*values))


# --- the module ---------------------------------------------------------------

def size(bench):
    """Measures the module's size, and how much later Envoy is ready with it."""
    megabytes = bench.module.stat().st_size / 1e6
    bench.row("size", "the module", megabytes, "MB", 1.1, 1.05)
    starts = 3 if bench.quick else 9
    kinds = {"without": [], "with": bench.postern("ready", policies.idle())}
    ready, clock, spent = ({kind: [] for kind in kinds} for _ in range(3))
    for _ in range(starts):
        for kind, chain in kinds.items():
            with Envoy(bench.envoy, bench.folder / "ready", {"gate": chain}, workers=2) as envoy:
                ready[kind].append(envoy.ready_by_itself)
                clock[kind].append(envoy.ready_after)
                spent[kind].append(envoy.cpu()[0] / 1e9)
    later = statistics.median(ready["with"]) - statistics.median(ready["without"])
    work = statistics.median(spent["with"]) - statistics.median(spent["without"])
    wall = statistics.median(clock["with"]) - statistics.median(clock["without"])
    bench.record["ready"] = {"seconds": ready, "clock_seconds": clock, "cpu_seconds": spent}
    bench.row("size", f"Envoy ready later, 2 workers, {starts} starts", later, "s", 0.9, 0.6,
              f"CPU {work:.2f} s; elapsed {wall:.2f} s; without the module {statistics.median(ready['without']):.2f} s")


def memory(bench):
    """Measures the VM's memory at J5, per consumer and per route."""
    documents = {"/partners.json": bench.folder / "partners.json"}
    text = policies.partners()
    documents["/partners.json"].write_bytes(text)
    routes = policies.gate(policies.MANY_ROUTES, 0, share=1)
    kinds = {
        "nothing": policies.idle(),
        "routes": routes,
        "consumers": policies.large_gate(1),
        "J5": policies.large_gate(),
    }
    sizes, resident = {}, {}
    for kind, policy in kinds.items():
        with Envoy(bench.envoy, bench.folder / "memory", {"gate": bench.postern("memory", policy)}, documents) as envoy:
            if kind in ("consumers", "J5"):
                wait_for(envoy, 200, policies.MANY_CONSUMERS - 1)
            time.sleep(1)
            sizes[kind], resident[kind] = envoy.vm_memories(), envoy.resident()
    bench.record["memory"] = {"vm_bytes": sizes, "resident_bytes": resident}
    if not all(sizes.values()):
        raise load.Failed("no VM's memory was found in Envoy's map")
    json_bytes = {"consumers": len(text) / policies.MANY_CONSUMERS,
                  "routes": len(policies.dumps(routes)) / policies.MANY_ROUTES}
    base = max(sizes["nothing"])
    for kind, one, count in (("consumers", "consumer", policies.MANY_CONSUMERS), ("routes", "route", policies.MANY_ROUTES)):
        each = (max(sizes[kind]) - base) / count
        bench.record["memory"][one] = {"vm_bytes": each, "json_bytes": json_bytes[kind]}
        bench.row("memory", f"VM bytes per {one} to bytes of its JSON", each / json_bytes[kind], "×", 2, 1,
                  f"{each:.0f} B to {json_bytes[kind]:.0f} B")
    mib = ", ".join(f"{each / 2**20:.0f}" for each in sizes["J5"])
    bench.say(f"memory at J5: VMs of {mib} MiB; Envoy {(resident['J5'] - resident['nothing']) / 2**20:.0f} MiB more")


def wait_for(envoy, status, consumer, seconds=120):
    """Waits until a request of that consumer has this status."""
    deadline = time.monotonic() + seconds
    send = {"host": policies.host(0, 1), "x-api-key": policies.key(consumer)}
    got = None
    while time.monotonic() < deadline:
        got, _ = envoy.ask("gate", "/svc00000/items/1", send)
        if got == status:
            return
        time.sleep(0.05)
    raise load.Failed(f"the status after {seconds} s is {got}, not {status}; the end of Envoy's log:\n{envoy.text()[-1500:]}")


# --- what blocks a worker --------------------------------------------------------

class Prober:
    """Sends a request every millisecond, while something else happens."""

    def __init__(self, envoy, consumer):
        task = f"/proc/{envoy.pid}/task/{envoy.worker()}/schedstat"
        arguments = [envoy.ports["gate"], policies.host(0, 1), "/svc00000/items/1", policies.key(consumer), task]
        command = [sys.executable, HERE / "prober.py", *map(str, arguments)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def stop(self):
        """Ends the prober. Returns its requests."""
        output, _ = self.process.communicate(timeout=60)
        if self.process.returncode != 0:
            raise load.Failed("the prober ended")
        return [Probe(*map(float, line.split())) for line in output.splitlines()]


class Probe(NamedTuple):
    """One request: when it was sent, how long it took, and the worker's CPU time and waiting time meanwhile, in seconds."""
    sent: float
    took: float
    worked: float
    waited: float
    status: float

    def own(self):
        """The time without the worker's waiting for its core."""
        return self.took - self.waited


def worst(seen, start, end):
    """The slowest request in this span."""
    return max((each for each in seen if start <= each.sent <= end), key=Probe.own)


# A push is configured three times: twice on the main thread, of which the first is a trial, and once in the worker.
CONFIGURED = 3


def pushed(envoy, path, name, config, marker):
    """Pushes a policy. Returns the worker's CPU time in seconds until the push is done."""
    worker = envoy.worker()
    before, _ = envoy.cpu(worker)
    new = path.with_suffix(".new")
    new.write_text(gateway.discovered(name, config))
    new.rename(path)
    deadline = time.monotonic() + 60
    while len(re.findall(marker, envoy.text())) < CONFIGURED:
        if time.monotonic() > deadline:
            raise load.Failed(f"a push did not arrive; the end of Envoy's log:\n{envoy.text()[-1500:]}")
        time.sleep(0.02)
    time.sleep(0.5)
    after, _ = envoy.cpu(worker)
    return (after - before) / 1e9


def compile_time(bench):
    """Measures on_configure in a worker: its CPU time for a push, minus that for a push of a small policy."""
    folder = bench.folder / "compile" / "watched"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "filter.json"
    sent = {}

    def configured(kind, turn):
        policy = policies.gate(policies.MANY_ROUTES, policies.CONSUMERS, share=1) if kind == "large" else policies.idle()
        # Each text has another length, which identifies it in the log.
        policy["routes"][-1]["name"] = "r" + "x" * (turn + 1)
        text = policies.dumps(policy)
        sent[kind] = len(text)
        return gateway.wasm(bench.module, "gate", text), rf"event=policy_active root=\d+ bytes={len(text)}\b"

    config, _ = configured("small", 0)
    path.write_text(gateway.discovered("gate", config))
    spent = {"small": [], "large": []}
    gaps = []
    with Envoy(bench.envoy, bench.folder / "compile", {"gate": [gateway.discovered_filter("gate", path)]}) as envoy:
        time.sleep(0.5)
        for turn in range(1, 4 if bench.quick else 8):
            for kind in ("small", "large", "between"):
                config, marker = configured("small" if kind == "between" else kind, 3 * turn + (kind == "between"))
                cpu = pushed(envoy, path, "gate", config, marker)
                if kind in spent:
                    spent[kind].append(cpu)
        # The same with a prober, which measures the longest delay of a request.
        for turn in range(1, 3 if bench.quick else 6):
            prober = Prober(envoy, 0)
            time.sleep(0.5)
            start = time.monotonic()
            config, marker = configured("large", 100 + turn)
            pushed(envoy, path, "gate", config, marker)
            end = time.monotonic()
            gaps.append(worst(prober.stop(), start, end))
            config, marker = configured("small", 100 + turn)
            pushed(envoy, path, "gate", config, marker)
    took = (statistics.median(spent["large"]) - statistics.median(spent["small"])) * 1000
    bench.record["compile"] = {"cpu_seconds": spent, "longest": [each._asdict() for each in gaps], "json_bytes": sent["large"]}
    bench.row("compile", "on_configure in a worker, 10,000 routes, 1,000 consumers", took, "ms", 100, 30,
              f"CPU; the longest delay of a client was {milliseconds(gaps, Probe.own)} ms; JSON of {sent['large'] / 1e6:.1f} MB")


def milliseconds(seen, of):
    return f"{statistics.median(of(each) for each in seen) * 1000:.0f}"


def document(bench):
    """Measures the delays while a document of 100,000 consumers arrives and a client sends a request every millisecond."""
    many = policies.MANY_CONSUMERS
    # Only the second document has the prober's key.
    held = [policies.partners(many, True), policies.partners(many, True, first=1)]
    turns = 2 if bench.quick else 5
    stops, entered, quiet = [], [], []
    with Centre(held[0]) as centre:
        rows = {"gate": bench.postern("document", policies.large_gate(1, "500ms"))}
        with Envoy(bench.envoy, bench.folder / "document", rows, centre=centre.port) as envoy:
            wait_for(envoy, 200, 0)
            time.sleep(1)
            prober = Prober(envoy, many)
            time.sleep(1)
            spans = []
            for turn in range(2 * turns):
                start = time.monotonic()
                time.sleep(2)
                spans.append((start, time.monotonic(), None))
                start = time.monotonic()
                status = (200, 401)[turn % 2]
                centre.publish(held[(turn + 1) % 2])
                wait_for(envoy, status, many)
                # Until the other VM has the document, too.
                time.sleep(3)
                spans.append((start, time.monotonic(), centre.asked if status == 200 else None))
            seen = prober.stop()
            memories = envoy.vm_memories()
    for at, (start, end, asked) in enumerate(spans):
        longest = worst(seen, start, end)
        (stops if at % 2 else quiet).append(longest)
        if asked:
            first = next(each for each in seen if each.sent > start and each.status == 200)
            entered.append(first.sent + first.took - asked)
    bench.record["document"] = {"longest": [each._asdict() for each in stops],
                                "longest_without": [each._asdict() for each in quiet],
                                "entered_seconds": entered, "json_bytes": len(held[0]), "vm_bytes_after": memories}
    bench.row("document", "100,000 consumers: longest delay of a request",
              max(each.own() for each in stops) * 1000, "ms", 50, 10,
              f"of {len(stops)}; median {milliseconds(stops, Probe.own)}, of it CPU {milliseconds(stops, lambda each: each.worked)}, "
              f"elapsed {milliseconds(stops, lambda each: each.took)}; without a document {milliseconds(quiet, Probe.own)}")
    bench.row("document", "time until the consumers are accepted", max(entered), "s", 3, 1,
              f"since the fetch; JSON of {len(held[0]) / 1e6:.1f} MB")
    bench.say("memory after the documents: VMs of " + ", ".join(f"{each / 2**20:.0f}" for each in memories) + " MiB")
