"""The questions and scores of a clarity survey once more, from docs/CLARITY.md and nothing of the daemon's code.

Survey(plan, round_id, seed, person).questions is [(id, about, {option: is it right})] with names "kind/id"; options have no order.
The plan is a dict of names to dicts of fields as the plan's messages have them; what is not stated is not in it. Understood is
what the tests' plans use: no periods, links, or further goals.
"""
import math

TOP = 5
Z = 1.959963984540054


def siphash(key, data):
    """SipHash-2-4 [Aumasson, Bernstein 2012]."""
    mask = (1 << 64) - 1
    k0, k1 = key
    v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]

    def turn(x, n):
        return (x << n | x >> (64 - n)) & mask

    def rounds(count):
        for _ in range(count):
            v[0] = (v[0] + v[1]) & mask
            v[1] = turn(v[1], 13) ^ v[0]
            v[0] = turn(v[0], 32)
            v[2] = (v[2] + v[3]) & mask
            v[3] = turn(v[3], 16) ^ v[2]
            v[0] = (v[0] + v[3]) & mask
            v[3] = turn(v[3], 21) ^ v[0]
            v[2] = (v[2] + v[1]) & mask
            v[1] = turn(v[1], 17) ^ v[2]
            v[2] = turn(v[2], 32)

    padded = data + b"\0" * (7 - len(data) % 8) + bytes([len(data) & 255])
    for at in range(0, len(padded), 8):
        word = int.from_bytes(padded[at:at + 8], "little")
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 255
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def philox(counter, key):
    """Philox4x32-10 [Salmon, Moraes, Dror, Shaw 2011]."""
    c, (k0, k1) = list(counter), key
    for _ in range(10):
        a, b = 0xd2511f53 * c[0], 0xcd9e8d57 * c[2]
        c = [b >> 32 ^ c[1] ^ k0, b & 0xffffffff, a >> 32 ^ c[3] ^ k1, a & 0xffffffff]
        k0, k1 = (k0 + 0x9e3779b9) & 0xffffffff, (k1 + 0xbb67ae85) & 0xffffffff
    return c


PRIORITY, DECOY, SERVES, GOAL, PRECEDES, WEIGHT, YOURS, THEIRS = range(8)


class Survey:
    def __init__(self, plan, round_id, seed, person):
        self.plan, self.person = plan, "person/" + person
        words = philox(self.halves(self.person) + self.halves("round/" + round_id), (seed, 0))
        self.key = (words[0], words[1])
        self.questions = []
        self.priorities()
        self.serves()
        self.first()
        self.yours()

    # ---- drawing
    @staticmethod
    def halves(name):
        number = siphash((0x636c617269747920, 0x7375727665797320), name.encode())
        return [number & 0xffffffff, number >> 32]

    def draw(self, use, number, name):
        words = philox(self.halves(name) + [use, number], self.key)
        return words[0] | words[1] << 32

    def drawn(self, use, number, names):
        return sorted(names, key=lambda name: self.draw(use, number, name))

    def of(self, kind):
        return [name for name in self.plan if name.startswith(kind + "/")]

    # ---- what the plan says
    def parent(self, name):
        up = self.plan[name].get("parent")
        return None if up is None else name.split("/")[0] + "/" + up

    def goal(self, objective):
        while objective is not None:
            if "goal" in self.plan[objective]:
                return "goal/" + self.plan[objective]["goal"]
            objective = self.parent(objective)
        return None

    def is_open(self, objective):
        return self.plan[objective].get("status", "OPEN") == "OPEN"

    def teams(self):
        return {name[5:] for name in self.of("team")
                if self.person[7:] in self.plan[name].get("members", []) or self.plan[name].get("lead") == self.person[7:]
                } | {self.plan[self.person].get("team")}

    # ---- the kinds
    def priorities(self):
        ranking = self.plan["ranking"]
        right, wrong = [], []
        for name in self.of("objective"):
            fields = self.plan[name]
            if self.is_open(name) and self.parent(name) is None:
                right.append(name)
            elif fields.get("status") == "DROPPED" or (
                    self.is_open(name) and fields.get("team") is not None and fields["team"] not in self.teams()):
                wrong.append(name)
        for name in self.of("initiative"):
            status, rank = self.plan[name].get("status"), ranking.index(name) + 1 if name in ranking else None
            if rank is not None and rank <= TOP and status in ("APPROVED", "ACTIVE"):
                right.append(name)
            elif status in ("STOPPED", "PROPOSED") or (rank is not None and status != "DONE" and rank > TOP
                                                      and rank > len(ranking) // 2):
                wrong.append(name)
        right = self.drawn(PRIORITY, 0, right)[:3]
        wrong = self.drawn(DECOY, 0, wrong)[:len(right)]
        if len(right) >= 2 and len(wrong) >= 2:
            self.questions.append(("priorities-1", "", {**dict.fromkeys(right, True), **dict.fromkeys(wrong, False)}))

    def above(self, name):
        found = [name]
        while self.parent(found[-1]) is not None:
            found.append(self.parent(found[-1]))
        return found

    def serves(self):
        number = 0
        for name in self.drawn(SERVES, 0, [o for o in self.of("objective") if self.is_open(o) and self.goal(o)]):
            served = ["goal/" + self.plan[o]["goal"] for o in self.above(name) if "goal" in self.plan[o]]
            wrong = [g for g in self.of("goal") if not any(g in self.above(s) or s in self.above(g) for s in served)]
            wrong = self.drawn(GOAL, number + 1, wrong)[:3]
            if len(wrong) >= 2 and number < 2:
                number += 1
                self.questions.append((f"serves-{number}", name, {self.goal(name): True, **dict.fromkeys(wrong, False)}))

    def leads_to(self, a, b):
        seen, todo = {a}, [a]
        while todo:
            for after in self.plan[todo.pop()].get("precedes", []):
                name = "objective/" + after
                if name not in seen:
                    seen.add(name)
                    todo.append(name)
        return b in seen - {a}

    def which(self, a, b):
        ab, ba = self.leads_to(a, b), self.leads_to(b, a)
        if ab != ba:
            return a if ab else b
        weights = self.plan[a].get("weight"), self.plan[b].get("weight")
        if ab or None in weights or self.parent(a) != self.parent(b) or weights[0] == weights[1]:
            return None
        return a if weights[0] > weights[1] else b

    def first(self):
        pairs = []
        openly = [o for o in self.of("objective") if self.is_open(o)]
        for name in openly:
            for after in self.plan[name].get("precedes", []):
                if "objective/" + after in openly and "objective/" + after != name:
                    pairs.append((PRECEDES, name, "objective/" + after))
        weighed = self.drawn(WEIGHT, 0, [o for o in openly if "weight" in self.plan[o]])[:16]
        pairs += [(WEIGHT, a, b) for i, a in enumerate(weighed) for b in weighed[:i]]
        pairs.sort(key=lambda p: self.draw(p[0], 1, p[1]) ^ self.draw(p[0], 1, p[2]))
        asked = []
        for _, a, b in pairs[:32]:
            if {a, b} not in asked and len(asked) < 3 and self.which(a, b) is not None:
                asked.append({a, b})
                self.questions.append((f"first-{len(asked)}", "", {a: self.which(a, b) == a, b: self.which(a, b) == b}))

    def up(self, work):
        part = self.plan[work].get("initiative")
        return None if part is None else part if "/" in part else "initiative/" + part

    def chain(self, work):
        found = [work]
        while self.up(found[-1]) is not None:
            found.append(self.up(found[-1]))
        return found

    def objective(self, work):
        return next(("objective/" + self.plan[w]["objective"] for w in self.chain(work) if "objective" in self.plan[w]), None)

    def goes_on(self, work):
        return not any(self.plan[w].get("status") in ("STOPPED", "DONE") for w in self.chain(work))

    def yours(self):
        me = self.person[7:]
        work = [w for kind in ("initiative", "workstream", "task") for w in self.of(kind) if self.goes_on(w)]
        own = [w for w in work if me in self.plan[w].get("owners", []) + self.plan[w].get("members", [])]
        mine = self.drawn(YOURS, 0, [w for w in own if self.objective(w)])
        if not mine:
            return
        about = self.objective(mine[0])
        right = [w for w in mine if self.objective(w) == about][:3]
        above_own = {a for w in own for a in self.chain(w)[1:]}
        others = [w for w in work if w not in above_own and not set(self.chain(w)) & set(own)]
        same = self.drawn(THEIRS, 0, [w for w in others if self.objective(w) == about])[:6]
        other = self.drawn(THEIRS, 0, [w for w in others if self.objective(w) != about])[:6]
        wrong = (same + other)[:6 - len(right)]
        if len(wrong) >= 2:
            self.questions.append(("yours-1", about, {**dict.fromkeys(right, True), **dict.fromkeys(wrong, False)}))


def wilson(known, asked):
    """Solves |p - known/asked| = Z sqrt(p (1 - p) / asked) for p: Wilson's definition, without his formula."""
    a, b, c = 1 + Z * Z / asked, -(2 * known / asked + Z * Z / asked), (known / asked) ** 2
    root = math.sqrt(max(b * b - 4 * a * c, 0))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)
