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
from centre import Centre
from gateway import Envoy

HERE = pathlib.Path(__file__).parent
CORE, LOAD_CORE = "0", "1"


@dataclass
class Row:
    """A row of the table: a measured value in `unit`, its limit (`must`) and its goal."""
    name: str
    what: str
    value: float
    unit: str
    must: float
    goal: float
    remark: str = ""

    def verdict(self):
        if self.value <= self.goal:
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

    def postern(self, name, policy):
        return [gateway.wasm_filter(self.module, name, policies.dumps(policy))]

    def row(self, *values):
        self.rows.append(Row(*values))


# --- the cost of a request ----------------------------------------------------

PEERS = {
    "baseline": "no filter",
    "empty": "an empty Wasm filter with the same exports; it gets all headers once",
    "edits": "the same, with J1's three edits of fixed values; a decision costs the rest",
    "bare": "a Wasm filter with the same exports that does only J1 (benches/envoy/bare)",
    "lua": "Envoy's Lua filter with J1's job; routes by host and first segment",
    "lua-segment": "the same; routes by first segment only",
    "lua-safe": "lua behind Envoy's path normalisation, without which /a/../b passes; Postern includes it",
    "native": "api_key_auth and header_mutation: key and one header",
    "J0": "Postern, a route with nothing to do",
    "J1": "Postern, 1,000 plain keys, 200 routes, path, key, consumer header",
    "J1-sha256": "the same, keys as SHA-256",
    "J4": "J1 and a lookup in 10,000 entries that picks the upstream",
    "J5": "J1 with 10,000 routes and 100,000 consumers from a document",
}


# The connection manager's options of a row, if it has any.
OPTIONS = {"lua-safe": gateway.NORMAL_PATHS}


class Ratio(NamedTuple):
    """The peer of a job, as text and as row, and the limit (`must`) and the goal of their ratio."""
    what: str
    peer: str
    must: float
    goal: float


RATIOS = {"J0": Ratio("the empty Wasm filter", "empty", 1.3, 1.15),
          "J1": Ratio("the Lua filter", "lua", 1.15, 0.95),
          "J4": Ratio("J1", "J1", 1.25, 1.1),
          "J5": Ratio("J1", "J1", 1.15, 1.05)}

# The number of starts of Envoy, and of rounds in each. Between two starts, the cost of a row with the same module may
# differ by a tenth, because its memory has other addresses.
STARTS, ROUNDS = 24, 12

# The default for the most starts. There are more starts while a job's interval includes its limit.
MOST_STARTS = 72

NEEDS = {"J0": ["empty", "J0"],
         "J1": ["empty", "edits", "bare", "lua", "lua-segment", "lua-safe", "native", "J1", "J1-sha256"],
         "J4": ["J1", "J4"], "J5": ["J1", "J5"]}


def native():
    extension = gateway.FILTERS + "http."
    keys = [{"key": policies.key(each), "client": f"consumer-{each:06}"} for each in range(policies.CONSUMERS)]
    keyed = {"@type": extension + "api_key_auth.v3.ApiKeyAuth",
             "credentials": keys, "key_sources": [{"header": policies.KEY}],
             "forwarding": {"header": "x-consumer-name", "hide_credentials": True}}
    header = {"append": {"header": {"key": "x-gate", "value": "bench"}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}}
    mutation = {"@type": extension + "header_mutation.v3.HeaderMutation", "mutations": {"request_mutations": [header]}}
    return [{"name": "keys", "typed_config": keyed}, {"name": "mutation", "typed_config": mutation}]


def lua(by_host):
    config = {"@type": gateway.FILTERS + "http.lua.v3.Lua",
              "default_source_code": {"inline_string": policies.lua(by_host)}}
    return [{"name": "lua", "typed_config": config}]


def filters(bench, row):
    if row in ("empty", "edits"):
        path = bench.folder / f"{row}.wasm"
        module.build_empty(bench.module, path, edits=row == "edits")
        return [gateway.wasm_filter(path, row, "")]
    if row == "bare":
        path = bench.folder / "bare.wasm"
        module.build_bare(path)
        # It has no `_initialize`.
        if module.exports(path) | {"_initialize"} != module.exports(bench.module):
            raise load.Failed("benches/envoy/bare has other callbacks than the module")
        return [gateway.wasm_filter(path, row, policies.bare())]
    made = {
        "baseline": list,
        "lua": lambda: lua(True),
        "lua-segment": lambda: lua(False),
        "lua-safe": lambda: lua(True),
        "native": native,
        "J0": lambda: bench.postern(row, policies.idle()),
        "J1": lambda: bench.postern(row, policies.gate()),
        "J1-sha256": lambda: bench.postern(row, policies.gate(sha256=True)),
        "J4": lambda: bench.postern(row, policies.gate_with_lookup()),
        "J5": lambda: bench.postern(row, policies.large_gate()),
    }
    return made[row]()


# Rows that change nothing.
IDLE = ("baseline", "empty", "J0")


def verify(envoy, row):
    """Checks that a listener does its job: the request for the upstream is right, and a request without a key is denied."""
    job = row
    many = job == "J5"
    size = (policies.MANY_ROUTES, policies.MANY_CONSUMERS, 1) if many else ()
    for host, path, key, tenant in list(policies.requests(7, *size))[-2:]:
        send = {"host": host, "x-api-key": key, "x-tenant": tenant, "x-echo": "1"}
        deadline = time.monotonic() + 60
        while True:
            status, body = envoy.ask(row, path, send)
            # 503 until the documents are there.
            if status != 503 or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        if status != 200:
            raise load.Failed(f"{row}: answers {status} {body[:200]}")
        got = {name: value for name, value in json.loads(body).items() if value}
        want = {":path": path}
        if job == "edits":
            path, key = "/svc00000/items/000000?page=2", policies.key(0)
        if job in IDLE:
            want["x-api-key"] = key
        else:
            want["x-consumer-name"] = f"consumer-{int(key[4:10]):06}"
            if job != "native":
                want[":path"] = "/internal" + path
        if job == "J4":
            want["x-postern-upstream"] = ("blue", "green")[int(tenant[7:]) % 2]
        if got != want:
            raise load.Failed(f"{row}: the upstream would get {got}, not {want}")
    if job not in (*IDLE, "edits"):
        for wrong in ({}, {"x-api-key": "unknown"}):
            status, _ = envoy.ask(row, path, {"host": host, "x-tenant": tenant, **wrong})
            if status != 401:
                raise load.Failed(f"{row}: {status} for a request without a known key")


def request_files(bench):
    """The requests of the small jobs and of J5."""
    files = {}
    for name, size in (("few", ()), ("many", (policies.MANY_ROUTES, policies.MANY_CONSUMERS, 1))):
        files[name] = bench.folder / f"requests-{name}.tsv"
        lines = ["\t".join(each) for each in policies.requests(20_000, *size)]
        files[name].write_text("\n".join(lines) + "\n")
    return files


def costs(bench, jobs):
    """Measures J0, J1, J4, J5 and their peers."""
    wanted = {row for job in jobs for row in NEEDS[job]}
    names = [load.BASELINE, *[row for row in PEERS if row in wanted]]
    documents = {"/tenants.json": bench.folder / "tenants.json", "/partners.json": bench.folder / "partners.json"}
    documents["/tenants.json"].write_bytes(policies.tenants())
    documents["/partners.json"].write_bytes(policies.partners())
    files = request_files(bench)
    loads = {row: files["many" if row == "J5" else "few"] for row in names}
    rows = {row: filters(bench, row) for row in names}
    asker = module.build_asker()
    rounds = load.Rounds(bench.say)

    def start(measured):
        listeners = {row: rows[row] for row in rounds.order(names)}
        with Envoy(bench.envoy, bench.folder / "costs", listeners, documents, options=OPTIONS) as envoy:
            # All rows, because a document that arrives later would add to the cost of the measured ones.
            for row in names:
                verify(envoy, row)
            envoy.pin(CORE)
            with load.Asker(asker, envoy, loads, LOAD_CORE) as client:
                rounds.run(client, ROUNDS, measured)

    bench.say(f"one Envoy with {len(rows)} listeners")
    for _ in range(6 if bench.quick else STARTS):
        start(names)
    while not bench.quick and len(rounds.starts) < bench.most_starts:
        unsure = [job for job in jobs if is_unsure(rounds, job)]
        if not unsure:
            break
        bench.say(f"uncertain so far: {', '.join(unsure)}")
        needed = {row for job in unsure for row in (job, RATIOS[job].peer)}
        start([load.BASELINE, *[row for row in names if row in needed]])
    bench.record["requests"] = {
        "starts": len(rounds.starts), "rounds": ROUNDS, "slice": load.SLICE,
        "waited_for_core": statistics.median(rounds.waits),
        "rows": {row: {"what": PEERS[row], "us": [cost for cost, in rounds.of(row)]} for row in names},
        "costs": rounds.starts,
    }
    show_costs(rounds, names)
    for job in jobs:
        what, peer, must, goal = RATIOS[job]
        ratio, (low, high), count = rounds.ratio(job, peer)
        bench.row(job, f"{PEERS[job]}: to {what}", ratio, "×", must, goal, f"90 %: {low:.2f} to {high:.2f}; {count} starts")


def is_unsure(rounds, job):
    """Whether the interval of a job's ratio includes its limit."""
    # This is checked after each start, and one result ends the measurement. So the interval is wider than 90 %.
    _, (low, high), _ = rounds.ratio(job, RATIOS[job].peer, sure=0.98)
    return low <= RATIOS[job].must <= high


def show_costs(rounds, names):
    count = min(len(rounds.added(row)) for row in names[1:])
    print(f"\nadded µs per request: the mean of the middle half of at least {count} starts of Envoy, and the range of that half")
    base = load.middle([cost for cost, in rounds.of(load.BASELINE)])
    print(f"  {load.BASELINE:12}{base:8.2f}                    {PEERS[load.BASELINE]} (whole cost)")
    for row in names[1:]:
        added = rounds.added(row)
        low, high = load.quartiles(added)
        print(f"  {row:12}{load.middle(added):8.2f}  {low:7.2f} ..{high:7.2f}  {PEERS[row]}")
    waits = statistics.median(rounds.waits)
    print(f"the worker waited for its core for {waits:.0%} of its CPU time (0 % on a quiet machine)\n")


# --- the module ---------------------------------------------------------------

def size(bench):
    """Measures the module's size, and how much later Envoy is ready with it."""
    megabytes = bench.module.stat().st_size / 1e6
    bench.row("size", "the module", megabytes, "MB", 0.9, 0.6)
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
