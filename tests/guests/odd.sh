# File systems as few make them: an answer that is right, or "not read", and never a fault that is none. Sourced by `run`.
# shellcheck shell=bash disable=SC2154

# odd NAME TOOL WORD...: a disk with one partition of that file system, mounted at $M
odd() {
    disk "$1"
    echo loose >"$E"
    printf 'label: dos\n2048,,L,*\n' | sfdisk --quiet "$D"
    bios
    loop_of 1
    "${@:2}" "$L"
}
# root KIND: the guest in what is mounted
root_of() {
    fstab="UUID=$(uuid "$L") / $1 defaults 0 1"$'\n'
    fill "UUID=$(uuid "$L")" "${2:-it-zstd}"
    boots mbr true false
    volume 0 part1 "$1" /
    # These may be told, and need not.
    finding ext4_64bit part1
    finding file_system part1
    finding dirty part1
}

group_odd() {
    use trixie
    local kind
    odd odd-bigalloc mkfs.ext4 -q -O bigalloc -C 65536; mount "$L" "$M"
    root_of ext4; mixed; compared part1; judged; drop
    odd odd-inline mkfs.ext4 -q -O inline_data -I 1024; mount "$L" "$M"
    root_of ext4; mixed; compared part1; judged; drop
    odd odd-ext4-1k mkfs.ext4 -q -b 1024 -O ^has_journal,^resize_inode,meta_bg -G 32; mount "$L" "$M"
    root_of ext4; mixed; compared part1; judged; drop
    odd odd-xfs-1k mkfs.xfs -q -b size=1024 -n size=16384 -i size=512; mount "$L" "$M"
    root_of xfs; mixed; compared part1; judged; drop
    odd odd-btrfs-lzo mkfs.btrfs -q; mount -o compress-force=lzo "$L" "$M"
    root_of btrfs; aims 100; compared part1; judged; drop

    # Those that were not unmounted. What the kernel makes of the log is what there is.
    for kind in ext4 xfs; do
        odd "odd-dirty-$kind" "mkfs.$kind" -q; mount "$L" "$M"
        root_of "$kind"
        sync -f "$M"
        mixed
        mkdir "$M/srv/later"; for ((one = 0; one < 2000; one++)); do echo "$one" >"$M/srv/later/$one"; done
        rm -rf "$M/srv/mixed/many"
        mv "$M/srv/mixed/deep" "$M/srv/later/"
        echo '# later' >>"$M/etc/fstab"
        # Of XFS what one file needs of the log is written; the rest is not, and not all that was written is in its place.
        if [ "$kind" = xfs ]; then sync "$M/etc/fstab"; else sync -f "$M"; fi
        cp --sparse=always "$D" "$work/disks/copy"; shut; mv "$work/disks/copy" "$D"
        finding dirty part1
        text /volumes/0/state dirty
        # Its journal is read and kept.
        aims 300 64
        judged
        # The kernel replays it in a copy.
        cp --sparse=always "$D" "$work/disks/replayed.raw"
        local dirty=$D
        D=$work/disks/replayed.raw
        loop_of 1; mount "$L" "$M"
        D=$dirty
        compared_with "$M" part1
        shut; rm "$work/disks/replayed.raw"
        drop
    done

    # XFS of the fourth version, which kernels of today do not mount any more: made with all that is in it.
    disk odd-xfs-v4
    echo loose >"$E"
    printf 'label: dos\n2048,,L,*\n' | sfdisk --quiet "$D"
    bios; loop_of 1
    prototype >"$work/prototype"
    mkfs.xfs -q -m crc=0 -p "$work/prototype" "$L" 2>/dev/null || give_up "mkfs.xfs makes no XFS of version 4"
    fact /os/id '"debian"'; text /os/version "$(cat "$R/etc/debian_version")"; text /kernels/0/version "$K"
    for kind in file_system bios_only; do finding "$kind" part1; finding "$kind" disk; done
    # There is none of it in that part of the system.
    finding cloud_init_missing /usr/bin/cloud-init
    finding ssh_off /etc/systemd/system; finding ssh_off /usr/sbin/sshd
    judged; drop
}

# prototype: some of the system, as mkfs.xfs is told what to put there
prototype() {
    /usr/bin/python3 - "$R" "$I/it-zstd" "$K" <<'PYTHON'
import os, stat, sys
top, initramfs, kernel = sys.argv[1:]
wanted = ["etc/os-release", "usr/lib/os-release", "etc/debian_version", "etc/passwd", "etc/shadow", "etc/network/interfaces", "usr/bin/env",
          f"usr/lib/modules/{kernel}/modules.dep", f"usr/lib/modules/{kernel}/modules.builtin", f"boot/vmlinuz-{kernel}", f"boot/config-{kernel}"]
tree = {}
for path in wanted:
    *folders, name = path.split("/")
    at = tree
    for folder in folders: at = at.setdefault(folder, {})
    at[name] = f"{top}/{path}"
tree["boot"][f"initrd.img-{kernel}"] = initramfs
print("/\n0 0\nd--755 0 0")
def show(folder):
    for name, what in folder.items():
        if isinstance(what, dict):
            print(name, "d--755 0 0")
            show(what)
        elif os.path.islink(what): print(name, "l--777 0 0", os.readlink(what))
        else: print(name, "---644 0 0", what)
    print("$")
show(tree)
PYTHON
}
