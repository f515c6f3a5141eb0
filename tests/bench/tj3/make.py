#!/usr/bin/python3
"""One made-up plan for two schedulers: make.py TASKS PEOPLE DIR writes DIR/plan.tjp, and DIR/plan.yaml with DIR/tasks-*.yaml.

People in teams of eight, initiatives of 25 tasks, each task of 1 to 10 days of one person of the initiative's two teams, behind up
to two earlier tasks of the same initiative. The project lasts twice as long as the work of all by all.
"""
import datetime
import random
import sys

TEAM, INITIATIVE = 8, 25
START = datetime.date(2026, 1, 5)  # a Monday


def plan(tasks, people, draw):
    """[(number of the task, person, days, [earlier tasks])] by initiative."""
    teams = max(1, people // TEAM)
    initiatives = []
    for first in range(0, tasks, INITIATIVE):
        givers = [p for team in draw.sample(range(teams), min(2, teams)) for p in range(team * TEAM, min(people, team * TEAM + TEAM))]
        work = []
        for number in range(first, min(tasks, first + INITIATIVE)):
            earlier = draw.sample(range(first, number), min(number - first, draw.randrange(3)))
            work.append((number, draw.choice(givers), draw.randrange(1, 11), sorted(earlier)))
        initiatives.append(work)
    return initiatives


def main():
    tasks, people, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    initiatives = plan(tasks, people, random.Random(1))
    days = sum(task[2] for work in initiatives for task in work) * 2 // people * 7 // 5 + 28
    last = START + datetime.timedelta(days=days)
    with open(f"{folder}/plan.tjp", "w", encoding="utf-8") as tjp, open(f"{folder}/plan.yaml", "w", encoding="utf-8") as yaml:
        tjp.write(f'project bench "Bench" {START} - {last}\n')
        yaml.write(f"periods:\n  bench: {{first_day: {START}, last_day: {last - datetime.timedelta(days=1)}}}\nteams:\n")
        for team in range((people + TEAM - 1) // TEAM):
            yaml.write(f"  t{team}: {{title: T{team}}}\n")
            tjp.write(f'resource t{team} "T{team}" {{\n')
            for person in range(team * TEAM, min(people, team * TEAM + TEAM)):
                tjp.write(f'  resource p{person} "P{person}"\n')
            tjp.write("}\n")
        yaml.write("people:\n")
        for person in range(people):
            yaml.write(f"  p{person}: {{title: P{person}, team: t{person // TEAM}}}\n")
        yaml.write("initiatives:\n")
        for i in range(len(initiatives)):
            yaml.write(f"  i{i}: {{title: I{i}, status: active, start: {START}}}\n")
        yaml.write("ranking: [" + ", ".join(f"i{i}" for i in range(len(initiatives))) + "]\n")
        for i, work in enumerate(initiatives):
            tjp.write(f'task i{i} "I{i}" {{\n  priority {max(1, 1000 - i)}\n')
            if i % 200 == 0:  # one change set holds 10,000 changes
                more = open(f"{folder}/tasks-{i // 200:03}.yaml", "w", encoding="utf-8")
                more.write("tasks:\n")
            for number, person, length, earlier in work:
                depends = "depends " + ", ".join(f"!w{e}" for e in earlier) if earlier else ""
                after = f", after: [{', '.join(f'w{e}' for e in earlier)}]" if earlier else ""
                tjp.write(f'  task w{number} "W{number}" {{ effort {length}d allocate p{person} {depends} }}\n')
                more.write(f"  w{number}: {{title: W{number}, initiative: i{i}, effort: {length}d, members: [p{person}]{after}}}\n")
            tjp.write("}\n")
        more.close()
        tjp.write('taskreport "dates" { formats csv columns id, start, end timeformat "%Y-%m-%d-%H:%M" }\n')


if __name__ == "__main__":
    main()
