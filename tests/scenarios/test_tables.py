"""tables.db: what SQL tools see is what the plan is, at the revision that it names, within seconds."""
import os
import sqlite3
import time
import unittest

from plumbrpc import Daemon, pb


def put(**fields):
    return pb.plan.Change(put=pb.plan.Put(item=pb.item.Item(**fields)))


class TablesTest(unittest.TestCase):
    def apply(self, *changes):
        return self.client.call("Plan.Apply", pb.plan.ApplyRequest(
            change_set=pb.plan.ChangeSet(changes=changes))).revision

    def rows(self, sql, revision, workspace="main"):
        """The query's rows, once the tables show the revision."""
        until = time.monotonic() + 20
        while True:
            database = sqlite3.connect(f"file:{os.path.join(self.daemon.data, 'tables.db')}?mode=ro", uri=True)
            try:
                shown = database.execute("SELECT revision FROM projection_state WHERE workspace = ?",
                                         (workspace,)).fetchone()
                if shown is not None and shown[0] >= revision:
                    return database.execute(sql).fetchall()
            except sqlite3.OperationalError:
                pass  # the file is being made
            finally:
                database.close()
            self.assertLess(time.monotonic(), until, "tables.db does not follow")
            time.sleep(0.05)

    def setUp(self):
        self.daemon = Daemon(clock="=2026-03-02T09:00:00Z")
        self.addCleanup(self.daemon.close)
        self.client = self.daemon.client(unix=True)

    def test_an_objective_becomes_a_row_with_its_targets_beside_it(self):
        target = pb.item.Target(measure="nps", baseline=20, target=40, due="2026-06-30")
        revision = self.apply(
            put(id="happy", title="Happier customers", owners=["anna", "bo"],
                objective=pb.item.Objective(goal="grow", weight=0.5, targets=[target])))
        self.assertEqual(
            self.rows('SELECT title, goal, weight, status, changed_revision, created FROM objective', revision),
            [("Happier customers", "grow", 0.5, "open", revision, "2026-03-02T09:00:00Z")])
        self.assertEqual(self.rows("SELECT position, measure, baseline, target, stretch, due FROM objective_targets",
                                   revision), [(0, "nps", 20.0, 40.0, None, "2026-06-30")])
        self.assertEqual(self.rows("SELECT value FROM objective_owners ORDER BY position", revision),
                         [("anna",), ("bo",)])

    def test_changes_removals_and_the_ranking_follow(self):
        self.apply(put(id="a", initiative=pb.item.Initiative(status=pb.item.ACTIVE)),
                   put(id="b", initiative=pb.item.Initiative()),
                   pb.plan.Change(place=pb.plan.Place(item="a", first=True)),
                   pb.plan.Change(place=pb.plan.Place(item="b", last=True)))
        revision = self.apply(put(id="a", title="Renewed", initiative=pb.item.Initiative(status=pb.item.DONE)))
        self.assertEqual(self.rows("SELECT id, title, status FROM initiative ORDER BY id", revision),
                         [("a", "Renewed", "done"), ("b", None, "work_status_unspecified")])
        self.assertEqual(self.rows("SELECT rank, initiative FROM ranking ORDER BY position", revision),
                         [(1, "a"), (2, "b")])
        revision = self.apply(pb.plan.Change(remove=pb.plan.Remove(ref="initiative/a")))
        self.assertEqual(self.rows("SELECT id FROM initiative", revision), [("b",)])
        self.assertEqual(self.rows("SELECT rank, initiative FROM ranking", revision), [(1, "b")])

    def test_a_restart_goes_on_where_the_tables_stand_and_a_damaged_file_is_made_anew(self):
        record = pb.item.Record(id="m1", about="nps", at="2026-02-01", measurement=pb.item.Measurement(value=31.5))
        revision = self.apply(pb.plan.Change(add=pb.plan.Add(record=record)))
        self.rows("SELECT 1", revision)
        self.daemon.kill()
        path = os.path.join(self.daemon.data, "tables.db")
        for ending in ("", "-wal", "-shm"):
            if os.path.exists(path + ending):
                os.unlink(path + ending)
        with open(path, "wb") as out:
            out.write(b"not a database" * 1000)
        self.daemon.start()
        self.assertEqual(self.rows("SELECT id, about, at, value, role FROM measurement", revision),
                         [("m1", "nps", "2026-02-01", 31.5, "actual")])

    def test_a_measured_zero_is_a_zero_and_what_was_not_stated_is_null(self):
        record = pb.item.Record(id="m0", about="nps", at="2026-02-01", measurement=pb.item.Measurement(value=0))
        revision = self.apply(pb.plan.Change(add=pb.plan.Add(record=record)),
                              put(id="free", objective=pb.item.Objective(weight=0)),
                              put(id="none", objective=pb.item.Objective()))
        self.assertEqual(self.rows("SELECT value, retracted FROM measurement", revision), [(0.0, 0)])
        self.assertEqual(self.rows("SELECT id, weight FROM objective ORDER BY id", revision),
                         [("free", 0.0), ("none", None)])

    def test_info_names_the_revision_that_the_tables_show(self):
        revision = self.apply(put(id="g", goal=pb.item.Goal()))
        self.rows("SELECT 1", revision)
        until = time.monotonic() + 10
        while self.client.call("Admin.Info", pb.admin.InfoRequest(workspace="main")).tables_revision < revision:
            self.assertLess(time.monotonic(), until)
            time.sleep(0.05)


if __name__ == "__main__":
    unittest.main()
