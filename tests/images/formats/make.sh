#!/usr/bin/env bash
# Makes the files beside it anew, with the qemu-img and sfdisk that are installed; see ../README.md. Identifiers and times in
# them are new each time.
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

# FILE as NAME.hex: an offset and up to 32 bytes a row, rows of zeros left out; the last row is the length alone.
keep() { # FILE NAME
    od -A x -t x1 -v -w32 "$1" | sed -E '/^[0-9a-f]+( 00)+$/d; s/ /\t/; s/ //g; y/\t/ /' >"$here/$2.hex"
}
# A disk of 4 MiB with three pieces of content: sfdisk's partitions by standard input.
disk() { # FILE
    truncate -s 4M "$1"
    sfdisk --quiet "$1"
    for kib in 1024 2048 3900; do
        seq 100 227 | dd of="$1" bs=1K seek="$kib" conv=notrunc status=none
    done
}
disk gpt.raw <<'END'
label: gpt
label-id: 00000000-0000-4000-8000-000000000001
start=2048, size=2048, type=uefi, uuid=00000000-0000-4000-8000-000000000002
start=4096, size=4000, type=linux, uuid=00000000-0000-4000-8000-000000000003
END
disk mbr.raw <<'END'
label: dos
label-id: 0x1a2b3c4d
start=2048, type=83, bootable
END
disk logical.raw <<'END'
label: dos
label-id: 0x1a2b3c4d
start=2048, size=1024, type=83, bootable
start=3072, type=extended
start=3136, size=1024, type=83
start=4200, size=2000, type=ef
start=6300, type=swap
END

rm -f "$here"/*.hex
# The disk with a GUID partition table in every format: FORMAT[-OPTION-VALUE]....hex
while read -r format options; do
    qemu-img convert -f raw -O "$format" ${options:+-o "$options"} gpt.raw image
    keep image "$format${options:+-$(tr '=,.' '---' <<<"$options")}"
    rm -f image image-*
done <<'END'
raw
qcow2 compat=0.10
qcow2 compat=1.1
qcow2 compat=1.1,cluster_size=512
qcow2 compat=0.10,cluster_size=4096
qcow2 compat=1.1,cluster_size=2M
qcow2 compat=1.1,refcount_bits=1
qcow2 compat=1.1,refcount_bits=64,cluster_size=1024
qcow2 compat=1.1,extended_l2=on
qcow2 compat=1.1,lazy_refcounts=on
qcow2 compat=1.1,preallocation=metadata
qcow2 compat=1.1,preallocation=falloc
qcow2 compat=1.1,compression_type=zstd
vpc subformat=dynamic
vpc subformat=dynamic,force_size=on
vpc subformat=fixed
vpc subformat=fixed,force_size=on
vhdx subformat=dynamic
vhdx subformat=fixed
vhdx subformat=dynamic,block_size=1M
vmdk subformat=monolithicSparse
vmdk subformat=monolithicFlat
vmdk subformat=streamOptimized
vmdk subformat=twoGbMaxExtentSparse
vmdk subformat=twoGbMaxExtentFlat
vdi static=off
vdi static=on
qed cluster_size=65536
qed cluster_size=65536,table_size=2
qcow
parallels
END

# And some that are special in another way.
qemu-img convert -c -f raw -O qcow2 gpt.raw packed
qemu-img convert -c -f raw -O qcow2 -o compression_type=zstd gpt.raw packed-zstd
qemu-img convert -f raw -O qcow2 mbr.raw snapshots
qemu-img snapshot -c before snapshots
qemu-img convert -f raw -O qcow2 mbr.raw good.qcow2
qemu-img convert -f raw -O qcow2 logical.raw logical
qemu-img create -q -f qcow2 -b good.qcow2 -F qcow2 overlay
qemu-img create -q -f qcow2 -o data_file=data.bin external 64M
qemu-img create -q -f qcow2 of-32-gib 32G
qemu-img create -q -f qcow2 of-40-tib 40T
key=(--object secret,id=key,data=abcdef)
qemu-img create -q "${key[@]}" -f luks -o key-secret=key,iter-time=10 luks 1M
qemu-img create -q "${key[@]}" -f qcow2 -o encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=10 encrypted 1G
for name in luks encrypted; do
    # The first key's material is 256,000 bytes without a pattern. Nothing reads it: zeros take its place.
    at=$(grep -abom1 LUKS "$name" | cut -d: -f1)
    dd if=/dev/zero of="$name" bs=4096 seek=$((at / 4096 + 1)) count=63 conv=notrunc status=none
done
for name in packed packed-zstd snapshots logical overlay external of-32-gib of-40-tib luks encrypted; do
    keep "$name" "$name"
done
