"""plumbrpc.Client's interface over gRPC, by grpcio: what a scenario says about calls holds whatever carries them.

With PLUMB_TEST_PROTOCOL=grpc in the environment, Daemon.client() makes these, unless it is asked for what only the native
protocol has (hello, window). A status that the server did not send is ConnectionLost.
"""
import os
import queue
import threading
import time

os.environ.setdefault("GRPC_VERBOSITY", "NONE")
import grpc  # noqa: E402

# What the library says when the connection is to blame.
LOST = ("Socket closed", "Connection reset", "failed to connect", "Stream removed", "Broken pipe", "GOAWAY", "Connection refused",
        "Cancelling all calls", "Transport closed", "Channel closed")


def _target(address):
    kind, _, rest = address.partition(":")
    return "unix:" + rest if kind == "unix" else rest


class _Call:
    def __init__(self, client, call):
        self.client, self.rpc = client, call

    def cancel(self):
        self.rpc.cancel()

    def _error(self, error):
        code, text = error.code().value[0], error.details() or ""
        # CANCELLED: by our own close(), which the library takes for a call's end.
        if code in (self.client.api.UNAVAILABLE, self.client.api.CANCELLED) and any(part in text for part in LOST):
            return self.client.api.ConnectionLost(text)
        details = ()
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                details = self.client.api.pb.status.Status.FromString(value).details
        return self.client.api.RpcError(code, text, details)


class Pending(_Call):
    def result(self, timeout=30):
        try:
            return self.rpc.result(timeout)
        except grpc.FutureTimeoutError:
            raise TimeoutError("no answer") from None
        except grpc.FutureCancelledError:
            raise self.client.api.RpcError(self.client.api.CANCELLED, "cancelled") from None
        except grpc.RpcError as error:
            raise self._error(error) from None


class Stream(_Call):
    """Messages are taken as they are asked for: the window of HTTP/2 is the credit."""

    def __init__(self, client, call):
        super().__init__(client, call)
        self.ended = False
        self.asked, self.arrived = queue.Queue(), queue.Queue()
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self):
        """An iterator of grpcio waits for ever; next() shall not."""
        while self.asked.get():
            try:
                self.arrived.put(("data", next(self.rpc)))
            except StopIteration:
                self.arrived.put(("end", None))
                return
            except grpc.RpcError as error:
                self.arrived.put(("error", self._error(error)))
                return

    def next(self, timeout=30):
        if self.ended:
            return None
        self.asked.put(True)
        try:
            what, value = self.arrived.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError("no message") from None
        self.ended = what != "data"
        if what == "error":
            raise value
        return value

    def __iter__(self):
        while True:
            message = self.next(timeout=None)
            if message is None:
                return
            yield message

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cancel()
        self.asked.put(False)


class Client:
    def __init__(self, api, address, as_name=None, token=None):
        self.api, self.as_name, self.token = api, as_name, token
        self.channel = grpc.insecure_channel(_target(address), options=[
            ("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0), ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1), ("grpc.default_authority", "localhost")])

    def _call(self, make, method, reply, request, timeout, metadata):
        service, _, name = method.rpartition(".")
        path = "/%s/%s" % (service if "." in service else "plumb.v1." + service, name)
        call = make(path, None, (reply or self.api.reply_type(method)).FromString)
        try:
            return (call.future if hasattr(call, "future") else call)(request, timeout=timeout, metadata=self._metadata(metadata))
        except ValueError as error:  # after close()
            raise self.api.ConnectionLost(str(error)) from None

    def _metadata(self, metadata):
        metadata = list(metadata)
        if self.as_name is not None:
            metadata.append(("plumb-as", self.as_name))
        if self.token is not None:
            metadata.append(("authorization", "Bearer " + self.token))
        return metadata

    def start(self, method, request, timeout=None, metadata=()):
        return self.raw(method, request.SerializeToString(), timeout=timeout, metadata=metadata)

    def raw(self, method, payload, reply=None, timeout=None, metadata=()):
        return Pending(self, self._call(self.channel.unary_unary, method, reply, payload, timeout, metadata))

    def call(self, method, request, timeout=30, metadata=()):
        return self.start(method, request, timeout, metadata).result(None if timeout is None else timeout + 5)

    def stream(self, method, request, timeout=None, metadata=()):
        return Stream(self, self._call(self.channel.unary_stream, method, None, request.SerializeToString(), timeout, metadata))

    def ping(self, timeout=10):
        began = time.monotonic()
        self.call("Admin.Ping", self.api.pb.admin.PingRequest(), timeout=timeout)
        return time.monotonic() - began

    def close(self):
        self.channel.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
