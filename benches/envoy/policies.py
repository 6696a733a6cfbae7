"""The policies, documents and requests of the jobs, and the peers' configurations.

`benches/jobs.rs` has the same jobs for the core, with similar requests.
"""

import hashlib
import json
from typing import NamedTuple

SHARE = 10  # the number of routes that share a host
CONSUMERS, ROUTES, ENTRIES = 1_000, 200, 10_000
MANY_CONSUMERS, MANY_ROUTES = 100_000, 10_000
KEY, TENANT = "x-api-key", "x-tenant"


def dumps(value):
    """JSON without spaces, because memory is compared with its length."""
    return json.dumps(value, separators=(",", ":"))


def key(consumer):
    return f"key-{consumer:06}-4f9d2c7b1e8a"


def host(route, share=SHARE):
    return f"h{route // share:05}.bench.test"


def consumer(number, sha256=False, name="consumer"):
    text = key(number)
    known = {"sha256": hashlib.sha256(text.encode()).hexdigest()} if sha256 else {"value": text}
    return {"name": f"{name}-{number:06}", "credentials": [{"apiKey": known}]}


def route(number, lookup=False, share=SHARE):
    written = {
        "name": f"route-{number:05}",
        "hosts": [host(number, share)],
        "match": [{"path": {"prefix": f"/svc{number:05}"}}],
        "require": "keys",
        "rewrite": {"path": {"prefix": f"/internal/svc{number:05}"}},
    }
    if lookup:
        written["lookup"] = {"tenant": {"source": "tenants", "key": "${header.%s}" % TENANT,
                                        "values": {"upstream": "$.upstream"}}}
        written["rewrite"]["upstream"] = "${tenant.upstream}"
    return written


def source(path, refresh="24h", **more):
    http = {"cluster": "centre", "path": path, "timeout": "20s", "maxBytes": "64Mi"}
    return {"http": http, "refresh": refresh, **more}


def idle():
    """J0: a route with nothing to do."""
    return {"routes": [{"name": "all", "match": [{"path": {"prefix": "/"}}], "require": "none"}]}


def gate(routes=ROUTES, consumers=CONSUMERS, sha256=False, share=SHARE):
    """J1: keys, rewritten paths."""
    return {
        "consumers": [consumer(each, sha256) for each in range(consumers)],
        "providers": {"keys": {"apiKey": {"from": [{"header": KEY}]}}},
        "routes": [route(each, share=share) for each in range(routes)],
    }


def gate_with_lookup():
    """J4: J1, and a document picks the upstream."""
    policy = gate()
    policy["routes"] = [route(each, lookup=True) for each in range(ROUTES)]
    policy["routing"] = {"header": "x-postern-upstream", "allow": ["blue", "green"]}
    policy["sources"] = {"tenants": source("/tenants.json", index={"items": "$.tenants[*]", "by": "$.id"})}
    return policy


def gate_on_demand(kind):
    """J7, J8: J4, and a service that is asked for the tenant picks the upstream. Its answers at `/tenants` are remembered, those at
    `/fresh` are not."""
    policy = gate_with_lookup()
    http = {"cluster": "service", "path": "/%s/${header.%s}" % (kind, TENANT), "timeout": "20s"}
    policy["sources"] = {"tenants": {"http": http, "onDemand": {"ttl": "24h", "maxEntries": ENTRIES * 2}}}
    for written in policy["routes"]:
        del written["lookup"]["tenant"]["key"]
    return policy


def service_routes():
    """The service: `/tenants/NAME` and `/fresh/NAME`, whose answers nobody may remember."""
    fresh = [{"header": {"key": "cache-control", "value": "no-store"}}]
    return [{"match": {"safe_regex": {"regex": f"/{kind}/tenant-.*[{digits}]"}},
             "direct_response": {"status": 200, "body": {"inline_string": json.dumps({"upstream": upstream})}},
             "response_headers_to_add": [{"header": {"key": "content-type", "value": "application/json"}}, *more]}
            for kind, more in (("tenants", []), ("fresh", fresh))
            for digits, upstream in (("02468", "blue"), ("13579", "green"))]


def large_gate(routes=MANY_ROUTES, refresh="24h"):
    """J5: J1 with many routes, each with a host of its own, and consumers from a document."""
    policy = gate(routes, 0, share=1)
    policy["consumersFrom"] = [{"source": "partners", "items": "$.consumers[*]"}]
    policy["sources"] = {"partners": source("/partners.json", refresh)}
    return policy


def tenants():
    entries = [{"id": f"tenant-{each:05}", "upstream": ("blue", "green")[each % 2]} for each in range(ENTRIES)]
    return dumps({"tenants": entries}).encode()


def partners(count=MANY_CONSUMERS, sha256=False, first=0):
    written = [consumer(each, sha256) for each in range(first, first + count)]
    return dumps({"consumers": written}).encode()


class Request(NamedTuple):
    """A request with a credential in a header. `consumer` is the consumer that the credential belongs to."""
    host: str
    path: str
    header: str
    credential: str
    tenant: str
    consumer: str

    def line(self):
        """Its line in a file of requests for the client."""
        return f"{self.host}\t{self.path}\t{self.header}: {self.credential}\t{self.tenant}\n"

    def wrong(self):
        """A credential that is nobody's: another key, or the same token with another signature."""
        kept = self.credential[:-20]
        return kept + ("A" if self.credential[-20] != "A" else "B") + self.credential[-19:]


def requests(count, routes=ROUTES, consumers=CONSUMERS, share=SHARE):
    """Requests with keys. Routes, keys and tenants change in different steps."""
    for at in range(count):
        number = at * 37 % routes
        whose = at * 13 % consumers
        yield Request(host(number, share), f"/svc{number:05}/items/{at:06}?page=2", KEY, key(whose),
                      f"tenant-{at * 101 % ENTRIES:05}", f"consumer-{whose:06}")


LUA_BY_HOST = """
  local services = routes[headers:get(":authority")]
"""
LUA_BY_SEGMENT = """
  local services = routes
"""
LUA_PATH = """
  local segment, rest = string.match(headers:get(":path"), "^/([^/?]+)(.*)$")
  local target = services and segment and services[segment]
  if not target then
    handle:respond({[":status"] = "404"}, "not found")
    return
  end
  headers:replace(":path", target .. rest)
"""
LUA_CALL = """
  local asked = {[":method"] = "GET", [":path"] = "/fresh/" .. headers:get("x-tenant"), [":authority"] = "service"}
  local _, said = handle:httpCall("service", asked, "", 20000)
  -- The first object ends with the call.
  handle:headers():replace("x-postern-upstream", string.match(said, '"upstream": "(%a+)"'))
"""
LUA = """
function envoy_on_request(handle)
  local headers = handle:headers()
  local key = headers:get("x-api-key")
  local consumer = key and keys[key]
  if not consumer then
    handle:respond({[":status"] = "401"}, "unauthorized")
    return
  end
%s
%s
  headers:remove("x-api-key")
  headers:replace("x-consumer-name", consumer)
%s
end
"""


def lua(by_host, path=LUA_PATH, more="", share=SHARE):
    """J1 as a user of Envoy's Lua filter writes it, with two tables and the path's first segment. `path` replaces the lines for the
    path, `more` comes after them."""
    lines = ["local keys = {"]
    lines += [f'["{key(each)}"] = "consumer-{each:06}",' for each in range(CONSUMERS)]
    lines += ["}", "local routes = {}"]
    for each in range(ROUTES):
        entry = f'routes["svc{each:05}"]'
        if by_host:
            name = host(each, share)
            lines.append(f'routes["{name}"] = routes["{name}"] or {{}}')
            entry = f'routes["{name}"]["svc{each:05}"]'
        lines.append(f'{entry} = "/internal/svc{each:05}"')
    parts = (LUA_BY_HOST if by_host else LUA_BY_SEGMENT, path, more)
    lines.append(LUA % tuple(part.strip("\n") for part in parts))
    return "\n".join(lines)


def bare(call=False):
    """J1 for the bare filter: the lines of its two tables. With `call` it asks a service for each request."""
    lines = [f"key\t{key(each)}\tconsumer-{each:06}" for each in range(CONSUMERS)]
    lines += [f"route\t{host(each)}\tsvc{each:05}\t/internal/svc{each:05}" for each in range(ROUTES)]
    if call:
        lines.append("call\tservice\t/fresh/")
    return "\n".join(lines)
