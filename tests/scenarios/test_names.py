"""How many names one question may be about, at the limit and one beyond."""
import unittest

from plumbrpc import INVALID, Daemon, RpcError, pb

LIMIT = 1000


class NamesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True)
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client()
        cls.client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=[
            pb.plan.Change(put=pb.plan.Put(item=item)) for item in (
                pb.item.Item(id="t", title="Team", team=pb.item.Team()), pb.item.Item(id="g", title="Goal", goal=pb.item.Goal()))])))

    def check(self, ask, field):
        ask(LIMIT)
        with self.assertRaises(RpcError) as caught:
            ask(LIMIT + 1)
        self.assertEqual(caught.exception.code, INVALID)
        self.assertIn("%s: at most %d names at once" % (field, LIMIT), caught.exception.message)

    def test_load(self):
        self.check(lambda n: list(self.client.stream("Insight.Load", pb.insight.LoadRequest(who=["team/t"] * n))), "who")

    def test_progress(self):
        self.check(lambda n: self.client.call("Insight.Progress", pb.insight.ProgressRequest(refs=["goal/g"] * n)), "refs")

    def test_signals(self):
        self.check(lambda n: self.client.call("Signal.Signals", pb.signal.SignalsRequest(about=["team/t"] * n)), "about")


if __name__ == "__main__":
    unittest.main()
