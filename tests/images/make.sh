#!/usr/bin/env bash
# Makes tiny-linux.qcow2 anew. Needs sfdisk, mke2fs and qemu-img; the file in the repository was made by this script.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/root/etc" "$work/root/boot"
printf 'NAME="CentOS Linux"\nVERSION_ID="7"\nPRETTY_NAME="tiny disk for tests, not bootable"\n' >"$work/root/etc/os-release"
printf 'UUID=00000000-0000-4000-8000-000000000001 / ext4 defaults 0 1\n' >"$work/root/etc/fstab"

# 32 MiB, MBR, one bootable Linux partition from 1 MiB on.
truncate -s 32M "$work/disk.raw"
printf 'label: dos\nlabel-id: 0x1a2b3c4d\nstart=2048, type=83, bootable\n' | sfdisk --quiet "$work/disk.raw"
mke2fs -q -t ext4 -O ^has_journal -d "$work/root" -U 00000000-0000-4000-8000-000000000001 -E offset=1048576 "$work/disk.raw" 31M
qemu-img convert -f raw -O qcow2 -o cluster_size=4096 "$work/disk.raw" tiny-linux.qcow2
qemu-img check tiny-linux.qcow2
