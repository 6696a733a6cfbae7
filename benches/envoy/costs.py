"""The cost of a request: the rows, their filters, and the ratios of what they cost."""

import json
import statistics
import time
from typing import NamedTuple

import gateway
import issuer
import load
import module
import policies
import routing
import tokens
from gateway import Envoy

CORE, LOAD_CORE = "0", "1"

# The jobs in which each request has another token, with the tokens' algorithm.
NEW = {"J2": "RS256", "J2-PS256": "PS256", "J2-ES256": "ES256", "J2-EdDSA": "EdDSA", "J2-HS256": "HS256"}


def native_of(job):
    """The row of Envoy's own filter with the same tokens."""
    return f"native-{NEW[job]}"


# The algorithm of each row with tokens.
ALGORITHMS = {**NEW, **{native_of(job): algorithm for job, algorithm in NEW.items()}, "J3": "RS256", "native-cached": "RS256"}

# The rows whose requests come again and again, with the same 1,000 tokens.
SEEN = (load.TOKEN_BASELINE, "J3", "native-cached")

# The number of requests that check a listener before it is measured.
CHECKS = 2

PEERS = {
    load.BASELINE: "no filter",
    load.TOKEN_BASELINE: "no filter, requests with a token; what the rows with tokens are compared with",
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
    **{native_of(job): f"Envoy's jwt_authn, {algorithm}, each token is new; no routes, no path" for job, algorithm in NEW.items()},
    **{job: f"Postern, J1's job with {algorithm} tokens, each is new" for job, algorithm in NEW.items()},
    "native-cached": "Envoy's jwt_authn with jwt_cache_config, RS256, 1,000 tokens seen before; no routes, no path",
    "J3": "Postern, J1's job with 1,000 tokens (RS256) seen before",
    "J4": "J1 and a lookup in 10,000 entries that picks the upstream",
    "J5": "J1 with 10,000 routes and 100,000 consumers from a document",
    "J6": "Postern, J1's job with 1,000 opaque tokens asked about before",
    "J7": "J1 and a lookup by a request to a service, whose answer is remembered",
    "bare-call": "bare, and a call of a service for each request",
    "lua-call": "lua, and a call of a service for each request",
    "J8": "J1 and a lookup by a request to a service, for each request",
    **{f"lua-{kind}": f"lua, and {what}" for kind, what in routing.WHAT.items()},
    **{f"J1-{kind}": f"J1, and {what}" for kind, what in routing.WHAT.items()},
}


# The connection manager's options of a row, if it has any.
OPTIONS = {"lua-safe": gateway.NORMAL_PATHS}


class Ratio(NamedTuple):
    """The peer of a job, as text and as row, and the limit (`must`) and the goal of their ratio. A ratio without them is only
    reported."""
    what: str
    peer: str
    must: float = None
    goal: float = None


RATIOS = {"J0": [Ratio("the empty Wasm filter", "empty", 1.3, 1.15)],
          "J1": [Ratio("the Lua filter", "lua", 1.15, 0.95)],
          "J2": [Ratio("native jwt_authn", native_of("J2"), 1.5, 1.2)],
          **{job: [Ratio("native jwt_authn", native_of(job))] for job in NEW if job != "J2"},
          "J3": [Ratio("J1", "J1", 1.5, 1.2), Ratio("native jwt_authn with its cache", "native-cached")],
          "J4": [Ratio("J1", "J1", 1.25, 1.1)],
          "J5": [Ratio("J1", "J1", 1.15, 1.05)],
          "J6": [Ratio("J1", "J1", 1.5, 1.3)],
          "J7": [Ratio("J4", "J4", 1.1, 1.0)],
          "J8": [Ratio("a call by Lua", "lua-call"), Ratio("a call by a Wasm filter", "bare-call")],
          **{f"J1-{kind}": [Ratio("the same in Lua", f"lua-{kind}", 1.3, 1.1)] for kind in routing.WHAT}}

# The number of starts of Envoy, and of rounds in each. Between two starts, the cost of a row with the same module may
# differ by a tenth, because its memory has other addresses.
STARTS, ROUNDS = 24, 12

# The default for the most starts. There are more starts while a job's interval includes its limit.
MOST_STARTS = 72

NEEDS = {"J0": ["empty", "J0"],
         "J1": ["empty", "edits", "bare", "lua", "lua-segment", "lua-safe", "native", "J1", "J1-sha256"],
         **{job: [native_of(job), job] for job in NEW},
         "J3": ["J1", "native-cached", "J3"], "J4": ["J1", "J4"], "J5": ["J1", "J5"],
         "J6": ["J1", "J6"], "J7": ["J4", "J7"], "J8": ["bare", "lua", "J7", "bare-call", "lua-call", "J8"],
         **{f"J1-{kind}": [f"lua-{kind}", f"J1-{kind}"] for kind in routing.WHAT}}


def native():
    extension = gateway.FILTERS + "http."
    keys = [{"key": policies.key(each), "client": f"consumer-{each:06}"} for each in range(policies.CONSUMERS)]
    keyed = {"@type": extension + "api_key_auth.v3.ApiKeyAuth",
             "credentials": keys, "key_sources": [{"header": policies.KEY}],
             "forwarding": {"header": "x-consumer-name", "hide_credentials": True}}
    header = {"append": {"header": {"key": "x-gate", "value": "bench"}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}}
    mutation = {"@type": extension + "header_mutation.v3.HeaderMutation", "mutations": {"request_mutations": [header]}}
    return [{"name": "keys", "typed_config": keyed}, {"name": "mutation", "typed_config": mutation}]


def lua(script):
    config = {"@type": gateway.FILTERS + "http.lua.v3.Lua", "default_source_code": {"inline_string": script}}
    return [{"name": "lua", "typed_config": config}]


def filters(bench, row):
    if row in ("empty", "edits"):
        path = bench.folder / f"{row}.wasm"
        module.build_empty(bench.module, path, edits=row == "edits")
        return [gateway.wasm_filter(path, row, "")]
    if row in ("bare", "bare-call"):
        path = bench.folder / "bare.wasm"
        module.build_bare(path)
        # It has no `_initialize`.
        if module.exports(path) | {"_initialize"} != module.exports(bench.module):
            raise load.Failed("benches/envoy/bare has other callbacks than the module")
        return [gateway.wasm_filter(path, row, policies.bare(row == "bare-call"))]
    if row in ALGORITHMS:
        key = bench.signer().jwk(ALGORITHMS[row])
        if row.startswith("native"):
            return tokens.native(key, cached=row == "native-cached")
        return bench.postern(row, tokens.gate(key))
    kind = routing.kind_of(row)
    if kind:
        return lua(routing.lua(kind)) if row.startswith("lua") else bench.postern(row, routing.gate(kind))
    made = {
        load.BASELINE: list,
        load.TOKEN_BASELINE: list,
        "lua": lambda: lua(policies.lua(True)),
        "lua-segment": lambda: lua(policies.lua(False)),
        "lua-safe": lambda: lua(policies.lua(True)),
        "native": native,
        "J0": lambda: bench.postern(row, policies.idle()),
        "J1": lambda: bench.postern(row, policies.gate()),
        "J1-sha256": lambda: bench.postern(row, policies.gate(sha256=True)),
        "J4": lambda: bench.postern(row, policies.gate_with_lookup()),
        "J5": lambda: bench.postern(row, policies.large_gate()),
        "J6": lambda: bench.postern(row, issuer.gate()),
        "J7": lambda: bench.postern(row, policies.gate_on_demand("tenants")),
        "J8": lambda: bench.postern(row, policies.gate_on_demand("fresh")),
        "lua-call": lambda: lua(policies.lua(True, more=policies.LUA_CALL)),
    }
    return made[row]()


# Rows that change nothing.
IDLE = (load.BASELINE, load.TOKEN_BASELINE, "empty", "J0")


class Load(NamedTuple):
    """The requests of a row: their file, those that only check the listener, whether the file is sent again and again, and how
    many of them come before the measurement."""
    file: object
    checks: list
    repeats: bool
    warms: int = load.WARMS


def verify(envoy, row, requests):
    """Checks that a listener does its job: the request for the upstream is right, and a request without a key is denied."""
    for request in requests:
        send = {"host": request.host, request.header: request.credential, "x-tenant": request.tenant, "user-agent": "bench/1.0"}
        deadline = time.monotonic() + 60
        while True:
            status, body, headers = gateway.ask_all(envoy.ports[row], request.path, {**send, "x-echo": "1"})
            # 503 until the documents are there.
            if status != 503 or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        if status != 200:
            raise load.Failed(f"{row}: answers {status} {body[:200]}")
        got = {name: value for name, value in json.loads(body).items() if value}
        want = expected(row, request)
        if got != want:
            raise load.Failed(f"{row}: the upstream would get {got}, not {want}")
        if routing.kind_of(row) == "response" and (headers[routing.SET], headers[routing.REMOVED]) != ("bench", None):
            raise load.Failed(f"{row}: the client gets {headers.items()}")
        if row in (*IDLE, "edits"):
            continue
        for wrong in (None, request.wrong()):
            send[request.header] = wrong
            status, _ = envoy.ask(row, request.path, {name: value for name, value in send.items() if value})
            if status != 401:
                raise load.Failed(f"{row}: {status} for a request without a good credential")


def expected(row, request):
    """What the upstream would get of a request."""
    if row in IDLE:
        return {":path": request.path, request.header: request.credential}
    if row == "edits":
        return {":path": "/internal/svc00000/items/000000?page=2", "x-consumer-name": "consumer-000000"}
    want = {":path": request.path, "x-consumer-name": request.consumer}
    if not row.startswith("native"):
        want[":path"] = "/internal" + request.path
    if row in ("J4", "J7", "J8", "bare-call", "lua-call"):
        want["x-postern-upstream"] = ("blue", "green")[int(request.tenant[7:]) % 2]
    kind = routing.kind_of(row)
    if kind:
        want.update(routing.expected(kind, row, request))
        want = {name: value for name, value in want.items() if value}
    return want


def loads(bench, names):
    """The load of each row."""
    many = (policies.MANY_ROUTES, policies.MANY_CONSUMERS, 1)
    found = dict.fromkeys(names, again(bench, "few", list(policies.requests(20_000))))
    if "J5" in found:
        found["J5"] = again(bench, "many", list(policies.requests(20_000, *many)))
    if "J7" in found:
        # The service is asked about each tenant once, before the measurement.
        found["J7"] = found["J7"]._replace(warms=policies.ENTRIES)
    one_each = [row for row in found if routing.kind_of(row) == "regex"]
    if one_each:
        found.update(dict.fromkeys(one_each, again(bench, "regex", list(routing.requests(20_000, "regex")))))
    if "J6" in found:
        found["J6"] = again(bench, "opaque", list(issuer.requests(20_000)))
    with_tokens = [row for row in names if row in ALGORITHMS and row not in SEEN]
    if load.TOKEN_BASELINE in found:
        made = bench.signer().tokens("RS256", tokens.SEEN)
        seen = again(bench, "seen", tokens.requests(made))
        found.update({row: seen for row in names if row in SEEN})
    for algorithm in dict.fromkeys(ALGORITHMS[row] for row in with_tokens):
        count = CHECKS + load.WARMS + ROUNDS * load.SLICE
        bench.say(f"signs {count} tokens by {algorithm}")
        requests = tokens.requests(bench.signer().tokens(algorithm, count))
        once = Load(written(bench, algorithm, requests[CHECKS:]), requests[:CHECKS], repeats=False)
        found.update({row: once for row in with_tokens if ALGORITHMS[row] == algorithm})
    return found


def again(bench, name, requests):
    """The load of these requests, again and again."""
    return Load(written(bench, name, requests), requests[5:5 + CHECKS], repeats=True)


def written(bench, name, requests):
    """A file of these requests."""
    file = bench.folder / f"requests-{name}.tsv"
    file.write_text("".join(request.line() for request in requests))
    return file


def costs(bench, jobs):
    """Measures the cost of a request for these jobs and their peers."""
    wanted = {row for job in jobs for row in NEEDS[job]}
    if wanted & ALGORITHMS.keys():
        wanted.add(load.TOKEN_BASELINE)
    names = [load.BASELINE, *[row for row in PEERS if row in wanted]]
    documents = {"/tenants.json": bench.folder / "tenants.json", "/partners.json": bench.folder / "partners.json"}
    documents["/tenants.json"].write_bytes(policies.tenants())
    documents["/partners.json"].write_bytes(policies.partners())
    sent = loads(bench, names)
    rows = {row: filters(bench, row) for row in names}
    asker = module.build_client("asker")
    rounds = load.Rounds(bench.say, {row: load.TOKEN_BASELINE for row in ALGORITHMS})

    def start(measured):
        listeners = {row: rows[row] for row in rounds.order(names)}
        kinds = {row: routing.kind_of(row) for row in names}
        servers = {"issuer": server.port, "service": service.ports["service"]}
        more = {"options": OPTIONS, "servers": servers,
                "shown": {row: routing.SHOWN for row, kind in kinds.items() if kind == "edits"},
                "answered": {row: {routing.REMOVED: "bench"} for row, kind in kinds.items() if kind == "response"}}
        with Envoy(bench.envoy, bench.folder / "costs", listeners, documents, **more) as envoy:
            # All rows, because a document that arrives later would add to the cost of the measured ones.
            for row in names:
                verify(envoy, row, sent[row].checks)
            envoy.pin(CORE)
            with load.Asker(asker, envoy, {row: sent[row] for row in measured}, LOAD_CORE) as client:
                rounds.run(client, ROUNDS, measured)

    bench.say(f"one Envoy with {len(rows)} listeners")
    routes = {"service": policies.service_routes()}
    with issuer.Issuer() as server, Envoy(bench.envoy, bench.folder / "service", {"service": []}, routes=routes) as service:
        service.pin(LOAD_CORE)
        for _ in range(6 if bench.quick else STARTS):
            start(names)
        while not bench.quick and len(rounds.starts) < bench.most_starts:
            unsure = [job for job in jobs if is_unsure(rounds, job)]
            if not unsure:
                break
            bench.say(f"uncertain so far: {', '.join(unsure)}")
            needed = {row for job in unsure for row in (job, RATIOS[job][0].peer)}
            needed |= {rounds.base(row) for row in needed} | {load.BASELINE}
            start([row for row in names if row in needed])
    bench.record["requests"] = {
        "starts": len(rounds.starts), "rounds": ROUNDS, "slice": load.SLICE,
        "waited_for_core": statistics.median(rounds.waits),
        "rows": {row: {"what": PEERS[row], "us": [cost for cost, in rounds.of(row)]} for row in names},
        "costs": rounds.starts,
    }
    show_costs(rounds, names)
    for job in jobs:
        for what, peer, must, goal in RATIOS[job]:
            ratio, (low, high), count = rounds.ratio(job, peer)
            bench.row(job, f"{PEERS[job]}: to {what}", ratio, "×", must, goal, f"90 %: {low:.2f} to {high:.2f}; {count} starts")
    if "J8" in jobs:
        for peer, base, whose, must in (("bare-call", "bare", "a Wasm filter", 30), ("lua-call", "lua", "Lua", None)):
            more, (low, high), count = rounds.beyond("J8", "J7", peer, base)
            bench.row("J8", f"what a miss costs more than a hit, beyond what a call costs {whose}", more, "µs", must, None,
                      f"middle half: {low:.1f} to {high:.1f}; {count} starts")


def is_unsure(rounds, job):
    """Whether the interval of a job's ratio includes its limit."""
    _, peer, must, _ = RATIOS[job][0]
    if must is None:
        return False
    # This is checked after each start, and one result ends the measurement. So the interval is wider than 90 %.
    _, (low, high), _ = rounds.ratio(job, peer, sure=0.98)
    return low <= must <= high


def show_costs(rounds, names):
    bases = (load.BASELINE, load.TOKEN_BASELINE)
    measured = [row for row in names if row not in bases]
    count = min(len(rounds.added(row)) for row in measured)
    print(f"\nadded µs per request: the mean of the middle half of at least {count} starts of Envoy, and the range of that half")
    for row in bases:
        if row in names:
            base = load.middle([cost for cost, in rounds.of(row)])
            print(f"  {row:14}{base:8.2f}                    {PEERS[row]} (whole cost)")
    for row in measured:
        added = rounds.added(row)
        low, high = load.quartiles(added)
        print(f"  {row:14}{load.middle(added):8.2f}  {low:7.2f} ..{high:7.2f}  {PEERS[row]}")
    waits = statistics.median(rounds.waits)
    print(f"the worker waited for its core for {waits:.0%} of its CPU time (0 % on a quiet machine)\n")
