#!/usr/bin/python3
"""Every event of the daemon's log stands in docs/OPERATIONS.md, "Log lines", with its levels; none stands there that is not."""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
CALL = re.compile(r'\blog_(error|warn|info|debug)\(\s*(?:"([^"]*)"|(\w+))')
bad, events = [], {}

for path in sorted([*(TOP / "server").rglob("*.c"), *(TOP / "common").rglob("*.c"), *(TOP / "webhooks").rglob("*.c")]):
    text = path.read_text(encoding="utf-8")
    where = path.relative_to(TOP)
    for level, event, name in CALL.findall(text):
        if not event:
            bad.append("%s: log_%s() with %s: write the event's name where it is logged" % (where, level, name))
        else:
            events.setdefault(event, {}).setdefault(level, where)
    for name in re.findall(r'\blog_event\(\s*\w+(?:\.\w+)?,\s*"([^"]*)"', text):
        events.setdefault(name, {})

document = (TOP / "docs/OPERATIONS.md").read_text(encoding="utf-8")
section = re.search(r"^## Log lines\n(.*?)^## ", document, re.M | re.S).group(1)
told = {}
for line in section.splitlines():
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    if line.startswith("| `"):
        if len(cells) != 4 or not cells[2]:
            bad.append("docs/OPERATIONS.md: event, level, meaning and what to do: " + line[:60])
        for name in re.findall(r"`([^`]+)`", cells[0]):
            if name in told:
                bad.append("docs/OPERATIONS.md: %s stands there twice" % name)
            told[name] = set(re.findall(r"error|warn|info|debug", cells[1]))

for name in sorted(set(events) - set(told)):
    bad.append("docs/OPERATIONS.md: event %s (%s) is not explained" % (name, ", ".join(map(str, events[name].values()))))
for name in sorted(set(told) - set(events)):
    bad.append("docs/OPERATIONS.md: nobody logs %s" % name)
for name in sorted(set(told) & set(events)):
    for level in sorted(set(events[name]) - told[name] - {"debug"}):
        bad.append("docs/OPERATIONS.md: %s is also logged as %s (%s)" % (name, level, events[name][level]))

print("\n".join(bad) if bad else "%d events" % len(events))
sys.exit(1 if bad else 0)
