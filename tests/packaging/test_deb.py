"""The Debian package: what is in it, that its programs run as they come out of it, and, where $PLUMB_CHROOT is set (tests/nightly
package), that it installs, runs, is removed and purged in a fresh Debian 12."""
import glob
import os
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("PLUMB_BUILD", os.path.join(ROOT, "build", "release"))


def run(*words, **options):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=options.pop("timeout", 120), **options).stdout


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="plumbdeb-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        run("cpack", "--config", os.path.join(BUILD, "CPackConfig.cmake"), "-G", "DEB", "-B", cls.folder, cwd=cls.folder)
        cls.deb, = glob.glob(os.path.join(cls.folder, "plumbline_*.deb"))
        cls.root = os.path.join(cls.folder, "root")
        run("dpkg-deb", "-x", cls.deb, cls.root)
        run("dpkg-deb", "-e", cls.deb, os.path.join(cls.folder, "control"))

    def control(self, name):
        with open(os.path.join(self.folder, "control", name), encoding="utf-8") as file:
            return file.read()

    def inside(self, *parts):
        return os.path.join(self.root, *parts)

    def test_configuration_is_the_administrators(self):
        listed = self.control("conffiles").split()
        there = ["/" + os.path.relpath(path, self.root) for path in glob.glob(self.inside("etc", "**"), recursive=True)
                 if os.path.isfile(path)]
        self.assertEqual(sorted(listed), sorted(there))

    def test_what_units_start_is_there(self):
        units = glob.glob(self.inside("usr/lib/systemd/system/*.service"))
        self.assertEqual(len(units), 2)
        for unit in units:
            with open(unit, encoding="utf-8") as file:
                program, = re.findall(r"^ExecStart=(\S+)", file.read(), re.M)
            self.assertTrue(os.access(self.inside("usr/bin", program), os.X_OK), program)

    def test_every_library_has_its_package(self):
        depends = set(re.findall(r"[a-z0-9.+-]+(?= |,|$)", re.search(r"^Depends: (.*)$", self.control("control"), re.M).group(1)))
        for program in ("plumbd", "plumb", "plumb-webhooks"):
            needed = re.findall(r"NEEDED\s+(\S+)", run("objdump", "-p", self.inside("usr/bin", program)))
            self.assertTrue(needed)
            for library in needed:
                owners = {line.split(":")[0] for line in run("dpkg", "-S", "*/" + library).splitlines()}
                self.assertTrue(owners & depends, "%s needs %s: %s" % (program, library, owners))

    def test_pages_completions_and_scripts(self):
        for name in ("man1/plumb.1.gz", "man5/plumbd.conf.5.gz", "man8/plumbd.8.gz"):
            run("gzip", "-t", self.inside("usr/share/man", name))
        for name in ("bash-completion/completions/plumb", "zsh/vendor-completions/_plumb", "fish/vendor_completions.d/plumb.fish"):
            self.assertGreater(os.path.getsize(self.inside("usr/share", name)), 200)
        for name in ("postinst", "prerm", "postrm"):
            run("sh", "-n", os.path.join(self.folder, "control", name))
            self.assertTrue(os.access(os.path.join(self.folder, "control", name), os.X_OK))

    def test_the_daemon_runs_with_the_configuration_that_comes_along(self):
        with open(self.inside("etc/plumbline/plumbd.conf"), encoding="utf-8") as file:
            text = file.read()
        data, address = self.inside("data"), "unix:" + self.inside("s")
        text = text.replace("/var/lib/plumbline", data).replace("unix:/run/plumbline/plumbd.sock", address)
        text = text.replace("listen = tcp:127.0.0.1:7411", "listen = tcp:127.0.0.1:0")
        config = os.path.join(self.folder, "plumbd.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(text)
        with open(os.path.join(self.folder, "log"), "wb") as log, subprocess.Popen(
                [self.inside("usr/bin/plumbd"), "--config", config], stdout=subprocess.PIPE, stderr=log, text=True) as daemon:
            try:
                self.assertEqual(daemon.stdout.readline().split()[:2], ["plumbd", "ready"])
                self.assertIn("0.1.0", run(self.inside("usr/bin/plumb"), "info", "--server", address,
                                           env=dict(os.environ, HOME=self.folder)))
            finally:
                daemon.terminate()
            self.assertEqual(daemon.wait(30), 0)


# Half an hour's work for the daily tests: a root file system is made from scratch.
if "PLUMB_CHROOT" in os.environ:
    class Installed(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            Package.setUpClass()
            cls.addClassCleanup(Package.doClassCleanups)
            cls.root = os.path.join(Package.folder, "debian")
            given = os.environ["PLUMB_CHROOT"]  # a tar file of one, else it is made
            if os.path.isfile(given):
                os.mkdir(cls.root)
                run("tar", "-C", cls.root, "-xf", given, "--exclude=./dev/*", timeout=600)
            else:
                run("mmdebstrap", "--variant=apt", "bookworm", cls.root, timeout=1500)
            shutil.copy(Package.deb, os.path.join(cls.root, "plumbline.deb"))
            shutil.copy("/etc/resolv.conf", os.path.join(cls.root, "etc"))
            for name in ("null", "zero", "random", "urandom"):
                if not os.path.exists(os.path.join(cls.root, "dev", name)):
                    run("cp", "-a", "/dev/" + name, os.path.join(cls.root, "dev"))

        def chroot(self, *words, timeout=900):
            return run("chroot", self.root, "env", "DEBIAN_FRONTEND=noninteractive", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *words,
                       timeout=timeout)

        def test_from_installing_to_purging(self):
            self.chroot("apt-get", "update", "-qq")
            self.chroot("apt-get", "install", "-y", "-qq", "--no-install-recommends", "/plumbline.deb")
            self.assertIn("/var/lib/plumbline", self.chroot("getent", "passwd", "plumbline"))
            self.assertEqual(self.chroot("stat", "-c", "%U %a", "/var/lib/plumbline").strip(), "plumbline 700")
            self.chroot("install", "-d", "-o", "plumbline", "-m", "0755", "/run/plumbline")
            daemon = subprocess.Popen(["chroot", self.root, "setpriv", "--reuid=plumbline", "--regid=plumbline", "--clear-groups",
                                       "plumbd", "--config", "/etc/plumbline/plumbd.conf", "--listen",
                                       "unix:/run/plumbline/plumbd.sock"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            try:
                self.assertEqual(daemon.stdout.readline().split()[:2], ["plumbd", "ready"])
                self.assertIn("0.1.0", self.chroot("plumb", "info", "--server", "unix:/run/plumbline/plumbd.sock"))
            finally:
                daemon.terminate()
                daemon.wait(30)
                daemon.stdout.close()
            self.chroot("apt-get", "remove", "-y", "-qq", "plumbline")
            self.assertTrue(os.path.exists(os.path.join(self.root, "etc/plumbline/plumbd.conf")))
            self.assertFalse(os.path.exists(os.path.join(self.root, "usr/bin/plumbd")))
            self.chroot("dpkg", "--purge", "plumbline")
            self.assertFalse(os.path.exists(os.path.join(self.root, "etc/plumbline")))
            # Plans are never deleted by a package manager.
            self.assertTrue(os.path.exists(os.path.join(self.root, "var/lib/plumbline/log.db")))


if __name__ == "__main__":
    unittest.main()
