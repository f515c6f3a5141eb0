"""/metrics as Prometheus' own parser reads it, what docs/METRICS.md says of it, and the board of Grafana over it."""
import http.client
import json
import os
import re
import sys
import unittest

from prometheus_client.parser import text_string_to_metric_families

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "support"))
from plumbrpc import Daemon, RpcError, pb  # noqa: E402

SUFFIXES = ("_bucket", "_sum", "_count", "_total")


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, args=["--http", "tcp:127.0.0.1:0"])
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client()
        goals = [pb.plan.Change(put=pb.plan.Put(item=pb.item.Item(id="g%d" % i, title="g", goal=pb.item.Goal()))) for i in range(7)]
        cls.client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=goals)))
        for _ in range(5):
            cls.client.call("Plan.Get", pb.plan.GetRequest(ref="goal/g1"))
        for _ in range(3):
            try:
                cls.client.call("Plan.Get", pb.plan.GetRequest(ref="goal/none"))
            except RpcError:
                pass
        list(cls.client.stream("Insight.Check", pb.insight.CheckRequest()))
        connection = http.client.HTTPConnection(cls.daemon.http, timeout=20)
        for method in ("DELETE", "GET"):
            connection.request(method, "/metrics")
            response = connection.getresponse()
            cls.type, cls.text = response.headers["Content-Type"], response.read().decode()
        connection.close()
        cls.families = {family.name: family for family in text_string_to_metric_families(cls.text)}
        cls.samples = [sample for family in cls.families.values() for sample in family.samples]

    def value(self, name, **labels):
        found = [sample.value for sample in self.samples if sample.name == name and sample.labels == labels]
        self.assertEqual(len(found), 1, (name, labels))
        return found[0]

    def test_the_format(self):
        self.assertEqual(self.type, "text/plain; version=0.0.4; charset=utf-8")
        self.assertTrue(self.text.endswith("\n"))
        for family in self.families.values():
            self.assertIn(family.type, ("counter", "gauge", "histogram"), family.name)
            self.assertTrue(family.documentation, family.name)
        heads = re.findall(r"^# TYPE (\S+) ", self.text, re.M)
        self.assertEqual(len(heads), len(set(heads)))
        keys = [(sample.name, tuple(sorted(sample.labels.items()))) for sample in self.samples]
        self.assertEqual(len(keys), len(set(keys)))

    def test_histograms_hold_together(self):
        count = 0
        for family in self.families.values():
            if family.type != "histogram":
                continue
            series = {}
            for sample in family.samples:
                labels = dict(sample.labels)
                bound = labels.pop("le", None)
                one = series.setdefault(tuple(sorted(labels.items())), {"buckets": []})
                if bound is not None:
                    one["buckets"].append((float(bound), sample.value))
                else:
                    one[sample.name[len(family.name):]] = sample.value
            for labels, one in series.items():
                count += 1
                bounds = [bound for bound, _ in one["buckets"]]
                values = [value for _, value in one["buckets"]]
                self.assertEqual(bounds, sorted(bounds))
                self.assertEqual(values, sorted(values), (family.name, labels))
                self.assertEqual((bounds[-1], values[-1]), (float("inf"), one["_count"]))
                self.assertTrue(one["_sum"] >= 0)
        self.assertGreaterEqual(count, 5)

    def test_times_reach_from_100_us_to_10_s(self):
        bounds = [float(s.labels["le"]) for s in self.samples if s.name == "plumbd_commit_seconds_bucket"]
        self.assertEqual((bounds[0], bounds[-2]), (0.0001, 10))

    def test_what_was_done_is_counted(self):
        self.assertEqual(self.value("plumbd_calls_total", method="plumb.v1.Plan/Get", status="OK"), 5)
        self.assertEqual(self.value("plumbd_calls_total", method="plumb.v1.Plan/Get", status="NOT_FOUND"), 3)
        self.assertEqual(self.value("plumbd_call_seconds_count", method="plumb.v1.Plan/Get"), 8)
        self.assertEqual(self.value("plumbd_call_seconds_count", method="plumb.v1.Insight/Check"), 1)
        self.assertEqual(self.value("plumbd_plan_items", workspace="main"), 7)
        self.assertEqual(self.value("plumbd_plan_records", workspace="main"), 0)
        self.assertEqual(self.value("plumbd_plan_revision", workspace="main"), 1)
        self.assertEqual(self.value("plumbd_connections_open", protocol="frames", tls="no"), 1)
        self.assertEqual(self.value("plumbd_connections_open", protocol="http", tls="no"), 1)
        self.assertEqual(self.value("plumbd_refused_total", reason="http_method"), 1)
        self.assertEqual(self.value("plumbd_writable"), 1)
        self.assertEqual(self.value("plumbd_jobs_running"), 0)
        self.assertEqual(self.value("plumbd_store_queued"), 0)
        self.assertGreaterEqual(self.value("plumbd_commit_seconds_count"), 1)
        self.assertEqual(self.value("plumbd_batch_changes_sum"), self.value("plumbd_commit_seconds_count") - self.started())
        with open("/proc/%d/statm" % self.daemon.process.pid, encoding="ascii") as file:
            resident = int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
        self.assertLess(abs(self.value("process_resident_memory_bytes") - resident), 16 << 20)
        self.assertGreater(self.value("process_cpu_seconds_total"), 0)

    def started(self):
        """Changes that the daemon made before its loop ran: the workspace main."""
        return 1

    def test_each_is_documented_and_what_is_documented_is_there(self):
        told = set(re.findall(r"^\| `(\w+)", read("docs", "METRICS.md"), re.M))
        there = set(re.findall(r"^# TYPE (\S+) ", self.text, re.M))
        self.assertEqual(told, there)

    def test_the_expressions_of_alerts_ask_for_what_is_there(self):
        text = read("docs", "METRICS.md")
        there = {sample.name for sample in self.samples}
        for name in set(re.findall(r"\b(?:plumbd|process)_\w+", text)):
            families = {name, name + "_total", name + "_count"}
            self.assertTrue(families & there, name)

    def test_the_board(self):
        board = json.loads(read("deploy", "grafana", "plumbline.json"))
        self.assertTrue(board["title"] and board["uid"] and board["schemaVersion"] >= 36)
        self.assertEqual([v["name"] for v in board["templating"]["list"]], ["datasource", "job"])
        ids = [panel["id"] for panel in board["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        there = {sample.name for sample in self.samples}
        asked, cells = set(), set()
        for panel in board["panels"]:
            self.assertTrue(panel["title"] and panel["type"] and panel["targets"], panel["title"])
            grid = panel["gridPos"]
            self.assertLessEqual(grid["x"] + grid["w"], 24)
            for x in range(grid["x"], grid["x"] + grid["w"]):
                for y in range(grid["y"], grid["y"] + grid["h"]):
                    self.assertNotIn((x, y), cells, panel["title"])
                    cells.add((x, y))
            refs = [target["refId"] for target in panel["targets"]]
            self.assertEqual(len(refs), len(set(refs)))
            for target in panel["targets"]:
                expr = target["expr"]
                self.assertEqual((expr.count("("), expr.count("{")), (expr.count(")"), expr.count("}")), expr)
                names = re.findall(r"\b(?:plumbd|process)_\w+", expr)
                self.assertTrue(names, expr)
                asked.update(names)
                for name in names:
                    self.assertIn(name, there, expr)
                labels = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
                have = {label for sample in self.samples if sample.name in names for label in sample.labels}
                self.assertLessEqual(labels, have, expr)
        families = {name for name in self.families}
        shown = {re.sub(r"_(bucket|sum|count|total)$", "", name) for name in asked}
        self.assertEqual({re.sub(r"_total$", "", name) for name in families} - shown, set())


if __name__ == "__main__":
    unittest.main()
