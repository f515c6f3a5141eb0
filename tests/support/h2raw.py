"""HTTP/2 by hand, from RFC 9113 and RFC 7541: for tests that say what no client would.

Header blocks are written as literals without indexing and without Huffman codes; blocks that come are read with the static
table, the dynamic table and Huffman codes as a decoder must, by python3-hpack.
"""
import socket
import struct

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
FRAME_MAX = 16384
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8


def frame(kind, flags=0, stream=0, body=b""):
    return struct.pack(">I", len(body))[1:] + struct.pack(">BBI", kind, flags, stream) + body


def _number(value, bits, first=0):
    limit = (1 << bits) - 1
    if value < limit:
        return bytes([first | value])
    out = [first | limit]
    value -= limit
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes(out + [value])


def _text(text):
    data = text if isinstance(text, bytes) else text.encode()
    return _number(len(data), 7) + data


def block(fields):
    return b"".join(b"\x00" + _text(name) + _text(value) for name, value in fields)


def request(path, content_type="application/grpc", method="POST", more=()):
    fields = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "localhost")]
    if content_type is not None:
        fields.append(("content-type", content_type))
    return fields + [("te", "trailers")] + list(more)


def message(body, flag=0, length=None):
    return struct.pack(">BI", flag, len(body) if length is None else length) + body


class Frame:
    def __init__(self, kind, flags, stream, body):
        self.kind, self.flags, self.stream, self.body = kind, flags, stream, body

    def __repr__(self):
        return "Frame(kind=%d flags=%d stream=%d %r)" % (self.kind, self.flags, self.stream, self.body[:60])


class Connection:
    """Says the preface and SETTINGS unless told not to."""

    def __init__(self, sock, settings=(), begin=True):
        self.sock, self.decoder, self.buffer = sock, hpack.Decoder(), b""
        self.decoder.max_header_list_size = 1 << 20
        if begin:
            self.send(PREFACE + frame(SETTINGS, body=b"".join(struct.pack(">HI", k, v) for k, v in settings)))

    def send(self, data):
        self.sock.sendall(data)

    def call(self, stream, path, body=b"", end=True, **options):
        head = block(request(path, **options))
        parts = [head[i:i + FRAME_MAX] for i in range(0, len(head), FRAME_MAX)]
        out = b"".join(frame(CONTINUATION if i else HEADERS, END_HEADERS if i == len(parts) - 1 else 0, stream, part)
                       for i, part in enumerate(parts))
        parts = [body[i:i + FRAME_MAX] for i in range(0, len(body), FRAME_MAX)] or [b""]
        self.send(out + b"".join(frame(DATA, END_STREAM if end and i == len(parts) - 1 else 0, stream, part)
                                 for i, part in enumerate(parts)))

    def read(self):
        """The next frame; None at the end of the connection."""
        while True:
            if len(self.buffer) >= 9:
                length = int.from_bytes(self.buffer[:3], "big")
                if len(self.buffer) >= 9 + length:
                    kind, flags, stream = struct.unpack(">BBI", self.buffer[3:9])
                    body, self.buffer = self.buffer[9:9 + length], self.buffer[9 + length:]
                    return Frame(kind, flags, stream & 0x7fffffff, body)
            try:
                part = self.sock.recv(65536)
            except ConnectionResetError:
                return None
            if not part:
                return None
            self.buffer += part

    def frames(self, until):
        """Frames up to one that until() accepts, that one included; acknowledges SETTINGS."""
        seen = []
        while True:
            f = self.read()
            if f is None:
                raise EOFError(seen)
            if f.kind == SETTINGS and not f.flags & ACK:
                self.send(frame(SETTINGS, ACK))
            seen.append(f)
            if until(f):
                return seen

    def answer(self, stream):
        """(headers, data, trailers) of a stream; trailers None where the first HEADERS end it, or it is reset: (code,)."""
        headers, data, trailers = None, b"", None
        for f in self.frames(lambda f: f.stream == stream and (f.kind == RST_STREAM or f.kind in (DATA, HEADERS)
                                                              and f.flags & END_STREAM)):
            # Header blocks of other streams change the table too.
            fields = dict(self.decoder.decode(f.body)) if f.kind == HEADERS else None
            if f.stream != stream:
                continue
            if f.kind == RST_STREAM:
                return headers, data, (struct.unpack(">I", f.body)[0],)
            if f.kind == DATA:
                data += f.body
            elif f.kind == HEADERS and headers is None:
                headers = fields
            elif f.kind == HEADERS:
                trailers = fields
        return headers, data, trailers

    def status(self, stream):
        headers, _, trailers = self.answer(stream)
        fields = trailers if trailers is not None else headers
        return int(fields["grpc-status"])

    def goaway(self):
        """The error code with which the connection ends."""
        f = self.frames(lambda f: f.kind == GOAWAY)[-1]
        return struct.unpack(">II", f.body[:8])[1]


def connect(address):
    host, port = address.rsplit(":", 2)[-2:]
    sock = socket.create_connection((host, int(port)), timeout=20)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock
