"""Many clients at once over TCP and the unix socket, dropped connections, and a daemon that is stopped and started under them.

What they saw must fit one order: the checker of histories (tests/support/history.py) holds it against the log. PLUMB_SECONDS
says for how long.
"""
import os
import random
import time
import unittest

from clients import Clients, Ledger, folded, read_log, resolve, shown
from plumbrpc import Daemon, pb

SECONDS = float(os.environ.get("PLUMB_SECONDS", "20"))
SEED = int(os.environ.get("PLUMB_SEED", "5"))


class ConcurrencyTest(unittest.TestCase):
    def test_what_all_clients_saw_fits_one_order(self):
        dice, ledger, stops = random.Random(SEED), Ledger(), 0
        end = time.monotonic() + SECONDS
        with Daemon() as daemon:
            while time.monotonic() < end:
                clients = Clients(daemon, ledger, SEED + stops, writers=6, readers=4, watchers=3, again=0.5, hang_up=0.02,
                                  wholes=0.05, resume=0.7)
                time.sleep(dice.uniform(0.3, 2.5))
                daemon.process.terminate()  # the clients go on until nobody answers
                self.assertEqual(daemon.process.wait(30), 0, daemon.read_log()[-4000:])
                clients.stop.set()
                daemon._close_clients()
                clients.end()
                daemon.start()
                stops += 1
                read_log(daemon.client(), ledger)
            resolve(daemon, ledger)
            client = daemon.client()
            read_log(client, ledger)
            self.assertEqual(shown(client), folded(ledger.log))
            list(client.stream("Admin.Verify", pb.admin.VerifyRequest()))
        self.assertEqual(ledger.check()[:20], [])
        print(f"stops={stops} writes={len(ledger.writes)} acknowledged={ledger.acknowledged()} log={len(ledger.log)} "
              f"repeated={ledger.repeated} of them in the log={ledger.repeated_in_log} reads={len(ledger.reads)} "
              f"exports={len(ledger.wholes)} watched={len(ledger.seen)} resumed={ledger.resumed}")
        # The test has seen what it is for.
        self.assertGreater(ledger.acknowledged(), 100)
        self.assertGreater(ledger.repeated, 0)
        self.assertGreater(ledger.repeated_in_log, 0)
        self.assertGreater(ledger.resumed, 0)
        self.assertGreater(len(ledger.wholes), 0)
        self.assertTrue(any(write.refused for write in ledger.writes))


if __name__ == "__main__":
    unittest.main()
