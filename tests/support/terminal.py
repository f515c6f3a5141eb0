"""A terminal for tests: runs a program on a pty, types at it, and knows what stands on its screen.

    with Terminal(["plumb", "tree"], columns=80, rows=24) as terminal:
        terminal.wait_for("goal/grow")      # on the screen
        terminal.type("q")
        terminal.wait()                     # the exit code

terminal.raw has every byte as it came; terminal.lines() what is on the screen now. The screen knows what plumb and less use:
printing, CR, LF, BS, cursor to a place, up and down, erasing a line and the screen, colours (which it forgets).
"""
import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
import unicodedata

ESCAPE = re.compile(r"\x1b(?:\[([0-9;?]*)([A-Za-z])|[=>]|\][^\x07]*\x07|[()][A-Z0-9])")


def width(character):
    """Columns of a character; good enough for what the tests print."""
    if unicodedata.combining(character) or character in "\u200d\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Screen:
    def __init__(self, columns, rows):
        self.columns, self.rows, self.x, self.y = columns, rows, 0, 0
        self.cells = [[" "] * columns for _ in range(rows)]
        self.rest = ""

    def feed(self, text):
        text, self.rest = self.rest + text, ""
        at = 0
        while at < len(text):
            if text[at] == "\x1b":
                found = ESCAPE.match(text, at)
                if not found:
                    if len(text) - at < 16:  # the rest is still to come
                        self.rest = text[at:]
                        return
                    at += 1
                    continue
                self.escape(found.group(1) or "", found.group(2))
                at = found.end()
            else:
                self.put(text[at])
                at += 1

    def escape(self, numbers, letter):
        first = int(numbers.split(";")[0]) if numbers.split(";")[0].isdigit() else 0
        if letter == "H":
            parts = (numbers.split(";") + ["1", "1"])[:2]
            self.y, self.x = int(parts[0] or 1) - 1, int((parts[1] if ";" in numbers else "1") or 1) - 1
        elif letter == "A":
            self.y = max(0, self.y - max(1, first))
        elif letter == "K":
            begin = 0 if first in (1, 2) else self.x
            end = self.x + 1 if first == 1 else self.columns
            self.cells[self.y][begin:end] = [" "] * (end - begin)
        elif letter == "J":
            if first == 2:
                self.cells = [[" "] * self.columns for _ in range(self.rows)]
            else:
                self.cells[self.y][self.x:] = [" "] * (self.columns - self.x)
                for y in range(self.y + 1, self.rows):
                    self.cells[y] = [" "] * self.columns

    def put(self, character):
        if character == "\r":
            self.x = 0
        elif character == "\n":
            self.y += 1
            if self.y == self.rows:
                self.cells = self.cells[1:] + [[" "] * self.columns]
                self.y -= 1
        elif character == "\b":
            self.x = max(0, self.x - 1)
        elif character >= " ":
            size = width(character)
            if self.x + size > self.columns:
                self.x = 0
                self.put("\n")
            if size == 0:
                self.cells[self.y][max(0, self.x - 1)] += character
                return
            self.cells[self.y][self.x] = character
            if size == 2:
                self.cells[self.y][self.x + 1] = ""
            self.x += size

    def lines(self):
        return ["".join(row).rstrip() for row in self.cells]


class Terminal:
    def __init__(self, command, columns=80, rows=24, env=None, cwd=None):
        self.screen, self.raw, self.code = Screen(columns, rows), "", None
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        environment = {k: v for k, v in os.environ.items()
                       if k not in ("NO_COLOR", "COLUMNS", "LINES", "PAGER", "PLUMB_PAGER", "LESS")}
        environment.update({"TERM": "xterm", "PLUMB_CONFIG": "/nowhere/config"}, **(env or {}))
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                if cwd:
                    os.chdir(cwd)
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
                os.execvpe(command[0], command, environment)
            finally:
                os._exit(127)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def read(self, seconds):
        """Takes what comes within so long; False at the end."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        text = self.decoder.decode(data)
        self.raw += text
        self.screen.feed(text)
        return bool(data)

    def lines(self):
        return self.screen.lines()

    def wait_for(self, what, seconds=20, gone=False):
        """Until what is on the screen (or, gone, is there no more); AssertionError with the screen otherwise."""
        until = time.monotonic() + seconds
        alive = True
        while (what in "\n".join(self.lines())) == gone:
            if not alive or time.monotonic() > until:
                raise AssertionError("%r is %s on the screen:\n%s" % (
                    what, "still" if gone else "not", "\n".join(self.lines())))
            alive = self.read(0.1)
        return self

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def wait(self, seconds=20):
        """Until it ends; the exit code, or minus the signal."""
        until = time.monotonic() + seconds
        while self.code is None:
            if time.monotonic() > until:
                raise AssertionError("it does not end:\n" + "\n".join(self.lines()))
            more = self.read(0.1)
            pid, status = os.waitpid(self.pid, 0 if not more else os.WNOHANG)
            if pid:
                while more and select.select([self.fd], [], [], 0)[0]:
                    more = self.read(0)
                self.code = os.waitstatus_to_exitcode(status)
        return self.code

    def close(self):
        if self.code is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
            self.code = -signal.SIGKILL
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None
