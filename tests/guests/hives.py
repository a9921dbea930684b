"""Makes the hives SOFTWARE and SYSTEM of a Windows with hivex: `hives.py FOLDER CHANGE...`; what there is to change is in CHANGES.

hivex changes hives, and makes none, so that it begins with one that has nothing but a root.
"""

import struct
import sys

import hivex

BOOT, DEMAND, AUTOMATIC, DISABLED = 0, 3, 2, 4
# Keys beside those that are asked for: a true SOFTWARE has 60 to 120 MiB.
CLASSES = 40_000


def empty(path):
    def cell(data):
        size = (len(data) + 4 + 7) & ~7
        return struct.pack("<i", -size) + data.ljust(size - 4, b"\0")

    none = 0xFFFFFFFF

    def root(security):
        numbers = (0, 0, 0, none, none, 0, none, security, none, 0, 0, 0, 0, 0)
        return cell(b"nk" + struct.pack("<HQIIIIIIIIIIIIIIIHH", 0x2C, 0, 0, *numbers, 4, 0) + b"ROOT")

    security = 32 + len(root(0))
    access = cell(b"sk" + struct.pack("<HIIII", 0, security, security, 1, 20) + b"\x01\0\0\x80" + bytes(16))
    cells = root(security) + access
    bin_ = b"hbin" + struct.pack("<IIQQI", 0, 4096, 0, 0, 0) + cells + struct.pack("<i", 4096 - 32 - len(cells))
    head = (b"regf" + struct.pack("<IIQIIIIIII", 1, 1, 0, 1, 5, 0, 1, 32, 4096, 1)).ljust(508, b"\0")
    total = 0
    for word in struct.unpack("<127I", head):
        total ^= word
    head += struct.pack("<I", total)
    with open(path, "wb") as file:
        file.write(head.ljust(4096, b"\0") + bin_.ljust(4096, b"\0"))


class Hive:
    def __init__(self, path):
        empty(path)
        self.hive = hivex.Hivex(path, write=True)

    def key(self, path):
        node = self.hive.root()
        for name in path.split("\\"):
            node = self.hive.node_get_child(node, name) or self.hive.node_add_child(node, name)
        return node

    def set(self, path, name, value, kind=None):
        kind = kind or (4 if isinstance(value, int) else 1)
        data = value.to_bytes(4, "little") if isinstance(value, int) else (value + "\0").encode("utf-16-le")
        self.hive.node_set_value(self.key(path), {"key": name, "t": kind, "value": data})

    def done(self):
        self.hive.commit(None)


# What a machine has that is ready for a cloud, and what is changed in it.
MACHINE = {
    "names": ("Windows Server 2019 Datacenter", "ServerDatacenter", "Server", "17763", "1809"),
    "services": {
        "viostor": BOOT,
        "vioscsi": BOOT,
        "netkvm": DEMAND,
        "cloudbase-init": AUTOMATIC,
        "storahci": BOOT,
        "TermService": DEMAND,
    },
    "denied": 0,
    "policy": None,
}
CHANGES = {
    "2022": {"names": ("Windows Server 2022 Standard", "ServerStandard", "Server", "20348", "21H2")},
    "2016": {"names": ("Windows Server 2016 Standard", "ServerStandard", "Server Core", "14393", "1607")},
    "client": {"names": ("Windows 10 Pro", "Professional", "Client", "22631", "23H2")},
    "no-viostor": {"services": {"viostor": None, "vioscsi": None}},
    "on-demand": {"services": {"viostor": DEMAND, "vioscsi": DEMAND}},
    "no-netkvm": {"services": {"netkvm": None}},
    "no-cloudbase": {"services": {"cloudbase-init": None}},
    "cloudbase-off": {"services": {"cloudbase-init": DISABLED}},
    "vmware": {"services": {"VMTools": AUTOMATIC}},
    "qemu-ga": {"services": {"QEMU-GA": AUTOMATIC}},
    "rdp-off": {"denied": 1},
    "rdp-policy": {"policy": 1},
}
PATHS = {
    "cloudbase-init": '"C:\\Program Files\\Cloudbase Solutions\\Cloudbase-Init\\bin\\OpenStackService.exe"',
    "VMTools": '"C:\\Program Files\\VMware\\VMware Tools\\vmtoolsd.exe"',
    "QEMU-GA": '"C:\\Program Files\\qemu-ga\\qemu-ga.exe" -d --retry-path',
}


def software(path, machine):
    hive = Hive(path)
    text = "C:\\Windows\\System32\\component.dll" * 20
    for number in range(CLASSES):
        # In folders, as hivex lists all of one again for each that is added.
        key = f"Classes\\Group {number // 200:04}\\{{{number:08x}-0000-0000-c000-000000000046}}"
        hive.set(key, "", text)
    product, edition, installation, build, display = machine["names"]
    place = "Microsoft\\Windows NT\\CurrentVersion"
    rows = {
        "ProductName": product,
        "EditionID": edition,
        "InstallationType": installation,
        "CurrentBuild": build,
        "CurrentBuildNumber": build,
        "CurrentVersion": "6.3",
        "DisplayVersion": display,
        "ReleaseId": display,
        "CurrentMajorVersionNumber": 10,
        "SystemRoot": "C:\\Windows",
    }
    for name, value in rows.items():
        hive.set(place, name, value)
    if machine["policy"] is not None:
        hive.set("Policies\\Microsoft\\Windows NT\\Terminal Services", "fDenyTSConnections", machine["policy"])
    hive.done()


def system(path, machine):
    hive = Hive(path)
    for name in ("Current", "Default"):
        hive.set("Select", name, 2)
    hive.set("Select", "LastKnownGood", 1)
    # The control set that does not run tells the opposite.
    hive.set("ControlSet001\\Control\\Terminal Server", "fDenyTSConnections", 1 - machine["denied"])
    hive.set("ControlSet001\\Services\\viostor", "Start", DISABLED)
    hive.set("ControlSet002\\Control\\Terminal Server", "fDenyTSConnections", machine["denied"])
    hive.set("ControlSet002\\Control\\Session Manager\\Environment", "PROCESSOR_ARCHITECTURE", "AMD64")
    for number in range(400):
        hive.set(f"ControlSet002\\Services\\other{number}", "Start", DEMAND)
    for name, start in machine["services"].items():
        if start is not None:
            key = f"ControlSet002\\Services\\{name}"
            hive.set(key, "Start", start)
            hive.set(key, "ImagePath", PATHS.get(name, f"System32\\drivers\\{name}.sys"), 2)
    hive.done()


def main():
    folder, changes = sys.argv[1], sys.argv[2:]
    machine = {**MACHINE, "services": dict(MACHINE["services"])}
    for change in changes:
        for name, value in CHANGES[change].items():
            if name == "services":
                machine[name].update(value)
            else:
                machine[name] = value
    software(f"{folder}/SOFTWARE", machine)
    system(f"{folder}/SYSTEM", machine)


main()
