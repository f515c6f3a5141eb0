#!/usr/bin/python3
"""A slow twin of the forecast: shares no code with it, and computes the same draws from what docs/FORECAST.md says alone.

Random words by its own Philox4x32-10, normals and betas by exact quantiles instead of tables, durations in double precision,
finishes by recursion. So a finish here and there agree to about 1 in 10,000.

    forecast_twin.py [NETS [DRAWS]]    the nets and their finishes, as tests/unit/insight/forecast_expected.h has them
"""
import functools
import math
import random
import statistics
import sys

MASK = 0xffffffff
NORMAL = statistics.NormalDist()
OWN, TEAM, OVERALL = range(3)


def philox(counter, key):
    """Salmon, Moraes, Dror, Shaw (SC 2011): ten rounds on four words."""
    x, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xd2511f53 * x[0], 0xcd9e8d57 * x[2]
        x = [b >> 32 ^ x[1] ^ k[0], b & MASK, a >> 32 ^ x[3] ^ k[1], a & MASK]
        k = [k[0] + 0x9e3779b9 & MASK, k[1] + 0xbb67ae85 & MASK]
    return x


@functools.lru_cache(maxsize=None)
def normal(seed, kind, stream, draw):
    """The standard normal of that stream in that draw."""
    words = philox((draw // 16 * 4 + draw % 4, kind, stream & MASK, stream >> 32), (seed & MASK, seed >> 32))
    word = words[draw % 16 // 4]
    z = NORMAL.inv_cdf(((word & 0x7fffffff) + 0.5) / 2 ** 32)
    return -z if word >> 31 else z


@functools.lru_cache(maxsize=None)
def beta_sums(a, b, steps=4000):
    """The beta density's integral by Simpson's rule, in steps."""
    def density(x):
        return x ** (a - 1) * (1 - x) ** (b - 1)
    sums = [0.0]
    for i in range(steps):
        x, h = i / steps, 1 / steps
        sums.append(sums[-1] + (density(x) + 4 * density(x + h / 2) + density(x + h)) * h / 6)
    return sums


def beta_quantile(a, b, u):
    sums = beta_sums(a, b)
    want, low, high = u * sums[-1], 0, len(sums) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if sums[middle] <= want else (low, middle)
    return (low + (want - sums[low]) / (sums[high] - sums[low])) / (len(sums) - 1)


def duration(estimate, z):
    shape, low, likely, high, ratios = estimate
    u = NORMAL.cdf(z)
    if shape == "FIXED" or (shape in ("TRIANGULAR", "PERT") and low == high):
        return likely
    if shape == "TRIANGULAR":
        if u < (likely - low) / (high - low):
            return low + math.sqrt(u * (high - low) * (likely - low))
        return high - math.sqrt((1 - u) * (high - low) * (high - likely))
    if shape == "PERT":
        a, b = 1 + 4 * (likely - low) / (high - low), 1 + 4 * (high - likely) / (high - low)
        return low + (high - low) * beta_quantile(a, b, u)
    if shape == "LOGNORMAL":
        return likely * math.exp(math.log(high / likely) / NORMAL.inv_cdf(0.9) * z)
    ordered = sorted(ratios)
    at = u * (len(ordered) - 1)
    i = min(int(at), len(ordered) - 2)
    return likely * (ordered[i] + (at - i) * (ordered[i + 1] - ordered[i]))


def finishes(net, draw):
    """Of all activities of a net in one draw."""
    seed, overall, team, activities, arcs = net
    done = {}
    for i, (estimate, stream, of_team, not_before) in enumerate(activities):
        z = math.sqrt(overall) * normal(seed, OVERALL, 0, draw)
        if of_team:
            z += math.sqrt(team) * normal(seed, TEAM, of_team, draw)
        z += math.sqrt(1 - overall - (team if of_team else 0)) * normal(seed, OWN, stream, draw)
        start = max([not_before] + [done[a] + lag for a, b, lag in arcs if b == i])
        done[i] = start + duration(estimate, z)
    return [done[i] for i in range(len(activities))]


def make(number):
    """A small net: activities with estimate, stream, team and first day; arcs to later ones with lags."""
    rng = random.Random(number)
    overall = rng.choice([0, 0.1, 0.3, 1])
    team = rng.choice([0, 0.2, 0.5]) if overall < 0.5 else 0
    activities = []
    for _ in range(rng.randint(3, 9)):
        shape = rng.choice(["FIXED", "TRIANGULAR", "PERT", "LOGNORMAL"])
        low = rng.randint(1, 20) / 4
        likely = low + rng.randint(0, 8) / 4
        high = likely + rng.randint(1, 16) / 4
        activities.append(((shape, low, likely, high, ()), rng.getrandbits(64), rng.choice([0, 7, 2 ** 40 + 3]),
                           rng.choice([0, 0, 2.5, 6])))
    arcs = [(a, b, rng.choice([0, 0, 1.5])) for b in range(len(activities)) for a in range(b) if rng.random() < 0.4]
    return rng.getrandbits(64), overall, team, activities, arcs


def header(nets, draws):
    out = ["/* Nets and their finishes as a twin computes them: made by tests/support/forecast_twin.py, not by hand. */",
           "/* clang-format off */", "#ifndef TESTS_UNIT_INSIGHT_FORECAST_EXPECTED_H",
           "#define TESTS_UNIT_INSIGHT_FORECAST_EXPECTED_H", '#include "server/insight/schedule/forecast.h"']
    for number in range(nets):
        seed, overall, team, activities, arcs = net = make(number)
        out.append(f"static const struct forecast_activity activities_{number}[] = {{")
        for (shape, low, likely, high, _), stream, of_team, _ in activities:
            out.append(f"\t{{{{FORECAST_{shape}, {low}, {likely}, {high}, NULL, 0}}, UINT64_C({stream}), UINT64_C({of_team})}},")
        out.append("};")
        out.append(f"static const float not_before_{number}[] = {{{', '.join(f'{a[3]:.1f}f' for a in activities)}}};")
        rows = ", ".join(f"{{{a}, {b}, {lag:.1f}f}}" for a, b, lag in arcs) or "{0, 0, 0}"
        out.append(f"static const struct forecast_arc arcs_{number}[] = {{{rows}}};")
        out.append(f"static const double finishes_{number}[] = {{")
        for draw in draws:
            out.append("\t" + ", ".join(f"{day:.6f}" for day in finishes(net, draw)) + ",")
        out.append("};")
    out.append(f"#define EXPECTED_DRAWS {len(draws)}u")
    out.append(f"static const uint32_t expected_draws[] = {{{', '.join(map(str, draws))}}};")
    out.append("static const struct {\n\tuint64_t seed;\n\tdouble overall, team;\n\tuint32_t count;\n\tsize_t arcs;\n"
               "\tconst struct forecast_activity *activity;\n\tconst float *not_before;\n\tconst struct forecast_arc *arc;\n"
               "\tconst double *finish;\n} twin[] = {")
    for number in range(nets):
        seed, overall, team, activities, arcs = make(number)
        out.append(f"\t{{UINT64_C({seed}), {overall}, {team}, {len(activities)}, {len(arcs)}, activities_{number}, "
                   f"not_before_{number}, arcs_{number}, finishes_{number}}},")
    out.append("};")
    out.append(f"#define EXPECTED_NETS {nets}")
    out.append("#endif")
    return "\n".join(out) + "\n"


def main():
    nets = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    draws = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    sys.stdout.write(header(nets, list(range(draws)) + [999, 123456]))


if __name__ == "__main__":
    main()
