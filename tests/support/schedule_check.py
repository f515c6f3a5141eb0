"""Is an answer of Insight.Schedule a schedule of the plan? Day by day, by what docs/SCHEDULE.md and docs/LOAD.md say.

It takes decoded plumb.v1.Item messages, and of the answer the pieces of work and the bookings by day; it shares nothing with the program.
Effort is looked at where a piece of work states it itself (needs, or a task's effort over its members): plans to check have it nowhere
else. Every method that finds something wrong adds a line to `wrong`.
"""
import datetime
import math
from collections import defaultdict

DAY = datetime.timedelta(days=1)
PROPOSED, APPROVED, ACTIVE, PAUSED, DONE, STOPPED = range(1, 7)
WORK = ("initiative", "workstream", "milestone", "task")
NEVER = datetime.date.max


def date(text):
    return datetime.date.fromisoformat(text) if text else None


def full(ref, bare):
    return ref if "/" in ref else f"{bare}/{ref}"


class Need:
    def __init__(self, effort, givers, need=None):
        self.effort, self.givers = effort, givers
        self.most = need.most_share if need is not None and need.WhichOneof("most_share_") else None
        self.least = need.least_share if need is not None and need.WhichOneof("least_share_") else None
        self.whole = need is not None and need.whole


class Plan:
    """What the plan says, as far as a schedule has to keep to it."""

    def __init__(self, items, ranks, today, until):
        self.items, self.ranks, self.today, self.until = items, ranks, today, until
        self.parts = defaultdict(list)
        for ref in items:
            if self.up(ref):
                self.parts[self.up(ref)].append(ref)
        self.work = [ref for ref in sorted(items) if ref.split("/")[0] in WORK and self.runs(ref)]

    def body(self, ref):
        item = self.items[ref]
        return getattr(item, item.WhichOneof("body"))

    def up(self, ref):
        if ref.split("/")[0] not in ("workstream", "milestone", "task"):
            return None
        body = self.body(ref)
        up = full(body.initiative, "initiative") if body.initiative else None
        return up if up in self.items else None

    def chain(self, ref):
        while ref:
            yield ref
            ref = self.up(ref)

    def head(self, ref):
        return list(self.chain(ref))[-1]

    def is_over(self, ref):
        if ref.split("/")[0] in ("task", "milestone"):
            return bool(self.body(ref).done) and date(self.body(ref).done) <= self.today
        return self.body(ref).status in (DONE, STOPPED)

    def runs(self, ref):
        return all(not self.is_over(w) and (w.split("/")[0] in ("task", "milestone") or self.body(w).status in (APPROVED, ACTIVE))
                   for w in self.chain(ref))

    def own_start(self, ref):
        return date(self.body(ref).start) if ref.split("/")[0] != "milestone" else None

    def afters(self, ref):
        """(piece of work or day on which it was done, lag) that it waits for; NEVER: for ever."""
        kind, body = ref.split("/")[0], self.body(ref)
        bare = "task" if kind == "milestone" else kind
        for before, lag in [(full(a, bare), 0) for a in body.after] + [(full(a.work, bare), a.lag_days) for a in body.after_with_lag]:
            if before in self.work:
                yield before, lag
            elif before in self.items and not any(self.is_over(w) for w in self.chain(before)):
                yield NEVER, 0
            elif before in self.items and before.split("/")[0] in ("task", "milestone") and self.body(before).done:
                yield date(self.body(before).done) + DAY, lag

    # ---- people

    def team_of(self, person):
        body = self.body(person)
        if body.team:
            return full(body.team, "team")
        return next((t for t in sorted(self.items) if t.startswith("team/") and
                     person in [full(m, "person") for m in self.body(t).members]), None)

    def members(self, team):
        return [p for p in sorted(self.items) if p.startswith("person/") and self.team_of(p) == team]

    def workdays(self, person):
        team = self.team_of(person)
        calendar = self.body(team).calendar if team in self.items else ""
        body = self.body(full(calendar, "calendar")) if calendar else None
        days = set(body.working_days) if body is not None and body.working_days else {1, 2, 3, 4, 5}
        return days, set(body.holidays) if body is not None else set()

    def gives(self, who, day):
        """Hundredths of a person-day, as they are spread over the days: a fraction may be rounded up on one of them."""
        if who.startswith("team/"):
            return sum(self.gives(member, day) for member in self.members(who))
        body, (days, holidays) = self.body(who), self.workdays(who)
        away = any(a.first_day <= day.isoformat() <= a.last_day for a in body.absences)
        if (day.isoweekday() not in days or day.isoformat() in holidays or away or
                (body.first_day and day < date(body.first_day)) or (body.last_day and day > date(body.last_day))):
            return 0
        week = body.capacity if body.WhichOneof("capacity_") else 100 * len(days)
        return math.ceil(week / len(days))

    def able(self, need):
        people = [p for p in sorted(self.items) if p.startswith("person/")]
        who = full(need.who, "team") if need.who else None
        if not need.skill:
            return {who}
        able = {p for p in people if need.skill.casefold() in [s.casefold() for s in self.body(p).skills]}
        if who is None:
            return able
        return able & (set(self.members(who)) if who.startswith("team/") else {who})

    def needs(self, ref):
        kind, body = ref.split("/")[0], self.body(ref)
        if kind == "milestone":
            return []
        if body.needs:
            return [Need(n.effort, self.able(n), n) for n in body.needs]
        if kind != "task" or not body.members:
            return []
        count = len(body.members)
        parts = [body.effort * (n + 1) // count - body.effort * n // count for n in range(count)]
        return [Need(part, {full(m, "person")}) for part, m in zip(parts, body.members) if part > 0]


class Check:
    def __init__(self, plan, initiatives, bookings):
        """initiatives with their work, bookings by day, as the answer has them."""
        self.plan, self.wrong = plan, []
        self.told = {w.ref: w for one in initiatives for w in one.work}
        self.order = [one.ref for one in initiatives]
        self.initiatives = {one.ref: one for one in initiatives}
        self.days = defaultdict(lambda: defaultdict(int))  # work -> (day, giver) -> effort
        for b in bookings:
            self.days[b.work][date(b.first_day), b.giver] += b.effort
            if b.effort <= 0 or b.first_day != b.last_day:
                self.wrong.append(f"{b.work} is booked for {b.effort} from {b.first_day} to {b.last_day}")
        self.ends = {}
        self.check()

    def check(self):
        plan = self.plan
        if sorted(self.told) != plan.work:
            self.wrong.append(f"scheduled are {sorted(self.told)}, not {plan.work}")
            return
        self.check_capacity()
        for ref in plan.work:
            self.check_effort(ref)
            self.check_times(ref)
        for ref in self.order:
            self.check_initiative(ref)

    def need(self, ok, text):
        if not ok:
            self.wrong.append(text)

    def check_capacity(self):
        """What is booked of a person counts for their team, once."""
        used = defaultdict(int)
        for work in self.days:
            for (day, giver), effort in self.days[work].items():
                used[giver, day] += effort
                team = self.plan.team_of(giver) if giver.startswith("person/") else None
                if team in self.plan.items:
                    used[team, day] += effort
                self.need(self.plan.today <= day <= self.plan.until, f"{work} is booked on {day}")
        for (giver, day), effort in used.items():
            self.need(effort <= self.plan.gives(giver, day), f"{giver} gives {effort} on {day}, and has {self.plan.gives(giver, day)}")

    # ---- effort

    def check_effort(self, ref):
        needs, booked = self.plan.needs(ref), self.days[ref]
        asked = sum(n.effort for n in needs)
        self.need(sum(booked.values()) + self.told[ref].left == asked == self.told[ref].effort,
                  f"{ref} asks for {asked}; booked {sum(booked.values())}, left {self.told[ref].left}, told {self.told[ref].effort}")
        for day, giver in booked:
            self.need(any(giver in n.givers for n in needs), f"{giver} is not asked for {ref}")
        for n, need in enumerate(needs):
            # Whose bookings are this need's only where no other one asks the same.
            if not any(need.givers & other.givers for m, other in enumerate(needs) if m != n):
                self.check_need(ref, need, {key: e for key, e in booked.items() if key[1] in need.givers})

    def check_need(self, ref, need, booked):
        if self.told[ref].left == 0:
            self.need(sum(booked.values()) == need.effort, f"{ref} has {sum(booked.values())} of {need.effort}")
        last = max((day for day, _ in booked), default=None)
        for (day, giver), effort in booked.items():
            gives = self.plan.gives(giver, day)
            if need.most is not None:
                self.need(effort <= math.ceil(need.most * gives - 1e-9), f"{ref} takes {effort} of {giver} on {day}, more than its share")
            if need.least is not None and day < last:
                self.need(effort >= math.ceil(need.least * gives - 1e-9), f"{ref} takes {effort} of {giver} on {day}, less than its share")
        if need.whole and booked:
            day = min(day for day, _ in booked)
            while day < last:
                works = any(self.plan.gives(giver, day) > 0 for giver in need.givers)
                self.need(not works or any((day, giver) in booked for giver in need.givers), f"{ref} is interrupted on {day}")
                day += DAY

    # ---- times

    def begin(self, ref):
        """The first day on which it may be worked on."""
        days = [self.plan.today, self.plan.own_start(ref) or self.plan.today]
        for before, lag in self.plan.afters(ref):
            end = self.end(before) if before in self.told else before
            days.append(NEVER if end == NEVER else end + lag * DAY)
        up = self.plan.up(ref)
        if up:
            days.append(self.begin(up))
        return max(days)

    def end(self, ref):
        """The day behind its last one; itself where nothing has to be done. NEVER: not in the horizon."""
        if ref not in self.ends:
            self.ends[ref] = NEVER  # what waits for itself is never done
            begin = self.begin(ref)
            ends = [self.end(part) for part in self.plan.parts[ref] if part in self.told]
            ends.append(max((day + DAY for day, _ in self.days[ref]), default=begin))
            kind, body = ref.split("/")[0], self.plan.body(ref)
            if kind == "task" and body.WhichOneof("duration_days_") and begin < NEVER:
                ends.append(begin + body.duration_days * DAY)
            self.ends[ref] = NEVER if self.told[ref].left > 0 else max(ends)
            # On the day behind the horizon only what takes no time ends.
            if self.ends[ref] > self.plan.until + DAY:
                self.ends[ref] = NEVER
        return self.ends[ref]

    def check_times(self, ref):
        begin, end, booked, told = self.begin(ref), self.end(ref), self.days[ref], self.told[ref]
        first = min((day for day, _ in booked), default=None)
        self.need(first is None or first >= begin, f"{ref} begins on {first}, and may on {begin}")
        last = "" if end == NEVER else (end - DAY if end > begin else end).isoformat()
        self.need(told.finish == last, f"{ref} is finished on {told.finish or 'no day'}, by its bookings on {last or 'none'}")
        if first is not None or self.plan.needs(ref):
            self.need(told.start == (first.isoformat() if first else ""), f"{ref} begins on {told.start}, by its bookings on {first}")
        due = date(told.due)
        late = max(((date(last) if last else self.plan.until + DAY) - due).days, 0) if due else 0
        self.need(told.late_days == late, f"{ref} is told to be {told.late_days} days late, and is {late}")
        # Nothing can end after its initiative.
        whole = self.end(self.plan.head(ref))
        self.need(bool(told.WhichOneof("slack_")) == (end < NEVER and whole < NEVER), f"{ref} has slack or not")
        if told.WhichOneof("slack_"):
            self.need(0 <= told.free_days <= told.slack_days <= (whole - end).days, f"{ref} has {told.slack_days} days of slack")

    def check_initiative(self, ref):
        end = self.end(ref)
        one = self.initiatives[ref]
        last = "" if end == NEVER else (end - DAY if end > self.begin(ref) else end).isoformat()
        self.need(one.finish == last, f"{ref} ends on {one.finish}, by its work on {last}")
        unfinished = [r for r in self.order if self.end(r) == NEVER]
        self.need(one.is_line == (unfinished[:1] == [ref]), f"{ref} is the line or not")
        below = bool(unfinished) and end < NEVER and self.order.index(ref) > self.order.index(unfinished[0])
        self.need(one.below_line == below, f"{ref} is below the line or not")
        if one.earliest and last:
            self.need(one.earliest <= one.finish and (not one.finish_ignoring_ranks or one.earliest <= one.finish_ignoring_ranks),
                      f"{ref} ends before its bound {one.earliest}")
        self.need(self.order == self.ranked(), f"the order is {self.order}")

    def ranked(self):
        heads = [r for r in self.plan.work if self.plan.up(r) not in self.told]
        return sorted(heads, key=lambda r: (r.split("/")[0] != "initiative", self.plan.ranks.get(r, 1 << 30), r))

    def waited_for(self, refs):
        """The initiatives that these wait for, by way of others, with themselves: what is scheduled with them."""
        seen, queue = set(), [w for w in self.plan.work if self.plan.head(w) in refs]
        while queue:
            ref = queue.pop()
            if ref in seen:
                continue
            seen.add(ref)
            queue += [before for before, _ in self.plan.afters(ref) if before in self.told]
            queue += [up for up in [self.plan.up(ref)] if up]
            queue += [part for part in self.plan.parts[ref] if part in self.told]
        return {self.plan.head(ref) for ref in seen}
