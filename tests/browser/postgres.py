"""A Postgres on a socket in a folder of its own."""

import glob
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import time
import urllib.parse


class Postgres:
    """It runs from its start to `stop`, and may be stopped and started again between."""

    def __init__(self):
        # Debian keeps its programs off the path.
        folders = sorted(glob.glob("/usr/lib/postgresql/*/bin")) or [os.path.dirname(shutil.which("initdb") or "")]
        self.programs = pathlib.Path(folders[-1])
        # Short: the name of a socket has at most 107 bytes.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pg-"))
        # It does not run as root.
        self.user = pwd.getpwnam("postgres").pw_uid if os.getuid() == 0 else None
        if self.user is not None:
            os.chown(self.folder, self.user, -1)
        self.run("initdb", "-D", str(self.folder / "data"), "-A", "trust", "-U", "images", "-E", "UTF8", "--locale=C", "--no-sync")
        self.start()
        self.run("createdb", "-h", str(self.folder), "-U", "images", "images")

    @property
    def url(self):
        return f"postgres://images@{urllib.parse.quote(str(self.folder), safe='')}/images"

    def start(self):
        line = [self.programs / "postgres", "-D", self.folder / "data", "-k", self.folder, "-c", "listen_addresses=", "-c", "fsync=off"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(line, cwd=self.folder, user=self.user, **quiet)
        for _ in range(300):
            if subprocess.run([self.programs / "pg_isready", "-q", "-h", self.folder]).returncode == 0:
                return
            time.sleep(0.1)
        raise TimeoutError("Postgres does not start")

    def stop(self):
        """At once, as a machine that fails."""
        # SIGQUIT ends its processes without a word to their clients.
        self.process.send_signal(3)
        self.process.wait()

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, program, *words):
        subprocess.run([self.programs / program, *words], cwd=self.folder, user=self.user, check=True, stdout=subprocess.DEVNULL)
