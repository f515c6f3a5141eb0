"""How far the building blocks of customer experience are: judged by hand, with holes, over the wire and by plumb maturity."""
import csv
import json
import os
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

from plumbrpc import INVALID, LIMIT, Daemon, RpcError, binary, pb

I, P, M = pb.item, pb.plan, pb.maturity
NS = "{http://www.w3.org/2000/svg}"
DEFAULT = ["knowing-customers", "shared-aim", "answering-for-it", "measuring", "people-enabled", "mending", "designing", "daily-habit"]


def put(name, **body):
    return P.Change(put=P.Put(item=I.Item(id=name, owners=["person/anna"], maturity=pb.governance.Maturity(**body))))


def block(name, *levels):
    return M.MaturityBlock(id=name, levels=levels)


class MaturityTest(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(memory=True, clock="=2026-04-10T20:00:00Z")
        self.addCleanup(self.daemon.close)
        self.client = self.daemon.client()
        self.addCleanup(self.client.close)

    def put(self, *changes):
        self.client.call("Plan.Apply", P.ApplyRequest(change_set=P.ChangeSet(changes=changes)))

    def ask(self, **request):
        return self.client.call("Insight.Maturity", M.MaturityRequest(**request))

    def plumb(self, *args, code=0):
        done = subprocess.run([binary("plumb"), "maturity", *args], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, PLUMB_SERVER=self.daemon.unix, COLUMNS="80", LC_ALL="C.UTF-8"))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def problems(self, reply):
        return {s.block.id: list(s.problems) for s in reply.blocks}

    def test_nothing_yet(self):
        reply = self.ask()
        self.assertEqual((reply.model, [s.block.id for s in reply.blocks], reply.top), (M.MaturityReply.DEFAULT_MODEL, DEFAULT, 5))
        self.assertEqual((reply.HasField("phase"), list(reply.unjudged), reply.today), (False, DEFAULT, "2026-04-10"))
        for s in reply.blocks:
            self.assertEqual((len(s.block.levels), all(s.block.levels), s.ref), (5, True, ""))
            self.assertEqual(list(s.problems), ["cannot be judged, because the plan has no maturity/" + s.block.id])
        self.assertIn("cannot be judged, because the plan has no", " ".join(self.plumb().split()))

    def test_phase_of_all_blocks(self):
        self.put(*[put(name, level=3 if i else 2, next_step="go on", evidence=["a letter"], due="2026-09-30") for i, name in enumerate(DEFAULT)])
        reply = self.ask()
        self.assertEqual((reply.phase, reply.next_phase, list(reply.behind), list(reply.unjudged)), (2, 3, [DEFAULT[0]], []))
        first = reply.blocks[0]
        self.assertEqual((first.level, first.next, first.looks_like, first.next_looks_like), (2, 3, first.block.levels[1], first.block.levels[2]))
        self.assertEqual((list(first.evidence), list(first.owners), first.due), (["a letter"], ["person/anna"], "2026-09-30"))
        self.put(put(DEFAULT[0], level=3, next_step="go on"))
        self.assertEqual((self.ask().phase, len(self.ask().behind)), (3, 8))
        self.put(*[put(name, level=5) for name in DEFAULT])
        reply = self.ask()
        self.assertEqual((reply.phase, reply.next_phase, list(reply.behind), reply.blocks[0].next), (5, 0, [], 0))
        self.assertIn("reached the last level, 5", self.plumb())
        self.assertEqual(self.problems(reply), {name: [] for name in DEFAULT})  # nothing comes next at the top
        self.put(put(DEFAULT[0], level=4))
        found = [f.key for r in self.client.stream("Insight.Check", pb.insight.CheckRequest(rules=["maturity/no-next-step"])) for f in r.findings]
        self.assertEqual(found, ["maturity/no-next-step:maturity/" + DEFAULT[0]])

    def test_what_cannot_be_judged_says_why(self):
        self.put(put("measuring", next_step="ask"), put("mending", level=6, next_step="x"), put("designing", level=0, next_step="begin"),
                 put("shared-aim", level=2, wanted=6, next_step="x"), put("daily-habit", level=3, wanted=3, next_step="x"),
                 put("our-own", level=1), put("answering-for-it", level=1))
        reply = self.ask()
        found = self.problems(reply)
        self.assertEqual(found["measuring"], ["cannot be judged, because nobody has stated the level of maturity/measuring"])
        self.assertEqual(found["mending"], ["cannot be judged, because maturity/mending is at a level above those that are described"])
        self.assertEqual(found["our-own"], ["cannot be judged, because nobody says what the levels of maturity/our-own look like"])
        self.assertEqual(found["shared-aim"], ["maturity/shared-aim wants a level beyond those that are described"])
        self.assertEqual(found["daily-habit"], ["maturity/daily-habit wants a level that it has already"])
        self.assertEqual(found["answering-for-it"], ["maturity/answering-for-it has no next step"])
        at = {s.block.id: s for s in reply.blocks}
        self.assertEqual((at["designing"].HasField("level"), at["designing"].level, at["designing"].next), (True, 0, 1))
        self.assertEqual((at["shared-aim"].next, at["daily-habit"].next, reply.blocks[-1].block.id), (3, 4, "our-own"))

    def test_a_model_of_the_plan(self):
        self.put(put("calls", level=1, levels=["anybody", "a rota"], next_step="a rota"), put("letters", level=2, levels=["late", "", "on the day"]))
        reply = self.ask()
        self.assertEqual((reply.model, [s.block.id for s in reply.blocks], reply.top), (M.MaturityReply.PLAN_MODEL, ["calls", "letters"], 3))
        self.assertEqual(self.problems(reply)["letters"], ["cannot be judged, because nobody says what the level of maturity/letters looks like"])

    def test_a_model_of_the_request(self):
        self.put(put("calls", level=2, next_step="x"))
        reply = self.ask(model=[block("calls", "one", "two", "three")])
        self.assertEqual((reply.model, reply.phase, reply.blocks[0].looks_like), (M.MaturityReply.REQUEST_MODEL, 2, "two"))
        for words, *model in (("says nothing of level 2: a hole", block("a", "x", "", "z")), ("describes 0 levels", block("a")),
                              ("describes 10 levels", block("a", *"abcdefghij")), ("is there twice", block("a", "x"), block("a", "y")),
                              ("is no id", block("A!", "x")), ("at most 100", *[block("b%d" % i, "x") for i in range(101)])):
            with self.subTest(words), self.assertRaises(RpcError) as caught:
                self.ask(model=model)
            self.assertEqual(caught.exception.code, INVALID)
            self.assertIn(words, str(caught.exception) + caught.exception.message + str(caught.exception.__dict__))
        self.assertEqual(len(self.ask(model=[block("b%d" % i, *"abcdefghi") for i in range(100)]).blocks), 101)

    def test_as_many_blocks_as_may_be(self):
        self.put(*[put("b%d" % i, level=1) for i in range(100)])
        self.assertEqual(len(self.ask().blocks), 108)
        self.put(put("b100", level=1))
        with self.assertRaises(RpcError) as caught:
            self.ask()
        self.assertEqual(caught.exception.code, LIMIT)

    def test_command(self):
        self.put(*[put(name, level=1 + i % 3, next_step="the next thing", due="2026-09-30") for i, name in enumerate(DEFAULT)])
        out = self.plumb()
        self.assertLessEqual(max(map(len, out.splitlines())), 80)
        for words in ("Knowing customers", "1 of 5", "step:", "Every block has reached level 1. The next phase is 2"):
            self.assertIn(words, out)
        rows = list(csv.DictReader(self.plumb("-o", "csv").splitlines()))
        self.assertEqual([(r["block"], r["level"], r["of"], r["next"]) for r in rows][:2],
                         [("knowing-customers", "1", "5", "2"), ("shared-aim", "2", "5", "3")])
        self.assertEqual(json.loads(self.plumb("-o", "json"))["phase"], 1)
        root = ElementTree.fromstring(self.plumb("--svg", "-").encode())
        filled = [r for r in root.iter(NS + "rect") if r.get("class") == "reached bar"]
        self.assertEqual(len(filled), sum(1 + i % 3 for i in range(8)))
        self.assertEqual(len([r for r in root.iter(NS + "rect") if r.get("class") == "next open"]), 8)

    def test_a_model_file(self):
        self.put(put("calls", level=1, next_step="x"))
        with tempfile.TemporaryDirectory() as folder:
            def write(text):
                path = os.path.join(folder, "model.yaml")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                return path
            good = "maturities:\n  calls:\n    title: Calls\n    levels: [Anybody, A rota]\n"
            self.assertIn("1 of 2", self.plumb("--model", write(good)))
            self.assertIn("says nothing of level 1", self.plumb("--model", write("maturities:\n  calls: {title: C, levels: ['', x]}\n"), code=3))
            self.assertIn("describes 0 levels", self.plumb("--model", write("maturities:\n  calls: {title: C}\n"), code=3))
            self.assertIn("no items of kind maturity", self.plumb("--model", write("goals:\n  g: {title: G}\n"), code=2))
            self.assertIn("model.yaml:3", self.plumb("--model", write("maturities:\n  calls:\n    nonsense: x\n"), code=2))


if __name__ == "__main__":
    unittest.main()
