"""Writes an npm package with the program in it, one for each kind of machine: npm refuses it on any other. Standard library alone.

npm.py TARGET VERSION EPOCH PROGRAM FOLDER
"""

import gzip
import io
import json
import pathlib
import sys
import tarfile

target, version, epoch, program, folder = sys.argv[1:]
root = pathlib.Path(__file__).resolve().parents[2]
cpu = {"x86_64": "x64", "aarch64": "arm64"}[target.split("-")[0]]
libc = {"gnu": "glibc", "musl": "musl"}[target.rsplit("-", 1)[1]]
name = f"cloud-import-linux-{cpu}" + ("-musl" if libc == "musl" else "")
manifest = {
    "name": name,
    "version": version,
    "description": "Publish one disk image to five clouds from the command line",
    "license": "MIT OR Apache-2.0",
    "bin": {"cloud-import": "bin/cloud-import"},
    "files": ["bin", "LICENSE-APACHE", "LICENSE-MIT"],
    "os": ["linux"],
    "cpu": [cpu],
}
# A program for musl needs none of it: it runs beside glibc, too.
if libc == "glibc":
    manifest["libc"] = [libc]
files = [
    ("package.json", (json.dumps(manifest, indent=2) + "\n").encode(), 0o644),
    ("README.md", (root / "crates/cloud-import-cli/README.md").read_bytes(), 0o644),
    ("LICENSE-APACHE", (root / "LICENSE-APACHE").read_bytes(), 0o644),
    ("LICENSE-MIT", (root / "LICENSE-MIT").read_bytes(), 0o644),
    ("bin/cloud-import", pathlib.Path(program).read_bytes(), 0o755),
]
written = pathlib.Path(folder) / f"{name}-{version}.tgz"
with open(written, "wb") as out, gzip.GzipFile("", "wb", 9, out, mtime=0) as packed:
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, content, mode in files:
            entry = tarfile.TarInfo(f"package/{path}")
            entry.size, entry.mode, entry.mtime = len(content), mode, int(epoch)
            archive.addfile(entry, io.BytesIO(content))
