"""The rows of routing: J1 and one thing more, each beside the same in Lua.

The Lua scripts are those that a user writes: J1's, with a few lines more. They check no spelling of the path.
"""

import math

import policies

# What each row does besides J1.
WHAT = {"regex": "routes with a regular expression, of which two captures are in the new path",
        "edits": "ten edits of request headers",
        "sticky": "an upstream by weight, the same for each tenant",
        "response": "two edits of the response"}

# The headers that the row `edits` changes.
SHOWN = ["x-tenant", "x-customer", "x-client", "x-gate", "x-env", "x-region", "x-zone", "x-hop", "x-via", "accept-encoding"]

# The response header that the row `response` sets, and the one that it removes.
SET, REMOVED = "x-gate", "x-powered-by"

SPLIT = {"blue": 95, "green": 5}


def gate(kind):
    """J1's policy with one thing more on each route."""
    policy = policies.gate(share=share(kind))
    for route in policy["routes"]:
        rewrite = route["rewrite"]
        if kind == "regex":
            route["match"] = [{"path": {"regex": "/svc[0-9]+/(?P<kind>[a-z]+)/(?P<id>[0-9]+)"}}]
            rewrite["path"] = "/internal/${path.kind}/${path.id}"
        elif kind == "edits":
            rewrite["headers"] = {
                "remove": ["accept-encoding", "x-debug"],
                "rename": {"x-tenant": "x-customer"},
                "copy": {"user-agent": "x-client"},
                "set": {"x-gate": "bench", "x-env": "test", "x-region": "eu", "x-zone": "eu-1"},
                "add": {"x-hop": "gate", "x-via": "bench"},
            }
        elif kind == "sticky":
            rewrite["upstream"] = {"weights": SPLIT, "by": {"header": policies.TENANT}}
        else:
            route["response"] = {"headers": {"set": {SET: "bench"}, "remove": [REMOVED]}}
    if kind == "sticky":
        policy["routing"] = {"header": "x-postern-upstream", "allow": list(SPLIT)}
    return policy


LUA_REGEX = """
  local kind, id, rest = string.match(headers:get(":path"), "^/svc%d+/(%l+)/(%d+)(.*)$")
  if not services or not kind or not (rest == "" or string.sub(rest, 1, 1) == "?") then
    handle:respond({[":status"] = "404"}, "not found")
    return
  end
  headers:replace(":path", "/internal/" .. kind .. "/" .. id .. rest)
"""

LUA_MORE = {
    "edits": """
  headers:remove("accept-encoding")
  headers:remove("x-debug")
  local tenant = headers:get("x-tenant")
  if tenant then
    headers:remove("x-tenant")
    headers:replace("x-customer", tenant)
  end
  local agent = headers:get("user-agent")
  if agent then
    headers:replace("x-client", agent)
  end
  headers:replace("x-gate", "bench")
  headers:replace("x-env", "test")
  headers:replace("x-region", "eu")
  headers:replace("x-zone", "eu-1")
  headers:add("x-hop", "gate")
  headers:add("x-via", "bench")
""",
    "sticky": """
  local tenant = headers:get("x-tenant") or ""
  local hash = 0
  for at = 1, #tenant do
    hash = (hash * 31 + string.byte(tenant, at)) % 4294967296
  end
  headers:replace("x-postern-upstream", hash % 100 < 95 and "blue" or "green")
""",
}

LUA_RESPONSE = """
function envoy_on_response(handle)
  local headers = handle:headers()
  headers:replace("x-gate", "bench")
  headers:remove("x-powered-by")
end
"""


def kind_of(row):
    """What a row does besides J1: a key of WHAT. None for other rows."""
    kind = row.partition("-")[2]
    return kind if kind in WHAT else None


def share(kind):
    """The number of routes that share a host. Expressions are asked one after the other, so each host has one."""
    return 1 if kind == "regex" else policies.SHARE


def lua(kind):
    """J1's script with the same thing more."""
    path = LUA_REGEX if kind == "regex" else policies.LUA_PATH
    script = policies.lua(True, path, LUA_MORE.get(kind, ""), share(kind))
    return script + (LUA_RESPONSE if kind == "response" else "")


def requests(count, kind):
    return policies.requests(count, share=share(kind))


def expected(kind, row, request):
    """What the upstream would get besides what it gets of J1."""
    if kind == "regex":
        return {":path": request.path.replace(request.path.split("/")[1], "internal", 1)}
    if kind == "edits":
        return {"x-tenant": None, "x-customer": request.tenant, "x-client": "bench/1.0", "x-gate": "bench", "x-env": "test",
                "x-region": "eu", "x-zone": "eu-1", "x-hop": "gate", "x-via": "bench", "accept-encoding": None}
    if kind == "sticky":
        return {"x-postern-upstream": (lua_upstream if row.startswith("lua") else upstream)(request.tenant)}
    return {}


def lua_upstream(tenant):
    """The upstream that the script chooses."""
    hashed = 0
    for byte in tenant.encode():
        hashed = (hashed * 31 + byte) % 2**32
    return "blue" if hashed % 100 < 95 else "green"


def upstream(tenant):
    """The upstream that Postern chooses (docs/policy.md)."""
    def fnv1a(text):
        hashed = 0xcbf29ce484222325
        for byte in text.encode():
            hashed = (hashed ^ byte) * 0x100000001b3 % 2**64
        return hashed

    def mix(bits):
        bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9 % 2**64
        bits = (bits ^ bits >> 27) * 0x94d049bb133111eb % 2**64
        return bits ^ bits >> 31

    def number(name):
        return -math.log2(max(1, mix(fnv1a(tenant) ^ mix(fnv1a(name)))) / 2**64) / SPLIT[name]

    return min(SPLIT, key=number)
