#!/usr/bin/python3
"""Verifies what bench-rcpsp prints with --starts, from the problem's file alone: shares no code with the engine.

    bench-rcpsp --schedules 1000 --seed 1 --starts FILE... | rcpsp_check.py FILE...

Each row must be a schedule (prerequisites, release dates, capacity in every unit of time) of the length that it states, not
shorter than the critical path (computed here) or the bound that it states. With --against CSV (best-known values: columns
set, instance, cpm_lb, ugent_lb, ugent_ub) also prints the average deviations, and refuses what is below a known bound.
"""
import argparse
import csv
import pathlib
import re
import sys


class Problem:
    def __init__(self):
        self.durations, self.demands, self.after, self.release, self.capacities = [], [], [], [], []


def read_sm(text):
    """PSPLIB: by its headings."""
    problem = Problem()
    sections = {}
    name = None
    for line in text.splitlines():
        heading = re.match(r"\s*(PROJECT INFORMATION|PRECEDENCE RELATIONS|REQUESTS/DURATIONS|RESOURCEAVAILABILITIES)", line)
        if heading:
            name = heading.group(1)
            sections[name] = []
        elif name and re.fullmatch(r"[\d\s]+", line) and line.strip():
            sections[name].append([int(word) for word in line.split()])
    release = sections["PROJECT INFORMATION"][0][2]
    for row in sections["PRECEDENCE RELATIONS"]:
        problem.after.append([n - 1 for n in row[3:3 + row[2]]])
    for row in sections["REQUESTS/DURATIONS"]:
        problem.durations.append(row[2])
        problem.demands.append(row[3:])
        problem.release.append(release)
    problem.capacities = sections["RESOURCEAVAILABILITIES"][0]
    return problem


def read_rcp(text):
    """Patterson: one stream of numbers."""
    problem = Problem()
    numbers = iter(int(word) for word in text.split())
    count, resources = next(numbers), next(numbers)
    problem.capacities = [next(numbers) for _ in range(resources)]
    for _ in range(count):
        problem.durations.append(next(numbers))
        problem.demands.append([next(numbers) for _ in range(resources)])
        problem.after.append([next(numbers) - 1 for _ in range(next(numbers))])
        problem.release.append(0)
    return problem


def read_rcmp(text):
    """Several projects: line by line."""
    problem = Problem()
    lines = iter([line.split() for line in text.splitlines() if line.strip()])
    projects, resources = int(next(lines)[0]), int(next(lines)[0])
    problem.capacities = [int(word) for word in next(lines)]
    number = {}
    after = []
    for project in range(1, projects + 1):
        head = next(lines)
        next(lines)
        for activity in range(1, int(head[0]) + 1):
            row = next(lines)
            number[f"{project}:{activity}"] = len(problem.durations)
            problem.durations.append(int(row[0]))
            problem.demands.append([int(word) for word in row[1:1 + resources]])
            problem.release.append(int(head[1]))
            after.append(row[2 + resources:])
    problem.after = [[number[name] for name in names] for names in after]
    return problem


def read(path):
    text = pathlib.Path(path).read_text()
    first = next(line for line in text.splitlines() if line.strip()).split()
    if not all(word.isdigit() for word in first):
        return read_sm(text)
    return read_rcmp(text) if len(first) == 1 else read_rcp(text)


def critical_path(problem):
    start = list(problem.release)
    for _ in problem.durations:
        moved = False
        for i, names in enumerate(problem.after):
            for j in names:
                if start[i] + problem.durations[i] > start[j]:
                    start[j] = start[i] + problem.durations[i]
                    moved = True
        if not moved:
            break
    return max(s + d for s, d in zip(start, problem.durations))


def faults(problem, row):
    """What is wrong with a row: texts, none if it is right."""
    starts = row["starts"]
    if len(starts) != len(problem.durations):
        return [f"{len(starts)} starts for {len(problem.durations)} activities"]
    found = []
    finish = [s + d for s, d in zip(starts, problem.durations)]
    for i, s in enumerate(starts):
        if s < problem.release[i]:
            found.append(f"activity {i + 1} starts at {s}, is released at {problem.release[i]}")
        for j in problem.after[i]:
            if starts[j] < finish[i]:
                found.append(f"activity {j + 1} starts at {starts[j]}, before {i + 1} is finished at {finish[i]}")
    for r, capacity in enumerate(problem.capacities):
        use = [0] * (max(finish) + 1)
        for i, s in enumerate(starts):
            for t in range(s, finish[i]):
                use[t] += problem.demands[i][r]
        for t, used in enumerate(use):
            if used > capacity:
                found.append(f"{used} of {capacity} of resource {r + 1} at {t}")
                break
    if max(finish) != row["makespan"]:
        found.append(f"it takes {max(finish)}, says {row['makespan']}")
    if critical_path(problem) != row["critical_path"]:
        found.append(f"the critical path is {critical_path(problem)}, it says {row['critical_path']}")
    if not row["critical_path"] <= row["lower_bound"] <= row["makespan"]:
        found.append("the bounds are out of order")
    return found


def best_known(path):
    with open(path, newline="") as table:
        return {row["instance"]: row for row in csv.DictReader(table)}


def against(known, row):
    """What is wrong with a row in the light of the best-known values."""
    found = []
    if row["makespan"] < int(known["ugent_lb"]):
        found.append(f"{row['makespan']} is below the known bound {known['ugent_lb']}")
    if row["lower_bound"] > int(known["ugent_ub"]):
        found.append(f"the bound {row['lower_bound']} is above the best known {known['ugent_ub']}")
    return found


def rows(lines):
    for line in lines:
        if line.startswith("#") or not line.strip():
            continue
        words = line.split()
        yield {"name": words[0], "makespan": int(words[1]), "critical_path": int(words[2]), "lower_bound": int(words[3]),
               "schedules": int(words[4]), "cpu_ms": float(words[5]),
               "starts": [int(word) for word in words[6].split(",")] if len(words) > 6 else []}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", help="best-known values")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    paths = {pathlib.Path(path).stem: path for path in options.files}
    known = best_known(options.against) if options.against else {}
    bad = count = schedules = below = 0
    ms = over_path = over_known = 0.0
    for row in rows(sys.stdin):
        found = faults(read(paths[row["name"]]), row)
        best = known.get(row["name"])
        found += against(best, row) if best else []
        for fault in found:
            print(f"{row['name']}: {fault}")
        bad += bool(found)
        count += 1
        schedules += row["schedules"]
        ms += row["cpu_ms"]
        below += row["lower_bound"] == row["makespan"]
        over_path += row["makespan"] / row["critical_path"] - 1 if row["critical_path"] else 0
        if best:
            over_known += row["makespan"] / int(best["ugent_ub"]) - 1
    if count != len(paths):
        print(f"{count} rows for {len(paths)} files")
        bad += 1
    summary = f"{count} schedules verified, {bad} wrong, {below} proved best; {100 * over_path / max(count, 1):.4f} % above the critical path"
    if known:
        summary += f", {100 * over_known / max(count, 1):.4f} % above the best known"
    print(f"{summary}; {ms / 1000:.2f} s CPU, {1000 * ms / max(schedules, 1):.2f} us for a schedule")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
