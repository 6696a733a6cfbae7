"""One Envoy: its configuration, its process and its cost."""

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import time

TYPES = "type.googleapis.com/"
FILTERS = TYPES + "envoy.extensions.filters."
SHOWN = [":path", "x-consumer-name", "x-api-key", "authorization", "x-postern-upstream"]
ROUTER = {"name": "envoy.filters.http.router", "typed_config": {"@type": FILTERS + "http.router.v3.Router"}}


def free_ports(count):
    """This number of free ports. All are held until the last one is known, so that they differ."""
    with contextlib.ExitStack() as held:
        taken = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in taken:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in taken]


def wasm(module, vm_id, policy):
    """A Wasm filter's configuration. `policy` is its text."""
    return {
        "@type": FILTERS + "http.wasm.v3.Wasm",
        "config": {
            "name": vm_id,
            "root_id": vm_id,
            "vm_config": {"vm_id": vm_id, "runtime": "envoy.wasm.runtime.v8",
                          "code": {"local": {"filename": str(module)}}},
            "configuration": {"@type": TYPES + "google.protobuf.StringValue", "value": policy},
        },
    }


def wasm_filter(module, vm_id, policy):
    return {"name": vm_id, "typed_config": wasm(module, vm_id, policy)}


def discovered_filter(name, path):
    """A filter that Envoy gets over ECDS from a file."""
    source = {"resource_api_version": "V3",
              "path_config_source": {"path": str(path), "watched_directory": {"path": str(path.parent)}}}
    discovery = {"type_urls": [FILTERS + "http.wasm.v3.Wasm"], "config_source": source}
    return {"name": name, "config_discovery": discovery}


def discovered(name, config):
    """The content of that file."""
    resource = {"@type": TYPES + "envoy.config.core.v3.TypedExtensionConfig", "name": name, "typed_config": config}
    return json.dumps({"resources": [resource]})


def answer_routes(shown, answered):
    """Routes that answer without an upstream. With x-echo the answer shows these headers that an upstream would get. `answered` is headers of
    the answer."""
    echo = {"status": 200, "body_format": {"json_format": {name: f"%REQ({name})%" for name in shown}}}
    asked = {"prefix": "/", "headers": [{"name": "x-echo", "present_match": True}]}
    headers = [{"header": {"key": name, "value": value}} for name, value in answered.items()]
    return [{"match": asked, "direct_response": echo, "response_headers_to_add": headers},
            {"match": {"prefix": "/"}, "direct_response": {"status": 200}, "response_headers_to_add": headers}]


# Envoy's own options for ambiguous paths.
NORMAL_PATHS = {"normalize_path": True, "merge_slashes": True, "path_with_escaped_slashes_action": "REJECT_REQUEST"}


def listener(name, port, filters, routes, options):
    """A listener. `options` are those of its connection manager."""
    manager = {
        "@type": FILTERS + "network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "http_filters": [*filters, ROUTER],
        **options,
        "route_config": {"max_direct_response_body_size_bytes": 1 << 27,
                         "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
    }
    return {
        "name": name,
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [{"name": "envoy.filters.network.http_connection_manager",
                                        "typed_config": manager}]}],
    }


def cluster(name, port):
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    return {"name": name, "connect_timeout": "5s",
            "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}]}}


def ask(port, path, headers=None, timeout=30):
    """Sends one request to a port. Returns (status, body)."""
    status, body, _ = ask_all(port, path, headers, timeout)
    return status, body


def ask_all(port, path, headers=None, timeout=30):
    """Sends one request to a port. Returns (status, body, headers)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    connection.request("GET", path, headers=headers or {})
    answer = connection.getresponse()
    return answer.status, answer.read(), answer.headers


class Envoy:
    """A running Envoy with a listener for each of `rows` (name to filters), with the row's `options`. The cluster `centre`
    is the server at the port `centre`, or a listener of this Envoy that serves `documents` (path to file). `servers` has
    more clusters (name to port). `shown` has the headers that an answer shows of a row besides SHOWN, `answered` the
    headers that it has. A row with `routes` answers by these instead."""

    def __init__(self, binary, folder, rows, documents=None, centre=None, workers=1, options=None,
                 servers=None, shown=None, answered=None, routes=None):
        folder.mkdir(parents=True, exist_ok=True)
        self.admin, spare, *ports = free_ports(2 + len(rows))
        self.ports = dict(zip(rows, ports))
        options, shown, answered, own = options or {}, shown or {}, answered or {}, routes or {}
        routes = {name: own.get(name) or answer_routes(SHOWN + shown.get(name, []), answered.get(name, {})) for name in rows}
        listeners = [listener(name, self.ports[name], filters, routes[name], options.get(name, {}))
                     for name, filters in rows.items()]
        if documents:
            centre = centre or spare
            files = [{"match": {"path": path}, "direct_response": {"status": 200, "body": {"filename": str(file)}}}
                      for path, file in documents.items()]
            listeners.append(listener("centre", centre, [], files, {}))
        clusters = [cluster(name, port) for name, port in {"centre": centre, **(servers or {})}.items() if port]
        bootstrap = {
            "node": {"id": "bench", "cluster": "bench"},
            "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": self.admin}}},
            "static_resources": {"listeners": listeners, "clusters": clusters},
        }
        path = folder / "bootstrap.json"
        path.write_text(json.dumps(bootstrap))
        self.log = folder / "envoy.log"
        command = [binary, "--config-path", path, "--concurrency", str(workers),
                   "--disable-hot-restart", "--log-level", "warning", "--component-log-level", "wasm:info"]
        self.began = time.monotonic()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.pid = self.process.pid

    def __enter__(self):
        try:
            self.ready_after = self.wait_until_ready()
            # Without the time in which its main thread waited for a core. On a busy machine that is most of it.
            self.ready_by_itself = self.ready_after - self.cpu(self.pid)[1] / 1e9
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def wait_until_ready(self):
        """Waits until the admin page reports LIVE. Returns the seconds since the start."""
        while time.monotonic() - self.began < 120:
            if self.process.poll() is not None:
                raise SystemExit(f"bench: Envoy ended:\n{self.text()[-3000:]}")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=5)
                connection.request("GET", "/ready")
                if connection.getresponse().status == 200:
                    return time.monotonic() - self.began
            except OSError:
                pass
            time.sleep(0.005)
        raise SystemExit("bench: Envoy is not ready after two minutes")

    def text(self):
        return self.log.read_text(errors="replace")

    def ask(self, name, path="/", headers=None, timeout=30):
        """Sends one request to a row's listener. Returns (status, body)."""
        return ask(self.ports[name], path, headers, timeout)

    def ask_admin(self, path):
        """Gets an admin page. Returns (status, body)."""
        return ask(self.admin, path)

    def threads(self):
        """The threads by kernel id: {id: name}."""
        found = {}
        for task in os.listdir(f"/proc/{self.pid}/task"):
            try:
                found[int(task)] = open(f"/proc/{self.pid}/task/{task}/comm").read().strip()
            except OSError:
                pass
        return found

    def pin(self, core):
        """Pins all of its threads to a core."""
        for task in self.threads():
            os.sched_setaffinity(task, {int(core)})

    def worker(self):
        """The kernel id of the first worker's thread."""
        return next(task for task, name in self.threads().items() if name == "wrk:worker_0")

    def cpu(self, task=None):
        """(nanoseconds on a CPU, nanoseconds of waiting for a CPU) of the process, or of one thread, so far."""
        spent = waited = 0
        for each in [task] if task else self.threads():
            try:
                words = open(f"/proc/{self.pid}/task/{each}/schedstat").read().split()
            except OSError:
                continue
            spent += int(words[0])
            waited += int(words[1])
        return spent, waited

    def resident(self):
        """Resident bytes of the process."""
        status = open(f"/proc/{self.pid}/status").read()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def vm_memories(self):
        """Bytes of each Wasm VM's memory, the largest first. V8 reserves gigabytes of addresses behind each memory, which
        is how it is found."""
        found = []
        before = (0, 0, "")
        for line in open(f"/proc/{self.pid}/maps"):
            span, rights = line.split()[:2]
            start, end = (int(part, 16) for part in span.split("-"))
            if rights == "---p" and end - start > 1 << 30 and before[1] == start and before[2] == "rw-p":
                found.append(before[1] - before[0])
            before = (start, end, rights)
        return sorted(found, reverse=True)
