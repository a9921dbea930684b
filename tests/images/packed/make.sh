#!/usr/bin/env bash
# Makes the packed disks anew. Needs gzip, xz, zstd, bzip2, GNU tar and sha256sum; the files in the repository were made by this script.
set -euo pipefail
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# 1 MiB: a boot record, a line of text in the middle, the end of the disk.
truncate -s 1M "$tmp/disk.raw"
put() { printf "$2" | dd of="$tmp/disk.raw" bs=1 seek="$1" conv=notrunc status=none; }
put 446 '\x80\0\0\0\x83\0\0\0\x01\0\0\0\xff\x07\0\0'
put 510 '\x55\xaa'
put 500000 'a line in the middle of it\n'
put 1048571 'end.\n'
head -c 600000 "$tmp/disk.raw" >"$tmp/one"
tail -c +600001 "$tmp/disk.raw" >"$tmp/two"

for name in "gzip -n:gz" xz:xz zstd:zst bzip2:bz2; do
    tool=${name%:*} ending=${name#*:}
    $tool -9 -c <"$tmp/disk.raw" >"disk.$ending"
    # Two streams, one behind the other.
    { $tool -c <"$tmp/one"; $tool -c <"$tmp/two"; } >"two.$ending"
done
# A frame without content before, between and behind.
skip='\x50\x2a\x4d\x18\x03\0\0\0abc'
{ printf "$skip"; zstd -c <"$tmp/one"; printf "$skip"; zstd -c <"$tmp/two"; printf "$skip"; } >skipped.zst

archive() { (cd "$tmp" && tar --owner=0 --group=0 --mtime=@0 --format=ustar -cf - "$@"); }
mkdir "$tmp/web"
cp "$tmp/disk.raw" "$tmp/web/web-disk1.vmdk"
echo '<Envelope/>' >"$tmp/web/web.ovf"
sum=$(sha256sum <"$tmp/disk.raw" | cut -d' ' -f1)
printf 'SHA256(web-disk1.vmdk)= %s\n' "$sum" >"$tmp/web/web.mf"
# What a Mac packs beside a file.
printf '\x00\x05\x16\x07' >"$tmp/web/._web-disk1.vmdk"
archive web/web.ovf web/web.mf web/._web-disk1.vmdk web/web-disk1.vmdk | gzip -n -9 >good.ova.gz
printf 'SHA256(web-disk1.vmdk)= %s\n' "${sum//[0-9]/0}" >"$tmp/web/web.mf"
archive web/web.ovf web/web-disk1.vmdk web/web.mf | gzip -n -9 >damaged.ova.gz
cp "$tmp/disk.raw" "$tmp/web/web-disk2.vmdk"
archive web/web-disk1.vmdk web/web-disk2.vmdk | xz -9 >two-disks.tar.xz
archive web/web.ovf web/web.mf | zstd -19 -q >no-disk.tar.zst
# A name that leads out of the folder.
(cd "$tmp/web" && tar --owner=0 --group=0 --mtime=@0 -P --transform 's,^,../../../tmp/,' -cf - web-disk1.vmdk) | bzip2 -9 >outside.tar.bz2
gzip -n -c <disk.xz >twice.gz
