"""Reads operations out of a vendor's package and prints what it says of them, as JSON.

    python3 vendor.py READER PACKAGE OPERATION...

PACKAGE is a wheel, a tarball or a folder, as a registry's client leaves it. It is read as text: nothing of it is installed,
imported or run, and `cargo xtask tidy` holds that these files import nothing beyond the standard library. A reader knows how one kind of
package is laid out; when it does not find what it knows, it fails, and what it does not find is missing in the answer.

The answer: {"version", "sha256", "read", "operations": {OPERATION: {"http", "request": {PATH: FACTS}, "response": {PATH: FACTS}}}}.
A path is dotted, `[]` stands behind a list, and a body that is a list alone is `[body]`. The facts of a field:
    type      string, int, float, bool, object, list, or json where the source does not say
    required  true or false; absent where the source does not say
    enum      the values of a closed list
    limits    of min, max, min_len and max_len
    doc       a hash of the vendor's prose, so that a change of meaning is seen and no prose is kept
"""
import datetime, hashlib, json, pathlib, re, sys, tarfile, zipfile
from dataclasses import dataclass, field


@dataclass
class Field:
    """A field as a reader finds it. `of` names the type of an object, or of the elements of a list."""
    name: str
    type: str = "json"
    of: str | None = None
    required: bool | None = None
    enum: list | None = None
    limits: dict = field(default_factory=dict)
    doc: str = ""

    def facts(self):
        facts = {"type": self.type}
        if self.required is not None:
            facts["required"] = self.required
        if self.enum:
            facts["enum"] = sorted(set(map(str, self.enum)))
        if self.limits:
            facts["limits"] = self.limits
        if words := " ".join(self.doc.split()):
            facts["doc"] = hashlib.sha256(words.encode()).hexdigest()[:8]
        return facts


class Package:
    """The files of a package by their paths, without its topmost folder where that is named after the version."""

    def __init__(self, path):
        self.path = path = pathlib.Path(path)
        if path.is_dir():
            self.names = {str(file.relative_to(path)): file for file in path.rglob("*") if file.is_file()}
            self.open = lambda file: file.read_bytes()
        elif zipfile.is_zipfile(path):
            archive = zipfile.ZipFile(path)
            self.names = {name: name for name in archive.namelist()}
            self.open = archive.read
        else:
            archive = tarfile.open(path)
            self.names = {re.sub(r"^[^/]*-[\d.]+/", "", member.name): member for member in archive if member.isfile()}
            self.open = lambda member: archive.extractfile(member).read()

    def text(self, name):
        return self.open(self.names[name]).decode("utf-8")

    def find(self, pattern):
        """The names that the regular expression matches as a whole, in order."""
        return sorted(name for name in self.names if re.fullmatch(pattern, name))

    def identity(self):
        """Version and checksum."""
        if self.path.is_dir():
            version = re.search(r'^version = "(.*)"', self.text("Cargo.toml"), re.M)[1]
            return version, json.loads(self.text(".cargo-checksum.json"))["package"]
        version = re.search(r"-(\d[\w.]*?)(-py|\.tar)", self.path.name)
        return version[1] if version else "", hashlib.sha256(self.path.read_bytes()).hexdigest()


def flatten(fields_of, name, prefix="", above=()):
    """The facts of all fields below a type; a type inside itself is not followed. A field without a name is the body itself."""
    facts = {}
    for own in fields_of(name):
        path = prefix + own.name
        if own.name:
            facts[path] = own.facts()
        if own.of and own.of not in above:
            inner = path + {"list": "[].", "object": "."}[own.type] if own.name else prefix
            facts.update(flatten(fields_of, own.of, inner, above + (own.of,)))
    return facts


def main():
    # Here, as the readers import this file.
    import aliyun, huawei, jdcloud, tencent, ucloud
    readers = {"aliyun": aliyun.read, "tencent": tencent.read, "huawei": huawei.read, "huawei-definitions": huawei.read_definitions,
               "ucloud": ucloud.read, "jdcloud": jdcloud.read, "jdcloud-go": jdcloud.read_go}
    reader, path, *operations = sys.argv[1:]
    package = Package(path)
    version, sha256 = package.identity()
    found = readers[reader](package, operations)
    today = datetime.date.today().isoformat()
    json.dump({"version": version, "sha256": sha256, "read": today, "operations": found}, sys.stdout)


if __name__ == "__main__":
    main()
