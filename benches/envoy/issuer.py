"""A server that knows opaque tokens, and says so (RFC 7662)."""

import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import policies


def token(number):
    """The token of a consumer."""
    return f"opaque-{number:06}-7d1e5a9c3b8f4e20"


def subject(number):
    return f"consumer-{number:06}"


KNOWN = {token(number): subject(number) for number in range(policies.CONSUMERS)}


def answer(asked):
    """What is said of a token."""
    if asked not in KNOWN:
        return {"active": False}
    return {"active": True, "sub": KNOWN[asked], "iss": "https://id.bench.test", "aud": ["api", "account"],
            "client_id": "bench-web", "scope": "openid profile orders:read orders:write", "exp": 4_102_444_800}


class Issuer:
    """Answers questions at every path."""

    def __init__(self):
        class Answer(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                form = self.rfile.read(int(self.headers["content-length"])).decode()
                asked = urllib.parse.parse_qs(form).get("token", [""])[0]
                body = json.dumps(answer(asked)).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def gate():
    """J6: J1 with opaque tokens in the place of keys."""
    policy = policies.gate(consumers=0)
    names = [subject(number) for number in range(policies.CONSUMERS)]
    policy["consumers"] = [{"name": name, "credentials": [{"opaque": {"claim": name}}]} for name in names]
    introspection = {"cluster": "issuer", "path": "/introspect", "client": {"id": "gate", "secret": "bench"}, "ttl": "1h"}
    policy["providers"] = {"keys": {"opaque": {
        "introspection": introspection, "issuer": "https://id.bench.test", "audiences": ["api"], "consumer": {"claim": "sub"}}}}
    return policy


def requests(count):
    """J1's requests with these tokens in the place of keys."""
    for number, each in enumerate(policies.requests(count)):
        whose = number % policies.CONSUMERS
        yield each._replace(header="authorization", credential=f"Bearer {token(whose)}", consumer=subject(whose))
