"""A config centre with one document for every path, which can be replaced."""

import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Centre:
    """Serves `document`. `asked` is the time of the last request that got the document, not a 304."""

    def __init__(self, document):
        self.publish(document)
        self.asked = 0.0
        centre = self

        class Answer(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body, tag = centre.held
                if self.headers.get("if-none-match") == tag:
                    self.send_response(304)
                    self.send_header("etag", tag)
                    self.end_headers()
                    return
                centre.asked = time.monotonic()
                self.send_response(200)
                self.send_header("etag", tag)
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

    def publish(self, document):
        self.held = document, '"%s"' % hashlib.sha256(document).hexdigest()[:16]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
