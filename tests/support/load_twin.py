"""Demand and capacity worked out by brute force: day by day, in fractions, for reading. The twin of server/insight/load.

It takes decoded plumb.v1.Item messages and knows docs/LOAD.md; it shares nothing with the program. Spans must be short:
every day of them is looked at.
"""
import datetime
from fractions import Fraction

PROPOSED, APPROVED, ACTIVE, PAUSED, DONE, STOPPED = range(1, 7)
WORK = ("initiative", "workstream", "milestone", "task")
DAY = datetime.timedelta(days=1)


def date(text):
    return datetime.date.fromisoformat(text) if text else None


def days(first, last):
    return [first + n * DAY for n in range((last - first).days + 1)]


def full(ref, bare):
    return ref if "/" in ref else f"{bare}/{ref}"


def floor(fraction):
    return fraction.numerator // fraction.denominator


def nearest(fraction):
    """The nearest whole number, half up."""
    return floor(fraction + Fraction(1, 2))


class Claim:
    """What one entry asks of a row for a piece of work."""

    def __init__(self, row, source, how, start, finish, effort=None, share=None, skill=None):
        self.row, self.source, self.how, self.start, self.finish = row, source, how, start, finish
        self.effort, self.share, self.skill = effort, share, skill

    @property
    def has_time(self):
        return self.start is not None and self.finish is not None


class Twin:
    def __init__(self, items, ranks, today, weeks=None):
        """items: {"kind/id": Item}; ranks: {"initiative/x": rank}; today: a date; weeks: two dates, for weeks instead of periods."""
        self.items, self.ranks, self.today, self.weeks = items, ranks, today, weeks
        self.parts = {}  # work -> its parts and allocations
        for ref in items:
            up = self.up_ref(ref)
            if up is not None:
                self.parts.setdefault(up, []).append(ref)
        self.columns = self.find_weeks() if weeks else self.find_columns()
        self.rows = sorted(r for r in items if r.startswith("team/")) + sorted(r for r in items if r.startswith("person/"))
        self.skills = self.find_skills()  # small letters -> as it is written
        self.bookings = {}  # (row, column) -> {(work, source, how, for members): effort}
        self.unplaced = {}  # (work, source, why) -> effort
        for work in self.of_kinds(WORK):
            if self.above(work) is None and self.runs(work):
                self.ask(work)
        self.find_workless()

    # ---- the plan

    def of_kinds(self, kinds):
        return [ref for ref in sorted(self.items) if ref.split("/")[0] in kinds]

    def body(self, ref):
        item = self.items[ref]
        return getattr(item, item.WhichOneof("body"))

    def up_ref(self, ref):
        kind, body = ref.split("/")[0], self.body(ref)
        if kind in ("workstream", "milestone", "task", "allocation") and body.initiative:
            return full(body.initiative, "initiative")
        return None

    def above(self, work):
        """The piece of work that it is a part of, where that is there."""
        up = self.up_ref(work)
        return up if up in self.items and up.split("/")[0] in WORK else None

    def chain(self, work):
        while work is not None:
            yield work
            work = self.above(work)

    def own_finished(self, work):
        kind, body = work.split("/")[0], self.body(work)
        if kind in ("task", "milestone"):
            return bool(body.done) and date(body.done) <= self.today
        return body.status == DONE

    def given_up(self, work):
        return any(w.split("/")[0] in ("initiative", "workstream") and self.body(w).status == STOPPED for w in self.chain(work))

    def under_way(self, work):
        return work.split("/")[0] in ("task", "milestone") or self.body(work).status in (APPROVED, ACTIVE)

    def runs(self, work):
        return all(self.under_way(w) and not self.own_finished(w) for w in self.chain(work))

    def counts(self, work):
        """It runs or is finished: what it states is not to be asked for again by what it is a part of."""
        up = self.above(work)
        if self.given_up(work):
            return False
        return self.runs(work) or self.own_finished(work) or (up is not None and not self.runs(up) and self.counts(up))

    def rank(self, work):
        for w in self.chain(work):
            if w in self.ranks:
                return self.ranks[w]
        return 0

    # ---- time

    def period_days(self, refs):
        periods = [self.body(full(r, "period")) for r in refs if full(r, "period") in self.items]
        firsts = [date(p.first_day) for p in periods if p.first_day]
        lasts = [date(p.last_day) for p in periods if p.last_day]
        return min(firsts, default=None), max(lasts, default=None)

    def own_time(self, work):
        kind, body = work.split("/")[0], self.body(work)
        if kind == "milestone":
            return None, date(body.due)
        if kind == "task":
            return date(body.start), date(body.due)
        first, last = self.period_days(body.periods)
        return date(body.start) or first, date(body.finish) or last

    def time(self, work):
        start = finish = None
        for w in self.chain(work):
            own = self.own_time(w)
            start, finish = start or own[0], finish or own[1]
        return start, finish

    def allocation_time(self, allocation, work):
        body = self.body(allocation)
        first, last = self.period_days([body.period] if body.period else [])
        start, finish = self.time(work)
        return first or start, last or finish

    def find_columns(self):
        spans = {}
        for ref in self.of_kinds(("period",)):
            body = self.body(ref)
            first, last = date(body.first_day), date(body.last_day)
            if first and last and first <= last:
                spans.setdefault((first, last), ref)  # the one named first
        finest = [s for s in spans if not any(o != s and o[0] >= s[0] and o[1] <= s[1] for o in spans)]
        return [(spans[s], *s) for s in sorted(finest)]

    def find_weeks(self):
        """From Monday to Sunday, from the first to the last day of the periods and of those asked for."""
        periods = [self.body(ref) for ref in self.of_kinds(("period",))]
        spans = [(date(p.first_day), date(p.last_day)) for p in periods if p.first_day and p.last_day and p.first_day <= p.last_day]
        day = min([self.weeks[0]] + [s[0] for s in spans])
        last = max([self.weeks[1]] + [s[1] for s in spans])
        found = []
        while day <= last:
            monday = day - DAY * (day.isoweekday() - 1)
            found.append((monday.isoformat(), monday, monday + 6 * DAY))
            day = monday + 7 * DAY
        return found

    # ---- people

    def find_skills(self):
        names = sorted(n.skill for w in self.of_kinds(WORK) if self.runs(w) for n in getattr(self.body(w), "needs", []) if n.skill)
        return {n.lower(): n for n in reversed(names)}

    def has(self, person, skill):
        return skill in (s.lower() for s in self.body(person).skills)

    def capacity_on(self, person, day):
        """A week's, as it is on that day: of other capacities the one that began last, the last one of these."""
        body, best = self.body(person), None
        for c in body.capacities:
            if date(c.first_day) <= day and (not c.last_day or day <= date(c.last_day)):
                if best is None or c.first_day >= best.first_day:
                    best = c
        if best is not None:
            return best.capacity
        return body.capacity if body.HasField("capacity") else 100 * len(self.week(person)[0])

    def home(self, person):
        team = self.body(person).team
        if team and full(team, "team") in self.items and full(team, "team").startswith("team/"):
            return full(team, "team")
        for ref in self.of_kinds(("team",)):
            if person in (full(m, "person") for m in self.body(ref).members):
                return ref
        return None

    def members(self, team):
        return [p for p in self.rows if p.startswith("person/") and self.home(p) == team]

    def week(self, row):
        """Days of the week that are worked, and holidays."""
        if row.startswith("skill/"):
            return {1, 2, 3, 4, 5}, set()
        team = row if row.startswith("team/") else self.home(row)
        calendar = full(self.body(team).calendar, "calendar") if team and self.body(team).calendar else None
        if calendar not in self.items:
            return {1, 2, 3, 4, 5}, set()
        body = self.body(calendar)
        return set(body.working_days) or {1, 2, 3, 4, 5}, {date(h) for h in body.holidays}

    def worked(self, row, all_days):
        week, holidays = self.week(row)
        return [d for d in all_days if d.isoweekday() in week and d not in holidays]

    def person_gives(self, person, all_days):
        body, week = self.body(person), self.week(person)[0]
        there = [d for d in self.worked(person, all_days)
                 if not (body.first_day and d < date(body.first_day)) and not (body.last_day and d > date(body.last_day))
                 and not any(date(a.first_day) <= d <= date(a.last_day) for a in body.absences)]
        return nearest(Fraction(sum(self.capacity_on(person, d) for d in there), len(week)))

    def stated(self, team, column):
        """The capacity that the team states for the shortest period around these days: (period's days, effort) or None."""
        best = None
        for c in self.body(team).capacities:
            ref = full(c.period, "period")
            if ref not in self.items:
                continue
            first, last = date(self.body(ref).first_day), date(self.body(ref).last_day)
            if first and last and first <= column[1] and last >= column[2]:
                if best is None or last - first < best[1] - best[0]:
                    best = (first, last, c.effort)
        return best

    def gives(self, row, column, all_days):
        """What a row can give on days of a column."""
        if row.startswith("person/"):
            return self.person_gives(row, all_days)
        if row.startswith("skill/"):
            return sum(self.person_gives(p, all_days) for p in self.rows if p.startswith("person/") and self.has(p, row[6:]))
        if self.weeks and column[0] != "run":
            return sum(self.gives(row, ("run", run[0], run[-1]), run) for run in self.runs_of_days(row, all_days))
        stated = self.stated(row, column)
        if stated is None:
            return sum(self.person_gives(p, all_days) for p in self.members(row))
        first, last, effort = stated
        if not all_days:
            return 0
        if (all_days[0], all_days[-1]) == (first, last):
            return effort
        worked = self.worked(row, days(first, last))
        if not worked:
            return 0
        until = sum(d <= all_days[-1] for d in worked)
        before = sum(d < all_days[0] for d in worked)
        return floor(Fraction(effort * until, len(worked))) - floor(Fraction(effort * before, len(worked)))

    def capacity(self, row, column):
        return self.gives(row, column, days(column[1], column[2]))

    def runs_of_days(self, team, all_days):
        """Days one after another for which the team states the same."""
        runs = []
        for day in all_days:
            stated = self.stated(team, ("day", day, day))
            if runs and runs[-1][0] == stated:
                runs[-1][1].append(day)
            else:
                runs.append((stated, [day]))
        return [run for _, run in runs]

    def known(self, row, column):
        if self.weeks and any(self.stated(row, ("day", d, d)) for d in days(column[1], column[2]) if row.startswith("team/")):
            return True
        return not row.startswith("team/") or bool(self.members(row)) or self.stated(row, column) is not None

    # ---- what is asked

    def allocations(self, work):
        """Those that say how much: (allocation, effort or None, share or None)."""
        for ref in sorted(self.parts.get(work, [])):
            if not ref.startswith("allocation/"):
                continue
            body = self.body(ref)
            effort = body.effort if body.HasField("effort") and body.effort > 0 else None
            share = round(body.share * 10000) if body.HasField("share") else None
            if effort or share:
                yield ref, effort, share or None

    def needs(self, work):
        if work.split("/")[0] not in ("initiative", "workstream", "task"):
            return []
        return [n for n in self.body(work).needs if n.HasField("effort") and n.effort > 0]

    def estimate(self, work):
        body = self.body(work)
        if work.startswith("task/") and body.HasField("effort"):
            return body.effort
        if work.startswith("milestone/"):
            return 0
        return body.estimate.likely if body.HasField("estimate") and body.estimate.HasField("likely") else 0

    def work_parts(self, work):
        return [p for p in self.parts.get(work, []) if p.split("/")[0] in WORK]

    def speaks(self, work):
        """Does it, or a part of it, state effort (of work that runs or is finished)?"""
        if not self.counts(work):
            return False
        if any(self.speaks(p) for p in self.work_parts(work)):
            return True
        return not work.startswith("milestone/") and bool(list(self.allocations(work)) or self.needs(work) or self.estimate(work))

    def nowhere(self, work, source, why, effort):
        key = (work, source, why)
        self.unplaced[key] = self.unplaced.get(key, 0) + effort

    def claims(self, work):
        claims, stated = [], False
        start, finish = self.time(work)
        for ref, effort, share in self.allocations(work):
            stated = True
            row = full(self.body(ref).who, "person")
            if row in self.rows:
                claims.append(Claim(row, ref, "allocation", *self.allocation_time(ref, work), effort, share))
            else:
                self.nowhere(work, ref, "nobody is named", effort or 0)
        allocated = {c.row for c in claims}
        for need in self.needs(work):
            stated = True
            skill = f"skill/{need.skill.lower()}" if need.skill else None
            row = full(need.who, "team") if need.who else skill
            if not need.who and skill:
                claims.append(Claim(skill, work, "need", start, finish, need.effort))
            elif not need.who or row not in self.rows:
                self.nowhere(work, work, "nobody is named", need.effort)
            elif row not in allocated:
                claims.append(Claim(row, work, "need", start, finish, need.effort, skill=skill))
        if not stated and self.estimate(work) > 0 and not any(self.speaks(p) for p in self.work_parts(work)):
            claims += self.estimate_claims(work, start, finish)
        return claims

    def estimate_claims(self, work, start, finish):
        members = []
        for m in self.body(work).members:
            ref = full(m, "person")
            if ref in self.rows and ref not in members:
                members.append(ref)
        effort = self.estimate(work)
        if not members:
            self.nowhere(work, work, "nobody is named", effort)
        how = "task" if work.startswith("task/") else "estimate over members"
        until = [floor(Fraction(effort * i, len(members))) for i in range(len(members) + 1)] if members else []
        return [Claim(m, work, how, start, finish, until[i + 1] - until[i]) for i, m in enumerate(members)]

    def ask(self, work):
        """Books what is asked for a piece of work and its parts; {row: all that is asked of it there}."""
        asked = {}
        for part in self.work_parts(work):
            if self.runs(part):
                for row, effort in self.ask(part).items():
                    asked[row] = asked.get(row, 0) + effort
        if work.startswith("milestone/"):
            return asked
        claims = self.claims(work)
        persons_first = sorted({c.row for c in claims}, key=lambda row: (("person", "team", "skill").index(row.split("/")[0]), row))
        for row in persons_first:
            own = [c for c in claims if c.row == row]
            sizes = [self.size(c) for c in own]
            rest = max(0, sum(sizes) - asked.get(row, 0))
            until = 0
            for claim, size in zip(own, sizes):
                part = 0
                if sum(sizes) > 0:
                    part = floor(Fraction(rest * (until + size), sum(sizes))) - floor(Fraction(rest * until, sum(sizes)))
                until += size
                self.place(work, claim, part)
                if claim.skill:
                    asked[claim.skill] = asked.get(claim.skill, 0) + part
            asked[row] = asked.get(row, 0) + rest
            team = self.home(row) if row.startswith("person/") else None
            if team:
                asked[team] = asked.get(team, 0) + rest
        return asked

    # ---- on which days

    def share_of(self, claim, column):
        all_days = days(max(claim.start, column[1]), min(claim.finish, column[2]))
        return nearest(Fraction(self.gives(claim.row, column, all_days) * claim.share, 10000)) if all_days else 0

    def size(self, claim):
        if claim.share is None:
            return claim.effort
        return sum(self.share_of(claim, c) for c in self.columns) if claim.has_time else 0

    def book(self, work, claim, column, effort):
        if effort == 0:
            return
        team = self.home(claim.row) if claim.row.startswith("person/") else None
        places = [(claim.row, False)] + ([(team, True)] if team else [])
        if claim.row.startswith("person/"):
            places += [(f"skill/{s}", True) for s in self.skills if self.has(claim.row, s)]
        elif claim.skill:
            places.append((claim.skill, True))
        for row, for_members in places:
            cell = self.bookings.setdefault((row, column[0]), {})
            key = (work, claim.source, claim.how, for_members)
            cell[key] = cell.get(key, 0) + effort

    def place(self, work, claim, effort):
        if not claim.has_time:
            if effort > 0 or claim.share is not None:
                self.nowhere(work, claim.source, "no time is stated", effort)
            return
        if claim.share is not None and claim.start > claim.finish:
            self.nowhere(work, claim.source, "no working day in its time", 0)
        elif claim.share is not None and not self.weeks and not any(c[1] <= claim.finish and c[2] >= claim.start for c in self.columns):
            self.nowhere(work, claim.source, "outside of all periods", 0)
        if effort == 0:
            return
        if claim.share is not None:
            all_of_it, until = self.size(claim), 0
            for column in self.columns:
                here = self.share_of(claim, column)
                self.book(work, claim, column, floor(Fraction(effort * (until + here), all_of_it))
                          - floor(Fraction(effort * until, all_of_it)))
                until += here
            return
        worked = self.worked(claim.row, days(claim.start, claim.finish))
        if not worked:
            self.nowhere(work, claim.source, "no working day in its time", effort)
            return
        # what falls on each day: whole hundredths, as much as is full by its end
        on = {d: floor(Fraction(effort * (n + 1), len(worked))) - floor(Fraction(effort * n, len(worked)))
              for n, d in enumerate(worked)}
        for column in self.columns:
            self.book(work, claim, column, sum(e for d, e in on.items() if column[1] <= d <= column[2]))
        outside = sum(e for d, e in on.items() if not any(c[1] <= d <= c[2] for c in self.columns))
        if outside and not self.weeks:
            self.nowhere(work, claim.source, "outside of all periods", outside)

    def find_workless(self):
        for ref in self.of_kinds(("allocation",)):
            work = self.up_ref(ref)
            if work not in self.items or work.split("/")[0] not in ("initiative", "workstream", "task"):
                body = self.body(ref)
                self.nowhere(ref, ref, "no such work", body.effort if body.HasField("effort") else 0)

    # ---- answers

    def demand(self, row, column):
        return sum(self.bookings.get((row, column[0]), {}).values())

    def over(self, percent=100):
        """{(who, period)} of what is too much, and {who} of teams of which nothing is known."""
        found, unknown = set(), set()
        for row in self.rows:
            for column in self.columns:
                demand = self.demand(row, column)
                if column[2] < self.today or demand == 0:
                    continue
                if not self.known(row, column):
                    unknown.add(row)
                elif demand * 100 > self.capacity(row, column) * percent:
                    found.add((row, column[0]))
        return found, unknown

    # ---- heads

    def top(self, work):
        *_, top = self.chain(work)
        for w in self.chain(work):
            if w.startswith("initiative/"):
                return w
        return top if top.startswith("workstream/") else None

    def involvements(self, who):
        """[(initiative, leads, first day or None, last day or None)] of running work."""
        found = []

        def add(work, leads, start, finish, late_until_today):
            if start and finish and finish < start:
                start = finish = None
            elif finish and finish < self.today:
                if not late_until_today:
                    return
                finish = self.today
            found.append((self.top(work), leads, start, finish))

        for work in self.of_kinds(WORK):
            if not self.runs(work) or self.top(work) is None:
                continue
            body = self.body(work)
            if who in (full(o, "person") for o in self.items[work].owners):
                add(work, work == self.top(work), *self.time(work), True)
            if who in (full(m, "person") for m in getattr(body, "members", [])):
                add(work, False, *self.time(work), True)
            if who in (full(n.who, "team") for n in getattr(body, "needs", []) if n.who):
                add(work, False, *self.time(work), True)
        for ref in self.of_kinds(("allocation",)):
            work = self.up_ref(ref)
            if work in self.items and work.split("/")[0] in WORK and self.runs(work) and self.top(work) is not None and \
                    full(self.body(ref).who, "person") == who:
                period = self.body(ref).period
                last = self.period_days([period] if period else [])[1]
                if last and last < self.today:
                    continue
                add(work, False, *self.allocation_time(ref, work), last is None)
        return found

    def on_day(self, involvements, day):
        return {i for i, _, start, finish in involvements if (start is None or start <= day) and (finish is None or finish >= day)}

    def leads_and_executes(self, who):
        all_of_them = self.involvements(who)
        there = self.on_day(all_of_them, self.today)
        leads = {i for i, leads, _, _ in all_of_them if leads and i in there}
        return len(leads), len(there - leads)

    def rule_of_three(self, most=3):
        """{person: (how many at a time, the first such day)} of those who are on too many."""
        found = {}
        for person in self.of_kinds(("person",)):
            last = self.body(person).last_day
            if last and date(last) < self.today:
                continue
            all_of_them = self.involvements(person)
            ends = [d for _, _, start, finish in all_of_them for d in (start, finish) if d] + [self.today]
            numbers = [(len(self.on_day(all_of_them, d)), d) for d in days(self.today, max(max(ends), self.today))]
            worst = max(n for n, _ in numbers)
            if worst > most:
                found[person] = (worst, next(d for n, d in numbers if n == worst))
        return found
