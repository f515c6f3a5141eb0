"""Packages of npm's registry for tests, at the versions of a lock file; without npm or network the test is skipped."""
import os
import shutil
import subprocess
import unittest


def install(source, build):
    """Copies the folder source beside the builds, installs what its lock file says, and returns where that is."""
    folder = os.path.join(os.path.dirname(build.rstrip("/")), os.path.basename(source).replace("_", "-"))
    if not shutil.which("npm"):
        raise unittest.SkipTest("npm is not here")
    shutil.copytree(source, folder, dirs_exist_ok=True)
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise unittest.SkipTest("npm: " + done.stdout[-200:])
    return folder
