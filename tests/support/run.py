#!/usr/bin/python3
"""Runs the tests: steps, of which each counts what passed, failed and was skipped.

Presets are built one after the other; the steps of one begin when it is built, while the next is being built, since tests wait
more than they compute.

tests/run                all steps
tests/run unit scenarios only steps whose names contain one of these words
tests/run --list         the steps
"""
import argparse
import itertools
import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / "build"
LOGS = BUILD / "test-logs"

# Tests that may skip, with the reason; any other skip is a failure.
MAY_SKIP = {
    "shared": "real plans that are kept beside the project, not in it",
    "npm": "a client of others whose packages come from npm's registry, where that cannot be reached",
}


# Where the words of a failure begin, and how many lines belong to it: check's, unittest's, the sanitizers', the compilers'.
FAILURES = [
    (re.compile(r"^\S+:\d+:[FE]:"), 12),
    (re.compile(r"^(FAIL|ERROR): "), 40),
    (re.compile(r"(ERROR|WARNING): (Address|Leak|Thread|Memory)Sanitizer|: runtime error: |Assertion .* failed"), 14),
    (re.compile(r"^SUMMARY: \w+Sanitizer|^==\d+== *ERROR: libFuzzer|: (fatal )?error: |^FAILED: "), 3),
]
NEXT = re.compile(r"^(={20,}$|Ran \d+ tests? in|\S+:\d+:[FEP]:)")  # ends the words of the one before
DAEMON_LOG = re.compile(r"^(time=\S+ level=|\{\"time\":)")
NOTE_LINES = 40
LINE_LEN = 600


def failure_blocks(lines):
    """The lines in which it is said what failed, a list for each failure."""
    blocks, left = [], 0
    for line in lines:
        begins = next((most for pattern, most in FAILURES if pattern.search(line)), 0)
        if begins and (left == 0 or NEXT.match(line)):
            blocks.append([])
            left = begins
        elif NEXT.match(line):
            left = 0
        if left:
            blocks[-1].append(line)
            left -= 1
    return blocks


def both_ends(block, most):
    """What says most stands first and (an exception) last."""
    return block if len(block) <= most else block[:most // 2] + ["..."] + block[-((most - 1) // 2):]


def what_failed(text):
    """What a log says of failures, and its end, without what daemons logged; and the same in a few lines."""
    lines = [line[:LINE_LEN] for line in text.splitlines() if line.strip(" -") and not DAEMON_LOG.match(line)]
    blocks = failure_blocks(lines)
    each = max(3, (NOTE_LINES - 10) // max(1, len(blocks)))
    told = [line for block in blocks for line in both_ends(block, each)][:NOTE_LINES - 10]
    rest = NOTE_LINES - len(told) - 1
    short = [line for block in blocks for line in (block[0], *block[1:][-1:])][:6] or lines[-3:]
    return told + (["and at the end:"] if told else []) + lines[-rest:], short


class Step:
    def __init__(self, name, command, *, env=None, timeout=600, expect=0):
        self.name = name
        self.command = [str(part) for part in command]
        self.env = {k: str(v) for k, v in (env or {}).items()}
        self.timeout = timeout
        self.expect = expect  # exit status that means: as it must be
        self.passed = self.failed = self.skipped = 0
        self.seconds = self.cpu_seconds = 0.0
        self.why = ""
        self.words = []  # of the failure; and in short
        self.short = []

    def run(self):
        began = time.monotonic()
        log = LOGS / (re.sub(r"[^a-z0-9.]+", "-", self.name.lower()) + ".log")
        with open(log, "wb") as out:
            status = self.execute(out)
        self.seconds = time.monotonic() - began
        text = log.read_text(errors="replace")
        self.count(text)
        if status == self.expect:
            self.passed = max(self.passed, 1 if not self.skipped else 0)
            self.why = self.why or "counted failures"
        else:
            self.failed = max(self.failed, 1)
            self.why = f"exit {status}, expected {self.expect}"
        if self.failed:
            self.words, self.short = what_failed(text)
        return self

    def execute(self, out):
        """The exit status, or words."""
        late = threading.Event()
        try:
            child = subprocess.Popen(self.command, cwd=TOP, env=dict(os.environ, **self.env), stdout=out,
                                     stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        except OSError as error:
            return str(error)
        timer = threading.Timer(self.timeout, lambda: (late.set(), child.kill()))
        timer.start()
        _, status, used = os.wait4(child.pid, 0)  # its own time alone, not that of those beside it
        timer.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        self.cpu_seconds = used.ru_utime + used.ru_stime
        return f"took longer than {self.timeout} s" if late.is_set() else child.returncode

    def count(self, text):
        """Counts what the runners say at their ends."""
        for checks, failures, errors in re.findall(
                r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)", text, re.M):
            bad = int(failures) + int(errors)
            self.passed += int(checks) - bad
            self.failed += bad
        ran = re.findall(r"^Ran (\d+) tests? in", text, re.M)
        if ran:
            bad = sum(int(n) for n in re.findall(r"(?:failures|errors)=(\d+)", text))
            skips = re.findall(r"skipped '?\"?([^'\"\n]*)", text)
            self.skipped += len(skips)
            for reason in skips:
                if not any(reason.startswith(allowed) for allowed in MAY_SKIP):
                    self.failed += 1
                    self.why = f"skipped, and may not: {reason}"
            self.passed += sum(map(int, ran)) - bad - len(skips)
            self.failed += bad
        for passed, failed, skipped in re.findall(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", text, re.M):
            self.passed += int(passed)
            self.failed += int(failed)
            self.skipped += int(skipped)


# In what order presets are built: those with the longest tests first.
PRESETS = ["asan", "dev", "release", "tsan", "clang", "fuzz"]

# What runs under the thread sanitizer: programs with threads in them, beyond those of these layers.
TSAN_LAYERS = ("store", "rpc", "net")
TSAN_UNITS = ("client_test_rpc_client", "insight_test_parallel", "insight_test_plan_forecast", "insight_test_plan_schedule")


def targets(preset):
    """What of it is run; none: all of it, for the compiler's warnings."""
    if preset == "fuzz":
        return ["fuzzers"]
    if preset != "tsan":
        return []
    names = [f"{test.parent.name}_{test.stem}" for test in (TOP / "tests" / "unit").glob("*/test_*.c")]
    return ["plumbd", "plumb"] + ["unit_" + name for name in sorted(names) if is_for_tsan(name)]


def is_for_tsan(name):
    return (name.split("_")[0] in TSAN_LAYERS and not is_alloc(name)) or name in TSAN_UNITS


def is_alloc(name):
    """Failing every allocation in turn takes minutes; what it looks for shows without and with ASan."""
    return name.endswith("_test_alloc")


def build(preset):
    only = ["--target", *targets(preset)] if targets(preset) else []
    # A hundred programs are linked for each: in half the time. What is released is linked as its users would.
    configure = ["cmake", "--preset", preset]
    if preset != "release" and shutil.which("ld.lld"):
        configure.append("-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld")
    compile_ = ["cmake", "--build", "--preset", preset, *only, "--", "--quiet"]
    # Below the tests that run beside it, whose daemons' workers are nice themselves. Where ccache has nothing, it need not run
    # the preprocessor once more.
    return Step(f"build {preset}", ["nice", "-n", "12", "sh", "-c", " ".join([*configure, "&&", *compile_])],
                timeout=1500, env={"CCACHE_DEPEND": "1"})


# Under a sanitizer a process for each check takes up to ten times what the checks take, most of it to begin and, with the address
# sanitizer, to look for leaks at its end. Those of these layers leave nothing behind for the next and share one; in all other builds each has its own.
SHARE_PROCESS = ("client", "common", "insight", "net", "rpc")


def unit(preset):
    steps = []
    for program in sorted((BUILD / preset / "tests").glob("unit_*")):
        name = program.name[5:]
        if (is_alloc(name) and preset not in ("dev", "asan")) or (preset == "tsan" and not is_for_tsan(name)):
            continue
        if program.is_file() and os.access(program, os.X_OK):
            shared = preset in ("asan", "tsan") and name.split("_")[0] in SHARE_PROCESS and not is_alloc(name)
            steps.append(Step(f"unit {preset} {name}", [program], timeout=1500,
                              env={"CK_DEFAULT_TIMEOUT": 120, "CK_TIMEOUT_MULTIPLIER": 4, **({"CK_FORK": "no"} if shared else {})}))
    return steps


def python_tests(kind, preset):
    steps = []
    for test in sorted((TOP / "tests" / kind).glob("test_*.py")):
        steps.append(Step(f"{kind} {preset} {test.stem[5:]}", ["/usr/bin/python3", "-m", "unittest", "-v", test],
                          timeout=900,
                          env={"PLUMB_BUILD": BUILD / preset, "PYTHONPATH": TOP / "tests" / "support"}))
    return steps


# Scenarios that say the same over both protocols, and are quick: a second time over gRPC.
OVER_GRPC = ("asks", "bad_input", "change_findings", "concurrency", "documents", "handover", "load", "mine", "names", "priority",
             "progress", "refuse", "rule_setting", "score", "waive", "whatif")


def over_grpc(preset):
    steps = []
    for step in python_tests("scenarios", preset):
        name = step.name.rsplit(" ", 1)[1]
        if name in OVER_GRPC:
            step.name = f"scenarios {preset} over gRPC {name}"
            step.env["PLUMB_TEST_PROTOCOL"] = "grpc"
            steps.append(step)
    return steps


def lints():
    return [Step(f"lint {lint.stem}", [lint], timeout=900)
            for lint in sorted((TOP / "tests" / "lint").iterdir()) if os.access(lint, os.X_OK) and lint.is_file()]


def crash():
    steps = []
    powercut = BUILD / "release" / "tests" / "powercut"
    if powercut.exists():
        steps.append(Step("crash 2000 power cuts", [powercut, "--cuts", "2000", "--seed", "1"], timeout=900))
        # The test has teeth: without FULL it must find losses.
        steps.append(Step("crash power cuts notice synchronous=NORMAL",
                          [powercut, "--cuts", "300", "--seed", "1", "--synchronous", "NORMAL"], timeout=900, expect=1))
    return steps + python_tests("crash", "release")


# Those whose runs are slow, so that each takes half a minute at most.
FUZZ_RUNS = {"fuzz_csv": 20_000, "fuzz_h2": 5_000, "fuzz_okr": 8_000, "fuzz_tjp": 15_000, "fuzz_xml": 30_000}


def fuzz(runs):
    """A short run is the same every time: from the corpus in the repository, by a fixed seed. tests/nightly looks for more."""
    steps = []
    for target in sorted((BUILD / "fuzz" / "fuzz").glob("fuzz_*")):
        if not (target.is_file() and os.access(target, os.X_OK)):
            continue
        corpus = TOP / "tests" / "fuzz" / "corpus" / target.name
        found = BUILD / "fuzz" / "found" / target.name
        shutil.rmtree(found, ignore_errors=True)
        found.mkdir(parents=True)
        steps.append(Step(f"fuzz {target.name[5:]}",
                          [target, f"-runs={FUZZ_RUNS.get(target.name, runs)}", "-seed=1", "-rss_limit_mb=4096", "-timeout=20", "-verbosity=0",
                           "-print_final_stats=1", f"-artifact_prefix={LOGS}/", found]
                          + ([corpus] if corpus.is_dir() else []), timeout=300))
    return steps


# Those that take longest begin first, or the run would end with one of them alone.
LONG = ("rpc_test_alloc", "crash", "packaging", "scenarios tsan", "scenarios asan cli", "store_test_faults")


def steps_of(preset):
    """The steps that run on a preset that is built."""
    steps = unit(preset)
    if preset == "dev":
        steps += lints() + over_grpc(preset)
    elif preset == "asan":
        steps += python_tests("scenarios", preset) + python_tests("interop", preset)
    elif preset == "tsan":
        steps += [s for s in python_tests("scenarios", preset) if "life" in s.name or "watch" in s.name]
    elif preset == "release":
        steps = python_tests("packaging", preset) + crash()
    elif preset == "fuzz":
        steps = fuzz(50_000)
    return steps


def report(step):
    mark = "FAIL" if step.failed else "ok"
    skipped = f", {step.skipped} skipped" if step.skipped else ""
    print(f"{mark:4} {step.name}: {step.passed} passed{skipped} ({step.seconds:.1f} s, {step.cpu_seconds:.1f} s of them computing)"
          + (f"\n     {step.why}" if step.failed else "")
          + "".join(f"\n     | {line}" for line in step.words), flush=True)


class Crew:
    """Runs steps as they come, so many at a time; of those that wait the long ones first."""

    def __init__(self, jobs):
        self.steps = queue.PriorityQueue()
        self.added = itertools.count()
        self.done = []
        self.hands = [threading.Thread(target=self.work, daemon=True) for _ in range(jobs)]
        for hand in self.hands:
            hand.start()

    def add(self, step, urgency=1):
        self.steps.put((urgency, next(self.added), step))

    def work(self):
        while (step := self.steps.get()[2]) is not None:
            self.run(step)

    def run(self, step):
        report(step.run())
        self.done.append(step)
        return not step.failed

    def finish(self):
        for _ in self.hands:
            self.add(None, urgency=2)
        for hand in self.hands:
            hand.join()
        return self.done


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="only steps whose names contain one of these")
    parser.add_argument("--list", action="store_true", help="print the steps and stop")
    parser.add_argument("--jobs", type=int, default=(os.cpu_count() or 2) + 1, help="steps at a time, beside building")
    parser.add_argument("--no-build", action="store_true", help="run on what is built")
    options = parser.parse_args()
    LOGS.mkdir(parents=True, exist_ok=True)

    def wanted(preset):
        return [s for s in steps_of(preset) if not options.words or any(word in s.name for word in options.words)]

    if options.list:
        for preset in PRESETS:
            for step in wanted(preset):
                print(step.name)
        return 0
    began = time.monotonic()
    crew = Crew(options.jobs)
    for preset in PRESETS:
        if options.no_build or crew.run(build(preset)):
            for step in wanted(preset):
                crew.add(step, urgency=0 if any(part in step.name for part in LONG) else 1)
    done = crew.finish()
    print(f"{(time.monotonic() - began) / 60:.1f} minutes, of which computing "
          f"{sum(s.cpu_seconds for s in done) / 60:.1f} on {os.cpu_count()} cores; the longest: "
          + ", ".join(f"{s.name} {s.seconds:.0f} s" for s in sorted(done, key=lambda s: -s.seconds)[:8]))
    return finish(done)


def finish(done):
    failed = [step for step in done if step.failed]
    for step in failed:
        print(f"failed: {step.name}: {step.why} (build/test-logs)"
              + "".join(f"\n     | {line}" for line in step.short))
    print(f"{sum(s.passed for s in done)} passed, {sum(s.failed for s in done)} failed, "
          f"{sum(s.skipped for s in done)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
