"""The Connect protocol on the HTTP port, by clients that know nothing of it: Python's http.client and curl.

Written from connectrpc.com/docs/protocol. What hostile peers send is in test_http_abuse.py.
"""
import base64
import gzip
import http.client
import json
import os
import re
import shutil
import signal
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "support"))
from certificates import Certificates  # noqa: E402
from plumbrpc import Daemon, RpcError, binary, pb  # noqa: E402

HTTP = ["--http", "tcp:127.0.0.1:0", "--log-level", "warn"]
BODY_MAX = (4 << 20) + 5
PAGE = "https://plan.example.org"


class Reply:
    def __init__(self, response, body):
        self.status, self.headers, self.body = response.status, response.headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Caller:
    """Requests on a connection that is kept."""

    def __init__(self, address, token=None, context=None):
        host, port = address.rsplit(":", 1)
        if context is None:
            self.http = http.client.HTTPConnection(host, int(port), timeout=30)
        else:
            self.http = http.client.HTTPSConnection(host, int(port), timeout=30, context=context)
        self.token = token

    def request(self, method, path, body=None, headers=()):
        headers = dict(headers)
        if self.token is not None:
            headers.setdefault("Authorization", "Bearer " + self.token)
        self.http.request(method, path, body, headers)
        response = self.http.getresponse()
        return Reply(response, response.read())

    def call(self, method, body, content_type="application/json", **headers):
        """plumb.v1's "Admin.Ping". body: bytes, or what becomes JSON."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("POST", "/plumb.v1." + method.replace(".", "/"), body, {"Content-Type": content_type, **headers})

    def stream(self, method, body, content_type="application/connect+json", flag=0, **headers):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        reply = self.call(method, struct.pack(">BI", flag, len(body)) + body, content_type, **headers)
        reply.envelopes = envelopes(reply.body)
        return reply


def envelopes(body):
    """[(flags, bytes)]"""
    found = []
    while body:
        flags, length = struct.unpack(">BI", body[:5])
        assert len(body) >= 5 + length
        found.append((flags, body[5:5 + length]))
        body = body[5 + length:]
    return found


def unpadded(text):
    return base64.b64decode(text + "=" * (-len(text) % 4))


def details(error, kind):
    name = kind.DESCRIPTOR.full_name
    found = [d for d in error["details"] if d["type"] == name]
    return [kind.FromString(unpadded(d["value"])) for d in found]


def goal(name, **more):
    return {"put": {"item": dict(more, id=name, title=more.get("title", name), goal={})}}


class Calls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, args=HTTP + ["--cors-origins", PAGE + ", http://localhost:5173"],
                            clock="=2026-03-31T09:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        client = cls.daemon.client()
        goals = [pb.plan.Change(put=pb.plan.Put(item=pb.item.Item(id="g%02d" % i, title="Goal %d" % i, description="x" * 200,
                                                                 goal=pb.item.Goal()))) for i in range(30)]
        client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=goals)))

    def setUp(self):
        self.caller = Caller(self.daemon.http)
        self.addCleanup(self.caller.http.close)

    def refused(self, reply, status, code):
        self.assertEqual((reply.status, reply.json["code"]), (status, code), reply.body)
        self.assertEqual(reply.headers["Content-Type"], "application/json")
        return reply.json

    # ---- pages

    def test_pages(self):
        for path, body in (("/healthz", b"ok\n"), ("/readyz", b"ok\n")):
            reply = self.caller.request("GET", path)
            self.assertEqual((reply.status, reply.body), (200, body))
            self.assertEqual(reply.headers["Date"], "Tue, 31 Mar 2026 09:00:00 GMT")
            self.assertEqual(self.caller.request("HEAD", path).status, 200)
        self.assertEqual(self.caller.request("GET", "/").status, 404)
        reply = self.caller.request("GET", "/plumb.v1.Plan/Get")
        self.assertEqual((reply.status, reply.headers["Allow"]), (405, "POST, OPTIONS"))

    # ---- unary

    def test_json(self):
        reply = self.caller.call("Plan.Get", {"ref": "goal/g07"}, connect_protocol_version="1")
        self.assertEqual((reply.status, reply.headers["Content-Type"]), (200, "application/json"))
        entry = reply.json["entry"]
        self.assertEqual((entry["ref"], entry["revision"], entry["kind"]), ("goal/g07", "1", "GOAL"))
        self.assertEqual(entry["item"]["title"], "Goal 7")

    def test_proto(self):
        request = pb.plan.GetRequest(ref="goal/g07").SerializeToString()
        reply = self.caller.call("Plan.Get", request, "application/proto")
        self.assertEqual((reply.status, reply.headers["Content-Type"]), (200, "application/proto"))
        self.assertEqual(pb.plan.GetReply.FromString(reply.body).entry.item.title, "Goal 7")
        self.refused(self.caller.call("Plan.Get", b"\xff\xff\xff", "application/proto"), 400, "invalid_argument")

    def test_a_write_and_what_stands_in_its_way(self):
        reply = self.caller.call("Plan.Apply", {"changeSet": {"changes": [goal("new")], "reason": "by HTTP"}})
        self.assertEqual((reply.status, reply.json["ids"]), (200, ["goal/new"]))
        reply = self.caller.call("Plan.Apply", {"change_set": {"changes": [dict(goal("new"), expected_absent=True)]}})
        error = self.refused(reply, 409, "aborted")
        [conflict] = details(error, pb.plan.Conflict)
        self.assertEqual((conflict.ref, conflict.entry.item.title), ("goal/new", "new"))
        self.assertEqual(error["details"][0]["debug"]["ref"], "goal/new")

    def test_content_types(self):
        for content_type, status in (
                ("application/json", 200), ("application/json; charset=utf-8", 200), ("Application/JSON", 200),
                ("application/jsonx", 415), ("text/plain", 415), ("application/grpc", 415), ("application/connect+json", 415),
                ("application/json, application/json", 415), ("", 415)):
            caller = Caller(self.daemon.http)
            reply = caller.call("Admin.Ping", {}, content_type)
            self.assertEqual(reply.status, status, content_type)
            if status == 415:
                self.assertIn("application/json", reply.headers["Accept-Post"])
            caller.http.close()
        caller = Caller(self.daemon.http)
        self.assertEqual(caller.call("Plan.Watch", {}).status, 415)
        caller.http.close()

    def test_methods_that_are_not_there(self):
        for method in ("Plan.get", "Plan.Nothing", "Nothing.Get", "Plan.Get/"):
            caller = Caller(self.daemon.http)
            self.addCleanup(caller.http.close)
            self.refused(caller.call(method, {}), 404, "unimplemented")
        caller = Caller(self.daemon.http)
        self.addCleanup(caller.http.close)
        reply = caller.request("POST", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", b"{}",
                                                 {"Content-Type": "application/json"})
        self.refused(reply, 501, "unimplemented")

    def test_versions_and_timeouts(self):
        self.assertEqual(self.caller.call("Admin.Ping", {}, connect_timeout_ms="9999999999").status, 200)
        for headers in ({"connect_protocol_version": "2"}, {"connect_timeout_ms": "12345678901"}, {"connect_timeout_ms": "-1"},
                        {"connect_timeout_ms": "1.5"}, {"connect_timeout_ms": ""}):
            self.refused(Caller(self.daemon.http).call("Admin.Ping", {}, **headers), 400, "invalid_argument")

    def test_deadlines(self):
        began = time.monotonic()
        reply = self.caller.stream("Plan.Watch", {"heartbeat_ms": 60000}, connect_timeout_ms="200")
        self.assertLess(0.19, time.monotonic() - began)
        self.assertEqual(reply.status, 200)
        flags, end = reply.envelopes[-1]
        self.assertEqual((flags, json.loads(end)["error"]["code"]), (2, "deadline_exceeded"))

    # ---- errors

    def test_status_of_errors(self):
        self.refused(self.caller.call("Plan.Get", {"ref": "goal/none"}), 404, "not_found")
        self.refused(self.caller.call("Plan.Get", {"ref": "none"}), 400, "invalid_argument")
        self.refused(self.caller.call("Plan.Get", {"ref": "goal/g07", "at": {"revision": "99"}}), 404, "not_found")
        self.refused(self.caller.call("Plan.Get", {"ref": "goal/g07"}, plumb_as="not a name"), 400, "invalid_argument")

    def test_details_can_be_read_by_machines_and_people(self):
        reply = self.caller.call("Plan.Apply", {"change_set": {"changes": [goal("Not An Id"), goal("ok")]}})
        error = self.refused(reply, 400, "invalid_argument")
        [bad] = details(error, pb.details.BadRequest)
        self.assertIn("changes[0]", bad.field_violations[0].field)
        debug = error["details"][0]["debug"]
        self.assertEqual(debug["field_violations"][0]["field"], bad.field_violations[0].field)
        self.assertNotIn("=", error["details"][0]["value"])

    # ---- JSON

    def test_json_that_is_none(self):
        for body, where in ((b'{"ref": "goal/x"', "line 1, column 16"), (b'{\n "ref": goal}', "line 2"), (b"", "line 1"),
                            (b"[]", ""), (b"3", ""), (b'{"ref": "\xff"}', "line 1"), (b'{"ref": "\\ud800"}', "line 1"),
                            (b"{}{}", "line 1"), (b"[" * 100000, "line 1")):
            error = self.refused(self.caller.call("Plan.Get", body), 400, "invalid_argument")
            self.assertIn(where, error["message"], body[:50])

    def test_keys_and_values_name_their_path(self):
        for body, path in (
                (b'{"reff": "x"}', "reff"),
                (b'{"at": {"revisionn": 1}}', "at.revisionn"),
                (b'{"at": {"revision": -1}}', "at.revision"),
                (b'{"at": {"revision": 18446744073709551616}}', ""),  # no number that JSON's reader holds
                (b'{"at": {"revision": "18446744073709551616"}}', "at.revision"),
                (b'{"at": {"revision": 1.5}}', "at.revision"),
                (b'{"at": {"revision": true}}', "at.revision"),
                (b'{"at": []}', "at"),
                (b'{"ref": 3}', "ref")):
            error = self.refused(self.caller.call("Plan.Get", body), 400, "invalid_argument")
            [bad] = details(error, pb.details.BadRequest)
            self.assertEqual(bad.field_violations[0].field, path, error["message"])
        error = self.refused(self.caller.call("Plan.Get", b'{"ref": "goal/x", "ref": "goal/y"}'), 400, "invalid_argument")
        self.assertIn("ref", error["message"])
        error = self.refused(self.caller.call("Plan.Apply", {"changeSet": {"reason": "x", "change_set": 1}}), 400, "invalid_argument")
        self.assertIn("changeSet.change_set", error["message"])
        body = {"change_set": {"changes": [{"add": {"record": {"check_in": {"confidence": "SO_SO"}}}}]}}
        error = self.refused(self.caller.call("Plan.Apply", body), 400, "invalid_argument")
        self.assertIn("change_set.changes[0].add.record", error["message"])

    def test_both_names_of_a_field(self):
        for name in ("change_set", "changeSet"):
            reply = self.caller.call("Plan.Apply", {name: {"changes": [goal("both")]}, "dryRun": True})
            self.assertEqual(reply.status, 200, reply.body)
            reply = self.caller.call("Plan.Apply", {name: {"changes": [goal("both")]}, "dry_run": True})
            self.assertEqual(reply.status, 200, reply.body)
        error = self.refused(self.caller.call("Plan.Apply", {"change_set": {}, "changeSet": {}}), 400, "invalid_argument")
        self.assertIn("change", error["message"])

    # ---- gzip

    def test_gzip_in(self):
        packed = gzip.compress(b'{"ref": "goal/g07"}')
        self.assertEqual(self.caller.call("Plan.Get", packed, content_encoding="gzip").json["entry"]["ref"], "goal/g07")
        self.assertEqual(self.caller.call("Plan.Get", b'{"ref": "goal/g07"}', content_encoding="identity").status, 200)
        request = gzip.compress(pb.plan.GetRequest(ref="goal/g07").SerializeToString())
        self.assertEqual(self.caller.call("Plan.Get", request, "application/proto", content_encoding="gzip").status, 200)
        for body in (b"no gzip", packed[:-4], packed + b"x", b""):
            self.refused(self.caller.call("Plan.Get", body, content_encoding="gzip"), 400, "invalid_argument")
        bomb = gzip.compress(b" " * (64 << 20))
        self.refused(self.caller.call("Plan.Get", bomb, content_encoding="gzip"), 429, "resource_exhausted")
        reply = Caller(self.daemon.http).call("Plan.Get", packed, content_encoding="br")
        self.refused(reply, 501, "unimplemented")
        self.assertEqual(reply.headers["Accept-Encoding"], "gzip")

    def test_gzip_out(self):
        plain = self.caller.call("Plan.List", {})
        self.assertGreater(len(plain.body), 6000)
        self.assertIsNone(plain.headers["Content-Encoding"])
        for accepts in ("gzip", "br, gzip;q=0.5", "GZIP"):
            reply = self.caller.call("Plan.List", {}, accept_encoding=accepts)
            self.assertEqual(reply.headers["Content-Encoding"], "gzip", accepts)
            self.assertEqual(gzip.decompress(reply.body), plain.body)
            self.assertLess(len(reply.body), len(plain.body) / 3)
        for accepts in ("identity", "gzip;q=0", "gzip; q=0.0", "br", "xgzip"):
            self.assertEqual(self.caller.call("Plan.List", {}, accept_encoding=accepts).body, plain.body, accepts)
        # What is short stays plain.
        reply = self.caller.call("Admin.Ping", {}, accept_encoding="gzip")
        self.assertEqual((reply.headers["Content-Encoding"], reply.json), (None, {}))

    # ---- streams

    def test_streams_of_replies(self):
        reply = self.caller.stream("Plan.Export", {})
        self.assertEqual((reply.status, reply.headers["Content-Type"]), (200, "application/connect+json"))
        self.assertEqual(reply.envelopes[-1], (2, b"{}"))
        self.assertEqual({flags for flags, _ in reply.envelopes[:-1]}, {0})
        json.loads(reply.envelopes[0][1])
        reply = self.caller.stream("Plan.Export", b"", "application/connect+proto")
        self.assertEqual(reply.envelopes[-1], (2, b"{}"))
        pb.plan.ExportReply.FromString(reply.envelopes[0][1])
        # The connection is kept.
        self.assertEqual(self.caller.call("Admin.Ping", {}).status, 200)

    def test_streams_that_fail(self):
        reply = self.caller.stream("Plan.Export", {"at": {"revision": "99"}})
        self.assertEqual(reply.status, 200)
        [(flags, end)] = reply.envelopes
        self.assertEqual((flags, json.loads(end)["error"]["code"]), (2, "not_found"))
        for body in (b"", b"\0\0\0\0", b"\0\0\0\0\x05{}", b"\0\0\0\0\x02{}x", b"\x02\0\0\0\x02{}", b"\x01\0\0\0\x02{}",
                     b"\0\0\0\0\x02{}\0\0\0\0\x02{}"):
            reply = self.caller.call("Plan.Export", body, "application/connect+json")
            [(flags, end)] = envelopes(reply.body)
            self.assertEqual((reply.status, flags, json.loads(end)["error"]["code"]), (200, 2, "invalid_argument"), body)

    def test_compressed_envelopes(self):
        plain = self.caller.stream("Plan.Export", {})
        reply = self.caller.stream("Plan.Export", gzip.compress(b"{}"), flag=1, connect_content_encoding="gzip",
                                   connect_accept_encoding="gzip")
        self.assertEqual(reply.headers["Connect-Content-Encoding"], "gzip")
        self.assertEqual(reply.envelopes[0][0], 1)
        opened = [gzip.decompress(data) if flags & 1 else data for flags, data in reply.envelopes]
        self.assertEqual(opened, [data for _, data in plain.envelopes])
        reply = self.caller.stream("Plan.Export", gzip.compress(b" " * (64 << 20)), flag=1, connect_content_encoding="gzip")
        self.assertEqual(json.loads(reply.envelopes[-1][1])["error"]["code"], "resource_exhausted")

    def test_a_watch_is_followed_as_it_goes(self):
        connection = http.client.HTTPConnection(self.daemon.http, timeout=20)
        self.addCleanup(connection.close)
        body = b'{"heartbeat_ms": 100}'
        connection.request("POST", "/plumb.v1.Plan/Watch", struct.pack(">BI", 0, len(body)) + body,
                           {"Content-Type": "application/connect+json"})
        response = connection.getresponse()

        def next_message():
            flags, length = struct.unpack(">BI", response.read(5))
            self.assertEqual(flags, 0)
            return json.loads(response.read(length))

        self.assertTrue(next_message()["heartbeat"])
        revision = self.caller.call("Plan.Apply", {"change_set": {"changes": [goal("watched")]}}).json["revision"]
        for _ in range(50):
            message = next_message()
            if "change" in message:
                break
        self.assertEqual(message["change"]["revision"], revision)

    # ---- pages of browsers

    def test_pages_that_may_call(self):
        ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        for origin in (PAGE, "http://localhost:5173"):
            reply = self.caller.request("OPTIONS", "/plumb.v1.Plan/Get", headers=dict(ask, Origin=origin))
            self.assertEqual(reply.status, 204)
            self.assertEqual(reply.headers["Access-Control-Allow-Origin"], origin)
            self.assertEqual(reply.headers["Access-Control-Allow-Methods"], "POST")
            self.assertIn("authorization", reply.headers["Access-Control-Allow-Headers"])
            self.assertIn("connect-protocol-version", reply.headers["Access-Control-Allow-Headers"])
            self.assertIsNone(reply.headers["Access-Control-Allow-Credentials"])
        reply = self.caller.call("Plan.Get", {"ref": "goal/g07"}, Origin=PAGE)
        self.assertEqual((reply.status, reply.headers["Access-Control-Allow-Origin"]), (200, PAGE))
        self.assertIn("origin", [value.lower() for value in reply.headers.get_all("Vary")])
        # Errors can be read by the page, too.
        reply = self.caller.call("Plan.Get", {"ref": "goal/none"}, Origin=PAGE)
        self.assertEqual((reply.status, reply.headers["Access-Control-Allow-Origin"]), (404, PAGE))

    def test_pages_that_may_not(self):
        for origin in ("https://evil.example", "null", PAGE + ":8443", "http://plan.example.org", PAGE + "/", "https://plan.example.orgx",
                       "HTTPS://PLAN.EXAMPLE.ORG", "x" * 1000, ""):
            caller = Caller(self.daemon.http)
            reply = caller.request("OPTIONS", "/plumb.v1.Plan/Get", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
            self.assertEqual(reply.status, 403, origin)
            self.assertIsNone(reply.headers["Access-Control-Allow-Origin"])
            reply = caller.call("Plan.Get", {"ref": "goal/g07"}, Origin=origin)
            self.refused(reply, 403, "permission_denied")
            self.assertIsNone(reply.headers["Access-Control-Allow-Origin"])
            caller.http.close()

    # ---- curl

    def test_the_examples_of_the_documentation(self):
        with open(os.path.join(TOP, "docs", "PROTOCOL.md"), encoding="utf-8") as file:
            text = file.read()
        section = text[text.index("<!-- curl -->"):text.index("<!-- /curl -->")]
        examples = re.findall(r"```sh\n(.*?)```", section, re.S)
        self.assertGreaterEqual(len(examples), 4)
        for example in examples:
            script = "set -e\n" + example.replace("127.0.0.1:7412", self.daemon.http).replace("$TOKEN", "x")
            script = re.sub(r" -H \"authorization: [^\"]*\"", "", script)
            done = subprocess.run(["bash", "-c", script], capture_output=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 0, (example, done.stdout, done.stderr))
            self.assertTrue(done.stdout, example)
            self.assertNotIn(b'"code"', done.stdout, example)


class Tokens(unittest.TestCase):
    """Who calls, on this port as on the other one."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(args=HTTP, anonymous="none")
        cls.addClassCleanup(cls.daemon.close)
        with open(os.path.join(cls.daemon.data, "admin.token"), encoding="utf-8") as file:
            cls.admin = file.read().strip()
        caller = Caller(cls.daemon.http, cls.admin)
        caller.call("Admin.CreateWorkspace", {"id": "other"})
        cls.reader, cls.scoped = (caller.call("Access.CreateToken", dict(more, title="t", role="READER", subject="service/s")).json["secret"]
                                  for more in ({}, {"workspaces": ["main"]}))
        for workspace in ("main", "other"):
            made = caller.call("Plan.Apply", {"workspace": workspace, "change_set": {"changes": [goal("x")]}})
            assert made.status == 200, made.body
        caller.http.close()

    def caller(self, token=None):
        caller = Caller(self.daemon.http, token)
        self.addCleanup(caller.http.close)
        return caller

    def test_without_one(self):
        reply = self.caller().call("Plan.Get", {"ref": "goal/x"})
        self.assertEqual((reply.status, reply.json["code"]), (401, "unauthenticated"))
        self.assertEqual(reply.headers["WWW-Authenticate"], "Bearer")
        reply = self.caller().stream("Plan.Export", {})
        self.assertEqual((reply.status, json.loads(reply.envelopes[0][1])["error"]["code"]), (200, "unauthenticated"))
        for path in ("/healthz", "/readyz"):
            self.assertEqual(self.caller().request("GET", path).status, 200)
        reply = self.caller().request("POST", "/grpc.health.v1.Health/Check", b"{}", {"Content-Type": "application/json"})
        self.assertEqual((reply.status, reply.json), (200, {"status": "SERVING"}))

    def test_a_wrong_one(self):
        for token in ("plumb_1_wrong", "x", "", self.admin[:-1], self.admin + "x"):
            reply = self.caller(token).call("Plan.Get", {"ref": "goal/x"})
            self.assertEqual((reply.status, reply.json["code"]), (401, "unauthenticated"), token)

    def test_a_right_one(self):
        self.assertEqual(self.caller(self.reader).call("Plan.Get", {"ref": "goal/x"}).status, 200)
        reply = self.caller(self.reader).call("Plan.Apply", {"change_set": {"changes": [goal("y")]}})
        self.assertEqual((reply.status, reply.json["code"]), (403, "permission_denied"))
        reply = self.caller(self.scoped).call("Plan.Get", {"at": {"workspace": "other"}, "ref": "goal/x"})
        absent = self.caller(self.scoped).call("Plan.Get", {"at": {"workspace": "absent"}, "ref": "goal/x"})
        self.assertEqual(reply.body.replace(b"other", b"absent"), absent.body)

    def test_who_may_read_the_metrics(self):
        reply = self.caller().request("GET", "/metrics")
        self.assertEqual((reply.status, reply.headers["WWW-Authenticate"]), (401, "Bearer"))
        self.assertEqual(self.caller("plumb_9_wrong").request("GET", "/metrics").status, 401)
        text = self.caller(self.reader).request("GET", "/metrics").body
        self.assertIn(b'plumbd_plan_items{workspace="other"} 1\n', text)
        self.assertIn(b"plumbd_workspaces 2\n", text)
        text = self.caller(self.scoped).request("GET", "/metrics").body
        self.assertIn(b'plumbd_plan_items{workspace="main"} 1\n', text)
        self.assertNotIn(b"other", text)
        self.assertNotIn(b"plumbd_workspaces", text)

    def test_open_metrics_tell_nothing_of_workspaces(self):
        with Daemon(memory=True, args=HTTP + ["--metrics-open"], anonymous="none") as daemon:
            caller = Caller(daemon.http)
            self.addCleanup(caller.http.close)
            reply = caller.request("GET", "/metrics")
            self.assertEqual(reply.status, 200)
            self.assertIn(b"plumbd_build_info", reply.body)
            self.assertNotIn(b"workspace", reply.body)


class Encrypted(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="plumb-http-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.certificates = c = Certificates(cls.folder)
        c.make("server", "/CN=localhost")
        c.make("billing", "/CN=billing.example.org")
        with open(c.path("conf"), "w", encoding="utf-8") as file:
            file.write("[certificates]\nbilling.example.org = service/billing, planner\n")
        cls.daemon = Daemon(memory=True, anonymous="none",
                            args=HTTP + ["--config", c.path("conf"), "--tls-certificate", c.path("server.pem"), "--tls-key",
                                         c.path("server.key"), "--tls-client-ca", c.path("ca.pem")])
        cls.addClassCleanup(cls.daemon.close)

    def context(self, alpn=("http/1.1",), client=None):
        context = ssl.create_default_context(cafile=self.certificates.path("ca.pem"))
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if client:
            context.load_cert_chain(self.certificates.path(client + ".pem"), self.certificates.path(client + ".key"))
        return context

    def caller(self, **options):
        caller = Caller(self.daemon.http, context=self.context(**options))
        self.addCleanup(caller.http.close)
        return caller

    def test_protocols(self):
        for alpn in (("http/1.1",), ("h2", "http/1.1"), ()):
            caller = self.caller(alpn=alpn)
            self.assertEqual(caller.request("GET", "/healthz").status, 200)
            self.assertEqual(caller.http.sock.selected_alpn_protocol(), "http/1.1" if alpn else None)
        for alpn in (("h2",), ("plumb/1",)):
            with self.assertRaises(ssl.SSLError):
                self.caller(alpn=alpn).request("GET", "/healthz")

    def test_certificates_of_callers(self):
        reply = self.caller(client="billing").call("Admin.Info", {})
        self.assertEqual(reply.json["caller"], "service/billing")
        self.assertEqual(self.caller().call("Admin.Info", {}).status, 401)

    def test_in_clear_from_this_machine(self):
        caller = Caller(self.daemon.http)
        self.addCleanup(caller.http.close)
        self.assertEqual(caller.request("GET", "/healthz").status, 200)

    def test_the_port_of_calls_does_not_speak_it(self):
        caller = Caller(self.daemon.tcp[len("tcp:"):], context=self.context())
        with self.assertRaises((ssl.SSLError, OSError)):
            caller.request("GET", "/healthz")

    def test_large_answers_and_bodies(self):
        caller = self.caller(client="billing")
        payload = base64.b64encode(os.urandom(2 << 20)).decode()
        self.assertEqual(caller.call("Admin.Ping", {"payload": payload}).json["payload"], payload)

    def test_certificates_are_read_again(self):
        caller = self.caller()
        caller.request("GET", "/healthz")
        before = caller.http.sock.getpeercert()["serialNumber"]
        self.certificates.make("server", "/CN=localhost")
        self.daemon.process.send_signal(signal.SIGHUP)
        for _ in range(100):
            fresh = self.caller()
            fresh.request("GET", "/healthz")
            if fresh.http.sock.getpeercert()["serialNumber"] != before:
                break
            time.sleep(0.05)
        else:
            self.fail("the old certificate is still shown")
        self.assertEqual(caller.request("GET", "/healthz").status, 200)

    def test_other_machines_need_it(self):
        done = subprocess.run([binary(), "--memory", "--listen", "tcp:127.0.0.1:0", "--http", "tcp:0.0.0.0:0"], capture_output=True,
                              text=True, timeout=20, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("--http tcp:0.0.0.0:0: other machines reach that address", done.stderr)


class Life(unittest.TestCase):
    def test_addresses(self):
        with Daemon(memory=True, args=["--http", "tcp:127.0.0.1:0", "--http", "tcp:[::1]:0"]) as daemon:
            caller = Caller(daemon.http)
            self.addCleanup(caller.http.close)
            self.assertEqual(caller.request("GET", "/readyz").status, 200)
            self.assertRegex(daemon.ready, r" http:127\.0\.0\.1:\d+ http:\[::1\]:\d+$")
        for args, why in ((["--http", "unix:/tmp/x"], "HTTP is spoken over TCP"), (["--http", "nowhere"], "http"),
                          (["--http", "tcp:127.0.0.1:0"] * 5, "at most 4"), (["--cors-origins", "*"], "is no origin"),
                          (["--cors-origins", "https://x/path"], "is no origin"), (["--cors-origins", "https://X"], "is no origin"),
                          (["--cors-origins", ",".join("https://h%d" % i for i in range(65))], "at most 64")):
            done = subprocess.run([binary(), "--memory"] + args, capture_output=True, text=True, timeout=20, check=False)
            self.assertEqual(done.returncode, 2, args)
            self.assertIn(why, done.stderr)

    def test_no_port_without_the_setting(self):
        with Daemon(memory=True) as daemon:
            self.assertIsNone(daemon.http)

    def test_what_runs_may_end(self):
        daemon = Daemon(memory=True, args=HTTP)
        self.addCleanup(daemon.close)
        idle = Caller(daemon.http)
        idle.request("GET", "/healthz")
        connection = http.client.HTTPConnection(daemon.http, timeout=20)
        body = b'{"heartbeat_ms": 100, "from_revision": "1"}'
        connection.request("POST", "/plumb.v1.Plan/Watch", struct.pack(">BI", 0, len(body)) + body,
                           {"Content-Type": "application/connect+json"})
        response = connection.getresponse()
        response.read(5)
        daemon.process.send_signal(signal.SIGTERM)
        rest = response.read()
        self.assertIn(b'"code":"unavailable"', rest)
        self.assertEqual(rest[-1:], b"}")
        self.assertEqual(idle.http.sock.recv(1), b"")
        self.assertEqual(daemon.process.wait(20), 0)
        idle.http.close()
        connection.close()


@unittest.skipUnless(os.path.exists(binary("interop-server")), "shared: interop-server is not built")
class Metadata(unittest.TestCase):
    """Both ways, by gRPC's own test service, which says back what it was told."""

    @classmethod
    def setUpClass(cls):
        cls.server = subprocess.Popen([binary("interop-server"), "--listen", "http:127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.stop)
        cls.address = cls.server.stdout.readline().split()[2][len("http:"):]

    @classmethod
    def stop(cls):
        cls.server.terminate()
        code = cls.server.wait(20)
        cls.server.stdout.close()
        assert code == 0, code

    def call(self, method, body, content_type="application/json", **headers):
        caller = Caller(self.address)
        self.addCleanup(caller.http.close)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return caller.request("POST", "/grpc.testing.TestService/" + method, body, {"Content-Type": content_type, **headers})

    def test_unary(self):
        reply = self.call("UnaryCall", b'{"response_size": 3}', X_Grpc_Test_Echo_Initial="said", X_Grpc_Test_Echo_Trailing_Bin="q6ur")
        self.assertEqual((reply.status, reply.json), (200, {"payload": {"body": "AAAA"}}))
        self.assertEqual(reply.headers["X-Grpc-Test-Echo-Initial"], "said")
        self.assertEqual(reply.headers["Trailer-X-Grpc-Test-Echo-Trailing-Bin"], "q6ur")

    def test_padded(self):
        reply = self.call("UnaryCall", b"{}", X_Grpc_Test_Echo_Trailing_Bin="qw==")
        self.assertEqual(reply.headers["Trailer-X-Grpc-Test-Echo-Trailing-Bin"], "qw")

    def test_with_an_error(self):
        reply = self.call("UnaryCall", b'{"response_status": {"code": 2, "message": "a \\"b\\" \\u00e4"}}', X_Grpc_Test_Echo_Trailing_Bin="q6ur")
        self.assertEqual((reply.status, reply.json), (500, {"code": "unknown", "message": 'a "b" \u00e4'}))
        self.assertEqual(reply.headers["Trailer-X-Grpc-Test-Echo-Trailing-Bin"], "q6ur")

    def test_every_status(self):
        # connectrpc.com/docs/protocol, "Error codes"
        table = {1: ("canceled", 499), 2: ("unknown", 500), 3: ("invalid_argument", 400), 4: ("deadline_exceeded", 504),
                 5: ("not_found", 404), 6: ("already_exists", 409), 7: ("permission_denied", 403), 8: ("resource_exhausted", 429),
                 9: ("failed_precondition", 400), 10: ("aborted", 409), 11: ("out_of_range", 400), 12: ("unimplemented", 501),
                 13: ("internal", 500), 14: ("unavailable", 503), 15: ("data_loss", 500), 16: ("unauthenticated", 401)}
        for code, (name, status) in table.items():
            reply = self.call("UnaryCall", b'{"response_status": {"code": %d}}' % code)
            self.assertEqual((reply.status, reply.json["code"]), (status, name))

    def test_streams(self):
        body = b'{"response_parameters": [{"size": 1}, {"size": 2}]}'
        reply = self.call("StreamingOutputCall", struct.pack(">BI", 0, len(body)) + body, "application/connect+json",
                          X_Grpc_Test_Echo_Initial="said", X_Grpc_Test_Echo_Trailing_Bin="q6ur")
        self.assertEqual((reply.status, reply.headers["X-Grpc-Test-Echo-Initial"]), (200, "said"))
        first, second, (flags, end) = envelopes(reply.body)
        self.assertEqual([json.loads(data)["payload"]["body"] for _, data in (first, second)], ["AA==", "AAA="])
        self.assertEqual((flags, json.loads(end)), (2, {"metadata": {"x-grpc-test-echo-trailing-bin": ["q6ur"]}}))


if __name__ == "__main__":
    unittest.main()
