"""A receiver of webhooks on loopback, and a way to run plumb-webhooks; for tests.

The signature is computed here from the words of Standard Webhooks 1.0.0, with nothing of the program's.
"""
import base64
import hashlib
import hmac
import http.server
import json
import os
import signal
import ssl
import subprocess
import tempfile
import threading
import time

from plumbrpc import binary


def key_of(secret):
    assert secret.startswith("whsec_")
    return base64.b64decode(secret[len("whsec_"):])


def signature(secret, ident, timestamp, body):
    signed = ident.encode() + b"." + timestamp.encode() + b"." + body
    return "v1," + base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest()).decode()


class Got:
    """One request."""

    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body
        self.event = json.loads(body)
        self.revision = int(self.event.get("revision", 0))
        self.id = headers["webhook-id"]

    def is_signed(self, secret):
        return signature(secret, self.id, self.headers["webhook-timestamp"],
                         self.body) in self.headers["webhook-signature"].split(" ")


class Receiver:
    """answers is called with a Got and returns a status, or (status, headers); it may block. Requests are in self.got."""

    def __init__(self, answers=lambda got: 204, host="127.0.0.1", certificate=None):
        outer = self
        self.answers, self.got, self.changed = answers, [], threading.Condition()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                got = Got(self.path, self.headers, self.rfile.read(int(self.headers["content-length"])))
                with outer.changed:
                    outer.got.append(got)
                    outer.changed.notify_all()
                answer = outer.answers(got)
                status, headers = answer if isinstance(answer, tuple) else (answer, {})
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("content-length", "0")
                    self.end_headers()
                except OSError:
                    pass  # the sender was killed meanwhile

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server((host, 0), Handler)
        self.port = self.server.server_address[1]
        self.url = "http://127.0.0.1:%d/hook" % self.port
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate + ".pem", certificate + ".key")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.url = "https://localhost:%d/hook" % self.port
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def wait(self, good, timeout=30):
        """Until good(self.got); returns a copy."""
        with self.changed:
            if not self.changed.wait_for(lambda: good(self.got), timeout):
                raise AssertionError("it did not come: %r" % [(g.path, g.revision) for g in self.got])
            return list(self.got)

    def revisions(self):
        with self.changed:
            return [got.revision for got in self.got]

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Sender:
    """plumb-webhooks beside a daemon; quick retries, a fixed seed, --allow-private unless args say otherwise."""

    def __init__(self, daemon, args=("--allow-private",), attempts=30, start=True, env=None, server=None):
        self.daemon, self.args, self.attempts, self.env = daemon, list(args), attempts, env
        self.server = server or daemon.unix
        self.folder = tempfile.TemporaryDirectory(prefix="plumb-webhooks-")
        self.log, self.process = os.path.join(self.folder.name, "log"), None
        if start:
            self.start()

    def command(self):
        return [binary("plumb-webhooks"), "--server", self.server, "--retry-base-ms", "5", "--retry-max-ms", "40",
                "--attempts", str(self.attempts), "--report-ms", "20", "--seed", "7", "--timeout-ms", "5000",
                "--log-level", "debug"] + self.args

    def start(self, timeout=60):
        """Starts it (again) and waits until it knows all webhooks."""
        if self.process is not None:
            self.process.stdout.close()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=subprocess.PIPE, stderr=log, text=True,
                                            env=None if self.env is None else dict(os.environ, **self.env))
        timer = threading.Timer(timeout, self.process.kill)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        if line != "plumb-webhooks ready\n":
            raise RuntimeError("plumb-webhooks did not start:\n" + self.read_log()[-4000:])
        return self

    def read_log(self):
        with open(self.log, errors="replace") as log:
            return log.read()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def terminate(self, timeout=20):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        log = self.read_log()
        self.folder.cleanup()
        if any(word in log for word in ("Sanitizer", "runtime error:", "Assertion `")):
            raise AssertionError("the sender's log tells of a mistake in it:\n" + log[-8000:])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def until(good, timeout=30):
    """Asks again until good() answers something true, and returns that."""
    end = time.monotonic() + timeout
    while True:
        found = good()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError("it did not become so")
        time.sleep(0.01)
