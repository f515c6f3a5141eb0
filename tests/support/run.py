#!/usr/bin/python3
"""Runs the tests: builds every preset, then steps of which each counts what passed, failed and was skipped.

tests/run                all steps
tests/run unit scenarios only steps whose names contain one of these words
tests/run --list         the steps
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / "build"
LOGS = BUILD / "test-logs"

# Tests that may skip, with the reason; any other skip is a failure.
MAY_SKIP = {
    "shared": "real plans that are kept beside the project, not in it",
    "npm": "a client of others whose packages come from npm's registry, where that cannot be reached",
}


class Step:
    def __init__(self, name, command, *, env=None, timeout=600, serial=False, expect=0, counts=None):
        self.name = name
        self.command = [str(part) for part in command]
        self.env = {k: str(v) for k, v in (env or {}).items()}
        self.timeout = timeout
        self.serial = serial  # needs the machine to itself
        self.expect = expect  # exit status that means: as it must be
        self.counts = counts
        self.passed = self.failed = self.skipped = 0
        self.seconds = 0.0
        self.note = ""

    def run(self):
        began = time.monotonic()
        log = LOGS / (re.sub(r"[^a-z0-9.]+", "-", self.name.lower()) + ".log")
        environment = dict(os.environ, **self.env)
        with open(log, "wb") as out:
            try:
                status = subprocess.run(self.command, cwd=TOP, env=environment, stdout=out,
                                        stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                        timeout=self.timeout).returncode
            except subprocess.TimeoutExpired:
                status = f"took longer than {self.timeout} s"
            except OSError as error:
                status = str(error)
        self.seconds = time.monotonic() - began
        text = log.read_text(errors="replace")
        self.count(text)
        if status == self.expect:
            self.passed = max(self.passed, 1 if not self.skipped else 0)
            if self.failed:
                self.note = "counted failures"
        else:
            self.failed = max(self.failed, 1)
            self.note = f"exit {status}, expected {self.expect}"
        if self.failed:
            self.note += "\n" + "\n".join("    " + line for line in text.splitlines()[-40:])
        return self

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
            self.passed += sum(map(int, ran)) - bad - len(skips)
            self.failed += bad
        for passed, failed, skipped in re.findall(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", text, re.M):
            self.passed += int(passed)
            self.failed += int(failed)
            self.skipped += int(skipped)


def build(preset):
    configure = ["cmake", "--preset", preset]
    only = ["--target", "fuzzers"] if preset == "fuzz" else []
    compile_ = ["cmake", "--build", "--preset", preset, *only, "--", "--quiet"]
    return Step(f"build {preset}", ["sh", "-c", " ".join(configure) + " && " + " ".join(compile_)], timeout=1500,
                serial=True)


def unit(preset):
    steps = []
    for program in sorted((BUILD / preset / "tests").glob("unit_*")):
        # Failing every allocation in turn takes minutes; what it looks for shows without and with ASan.
        if program.name.endswith("_test_alloc") and preset not in ("dev", "asan"):
            continue
        if program.is_file() and os.access(program, os.X_OK):
            steps.append(Step(f"unit {preset} {program.name[5:]}", [program], timeout=1500,
                              env={"CK_DEFAULT_TIMEOUT": 120, "CK_TIMEOUT_MULTIPLIER": 4}))
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
FUZZ_RUNS = {"fuzz_h2": 5_000, "fuzz_okr": 8_000, "fuzz_tjp": 15_000, "fuzz_xml": 30_000}


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


PRESETS = ["dev", "asan", "tsan", "clang", "release", "fuzz"]


def after_build():
    steps = lints()
    for preset in ("dev", "asan", "clang"):
        steps += unit(preset)
    steps += [s for s in unit("tsan") if any(part in s.name for part in ("_net_", "rpc_", "store_", "net_", "plan_", "_test_parallel"))]
    steps += python_tests("scenarios", "asan")
    steps += over_grpc("dev")
    steps += python_tests("interop", "asan")
    steps += python_tests("packaging", "release")
    steps += [s for s in python_tests("scenarios", "tsan") if "life" in s.name or "watch" in s.name]
    steps += crash()
    steps += fuzz(50_000)
    return steps


def report(step):
    mark = "FAIL" if step.failed else "ok"
    skipped = f", {step.skipped} skipped" if step.skipped else ""
    print(f"{mark:4} {step.name}: {step.passed} passed{skipped} ({step.seconds:.1f} s)", flush=True)
    if step.failed:
        print("     " + step.note, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="only steps whose names contain one of these")
    parser.add_argument("--list", action="store_true", help="print the steps and stop")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--no-build", action="store_true", help="run on what is built")
    options = parser.parse_args()
    LOGS.mkdir(parents=True, exist_ok=True)

    done = []
    if not options.no_build and not options.list:
        for preset in PRESETS:
            step = build(preset).run()
            report(step)
            done.append(step)
        if any(step.failed for step in done):
            return finish(done)
    steps = after_build()
    if options.words:
        steps = [s for s in steps if any(word in s.name for word in options.words)]
    if options.list:
        for step in steps:
            print(step.name)
        return 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for future in concurrent.futures.as_completed([pool.submit(s.run) for s in steps if not s.serial]):
            report(future.result())
            done.append(future.result())
    for step in [s for s in steps if s.serial]:
        report(step.run())
        done.append(step)
    return finish(done)


def finish(done):
    failed = [step for step in done if step.failed]
    for step in failed:
        print(f"failed: {step.name} (build/test-logs)")
    print(f"{sum(s.passed for s in done)} passed, {sum(s.failed for s in done)} failed, "
          f"{sum(s.skipped for s in done)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
