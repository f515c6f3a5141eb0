#!/usr/bin/python3
"""Gives callers more than they may have, one thing at a time, and expects a failing test.

Every row of the table of methods is loosened or tightened, and every condition of ownership and isolation below is dropped. Works on a
copy of the tree; the tree itself is only read. Takes a quarter of an hour; meant for nightly runs:

    tests/mutation/permissions.py [--keep DIR] [WORD ...]     only mutations whose names have one of these words
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

from rules import copy_tree

UNITS = ["unit_rpc_test_permit", "unit_rpc_test_ownership"]
RPC = "server/rpc/"
OTHER = {"NONE": "READER", "READER": "NONE", "CONTRIBUTOR": "READER", "PLANNER": "CONTRIBUTOR", "ADMIN": "PLANNER"}

# name, file, what stands there (once), what to make of it
MUTATIONS = [
    ("enter any workspace", RPC + "workspace.c", "if (!access_may_enter(call, id)) {", "if (false) {"),
    ("list any workspace", RPC + "admin_rpc.c", "if (!access_may_enter(listing->call, ws->id))", "if (false)"),
    ("info of the daemon", RPC + "admin_rpc.c", "if (permit_sees_daemon(call)) {", "if (true) {"),
    ("verify all", RPC + "admin_rpc.c", "request->workspace[0] == '\\0' && !permit_whole(call, &err)", "false"),
    ("some are all", RPC + "permit.c", "return row == NULL || !row->whole || permit_whole(call, err);", "return true;"),
    ("no row", RPC + "permit.c", "row != NULL ? row->least : ACCESS_ADMIN", "row != NULL ? row->least : ACCESS_NONE"),
    ("speaking for others", RPC + "speaker.c", "caller->verified ? own_person(caller) : ", ""),
    ("claims own", RPC + "own.c", "if (!caller->verified || strncmp(", "if (strncmp("),
    ("any team is one's own", RPC + "own.c", "return owner->kind == KIND_TEAM && is_in_team(own, owner);",
     "return owner->kind == KIND_TEAM;"),
    ("members", RPC + "own.c", "points_at(team, ROLE_MEMBER, own->person) ||", ""),
    ("those who name a team", RPC + "own.c", "|| points_at(live(own, own->person), ROLE_TEAM, team->slot)", ""),
    ("leads", RPC + "own.c", "seen->is_own = points_at(team, ROLE_LEAD, own->person) ||", "seen->is_own ="),
    ("what belongs to own", RPC + "own.c", "item = above(own, item);\n\t}\n\treturn false;", "item = NULL;\n\t}\n\treturn false;"),
    ("members speak for teams", RPC + "own.c", "return points_at(who, ROLE_LEAD, own->person) || is_named(own, who);",
     "return is_in_team(own, who);"),
    ("people and teams", RPC + "ownership.c", "if (rule_of(kind) == RULE_PLANNER) {", "if (false) {"),
    ("removing the frame", RPC + "ownership.c", "if (rule_of((enum kind)item->kind) == RULE_PLANNER) {", "if (false) {"),
    ("putting others'", RPC + "ownership.c", "else if (old != NULL && !own_has(&judge->own, old))", "else if (false)"),
    ("moving below others'", RPC + "ownership.c",
     "if (judge_is_own_name(judge, above, bare))\n\t\treturn;", "if (old != NULL || judge_is_own_name(judge, above, bare))\n\t\treturn;"),
    ("new ones by themselves", RPC + "ownership.c", "if (above[0] == '\\0' && old != NULL)", "if (above[0] == '\\0')"),
    ("names that are waited for", RPC + "ownership.c",
     "if (old == NULL && !judge_takes_nothing(judge, \"put.item\", kind, item->id))", "if (false)"),
    ("renames onto such", RPC + "ownership.c",
     "if (!judge->is_planner && ref_parse(rename->ref, KIND_NONE, &kind, &id, &len))", "if (false && ref_parse(rename->ref, KIND_NONE, &kind, &id, &len))"),
    ("others' records go along", RPC + "ownership.c",
     "(!judge->is_planner && kind_is_record(item->kind) && !is_own_record(judge, item))", "false"),
    ("kinds only read go along", RPC + "ownership.c",
     "if (!access_may_write(judge->call, (enum kind)item->kind) ||", "if ("),
    ("kinds only read", RPC + "ownership.c", "if (access_may_write(judge->call, (enum kind)kind))\n\t\treturn true;", "if (true)\n\t\treturn true;"),
    ("records as others", RPC + "ownership.c", "else if (record->by[0] != '\\0' &&", "else if (false &&"),
    ("targets of others", RPC + "ownership.c", "else if (!own_has(&judge->own, about))", "else if (false)"),
    ("check-ins of services", RPC + "ownership.c", "if (kind != KIND_MEASUREMENT && judge->own.person == SLOT_NONE)", "if (false)"),
    ("retracting others'", RPC + "ownership.c", "return by != NULL && by->slot == judge->own.person;", "return by != NULL;"),
    ("redacting", RPC + "ownership.c", "if (judge->call->caller.access < ACCESS_ADMIN) {", "if (false) {"),
    ("orders", RPC + "ownership.c", "if (may_write(judge, \"place\", KIND_RANKING) && !judge->is_planner)", "if (false)"),
    ("overrides", RPC + "ownership.c", "if (!judge.is_planner && set->override_reason[0] != '\\0')", "if (false)"),
    ("answers of those who ask", RPC + "ownership_ask.c", "if (!sides->gives)\n\t\tjudge_refuse(", "if (false)\n\t\tjudge_refuse("),
    ("states of those who ask", RPC + "ownership_ask.c", "if (ask->state != was->state && !may_become(sides, ask->state))", "if (false)"),
    ("questions of those who answer", RPC + "ownership_ask.c", "if (!sides->asks)\n\t\tjudge_refuse_others(", "if (false)\n\t\tjudge_refuse_others("),
    ("asks in others' names", RPC + "ownership_ask.c", "if (!would_ask(judge, item->ask)) {", "if (false) {"),
    ("answers as others", RPC + "ownership_ask.c", "(me == NULL || who == NULL || who->slot != judge->own.person)", "false"),
]


def rows_of(tree):
    """Every row of the table, with another role; those of all workspaces as of one, too."""
    with open(os.path.join(tree, RPC, "permit.c"), encoding="utf-8") as file:
        text = file.read()
    rows = re.findall(r'\{\s*"([\w.]+)",\s*"(\w+)",\s*ACCESS_(\w+),\s*(true|false)\s*\}', text)
    for service, method, role, whole in rows:
        name, row = "%s.%s" % (service, method), '{ "%s", "%s", ACCESS_%s, %s }'
        yield name, RPC + "permit.c", row % (service, method, role, whole), row % (service, method, OTHER[role], whole)
        if whole == "true":
            yield name + " of one", RPC + "permit.c", row % (service, method, role, whole), row % (service, method, role, "false")


def build(tree):
    return subprocess.run(["ninja", "-C", os.path.join(tree, "b"), "-j2", "plumbd", "plumb"] + UNITS, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=1800)


def tests_pass(tree):
    commands = [[os.path.join(tree, "b", "tests", name)] for name in UNITS]
    commands.append([sys.executable, "-m", "unittest", "-f", os.path.join(tree, "tests", "scenarios", "test_permissions.py")])
    env = dict(os.environ, PLUMB_BUILD=os.path.join(tree, "b"), PYTHONPATH=os.path.join(tree, "tests", "support"))
    for command in commands:
        try:
            done = subprocess.run(command, cwd=tree, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, timeout=200)
        except subprocess.TimeoutExpired:
            return False
        if done.returncode != 0:
            return False
    return True


def mutate(tree, path, old, new):
    """None where a test fails, as it must; else what went wrong."""
    full = os.path.join(tree, path)
    with open(full, encoding="utf-8") as file:
        text = file.read()
    # Where lines are broken is the layout's affair.
    pattern = re.compile(r"\s+".join(re.escape(word) for word in old.split()))
    if len(pattern.findall(text)) != 1:
        return "stands there %d times instead of once" % len(pattern.findall(text))
    with open(full, "w", encoding="utf-8") as file:
        file.write(pattern.sub(lambda match: new, text))
    try:
        built = build(tree)
        if built.returncode != 0:
            return "does not compile:\n" + built.stdout[-2000:]
        return "all tests still pass" if tests_pass(tree) else None
    finally:
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", help="work in this directory and leave it")
    parser.add_argument("words", nargs="*")
    args = parser.parse_args()
    tree = args.keep or tempfile.mkdtemp(prefix="plumb-mutation-")
    tried = failed = 0
    try:
        if not os.path.exists(os.path.join(tree, "server")):
            os.makedirs(tree, exist_ok=True)
            copy_tree(tree)
        subprocess.run(["cmake", "-G", "Ninja", "-S", tree, "-B", os.path.join(tree, "b"),
                        "-DCMAKE_C_COMPILER=gcc", "-DCMAKE_BUILD_TYPE=Debug"],
                       check=True, stdout=subprocess.DEVNULL)
        built = build(tree)
        if built.returncode != 0:
            sys.exit("the tests do not build:\n" + built.stdout[-2000:])
        if not tests_pass(tree):
            sys.exit("the tests fail before anything was changed")
        for name, path, old, new in list(rows_of(tree)) + MUTATIONS:
            if args.words and not any(word in name for word in args.words):
                continue
            wrong = mutate(tree, path, old, new)
            print("%-60s %s" % (name, "caught" if wrong is None else "NOT CAUGHT: " + wrong), flush=True)
            tried += 1
            failed += wrong is not None
    finally:
        if not args.keep:
            shutil.rmtree(tree, ignore_errors=True)
    print("%d mutations, %d not caught" % (tried, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
