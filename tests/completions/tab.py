"""Types into real shells and presses Tab: tab.py PROGRAM IMAGE WORK. What a shell is told to echo is read, not what it draws."""

import os
import pathlib
import pty
import select
import shutil
import subprocess
import sys
import time

program, image, work = (pathlib.Path(word).resolve() for word in sys.argv[1:])
TARGETS = '[groups]\neastern = ["aliyun/cn-hangzhou"]\n'
START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source {script}; PS1='rea''dy> '"),
    "zsh": (["zsh", "-f", "-i"], "autoload -Uz compinit; compinit -u -D; source {script}; PS1='rea''dy> '"),
    "fish": (["fish", "--no-config", "-i"], "source {script}; function fish_prompt; echo -n 'rea''dy> '; end"),
}
# What each line begins with from then on. It is not written whole where it is set: a terminal shows that, too.
PROMPT = "ready> "
PATIENCE = 60


class Shell:
    def __init__(self, name):
        self.folder = work / name
        self.folder.mkdir()
        (self.folder / "targets.toml").write_text(TARGETS)
        shutil.copy(image, self.folder / "disk.qcow2")
        env = {"HOME": str(self.folder), "PATH": f"{program.parent}:/usr/bin:/bin", "TERM": "dumb", "LANG": "C.UTF-8"}
        order = ["import", "--simulate", "--to", "ucloud", "--name", "webshop", "--os", "CentOS 7.9"]
        subprocess.run([program, *order, "--state", "state", "disk.qcow2"], cwd=self.folder, env=env, check=True, capture_output=True)
        script = self.folder / "script"
        script.write_bytes(subprocess.run([program, "completions", name], env=env, check=True, capture_output=True).stdout)
        command, begin = START[name]
        self.process, self.terminal = pty.fork()
        if not self.process:
            os.chdir(self.folder)
            os.execvpe(command[0], command, env)
        self.read = b""
        os.write(self.terminal, begin.format(script=script).encode() + b"\r")
        self.until(PROMPT)

    def until(self, awaited):
        end = time.monotonic() + PATIENCE
        while awaited.encode() not in self.read:
            ready, _, _ = select.select([self.terminal], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"no `{awaited}` in {self.read.decode(errors='replace')!r}")
            self.read += os.read(self.terminal, 65536)
        self.read = self.read[self.read.index(awaited.encode()) + len(awaited) :]

    def completed(self, line, awaited):
        """Types a line and Tab: what the shell makes of it holds the word; then the line is thrown away."""
        os.write(self.terminal, line.encode() + b"\t")
        self.until(awaited)
        # Control-U; an interrupt would throw away what is typed next, too.
        os.write(self.terminal, b"\x15")

    def end(self):
        os.write(self.terminal, b"exit\r")
        os.close(self.terminal)
        os.waitpid(self.process, 0)


def check(name):
    shell = Shell(name)
    # What is typed, and the rest of the word that appears behind it, which is nowhere in what is typed.
    for line, rest in [
        ("cloud-import capabi", "lities"),
        ("cloud-import show --state state web", "shop-"),
        ("cloud-import inspect --for huaw", "ei"),
        ("cloud-import images --to aliyun/cn-hangz", "hou"),
        ("cloud-import images --to=aliyun/cn-hangz", "hou"),
        ("cloud-import images --targets targets.toml --to @eas", "tern"),
        ("cloud-import copy m --from huawei/cn-north-4 --to af-sou", "th-1"),
        ("cloud-import inspect dis", "k.qcow2"),
    ]:
        shell.completed(line, rest)
        print(f"ok: {name}: {line}")
    shell.end()


missing = [name for name in START if not shutil.which(name)]
for name in START:
    if name not in missing:
        check(name)
for name in missing:
    print(f"*** SKIPPED: there is no {name}", file=sys.stderr)
sys.exit(1 if missing else 0)
