"""The checker of histories is itself checked: it passes a right history and catches every planted fault."""
import copy
import unittest

from history import Logged, Read, Seen, Whole, Write, check


def right():
    """Three writes, two readers, one watch: as it should be."""
    log = {1: Logged("a", {"task/x": "1"}, ("task/x",)), 2: Logged("b", {"task/x": "2"}, ("task/x",)),
           3: Logged("c", {"task/y": "3"}, ("task/y",))}
    writes = [Write("a", 0.0, 1.0, 1), Write("b", 1.5, 2.5, 2, ref="task/x", expected=1), Write("c", 2.0, 4.0, 3),
              Write("lost", 3.0), Write("no", 3.0, 3.5, refused=True, ref="task/x", expected=1)]
    reads = [Read(1, "task/x", 1.1, 1.2, 1, 1, "1"), Read(1, "task/x", 2.6, 2.7, 2, 2, "2"),
             Read(2, "task/y", 1.1, 1.2, 1, 0, None)]
    seen = [Seen(1, 1, "a", ("task/x",)), Seen(1, 1, heartbeat=True), Seen(1, 2, "b", ("task/x",)),
            Seen(1, 3, "c", ("task/y",)), Seen(1, 3, heartbeat=True)]
    return log, writes, reads, seen


class CheckerTest(unittest.TestCase):
    def found(self, change):
        history = copy.deepcopy(right())
        change(*history)
        wrong = check(*history, watch_starts={1: 1})
        self.assertTrue(wrong, "the planted fault was not caught")
        return " ".join(wrong)

    def test_a_right_history_passes(self):
        self.assertEqual(check(*right(), watch_starts={1: 1}), [])

    def test_a_lost_acknowledged_write(self):
        self.assertIn("acknowledged", self.found(lambda log, *_: log[2].__setattr__("key", "other")))

    def test_a_hole_in_the_revisions(self):
        self.assertIn("dense", self.found(lambda log, *_: log.pop(2)))

    def test_a_write_twice_in_the_log(self):
        self.assertIn("2 times", self.found(lambda log, *_: log.__setitem__(4, Logged("a", {}))))

    def test_a_refused_write_in_the_log(self):
        self.assertIn("refused", self.found(lambda log, *_: log.__setitem__(4, Logged("no", {}))))

    def test_one_revision_for_two(self):
        self.assertIn("two change sets", self.found(lambda log, writes, *_: writes.append(Write("z", 5, 6, 1))))

    def test_real_time_order_broken(self):
        def swap(log, writes, *_):
            writes[0].began, writes[0].ended = 3.0, 3.5
        self.assertIn("began after", self.found(swap))

    def test_a_stale_read(self):
        self.assertIn("behind", self.found(lambda log, writes, reads, seen: reads[1].__setattr__("revision", 1)))

    def test_a_read_of_something_that_never_was(self):
        self.assertIn("not in the log", self.found(lambda l, w, reads, s: reads[0].__setattr__("entry_revision", 3)))

    def test_exports(self):
        log, writes, reads, seen = right()
        now = {"task/x": "2", "task/y": "3"}
        self.assertEqual(check(log, writes, reads, seen, {1: 1}, [Whole(1, 4.1, 4.2, 3, now), Whole(2, 1.1, 9, 1,
                                                                                                 {"task/x": "1"})]), [])
        for fault, whole in (("behind", Whole(1, 4.1, 4.2, 2, {"task/x": "2"})),
                             ("not in the log", Whole(1, 4.1, 4.2, 4, now)),
                             ("not what the log makes of it: ['task/y']", Whole(1, 4.1, 4.2, 3, {"task/x": "2"})),
                             ("session 1 went back", Whole(1, 4.1, 4.2, 1, {"task/x": "1"}))):
            self.assertIn(fault, " ".join(check(log, writes, reads, seen, {1: 1}, [whole])))

    def test_a_read_of_another_text(self):
        self.assertIn("saw", self.found(lambda l, w, reads, s: reads[0].__setattr__("text", "9")))

    def test_a_session_that_goes_back(self):
        self.assertIn("went back", self.found(
            lambda l, w, reads, s: reads.append(Read(1, "task/x", 2.8, 2.9, 1, 1, "1"))))

    def test_a_compare_that_did_not_hold(self):
        self.assertIn("expected", self.found(lambda l, writes, *_: writes[1].__setattr__("expected", 3)))

    def test_a_watch_out_of_order(self):
        self.assertIn("after", self.found(lambda l, w, r, seen: seen.append(seen.pop(2))))

    def test_a_watch_that_repeats(self):
        self.assertIn("twice", self.found(lambda l, w, r, seen: seen.insert(1, seen[0])))

    def test_a_watch_with_a_gap(self):
        self.assertIn("missing", self.found(lambda l, w, r, seen: seen.pop(2)))

    def test_a_watch_that_splits_a_change_set(self):
        self.assertIn("in part", self.found(lambda l, w, r, seen: seen[0].__setattr__("parts", ())))

    def test_a_bookmark_too_early(self):
        self.assertIn("bookmark", self.found(lambda l, w, r, seen: seen[1].__setattr__("revision", 2)))


if __name__ == "__main__":
    unittest.main()
