#!/usr/bin/env bash
# Makes tiny-linux.qcow2 and linux-40-gib.qcow2 anew. Needs sfdisk, mke2fs and qemu-img; the files in the repository were made by this script.
set -euo pipefail
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

program() { # path: the header of a program for x86_64
    mkdir -p "$(dirname "$tmp/tree$1")"
    { printf '\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0'; head -c 104 /dev/zero; } >"$tmp/tree$1"
    chmod 755 "$tmp/tree$1"
}

# What clouds look for in a guest: its name, cloud-init, an SSH server, a root file system by UUID.
wants=$tmp/tree/etc/systemd/system/multi-user.target.wants
mkdir -p "$wants" "$tmp/tree/boot"
printf 'NAME="CentOS Linux"\nID="centos"\nVERSION_ID="7"\nPRETTY_NAME="tiny disk for tests, not bootable"\n' >"$tmp/tree/etc/os-release"
printf 'CentOS Linux release 7.9.2009 (Core)\n' >"$tmp/tree/etc/centos-release"
for name in /bin/sh /usr/sbin/sshd /usr/bin/cloud-init; do program "$name"; done
for unit in sshd cloud-init; do ln -s "/usr/lib/systemd/system/$unit.service" "$wants/$unit.service"; done
printf 'UUID=00000000-0000-4000-8000-000000000001 / ext4 defaults 0 1\n' >"$tmp/tree/etc/fstab"

# 32 MiB, MBR, one bootable Linux partition from 1 MiB on.
truncate -s 32M "$tmp/disk.raw"
printf 'label: dos\nlabel-id: 0x1a2b3c4d\nstart=2048, type=83, bootable\n' | sfdisk --quiet "$tmp/disk.raw"
mke2fs -q -t ext4 -O ^has_journal,^64bit -d "$tmp/tree" -U 00000000-0000-4000-8000-000000000001 -E offset=1048576 "$tmp/disk.raw" 31M
qemu-img convert -f raw -O qcow2 -o cluster_size=4096 "$tmp/disk.raw" tiny-linux.qcow2
qemu-img check tiny-linux.qcow2
# The same on a disk that every cloud takes as it is.
truncate -s 40G "$tmp/disk.raw"
qemu-img convert -c -f raw -O qcow2 "$tmp/disk.raw" linux-40-gib.qcow2
qemu-img check linux-40-gib.qcow2
