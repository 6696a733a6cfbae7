"""prober.py PORT HOST PATH KEY TASK: sends a request every millisecond until standard input ends, then prints the results.

Each line is one request: the time when it was sent (monotonic seconds), the seconds until the answer, the seconds that
the thread of TASK (a schedstat file) was on a CPU meanwhile, the seconds that it waited for a CPU, and the status.
"""

import socket
import sys
import threading
import time

PERIOD = 0.001


def main():
    port, host, path, key, task = sys.argv[1:]
    request = f"GET {path} HTTP/1.1\r\nhost: {host}\r\nx-api-key: {key}\r\n\r\n".encode()
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    connection = socket.create_connection(("127.0.0.1", int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    seen = []
    due = time.monotonic()
    with open(task) as stat:
        while not over.is_set():
            stat.seek(0)
            before = [int(word) for word in stat.read().split()[:2]]
            sent = time.monotonic()
            connection.sendall(request)
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += connection.recv(65536)
            took = time.monotonic() - sent
            stat.seek(0)
            after = [int(word) for word in stat.read().split()[:2]]
            head, _, body = answer.partition(b"\r\n\r\n")
            length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            missing = (int(length[0].split(b":")[1]) if length else 0) - len(body)
            while missing > 0:
                missing -= len(connection.recv(missing))
            worked, waited = ((now - then) / 1e9 for now, then in zip(after, before))
            seen.append((sent, took, worked, waited, int(answer[9:12])))
            due = max(due + PERIOD, time.monotonic() - PERIOD)
            time.sleep(max(0, due - time.monotonic()))
    for each in seen:
        print("%.6f %.6f %.6f %.6f %d" % each)


main()
