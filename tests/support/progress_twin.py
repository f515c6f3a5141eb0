"""Progress worked out anew, from docs/PROGRESS.md alone: brute force, written to be read.

    twin = Twin(items, check_ins, actuals, today)
    twin.work("goal/g"), twin.outcome("goal/g")    # (value or None, known)

items: {"kind/id": pb Item}. check_ins: {"kind/id": newest progress or None}. actuals: {"measure id": latest value}.
"""
from plumbrpc import pb

WEIGHTED, WEAKEST, ALL = pb.item.WEIGHTED, pb.item.WEAKEST, pb.item.ALL
WORK = ("initiative", "workstream", "milestone", "task")


def full(kind, ref):
    return ref if "/" in ref else kind + "/" + ref


def stated(message, field):
    return getattr(message, field) if message.WhichOneof(field + "_") else None


class Twin:
    def __init__(self, items, check_ins, actuals, today):
        self.items, self.check_ins, self.actuals, self.today = items, check_ins, actuals, today

    # ---- what is part of what

    def kind(self, ref):
        return ref.split("/")[0]

    def body(self, ref):
        return getattr(self.items[ref], self.kind(ref))

    def given_up(self, ref):
        if self.kind(ref) in ("initiative", "workstream"):
            return self.body(ref).status == pb.item.STOPPED
        return self.kind(ref) == "objective" and self.body(ref).status == pb.item.Objective.DROPPED

    def counts(self, ref):
        return ref in self.items and not self.given_up(ref)

    def wholes(self, ref):
        """All that it names as a whole."""
        kind, body = self.kind(ref), self.body(ref)
        if kind == "goal":
            named = [full("goal", body.parent)] if body.parent else []
        elif kind == "objective":
            named = [full("objective", body.parent)] if body.parent else []
            named += [full("goal", g) for g in [body.goal] + list(body.further_goals) if g]
        elif kind == "initiative":
            named = [full("objective", body.objective)] if body.objective else []
            named += [full("objective", c.to) for c in body.contributions]
        else:
            named = [full("initiative", body.initiative)] if body.initiative else []
            if kind == "workstream" and body.objective:
                named.append(full("objective", body.objective))
        return set(named)

    def reaches(self, ref, whole):
        """Is there a chain of wholes from ref to it, through what counts?"""
        if ref == whole:
            return True
        return self.counts(ref) and any(self.reaches(up, whole) for up in self.wholes(ref))

    def parts(self, whole):
        found = []
        for ref in self.items:
            if self.kind(ref) not in ("goal", "objective") + WORK or not self.counts(ref):
                continue
            if whole not in self.wholes(ref):
                continue
            if any(other != whole and self.reaches(other, whole) for other in self.wholes(ref)):
                continue
            found.append(ref)
        return found

    # ---- weights

    def effort(self, ref):
        kind, body = self.kind(ref), self.body(ref)
        own = None
        if kind == "task":
            own = stated(body, "effort")
        elif kind in ("initiative", "workstream") and body.HasField("estimate"):
            own = stated(body.estimate, "likely")
        if own is not None:
            return own
        below = [self.effort(r) for r in self.items if self.kind(r) in WORK and self.counts(r) and
                 getattr(self.body(r), "initiative", "") and full("initiative", self.body(r).initiative) == ref]
        known = [e for e in below if e is not None]
        return sum(known) if known else None

    def share(self, ref, whole):
        if self.kind(ref) != "initiative":
            return 1
        body = self.body(ref)
        entries = [(full("objective", c.to), stated(c, "effort_share")) for c in body.contributions]
        if body.objective and full("objective", body.objective) not in [to for to, _ in entries]:
            entries.append((full("objective", body.objective), None))
        rest = max(0, 1 - sum(s for _, s in entries if s is not None))
        open_count = sum(s is None for _, s in entries)
        return sum(rest / open_count if s is None else s for to, s in entries if to == whole)

    def method(self, ref, whole):
        kind, body = self.kind(ref), self.body(ref)
        method = 0
        if kind == "initiative":
            if body.objective and full("objective", body.objective) == whole:
                method = body.roll_up
            if not method:
                method = next((c.roll_up for c in body.contributions
                               if full("objective", c.to) == whole and c.roll_up), 0)
        elif kind != "goal" and not (kind == "workstream" and self.kind(whole) == "objective"):
            method = body.roll_up
        return method or WEIGHTED

    def weights(self, whole, parts):
        """{part: weight}, summing to 1 or all 0; weakest ones have none."""
        weights = {}
        for is_work in (False, True):
            group = [p for p in parts if (self.kind(p) in WORK) == is_work and self.method(p, whole) != WEAKEST]
            base = {p: self.effort(p) if is_work else stated(self.body(p), "weight") for p in group}
            known = [b for b in base.values() if b is not None]
            mean = sum(known) / len(known) if known else 1
            for p in group:
                if base[p] is None:
                    base[p] = 0 if self.kind(p) == "milestone" and sum(known) > 0 else mean
                base[p] *= self.share(p, whole)
            total = sum(base.values())
            for p in group:
                weights[p] = base[p] * len(group) / total if total > 0 else 0
        total = sum(weights.values())
        return {p: w / total if total > 0 else 0 for p, w in weights.items()}

    # ---- rolling up

    def roll_up(self, whole, parts, number):
        if not parts:
            return None, 0
        numbers = {p: number(p) for p in parts}
        weights = self.weights(whole, parts)
        total = sum(weights.values())
        value, known = None, 0
        if total > 0:
            known = sum(w * numbers[p][1] for p, w in weights.items()) / total
            there = {p: w for p, w in weights.items() if numbers[p][0] is not None}
            if sum(there.values()) > 0 and known >= 0.5 - 1e-12:
                value = sum(w * self.in_whole(p, whole, numbers[p][0]) for p, w in there.items()) / sum(there.values())
        if not weights:
            value, known = 1, 1
        if value is None:
            return None, 0
        for p in parts:
            if self.method(p, whole) == WEAKEST:
                if numbers[p][0] is None:
                    return None, 0
                value = min(value, min(1, max(0, numbers[p][0])))
                known = min(known, numbers[p][1])
            elif self.method(p, whole) == ALL and not (numbers[p][0] is not None and numbers[p][0] >= 1):
                value = min(value, 0.99)
        return value, known

    def in_whole(self, part, whole, value):
        if self.method(part, whole) == ALL:
            return 1 if value >= 1 else 0
        return min(1, max(0, value))

    # ---- the two numbers

    def work(self, ref):
        kind = self.kind(ref)
        if kind in ("initiative", "workstream") and self.body(ref).status == pb.item.DONE:
            return 1, 1
        if kind in ("task", "milestone") and self.body(ref).done and self.body(ref).done <= self.today:
            return 1, 1
        if kind in WORK and self.check_ins.get(ref) is not None:
            return self.check_ins[ref], 1
        parts = self.parts(ref)
        if not parts and kind in ("task", "milestone"):
            return 0, 1
        return self.roll_up(ref, parts, self.work)

    def measured(self, aims):
        """aims: [(measure, target)]; the mean of what is known."""
        values = []
        for measure, target in aims:
            actual = self.actuals.get(measure)
            base, goal = stated(target, "baseline"), stated(target, "target")
            known = actual is not None and base is not None and goal is not None and base != goal
            values.append((actual - base) / (goal - base) if known else None)
        known = [v for v in values if v is not None]
        if not known or len(known) / len(values) < 0.5:
            return None, 0
        if len(values) == 1:
            return known[0], 1
        return sum(min(1, max(0, v)) for v in known) / len(known), len(known) / len(values)

    def outcome(self, ref):
        kind = self.kind(ref)
        if kind == "objective" and self.body(ref).targets:
            return self.measured([(t.measure, t) for t in self.body(ref).targets])
        if kind not in ("goal", "objective"):
            return None, 0
        return self.roll_up(ref, [p for p in self.parts(ref) if self.kind(p) not in WORK], self.outcome)
