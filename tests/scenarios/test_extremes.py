"""Plans with numbers as large as they can be, or none at all: one piece of work doesn't take the answers from everybody else."""
import unittest

from plumbrpc import Daemon, pb

I, P, S, F = pb.item, pb.plan, pb.insight, pb.forecast
MOST = 100_000_000  # hundredths of a person-day: a million person-days


def put(name, kind, body):
    return P.Change(put=P.Put(item=I.Item(id=name, title=name, **{kind: body})))


def initiative(name, *needs, **fields):
    return put(name, "initiative", I.Initiative(status=I.ACTIVE, needs=needs, **fields))


TEAM = [put("q2", "period", I.Period(first_day="2026-04-01", last_day="2026-06-30")), put("t", "team", I.Team()),
        put("anna", "person", I.Person(team="t")), put("ben", "person", I.Person(team="t"))]


class Extremes(unittest.TestCase):
    def start(self, *changes):
        daemon = Daemon(memory=True, clock="=2026-04-15T09:00:00Z")
        self.addCleanup(daemon.close)
        self.client = daemon.client()
        self.addCleanup(self.client.close)
        self.apply(*TEAM, *changes)

    def apply(self, *changes):
        self.client.call("Plan.Apply", P.ApplyRequest(change_set=P.ChangeSet(changes=changes)))

    def ask(self, method, request):
        found = list(self.client.stream("Insight." + method, request))
        return {one.ref: one for reply in found for one in getattr(reply, "initiatives", [])}, found[-1]

    def ask_all(self, name):
        """All that lay schedules, one after another."""
        schedule, _ = self.ask("Schedule", S.ScheduleRequest(work=True, why=True))
        forecast, end = self.ask("Forecast", F.ForecastRequest(draws=100, work=True))
        self.ask("Moves", pb.moves.MovesRequest(ref=name))
        self.ask("Load", S.LoadRequest(by_week=True, schedule=True))
        return schedule, forecast, end

    def test_more_than_a_need_can_ask_in_several_needs(self):
        """20 needs of one team are one for the schedule, as long as that is not more than a need may be."""
        self.start(initiative("a", *[I.Need(who="team/t", effort=MOST)] * 20), initiative("b", I.Need(who="person/anna", effort=100)))
        self.apply(P.Change(place=P.Place(item="b", first=True)), P.Change(place=P.Place(item="a", last=True)))
        schedule, forecast, _ = self.ask_all("initiative/a")
        self.assertEqual(schedule["initiative/b"].finish, "2026-04-15")
        a = schedule["initiative/a"]
        # 55 working days of two people, less Anna's first.
        self.assertEqual((a.finish, a.work[0].effort, a.left), ("", 20 * MOST, 20 * MOST - 109 * 100))
        self.assertEqual(forecast["initiative/a"].reschedule.by_until, 0)

    def test_allocations_and_remains(self):
        """As many allocations, and a check-in by which more remains than anybody may plan."""
        self.start(initiative("a"), initiative("b", I.Need(who="person/anna", effort=100)), put("w", "task", I.Task(initiative="a", effort=10, members=["ben"])),
                   *[put(f"x{n}", "allocation", I.Allocation(who="anna", initiative="a", effort=MOST)) for n in range(20)])
        self.ask_all("initiative/a")
        self.client.call("Plan.Apply", P.ApplyRequest(change_set=P.ChangeSet(changes=[P.Change(add=P.Add(record=I.Record(
            id="c", about="initiative/b", by="anna", at="2026-04-14T09:00:00Z", check_in=I.CheckIn(status=I.CheckIn.ON_TRACK, remaining=MOST))))])))
        self.ask_all("initiative/b")

    def test_capacities(self):
        """A million person-days on one day, twice that if it is doubled."""
        self.start(put("d", "period", I.Period(first_day="2026-04-15", last_day="2026-04-15")),
                   put("t", "team", I.Team(capacities=[I.TeamCapacity(period="d", effort=MOST), I.TeamCapacity(period="q2", effort=MOST)])),
                   put("u", "team", I.Team(capacities=[I.TeamCapacity(period="d", effort=MOST)])),
                   initiative("a", I.Need(who="team/t", effort=MOST), I.Need(who="team/u", effort=MOST)),
                   initiative("b", I.Need(who="team/t", effort=MOST), I.Need(who="team/u", effort=MOST)))
        self.apply(P.Change(place=P.Place(item="a", last=True)), P.Change(place=P.Place(item="b", last=True)))
        self.ask_all("initiative/b")

    def test_an_estimate_a_million_times_too_wide(self):
        """It is named and not used, as those that are not in order; a million times is used."""
        self.start(put("a", "initiative", I.Initiative(status=I.ACTIVE)))
        self.apply(put("wide", "task", I.Task(initiative="a", effort=100, members=["anna"], estimate=I.Estimate(likely=1, pessimistic=1_000_001))),
                   put("widest", "task", I.Task(initiative="a", effort=100, members=["anna"], estimate=I.Estimate(likely=1, pessimistic=1_000_000))))
        for shape in (F.ForecastRequest.PERT, F.ForecastRequest.TRIANGULAR, F.ForecastRequest.LOGNORMAL):
            found, end = self.ask("Forecast", F.ForecastRequest(draws=100, work=True, shape=shape))
            self.assertEqual([(p.ref, "a million times" in p.what) for p in end.problems], [("task/wide", True)])
            self.assertEqual([(w.ref, w.high) for w in found["initiative/a"].work], [("task/wide", 1.5), ("task/widest", 1e6)])


if __name__ == "__main__":
    unittest.main()
