"""SIGKILL at random moments under load, again and again, against a ledger that is kept outside of the daemon.

The load and what is noted of it: tests/support/clients.py. After each kill the daemon is started again and the log is read to
its end: every acknowledged change is there exactly once, the others once or not at all, nothing is half there, and nothing that a
reader or watcher saw is gone. All of it goes through the history checker. PLUMB_KILLS sets how many.
"""
import os
import random
import time
import unittest

from clients import Clients, Ledger, folded, read_log, shown
from plumbrpc import Daemon, pb

KILLS = int(os.environ.get("PLUMB_KILLS", "200"))
SEED = int(os.environ.get("PLUMB_SEED", "11"))


class KillTest(unittest.TestCase):
    def test_nothing_acknowledged_is_lost_and_nothing_is_half_there(self):
        dice, ledger = random.Random(SEED), Ledger()
        with Daemon() as daemon:
            for kill in range(KILLS):
                clients = Clients(daemon, ledger, SEED + kill, again=0.1, wholes=0.05, resume=0.5)
                time.sleep(dice.uniform(0.02, 0.25))
                daemon.process.kill()
                daemon.process.wait()
                clients.stop.set()
                daemon._close_clients()
                clients.end()
                daemon.start()
                client = daemon.client()
                read_log(client, ledger)
                if kill % 10 == 9:
                    self.whole(client, ledger.log)
            list(client.stream("Admin.Verify", pb.admin.VerifyRequest()))
        wrong = ledger.check()
        self.assertEqual(wrong[:20], [])
        print(f"kills={KILLS} writes={len(ledger.writes)} acknowledged={ledger.acknowledged()} log={len(ledger.log)} "
              f"repeated={ledger.repeated} of them in the log={ledger.repeated_in_log} reads={len(ledger.reads)} "
              f"exports={len(ledger.wholes)} watched={len(ledger.seen)} resumed={ledger.resumed}")
        self.assertGreater(ledger.acknowledged(), KILLS)
        self.assertGreater(len(ledger.reads), KILLS)

    def whole(self, client, log):
        """The plan is what the log says, and pairs are equal."""
        texts = shown(client)
        self.assertEqual(texts, folded(log))
        for ref, text in texts.items():
            if ref.startswith("task/a-"):
                self.assertEqual(texts["task/b-" + ref[7:]], text)


if __name__ == "__main__":
    unittest.main()
