"""Sessions in the documents: ```console blocks whose commands are run and whose output is compared.

In a session a line `$ plumb …` is a command and what follows is what it prints; `…` alone on a line stands for anything.
"""
import os
import re
import shlex
import subprocess

from plumbrpc import ROOT, binary


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def blocks(text, language):
    # All of them, so that the end of one is not taken for the beginning of another.
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
    return [block for kind, block in found if kind == language]


def sections_of(session):
    """[(command, [piece, …])]: pieces of output that follow each other, with anything between them."""
    commands = []
    for line in session.splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], [[]]))
        elif line == "…":
            commands[-1][1].append([])
        else:
            commands[-1][1][-1].append(line)
    return [(command, ["\n".join(piece) for piece in pieces]) for command, pieces in commands]


def run_plumb(line, server, cwd=ROOT):
    """Runs a command line that begins with plumb, and may end with > FILE, which is then the user's alone."""
    words = shlex.split(line, comments=True)
    if len(words) > 2 and words[-2] == ">":
        done = run_plumb(shlex.join(words[:-2]), server, cwd)
        with open(os.path.join(cwd, words[-1]), "w", encoding="utf-8",
                  opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(done.stdout)
        done.stdout = ""
        return done
    if words[0] != "plumb":
        raise AssertionError("not a plumb command: " + line)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PLUMB_", "COLUMNS"))}
    env["PLUMB_SERVER"] = server
    return subprocess.run([binary("plumb")] + words[1:], env=env, cwd=cwd, capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL)


def tells(output, pieces):
    """Does the output consist of these pieces, with anything between them?"""
    if not any(pieces):
        return not output.strip()
    pattern = "(?:.*\n)?".join(re.escape(piece + "\n") if piece else "" for piece in pieces)
    return re.fullmatch(pattern, output.rstrip("\n") + "\n", re.S) is not None
