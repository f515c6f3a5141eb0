"""The alignment score a second time, written from docs/RULES.md, "Score", for clarity and with exact fractions.

    from score_twin import score
    families = score(envelopes, "2026-03-31")     # what Export answers, records too
    families["owner"].units, .earned, .points     # points: a Fraction, rounded down to millionths

Shares nothing with the daemon but the published text.
"""
import collections
import datetime
import fractions

from plumbrpc import pb

Family = collections.namedtuple("Family", "weight units earned points")

WEIGHTS = {"sight": 16, "priority": 8, "outcome": 16, "scope": 8, "owner": 12, "load": 8, "ask": 4, "mirror": 4, "customer": 8,
           "clarity": 4, "rhythm": 8, "horizon": 4}
MILLION = 10 ** 6


def total(families):
    return sum(family.points for family in families.values())


def score(envelopes, today):
    return _Plan(envelopes, today).score()


def _name(text, bare):
    return text if "/" in text else "%s/%s" % (bare, text)


class _Plan:
    def __init__(self, envelopes, today):
        self.today = datetime.date.fromisoformat(today)
        self.items, self.records, self.rank = {}, {}, {}
        for envelope in envelopes:
            if envelope.HasField("item"):
                self.items[envelope.ref] = envelope.item
                self.rank[envelope.ref] = envelope.rank
            elif envelope.HasField("record") and not envelope.record.retracted:
                self.records[envelope.ref] = envelope.record
        self.goals = self.of("goal")
        self.objectives = [o for o in self.of("objective") if self.body(o).status == pb.item.Objective.OPEN]
        self.open_work = [i for i in self.of("initiative") if self.body(i).status not in (pb.item.DONE, pb.item.STOPPED)]
        self.running = [i for i in self.open_work if self.body(i).status in (pb.item.APPROVED, pb.item.ACTIVE)]
        self.active = [i for i in self.running if self.body(i).status == pb.item.ACTIVE]
        self.reaching = {u for u in self.of("objective") + self.of("initiative") if self.reaches(u, set())}
        self.served_objectives = {o for o in self.of("objective") if self.is_served(o, set())}
        self.served_goals = {g for g in self.goals if self.is_served_goal(g)}

    # ---- names

    def of(self, kind):
        return [name for name in self.items if name.startswith(kind + "/")]

    def body(self, name):
        item = self.items[name]
        return getattr(item, item.WhichOneof("body"))

    def contributes_to(self, name):
        return [_name(link.to, "") for link in self.items[name].links if link.type == pb.item.Link.CONTRIBUTES]

    # ---- what reaches a goal, what is served

    def is_dropped(self, objective):
        return self.body(objective).status == pb.item.Objective.DROPPED

    def up_from_objective(self, o):
        """(goals, objectives) that it is a step towards."""
        body, links = self.body(o), self.contributes_to(o)
        goals = [_name(g, "goal") for g in [body.goal] + list(body.further_goals) if g]
        objectives = [_name(body.parent, "objective")] if body.parent else []
        return (goals + [l for l in links if l.startswith("goal/")],
                objectives + [l for l in links if l.startswith("objective/")])

    def up_from_work(self, w):
        body, links = self.body(w), self.contributes_to(w)
        objectives = [_name(body.objective, "objective")] if body.objective else []
        if w.startswith("initiative/"):
            objectives += [_name(c.to, "objective") for c in body.contributions]
        return ([l for l in links if l.startswith("goal/")],
                objectives + [l for l in links if l.startswith("objective/")])

    def reaches(self, name, seen):
        if name in seen or name not in self.items:
            return False
        seen.add(name)
        if name.startswith("objective/"):
            if self.is_dropped(name):
                return False
            goals, objectives = self.up_from_objective(name)
        else:
            goals, objectives = self.up_from_work(name)
        return any(g in self.items for g in goals) or any(self.reaches(o, seen) for o in objectives)

    def goes_on(self, work):
        """Approved, active or done, and not a part of stopped work."""
        if self.body(work).status not in (pb.item.APPROVED, pb.item.ACTIVE, pb.item.DONE):
            return False
        seen = set()
        while work in self.items and work not in seen:
            seen.add(work)
            if self.body(work).status == pb.item.STOPPED:
                return False
            if not work.startswith("workstream/"):
                break
            work = _name(self.body(work).initiative, "initiative")
        return True

    def is_served(self, objective, seen):
        if objective in seen or self.is_dropped(objective):
            return False
        seen.add(objective)
        for work in self.of("initiative") + self.of("workstream"):
            if objective in self.up_from_work(work)[1] and self.goes_on(work):
                return True
        return any(objective in self.up_from_objective(o)[1] and self.is_served(o, seen) for o in self.of("objective"))

    def is_served_goal(self, goal):
        if any(goal in self.up_from_objective(o)[0] for o in self.objectives):
            return True
        below = [g for g in self.goals if self.body(g).parent and _name(self.body(g).parent, "goal") == goal]
        return any(self.is_served_goal(g) for g in below)

    # ---- families

    def sight(self, unit):
        if unit in self.goals:
            return 12 * (unit in self.served_goals)
        if unit.startswith("objective/"):
            return 12 * (unit in self.reaching and unit in self.served_objectives)
        return 12 * (unit in self.reaching)

    def priority(self, unit):
        others = [i for i in self.open_work if i != unit and self.rank[i] == self.rank[unit]]
        return 12 * (self.rank[unit] > 0 and not others)

    def recorded(self, measure, role):
        return [r for r in self.records.values() if r.HasField("measurement") and r.measurement.role == role and
                _name(r.about, "measure") == measure]

    def measures(self, objective):
        """(measure, target or None)"""
        found = [(_name(t.measure, "measure"), t) for t in self.body(objective).targets if t.measure]
        inline = [(m, None) for m in self.of("measure") if self.body(m).inline_under and
                  _name(self.body(m).inline_under, "objective") == objective and m not in dict(found)]
        return [(m, t) for m, t in found + inline if m in self.items]

    def period_of(self, name):
        return [self.body(p) for p in (_name(q, "period") for q in self.body(name).periods) if p in self.items]

    def outcome(self, unit):
        return max([self.aim(unit, m, t) for m, t in self.measures(unit)], default=0)

    def aim(self, objective, name, target):
        measure, kinds = self.body(name), pb.item.Measurement
        has = lambda field: target is not None and target.HasField(field)  # noqa: E731
        if measure.direction == pb.item.Measure.HOLD:
            baseline = number = measure.HasField("low") and measure.HasField("high")
        else:
            baseline = measure.direction != 0 and bool(has("baseline") or self.recorded(name, kinds.BASELINE_VALUE))
            number = bool(has("target") or has("commit") or self.recorded(name, kinds.TARGET_VALUE))
        due = bool((target is not None and target.due) or [p for p in self.period_of(objective) if p.last_day] or
                   self.recorded(name, kinds.TARGET_VALUE))
        ages = [(self.today - datetime.date.fromisoformat(r.at[:10])).days for r in self.recorded(name, kinds.ACTUAL)]
        fresh = any(0 <= age <= max(92, measure.every_days) + 7 for age in ages)
        return 3 * (baseline + number + due + fresh)

    def has_time(self, unit):
        body = self.body(unit)
        return bool((body.start and body.finish) or [p for p in self.period_of(unit) if p.first_day and p.last_day])

    def scope(self, unit):
        scope = self.body(unit).scope
        return 4 * (len(getattr(scope, "in")) > 0) + 4 * (len(scope.out) > 0) + 4 * self.has_time(unit)

    def owners(self, unit):
        names = {_name(o, "person") for o in self.items[unit].owners}
        return {n for n in names if n.startswith("person/") and n in self.items}

    def owner(self, unit):
        return 12 * bool(self.owners(unit))

    def members(self, unit):
        return {_name(m, "person") for m in self.body(unit).members}

    def at_once(self, person, unit):
        mine = {unit}
        for i in self.active:
            owners = self.owners(i)
            if not owners or owners == {person} or person in self.members(i):
                mine.add(i)
        return len(mine)

    def load(self, unit):
        owners, body = self.owners(unit), self.body(unit)
        effort = body.estimate.HasField("likely") or any(n.HasField("effort") for n in body.needs)
        return 12 * bool(owners and effort and self.has_time(unit) and
                         any(self.at_once(p, unit) <= 3 for p in owners) and
                         all(self.at_once(p, unit) <= 3 for p in self.members(unit)))

    def is_about(self, ask, unit):
        at = _name(self.body(ask).initiative, "initiative") if self.body(ask).initiative else None
        seen = set()
        while at is not None and at != unit and at in self.items and at.startswith("workstream/") and at not in seen:
            seen.add(at)
            at = _name(self.body(at).initiative, "initiative") if self.body(at).initiative else None
        return at == unit

    def ask(self, unit):
        for name in self.of("ask"):
            ask, states = self.body(name), pb.item.Ask
            if not self.is_about(name, unit) or ask.state in (states.MET, states.WITHDRAWN):
                continue
            if ask.state != states.COMMITTED or not ask.promised_for or not ask.needed_by:
                return 0
            if not self.today.isoformat() <= ask.promised_for <= ask.needed_by:
                return 0
        return 12

    def rhythm(self, unit):
        ages = [(self.today - datetime.date.fromisoformat(r.at[:10])).days for r in self.records.values()
                if r.HasField("check_in") and r.about == unit]
        return 12 * any(0 <= age <= 14 for age in ages)

    def serves_a_goal(self, strategy):
        named = [_name(g, "goal") for g in self.body(strategy).goals] + self.contributes_to(strategy)
        return any(g.startswith("goal/") and g in self.items for g in named)

    def acts(self):
        """Policies, kept commitments and accepted decisions."""
        return self.of("policy") + [c for c in self.of("commitment") if self.body(c).state == pb.governance.Commitment.KEPT] + [
            d for d in self.of("decision") if self.body(d).status == pb.governance.Decision.ACCEPTED]

    def linked(self, name):
        kinds = (pb.item.Link.CONTRIBUTES, pb.item.Link.SUPPORTS, pb.item.Link.RELATES)
        return {link.to for link in self.items[name].links if link.type in kinds}

    def mirror(self, unit):
        for act in self.acts():
            honours = {_name(h, "commitment") for h in self.body(act).honours} if act.startswith("decision/") else set()
            if unit in honours | self.linked(act) or act in self.linked(unit):
                return 12
        return 0

    def with_parents(self, objective):
        seen = []
        while objective in self.items and objective not in seen:
            seen.append(objective)
            objective = _name(self.body(objective).parent, "objective") if self.body(objective).parent else ""
        return seen

    def customer(self, unit):
        line = [self.body(o) for o in self.with_parents(unit)]
        named = [_name(e, "expectation") for body in line for e in body.expectations]
        each = [self.expected(e) for e in named if e.startswith("expectation/") and e in self.items]
        if not each and not any(body.expectation for body in line):
            return 0
        return 4 + max(each, default=0)

    def expected(self, name):
        body = self.body(name)
        step = _name(body.step, "step") if body.step else ""
        team = _name(self.body(step).met_by, "team") if step in self.items and self.body(step).met_by else ""
        return 4 * (body.HasField("importance") and body.HasField("met")) + 4 * (team in self.items)

    def clarity(self, unit):
        for record in self.records.values():
            if not record.HasField("acceptance") or record.acceptance.answer != pb.governance.Acceptance.ACCEPTED:
                continue
            age = (self.today - datetime.date.fromisoformat(record.at[:10])).days
            if record.about.startswith("baseline/") and 0 <= age <= 99 and _name(record.by, "person") in self.owners(unit):
                return 12
        return 0

    def horizon(self, unit):
        body = self.body(unit)
        answers = {_name(a, "assessment") for area in body.change_areas for a in area.answers}
        return (4 * any(area.end_state and area.timeframe for area in body.change_areas) + 4 * any(a in self.items for a in answers) +
                4 * bool(body.first_day and body.last_day and self.is_a_year(body.first_day, body.last_day)))

    @staticmethod
    def is_a_year(first, last):
        """Twelve whole months: up to the day before the same day of the next year."""
        behind = datetime.date.fromisoformat(last) + datetime.timedelta(days=1)
        first = datetime.date.fromisoformat(first)
        return (behind.year, behind.month, behind.day) >= (first.year + 1, first.month, first.day)

    # ---- the sum

    def earned(self, family, unit):
        if family == "sight":
            return self.sight(unit)
        if unit.startswith("strategy/"):
            return self.horizon(unit) if self.serves_a_goal(unit) else 0
        if unit.startswith("value/"):
            return self.mirror(unit)
        if unit not in (self.served_goals if unit in self.goals else self.reaching):
            return 0
        return getattr(self, family)(unit)

    def score(self):
        units = {"sight": self.goals + self.objectives + self.running, "outcome": self.objectives, "rhythm": self.active}
        units["owner"] = units["sight"]
        units.update(mirror=self.of("value"), customer=self.objectives, clarity=self.objectives + self.running, horizon=self.of("strategy"))
        families = {}
        for family, weight in WEIGHTS.items():
            judged = units.get(family, self.running)
            earned = sum(self.earned(family, unit) for unit in judged)
            millionths = weight * MILLION * earned // (12 * len(judged)) if judged else 0
            families[family] = Family(weight, len(judged), earned, fractions.Fraction(millionths, MILLION))
        return families
