# Windows: NTFS by ntfs-3g, hives by hivex, good ones and faults. No true Windows is to be had here. Sourced by `run`.
# shellcheck shell=bash disable=SC2154

SYSTEM=/Windows/System32/config/SYSTEM
SOFTWARE=/Windows/System32/config/SOFTWARE
CLOUDBASE='/Program Files/Cloudbase Solutions/Cloudbase-Init'

hives() { # CHANGE...: in what is mounted
    mkdir -p "$M/Windows/System32/config"
    PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$here/hives.py" "$M/Windows/System32/config" "$@"
}

ntfs() { mkntfs --fast --force --quiet "${@:2}" "$1" >/dev/null 2>&1; } # DEVICE OPTION...

# system_volume CHANGE...: what is on the volume C: that is mounted
system_volume() {
    hives "$@"
    /usr/bin/python3 - "$M" <<'PYTHON'
import os, random, struct, sys
top, chance = sys.argv[1], random.Random(5)

def write(path, data):
    os.makedirs(os.path.dirname(f"{top}/{path}"), exist_ok=True)
    with open(f"{top}/{path}", "wb") as file: file.write(data)

def program(size):
    head = (b"MZ".ljust(60, b"\0") + struct.pack("<I", 128)).ljust(128, b"\0") + b"PE\0\0" + struct.pack("<H", 0x8664)
    return head + chance.randbytes(size - len(head))

for name in ("viostor", "vioscsi", "netkvm", *(f"driver{number}" for number in range(400))):
    write(f"Windows/System32/drivers/{name}.sys", program(chance.randrange(20_000, 90_000)))
for number in range(4000):
    write(f"Windows/System32/library {number} with a rather long name.dll", program(200) if number % 3 else b"")
write("Windows/System32/ntoskrnl.exe", program(9_000_000))
write("Windows/explorer.exe", program(4_000_000))
write("Program Files/Cloudbase Solutions/Cloudbase-Init/conf/cloudbase-init.conf", b"[DEFAULT]\n")
for name in ("größe", "漢字", "n" * 240): write(f"Users/Default/{name}", name.encode())
with open(f"{top}/Users/holes", "wb") as file:
    file.write(b"begin")
    file.seek(30_000_000)
    file.write(b"middle")
    file.truncate(50_000_000)
one, other = open(f"{top}/Users/one", "wb", buffering=0), open(f"{top}/Users/other", "wb", buffering=0)
for number in range(300):
    one.write(chance.randbytes(9000))
    other.write(b"%d " % number * 2000)
os.link(f"{top}/Users/one", f"{top}/Users/second name")
PYTHON
}

# server VERSION NAME BUILD EDITION INSTALLATION DISPLAY: facts of a good one
server() {
    fact /read '"whole"'; fact /reason null
    text /os/family windows; text /os/distribution 'Windows Server'
    text /os/version "$1"; text /os/name "$2"; fact /os/build "$3"; text /os/edition "$4"
    text /os/from "$SOFTWARE"
    text /windows/installation "$5"; text /windows/display_version "$6"
    fact /windows/remote_desktop true
    text /architecture x86_64
    fact /kernels '[]'
    fact /cloud_init/disabled false
    fact /agents '[]'
    fact /windows/services '[{"name": "viostor", "start": 0, "file": true}, {"name": "vioscsi", "start": 0, "file": true}, {"name": "netkvm", "start": 3, "file": true}, {"name": "cloudbase-init", "start": 2, "file": null}]'
    finding cloud_init_present "$CLOUDBASE"
}

# What of the first sector Windows writes: any code does.
windows_code() { printf '\x33\xc0\x8e\xd0\xbc\x00\x7c\x8e\xc0\x8e\xd8' | dd of="$D" conv=notrunc status=none; }

group_windows() {
    disk win2019
    printf 'label: dos\n2048,500MiB,7,*\n,,7\n' | sfdisk --quiet "$D"
    windows_code
    loop_of 1; ntfs "$L" -L 'System Reserved'; ntfs-3g "$L" "$M"
    mkdir "$M/Boot"; head -c 400000 /dev/urandom >"$M/bootmgr"; head -c 24576 /dev/zero >"$M/Boot/BCD"
    umount "$M"
    loop_of 2; ntfs "$L"; ntfs-3g -o compression "$L" "$M"
    system_volume
    # One that is compressed, of which nothing but that is told.
    mkdir "$M/packed"
    /usr/bin/python3 -c 'import os, sys; os.setxattr(sys.argv[1], "system.ntfs_attrib_be", bytes.fromhex("00000810"))' "$M/packed"
    head -c 70000 < <(yes compressed) >"$M/packed/text"
    server 2019 'Windows Server 2019 Datacenter' 17763 ServerDatacenter Server 1809
    boots mbr true false
    volume 0 part1 ntfs -
    text /volumes/0/label 'System Reserved'
    volume 1 part2 ntfs C:
    good
    compared part2
    told "the compressed file is not read" grep -q ' 1 not read' "$work/output"
    judged "$forms"
    faults_of_windows
    drop

    disk win2022
    printf 'label: gpt\nsize=100MiB,type=U\nsize=16MiB,type=E3C9E316-0B5C-4DB8-817D-F92DF00215AE\nsize=8GiB,type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7\nsize=500MiB,type=DE94BBA4-06D1-4D40-A16A-BFD50179D6AC\n' | sfdisk --quiet "$D"
    use trixie
    loop_of 1; esp "$L" EFI/BOOT/BOOTX64.EFI EFI/Microsoft/Boot/bootmgfw.efi EFI/debian/none
    loop_of 4; ntfs "$L" -L Recovery
    loop_of 3; ntfs "$L" -L Windows -c 8192; ntfs-3g "$L" "$M"
    system_volume 2022
    server 2022 'Windows Server 2022 Standard' 20348 ServerStandard Server 21H2
    boots gpt false true part1
    volume 0 part1 vfat -
    volume 2 part3 ntfs C:
    volume 3 part4 ntfs -
    good
    compared part3
    compared_with "$work/esp" part1
    judged "$forms"
    faults_of_windows_uefi
    drop

    disk win2016
    printf 'label: dos\n2048,,7,*\n' | sfdisk --quiet "$D"
    windows_code
    loop_of 1; ntfs "$L" -c 65536; ntfs-3g "$L" "$M"
    system_volume 2016
    server 2016 'Windows Server 2016 Standard' 14393 ServerStandard 'Server Core' 1607
    boots mbr true false
    volume 0 part1 ntfs C:
    good
    compared part1
    judged "$forms"
    drop
}

faults_of_windows() {
    local from=$N

    copy faults-vmware "$from"; loop_of 2; ntfs-3g "$L" "$M"
    hives no-viostor no-netkvm vmware qemu-ga rdp-off no-cloudbase
    fault "neither viostor nor vioscsi" virtio_missing "$SYSTEM"
    fault "no netkvm" virtio_missing "$SYSTEM"
    fault "VMware's tools, on Windows" hypervisor_tools "$SYSTEM"
    fault "the agent of QEMU, on Windows" qemu_ga "$SYSTEM"
    fault "remote desktop is off" rdp_off "$SYSTEM"
    fact /windows/remote_desktop false
    gone cloud_init_present
    fault "no service of cloudbase-init" cloud_init_missing "$CLOUDBASE"
    fact /cloud_init null; fact /cloud_init/disabled null
    fact /agents '["qemu-ga", "vmware-tools"]'
    fact /windows/services '[{"name": "QEMU-GA", "start": 2, "file": null}, {"name": "VMTools", "start": 2, "file": null}]'
    judged; drop

    copy faults-client "$from"; loop_of 2; ntfs-3g "$L" "$M"
    hives client on-demand rdp-policy cloudbase-off
    fault "an edition for desks" windows_client "$SOFTWARE"
    text /os/distribution Windows; text /os/version 11; text /os/name 'Windows 11 Pro'; fact /os/build 22631
    text /os/edition Professional; text /windows/installation Client; text /windows/display_version 23H2
    fault "viostor starts on demand" virtio_missing "$SYSTEM"
    fault "a policy keeps remote desktop out" rdp_off "$SYSTEM"
    fact /windows/remote_desktop false
    gone cloud_init_present
    fault "cloudbase-init is disabled" cloud_init_missing "$CLOUDBASE"
    fact /cloud_init/disabled true
    printf hibr | dd of="$M/hiberfil.sys" bs=8192 conv=sync status=none
    fault "Windows sleeps" hibernated part2
    text /volumes/1/state hibernated
    fact /windows/services '[{"name": "viostor", "start": 3, "file": true}, {"name": "vioscsi", "start": 3, "file": true}, {"name": "netkvm", "start": 3, "file": true}, {"name": "cloudbase-init", "start": 4, "file": null}]'
    judged; drop

    copy faults-ntfs "$from"; loop_of 2; ntfs-3g "$L" "$M"
    rm "$M/Windows/System32/drivers/viostor.sys" "$M/Windows/System32/drivers/vioscsi.sys"
    fault "viostor has no file" virtio_missing "$SYSTEM"
    rm "$M/Windows/System32/drivers/netkvm.sys"
    fault "netkvm has no file" virtio_missing "$SYSTEM"
    fact /windows/services '[{"name": "viostor", "start": 0, "file": false}, {"name": "vioscsi", "start": 0, "file": false}, {"name": "netkvm", "start": 3, "file": false}, {"name": "cloudbase-init", "start": 2, "file": null}]'
    # The first of its two numbers is ahead where it was not written to its end.
    /usr/bin/python3 - "$M$SYSTEM" <<'PYTHON'
import struct, sys
with open(sys.argv[1], "r+b") as file:
    words = list(struct.unpack("<127I", file.read(508)))
    words[1] += 1
    total = 0
    for word in words: total ^= word
    file.seek(0)
    file.write(struct.pack("<128I", *words, total))
PYTHON
    fault "a hive was not written to its end" dirty "$SYSTEM"
    umount "$M"; while pgrep --full "^ntfs-3g .*$work/" >/dev/null; do sleep 0.1; done
    ntfsfix "$L" >/dev/null
    fault "NTFS was not unmounted" dirty part2
    text /volumes/1/state dirty
    judged; drop
    N=$from D=$work/disks/$from.raw E=$work/disks/$from.expected
}

faults_of_windows_uefi() {
    local from=$N
    copy faults-fallback "$from"; loop_of 1
    mdel -i "$L" ::/EFI/BOOT/BOOTX64.EFI
    gone uefi_only
    fault_fact "UEFI finds no loader by itself, with Windows" /boot/uefi false
    judged; drop

    copy faults-bitlocker "$from"; loop_of 3
    # What Windows writes there; nothing behind it would be understood.
    printf '\xeb\x58\x90-FVE-FS-' | dd of="$L" conv=notrunc status=none
    unread
    fault "BitLocker" encrypted part3
    text /volumes/2/file_system bitlocker
    judged; drop
    N=$from D=$work/disks/$from.raw E=$work/disks/$from.expected
}
