"""Certificates for tests."""
import os
import subprocess


class Certificates:
    """A certificate authority for one test, by the openssl program."""

    def __init__(self, folder):
        self.folder = folder
        self.make("ca", "/CN=test authority")

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def openssl(self, *args):
        subprocess.run(["openssl", *args], check=True, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def make(self, name, subject, days="30"):
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key"]
        if name == "ca":
            self.openssl("req", "-x509", *key, "-out", "ca.pem", "-subj", subject, "-days", days)
            return
        self.openssl("req", *key, "-out", name + ".csr", "-subj", subject, "-addext",
                     "subjectAltName=DNS:localhost,IP:127.0.0.1")
        self.openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                     "-out", name + ".pem", "-days", days, "-copy_extensions", "copy")
