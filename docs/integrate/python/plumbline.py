#!/usr/bin/env python3
"""Plumbline from Python: gRPC, and messages that protoc makes of the .proto files. See README.md.

    plumbline.py measure MEASURE VALUE [--at DATE]   pushes a value that was measured
    plumbline.py follow [--state FILE]               prints every change, and goes on where it stopped
    plumbline.py check                               prints what the rules find; exits 1 if they find an error
"""
import argparse
import os
import sys
import time
import uuid

import grpc

from plumb.v1 import insight_pb2, item_pb2, plan_pb2

TIMEOUT = 30  # seconds for a call that answers once
SEVERITY = {number: name.lower() for name, number in item_pb2.Severity.items()}


def connect(options):
    """A channel; over TLS unless --clear says otherwise."""
    # The daemon asks after a peer that says nothing; so do we, to notice that it is gone while we only listen.
    settings = [("grpc.keepalive_time_ms", 30000), ("grpc.keepalive_timeout_ms", 10000)]
    if options.clear:
        return grpc.insecure_channel(options.server, settings)

    def read(path):
        if path is None:
            return None
        with open(path, "rb") as file:
            return file.read()

    credentials = grpc.ssl_channel_credentials(read(options.ca), read(options.key), read(options.cert))
    return grpc.secure_channel(options.server, credentials, settings)


def metadata(options):
    return [("authorization", "Bearer " + options.token)] if options.token else []


def unary(channel, method, request, reply_type, options):
    """A call that answers once. What was refused for the moment is tried again: the request must bear being made twice."""
    call = channel.unary_unary("/plumb.v1." + method, request_serializer=type(request).SerializeToString,
                               response_deserializer=reply_type.FromString)
    for attempt in range(5):
        try:
            return call(request, timeout=TIMEOUT, metadata=metadata(options))
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE or attempt == 4:
                raise
        time.sleep(0.2 * 2 ** attempt)


def stream(channel, method, request, reply_type, options):
    call = channel.unary_stream("/plumb.v1." + method, request_serializer=type(request).SerializeToString,
                                response_deserializer=reply_type.FromString)
    return call(request, metadata=metadata(options))


def measure(channel, options):
    record = item_pb2.Record(about="measure/" + options.measure, at=options.at,
                             measurement=item_pb2.Measurement(value=options.value))
    change_set = plan_pb2.ChangeSet(reason=options.reason, idempotency_key=options.key_of_change or str(uuid.uuid4()))
    change_set.changes.add().add.record.CopyFrom(record)
    request = plan_pb2.ApplyRequest(workspace=options.workspace, change_set=change_set)
    reply = unary(channel, "Plan/Apply", request, plan_pb2.ApplyReply, options)
    print("revision %d: %s%s" % (reply.revision, reply.ids[0], " (was there already)" if reply.duplicate else ""), flush=True)
    return 0


def load_revision(path):
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read())
    except FileNotFoundError:
        return 0


def save_revision(path, revision):
    """Whole or not at all: a file that is cut short would lose the place."""
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write("%d\n" % revision)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)


def print_change(change):
    what = [part.WhichOneof("change") for part in change.change_set.changes]
    print("revision %d by %s: %s" % (change.revision, change.author, ", ".join(what)), flush=True)


def follow(channel, options):
    """Every change once, in order: after a lost connection from the one after the last that was seen."""
    seen = load_revision(options.state)
    pause = 0.2
    while True:
        request = plan_pb2.WatchRequest(workspace=options.workspace, from_revision=seen + 1)
        try:
            for reply in stream(channel, "Plan/Watch", request, plan_pb2.WatchReply, options):
                pause = 0.2
                if not reply.heartbeat:
                    print_change(reply.change)
                if reply.revision > seen:
                    seen = reply.revision
                    save_revision(options.state, seen)
                if options.until and seen >= options.until:
                    return 0
        except grpc.RpcError as error:
            if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED):
                raise
            print("lost: %s; goes on after revision %d" % (error.details(), seen), file=sys.stderr, flush=True)
        time.sleep(pause)
        pause = min(pause * 2, 10)


def check(channel, options):
    request = insight_pb2.CheckRequest()
    request.at.workspace = options.workspace
    errors = 0
    for reply in stream(channel, "Insight/Check", request, insight_pb2.CheckReply, options):
        for finding in reply.findings:
            print("%s %s: %s" % (SEVERITY[finding.severity], finding.rule, finding.message))
        if reply.HasField("summary"):
            errors = reply.summary.errors
            print("%d errors, %d warnings" % (errors, reply.summary.warnings), flush=True)
    return 1 if errors else 0


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=os.environ.get("PLUMB_GRPC", "localhost:7411"), help="HOST:PORT")
    parser.add_argument("--clear", action="store_true", help="without TLS: on this machine only")
    parser.add_argument("--ca", default=os.environ.get("PLUMB_CA"), help="who vouches for the server (PEM)")
    parser.add_argument("--cert", help="our certificate (PEM), where the server asks for one")
    parser.add_argument("--key", help="its key (PEM)")
    parser.add_argument("--workspace", default="main")
    parser.set_defaults(token=os.environ.get("PLUMB_TOKEN", ""))
    commands = parser.add_subparsers(dest="command", required=True)
    part = commands.add_parser("measure")
    part.add_argument("measure")
    part.add_argument("value", type=float)
    part.add_argument("--at", default="", help="a date or time; now")
    part.add_argument("--reason", default="")
    part.add_argument("--key-of-change", help="sent again with the same one, it counts once")
    part = commands.add_parser("follow")
    part.add_argument("--state", default="plumbline.revision", help="where the last revision is kept")
    part.add_argument("--until", type=int, help="stops after that revision")
    commands.add_parser("check")
    return parser.parse_args()


def main():
    options = parse()
    with connect(options) as channel:
        try:
            return {"measure": measure, "follow": follow, "check": check}[options.command](channel, options)
        except grpc.RpcError as error:
            print("%s: %s" % (error.code().name, error.details()), file=sys.stderr)
            return 3
        except KeyboardInterrupt:
            return 130


if __name__ == "__main__":
    sys.exit(main())
