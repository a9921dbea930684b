"""Writes a wheel with the program in it: `pip install` puts it beside python's own. Standard library alone.

wheel.py TARGET VERSION EPOCH PROGRAM FOLDER
"""

import base64
import hashlib
import pathlib
import re
import sys
import time
import zipfile

target, version, epoch, program, folder = sys.argv[1:]
binary = pathlib.Path(program).read_bytes()
root = pathlib.Path(__file__).resolve().parents[2]
cpu = target.split("-")[0]


def platform():
    """By what the program asks of glibc; one for musl holds it, and asks for none."""
    if target.endswith("-musl"):
        return f"manylinux_2_17_{cpu}.manylinux2014_{cpu}.musllinux_1_1_{cpu}"
    minor = max(int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", binary))
    return f"manylinux_2_{minor}_{cpu}"


tag = f"py3-none-{platform()}"
info = f"cloud_import-{version}.dist-info"
readme = (root / "crates/cloud-import-cli/README.md").read_text()
metadata = f"""\
Metadata-Version: 2.4
Name: cloud-import
Version: {version}
Summary: Publish one disk image to five clouds from the command line
License-Expression: MIT OR Apache-2.0
License-File: LICENSE-APACHE
License-File: LICENSE-MIT
Requires-Python: >=3.8
Description-Content-Type: text/markdown

{readme}"""
tags = "".join(f"Tag: py3-none-{part}\n" for part in platform().split("."))
wheel = f"Wheel-Version: 1.0\nGenerator: cloud-import\nRoot-Is-Purelib: false\n{tags}"
files = [(f"cloud_import-{version}.data/scripts/cloud-import", binary, 0o755)]
for name in ("LICENSE-APACHE", "LICENSE-MIT"):
    files.append((f"{info}/licenses/{name}", (root / name).read_bytes(), 0o644))
files += [(f"{info}/METADATA", metadata.encode(), 0o644), (f"{info}/WHEEL", wheel.encode(), 0o644)]

record = ""
for name, content, _ in files:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    record += f"{name},sha256={digest},{len(content)}\n"
files.append((f"{info}/RECORD", f"{record}{info}/RECORD,,\n".encode(), 0o644))

written = pathlib.Path(folder) / f"cloud_import-{version}-{tag}.whl"
with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
    for name, content, mode in files:
        entry = zipfile.ZipInfo(name, time.gmtime(int(epoch))[:6])
        entry.external_attr = (0o100000 | mode) << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, content)
