"""Asks between teams on the command line: asking, answering, what a no does, and what makes no sense."""
import concurrent.futures
import os
import subprocess
import tempfile
import unittest

from plumbrpc import Daemon, binary, pb

TODAY = "2026-03-31"
PLAN = """
people:
  anna: {title: Anna, team: cs}
  grace: {title: Grace, team: data}
  otto: {title: Otto, team: ops}
teams:
  cs: {title: Customer success, lead: anna}
  data: {title: Data, lead: grace}
  ops: {title: Operations, lead: otto}
initiatives:
  import: {title: Import in a day, owners: [anna], status: active}
  portal: {title: Portal, owners: [anna], status: approved, after: [import], finish: 2026-09-30}
  report: {title: Report, owners: [anna], after: [portal]}
  other: {title: Something else, owners: [otto]}
ranking: [portal, import]
"""


class AskTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, clock=TODAY + "T09:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client(unix=True)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "plan.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(PLAN)
            cls.plumb("apply", "-f", path, "--yes")

    @classmethod
    def run_plumb(cls, *args):
        env = {k: v for k, v in os.environ.items() if not k.startswith("PLUMB_")}
        env["COLUMNS"] = "100"
        return subprocess.run([binary("plumb"), "--server", cls.daemon.unix] + list(args), env=env, timeout=60,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)

    @classmethod
    def plumb(cls, *args, code=0):
        """(standard output, standard error); lines are joined, since both are wrapped."""
        done = cls.run_plumb(*args)
        if done.returncode != code:
            raise AssertionError("%s: exit %d\n%s%s" % (args, done.returncode, done.stdout, done.stderr))
        return " ".join(done.stdout.split()), " ".join(done.stderr.split())

    def new(self, ask_id, *more):
        return self.plumb("ask", "new", ask_id, "--from", "cs", "--to", "data", "--for", "import", "--what",
                          "two people for a month", "--by", "2026-04-30", "--effort", "20", "--as", "anna", *more)

    def ask(self, ask_id):
        return self.client.call("Plan.Get", pb.plan.GetRequest(ref="ask/" + ask_id)).entry.item.ask

    def findings(self, rule, about):
        found = []
        for reply in self.client.stream("Insight.Check", pb.insight.CheckRequest(rules=[rule], about=["ask/" + about])):
            found += reply.findings
        return found

    def test_a_yes_is_kept(self):
        out, _ = self.new("yes")
        self.assertIn("team/cs asks team/data: ask/yes", out)
        self.assertIn("plumb ask commit yes --promised DATE", out)
        ask = self.ask("yes")
        self.assertEqual((ask.to, ask.initiative, ask.needed_by, ask.effort, ask.state),
                         ("data", "import", "2026-04-30", 2000, pb.item.Ask.ASKED))
        _, err = self.plumb("ask", "commit", "yes", "--promised", "2026-04-24", "--answer", "Tuesdays", "--as", "grace")
        self.assertEqual(err, "")
        ask = self.ask("yes")
        self.assertEqual((ask.state, ask.answer, ask.answered_by, ask.answered, ask.promised_for),
                         (pb.item.Ask.COMMITTED, "Tuesdays", "grace", TODAY, "2026-04-24"))
        self.plumb("ask", "met", "yes", "--as", "grace")
        self.assertEqual(self.ask("yes").state, pb.item.Ask.MET)
        self.assertEqual(self.ask("yes").answered, TODAY)

    def test_a_no_shows_what_waits(self):
        self.new("no")
        out, _ = self.plumb("ask", "decline", "no", "--answer", "not before July", "--as", "grace")
        self.assertIn("team/data declined ask/no", out)
        waits = out[out.index("What waits"):]
        # by rank: portal 1, import 2, report unranked; not what waits for nothing
        self.assertLess(waits.index("initiative/portal"), waits.index("initiative/import"))
        self.assertLess(waits.index("initiative/import"), waits.index("initiative/report"))
        self.assertIn("2026-09-30", waits)
        self.assertNotIn("initiative/other", waits)
        finding = self.findings("ask/declined", "no")[0]
        self.assertEqual(list(finding.subjects), ["ask/no", "initiative/import"])
        self.assertIn("initiative/portal (rank 1)", finding.message)
        self.assertEqual(list(finding.who), ["person/anna"])

    def test_a_counter_offer_can_be_taken_back_or_committed_to(self):
        self.new("counter")
        out, _ = self.plumb("ask", "counter", "counter", "--answer", "one person, from May", "--as", "grace")
        self.assertIn("initiative/portal", out)
        self.plumb("ask", "commit", "counter", "--as", "grace")
        self.plumb("ask", "withdraw", "counter", "--reason", "settled otherwise", "--as", "anna")
        out, _ = self.plumb("history", "ask/counter")
        self.assertIn("settled otherwise", out)

    def test_what_makes_no_sense_says_what_to_type(self):
        self.new("sense")
        _, err = self.plumb("ask", "met", "sense", "--as", "grace", code=2)
        self.assertIn("ask/sense is asked: it cannot be 'met' now", err)
        self.assertIn("plumb ask commit, decline, counter, withdraw ask/sense", err)
        self.plumb("ask", "decline", "sense", "--as", "grace")
        _, err = self.plumb("ask", "met", "sense", "--as", "grace", code=2)
        self.assertIn("is declined", err)
        self.plumb("ask", "withdraw", "sense", "--as", "anna")
        _, err = self.plumb("ask", "commit", "sense", "--as", "grace", code=2)
        self.assertIn("plumb ask new", err)

    def test_an_ask_to_ones_own_team_is_refused(self):
        _, err = self.plumb("ask", "new", "--from", "cs", "--to", "team/cs", "--for", "import", "--what", "x", code=2)
        self.assertIn("team/cs cannot ask itself", err)

    def test_somebody_elses_ask_can_be_answered_with_a_warning(self):
        self.new("elses")
        _, err = self.plumb("ask", "commit", "elses", "--as", "otto")
        self.assertIn("person/otto is not in team/data", err)
        self.assertEqual(self.ask("elses").answered_by, "otto")

    def test_typing_mistakes_are_told(self):
        _, err = self.plumb("ask", "new", "--from", "cs", "--to", "dat", "--for", "import", "--what", "x", code=3)
        self.assertIn("did you mean team/data", err)
        _, err = self.plumb("ask", "new", "--from", "cs", "--to", "data", "--what", "x", code=2)
        self.assertIn("--for is missing", err)
        _, err = self.plumb("ask", "new", "--from", "cs", "--to", "data", "--for", "import", "--what", "x",
                            "--by", "April", code=2)
        self.assertIn("--by takes a date", err)

    def test_races_lose_nothing(self):
        """Six answer at once: who loses is told, and nobody's answer is overwritten unseen."""
        self.new("race")
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            done = list(pool.map(lambda i: self.run_plumb("ask", "commit", "race", "--answer", "number %d" % i,
                                                          "--as", "grace"), range(6)))
        won = [d for d in done if d.returncode == 0]
        for lost in (d for d in done if d.returncode != 0):
            self.assertEqual(lost.returncode, 1)
            self.assertIn("ask/race was changed a moment ago", " ".join(lost.stderr.split()))
        self.assertGreaterEqual(len(won), 1)
        history = self.client.call("Plan.History", pb.plan.HistoryRequest(ref="ask/race")).entries
        self.assertEqual(len(history), 1 + len(won))

    def test_a_name_that_is_taken_is_told(self):
        self.new("taken")
        _, err = self.plumb("ask", "new", "taken", "--from", "cs", "--to", "data", "--for", "import", "--what", "x",
                            code=1)
        self.assertIn("there is an ask/taken already", err)

    def test_the_list(self):
        self.new("listed")
        self.plumb("ask", "new", "ours", "--from", "data", "--to", "ops", "--for", "other", "--what", "a server")
        self.plumb("ask", "withdraw", "ours")
        rows = self.run_plumb("ask", "list", "--from", "data", "-o", "csv").stdout.splitlines()
        self.assertEqual(len(rows), 2)
        self.assertIn("ask/ours,withdrawn,data,ops", rows[1])
        self.assertEqual(self.run_plumb("ask", "list", "--from", "data", "--open", "-o", "name").stdout, "")
        self.assertIn("ask/listed\n", self.run_plumb("ask", "list", "--to", "team/data", "--open", "-o", "name").stdout)
        self.assertIn("two people", self.run_plumb("ask", "list", "--open").stdout)


if __name__ == "__main__":
    unittest.main()
