#!/usr/bin/python3
"""Every setting of plumbd stands in plumbd.conf, plumbd.conf(5) and plumbd(8), with its default; none stands there that is not;
and each is either read again on SIGHUP or told of when it has changed."""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
bad = []


def read(name):
    return (TOP / name).read_text(encoding="utf-8")


def compare(where, found, expected):
    found = list(found)
    for name in sorted(set(expected) - set(found)):
        bad.append("%s: the setting %s is missing" % (where, name))
    for name in sorted(set(found) - set(expected)):
        bad.append("%s: there is no setting %s" % (where, name))
    for name in sorted({name for name in found if found.count(name) > 1}):
        bad.append("%s: the setting %s stands there twice" % (where, name))
    return found


source = read("server/config.c")
table = re.search(r"settings\[\] = \{\n(.*?)\n\};", source, re.S).group(1)
rows = re.findall(r'^    \{"(\w+)",\s*("[^"]*"|NULL),\s*("[^"]*"|NULL),', table, re.M)
defaults = {name: default.strip('"') for name, _, default in rows}
names = list(defaults)
if len(names) < 20 or len(names) != len(re.findall(r"^    \{", table, re.M)):
    bad.append("server/config.c: this lint does not understand the table of settings any more")

conf = read("deploy/plumbd.conf")
lines = re.findall(r"^(#?)(\w+) = (.*)$", conf[:conf.index("[people]")], re.M)
# It listens at two addresses.
given = [name for _, name, _ in lines]
given.remove("listen")
compare("deploy/plumbd.conf", given, names)
for comment, name, value in lines:
    default = defaults.get(name, "")
    # A default in words (or none) is shown by an example.
    if comment and re.fullmatch(r"\w+", default) and value != default:
        bad.append("deploy/plumbd.conf: %s = %s is not the default, which is %s" % (name, value, default))

page = read("docs/man/plumbd.conf.5")
compare("docs/man/plumbd.conf.5", re.findall(r"^\.TP\n\.B (\w+)$", page, re.M), names)

options = read("docs/man/plumbd.8")
options = options[options.index(".SH OPTIONS"):options.index(".SS Restoring")].replace("\\-", "-")
headings = re.findall(r"^\.TP\n(.*)$", options, re.M)
given = [option.replace("-", "_") for heading in headings for option in re.findall(r"--([a-z-]+[a-z])", heading)]
compare("docs/man/plumbd.8", given, names + ["config", "help", "version"])

sections = {"[people]", "[certificates]"}
again = set(re.search(r'^\.\\" read again:\n(.*?)\.\n', page, re.M | re.S).group(1).replace("\n", " ").split(", "))
reload_source = read("server/config_reload.c")
fixed = set(re.findall(r'^    \{"(\w+)", AT\(', reload_source, re.M)) | set(re.findall(r'tell\("(\w+)"\)', reload_source))
for name in sorted(again & fixed):
    bad.append("%s is said to be read again, and is told of as staying" % name)
compare("server/config_reload.c and plumbd.conf(5), SIGHUP", (again - sections) | fixed, names)
for section in sorted(sections - again):
    bad.append("docs/man/plumbd.conf.5: SIGHUP says nothing of " + section)

print("\n".join(bad) if bad else "%d settings" % len(names))
sys.exit(1 if bad else 0)
