# Good disks of Linux: each a way in which a true Debian can stand on a disk. Sourced by `run`.
# shellcheck shell=bash disable=SC2154

groups=(ext uefi xfs lvm volumes btrfs subvolumes logical whole windows odd)
M=$work/mount
fstab=

# What a guest is made of ---------------------------------------------------

# fill ROOT INITRAMFS: a root file system in what is mounted at $M, which names itself as ROOT, with $fstab
fill() {
    cp -a "$R/." "$M/"
    cp "$I/$2" "$M/boot/initrd.img-$K"
    mkdir -p "$M/boot/grub"
    printf '%s' "$fstab" >"$M/etc/fstab"
    own_devices
    # GRUB's own configuration. Its probe looks behind loop devices, where there is no disk, so that another answers in its place.
    probe >"$work/probe"
    chmod 755 "$work/probe"
    mount --bind "$work/probe" "$M/usr/sbin/grub-probe"
    inside "$M" grub-mkconfig -o /boot/grub/grub.cfg >"$work/roots/log" 2>&1 || give_up "grub-mkconfig: $(tail -n 1 "$work/roots/log")"
    umount "$M/usr/sbin/grub-probe"
    # There is no udev that knows UUIDs.
    sed -i "s|root=/dev/sda1|root=$1|" "$M/boot/grub/grub.cfg"
    foreign_devices
    system "$1" "$2"
}
probe() {
    cat <<PROBE
#!/bin/sh
case "\$*" in
*target=device*) echo /dev/sda1 ;;
*target=fs_uuid*) echo $(findmnt --noheadings --output UUID "$M") ;;
*target=fs\ * | *target=fs) echo $(findmnt --noheadings --output FSTYPE "$M" | sed 's/ext[34]/ext2/') ;;
*target=partmap*) echo msdos ;;
esac
PROBE
}
own_devices() { local one; for one in dev proc sys; do mount --bind "/$one" "$M/$one"; done; }
foreign_devices() { umount "$M/dev" "$M/proc" "$M/sys"; }

# names INITRAMFS: of the files in it, as initramfs-tools' own reader tells them
names() {
    if [ ! -e "$I/$1.names" ]; then
        cp "$I/$1" "$R/tmp/made"
        inside "$R" lsinitramfs /tmp/made >"$I/$1.names"
        rm "$R/tmp/made"
    fi
    cat "$I/$1.names"
}

# drivers INITRAMFS: where the kernel has those of virtual machines, by its own list and that reader
drivers() {
    local bus disk
    bus=$(driver virtio_pci "$1") disk=$(driver virtio_blk "$1")
    text /kernels/0/virtio_pci "$bus"
    # Unpacking ends where the bus and the driver of a disk are seen.
    text '/kernels/0/virtio_blk|/kernels/0/virtio_scsi' "$disk"
    case $bus-$disk in
    *module*) text /kernels/0/virtio_blk module; text /kernels/0/virtio_scsi module ;;
    esac
}
driver() { # NAME INITRAMFS
    names "$2" >"$work/names"
    if grep -q "/$1\.ko" "$R/lib/modules/$K/modules.builtin"; then
        echo built_in
    elif grep -q "/$1\.ko" "$work/names"; then echo initramfs; else echo module; fi
}

# system ROOT INITRAMFS: what its own tools tell of the guest
system() {
    local line
    fact /read '"whole"'
    fact /reason null
    text /os/family linux
    text /os/id debian
    text /os/distribution 'Debian GNU/Linux'
    text /os/version "$(cat "$R/etc/debian_version")"
    # shellcheck source=/dev/null
    text /os/name "$(. "$R/etc/os-release"; echo "$PRETTY_NAME")"
    text /architecture x86_64
    text /boot/root "$1"
    text /boot/loader /boot/grub/grub.cfg
    text /kernels/0/version "$K"
    fact /kernels/0/default true
    fact /kernels/1 null
    text /kernels/0/initramfs "/boot/initrd.img-$K"
    drivers "$2"
    text /cloud_init/version "$(inside "$R" dpkg-query --show --showformat '${Version}' cloud-init | sed 's/[-~+].*//')"
    line=$(inside "$R" python3 -c '
import glob, json, yaml
all = [yaml.safe_load(open(name)) or {} for name in ["/etc/cloud/cloud.cfg", *sorted(glob.glob("/etc/cloud/cloud.cfg.d/*.cfg"))]]
print(json.dumps(next((one["datasource_list"] for one in reversed(all) if "datasource_list" in one), None)))')
    fact /cloud_init/datasources "$line"
    fact /cloud_init/disabled false
    fact /agents '["growpart"]'
    fact /selinux null
    fact /ssh/installed true
    fact /ssh/enabled true
    fact /ssh/root_login null
    fact /ssh/passwords null
    text /root_account set
    fact /network/managers '["interfaces"]'
    fact /network/network_manager false
    fact /network/firewall '[]'
    fact /windows null
    finding cloud_init_present /usr/bin/cloud-init
}

# boots TABLE BIOS UEFI [ESP]: which firmware starts it
boots() {
    text /partition_table "$1"
    fact /boot/bios "$2"
    fact /boot/uefi "$3"
    case $2-$3 in
    true-false) finding bios_only disk ;;
    false-true) finding uefi_only "$4" ;;
    esac
    [ "$1" != gpt ] || finding gpt disk
}

# Loaders ---------------------------------------------------------------------

# bios [PARTITION]: GRUB's code in the first sector, and its core behind that or in a partition of its own
bios() {
    local at=(512)
    inside "$R" grub-mkimage -O i386-pc -o /tmp/core -p '(hd0,1)/boot/grub' biosdisk part_msdos part_gpt ext2 xfs btrfs lvm
    [ $# -eq 0 ] || read -r -a at < <(partition "$1")
    /usr/bin/python3 - "$D" "$R/usr/lib/grub/i386-pc/boot.img" "$R/tmp/core" "$((at[0] / 512))" <<'PYTHON'
import struct, sys
disk, boot, core, sector = sys.argv[1:]
sector, boot, core = int(sector), bytearray(open(boot, "rb").read()), bytearray(open(core, "rb").read())
boot[0x5C:0x64] = struct.pack("<Q", sector)
core[0x1F4:0x1FC] = struct.pack("<Q", sector + 1)
with open(disk, "r+b") as file:
    file.write(boot[:440])
    file.seek(sector * 512)
    file.write(core)
PYTHON
    rm "$R/tmp/core"
}

# esp DEVICE PATH...: an EFI system partition with GRUB at each of these places; $work/esp has the same files
esp() {
    local path
    mkfs.vfat -F 32 -n EFI "$1" >"$work/output" 2>&1 || give_up "mkfs.vfat: $(cat "$work/output")"
    inside "$R" grub-mkimage -O x86_64-efi -o /tmp/loader -p /EFI/debian fat part_gpt ext2 xfs btrfs normal linux search
    rm -rf "$work/esp"; mkdir -p "$work/esp"
    for path in "${@:2}"; do install -D "$R/tmp/loader" "$work/esp/$path"; done
    # Some of all sizes beside it, a long name among them.
    echo 'configfile /boot/grub/grub.cfg' >"$work/esp/EFI/debian/grub.cfg"
    head -c 3000000 /dev/urandom >"$work/esp/EFI/debian/a rather long name of a file.efi"
    : >"$work/esp/EFI/empty"
    mcopy -s -i "$1" "$work/esp/EFI" ::/
    rm "$R/tmp/loader"
}

# Kinds of files of which a bootstrapped system has none.
mixed() {
    local at=$M/srv/mixed i
    mkdir -p "$at/many" "$at/deep/a/b/c/d/e/f"
    : >"$at/empty"
    echo text >"$at/deep/a/b/c/d/e/f/text"
    ln -s "$(printf 'x%.0s' {1..59})" "$at/short-link"
    ln -s "$(printf 'y/%.0s' {1..500})" "$at/long-link"
    ln "$at/empty" "$at/other-name"
    mkfifo "$at/pipe"
    /usr/bin/python3 - "$at" <<'PYTHON'
import os, random, sys
at, chance = sys.argv[1], random.Random(11)
for number in range(4000):
    with open(f"{at}/many/a name that fills folders {number:05}", "w") as file: file.write(str(number) * (number % 50))
with open(f"{at}/holes", "wb") as file:
    for place in (0, 5_000_000, 5_300_001, 900_000_000):
        file.seek(place)
        file.write(chance.randbytes(70_001))
    file.truncate(1_000_000_000)
# Room that was never written, in which only some was written later.
with open(f"{at}/reserved", "wb") as file:
    os.posix_fallocate(file.fileno(), 0, 20_000_000)
    file.seek(7_000_003)
    file.write(chance.randbytes(1_000_003))
# Two that grow in turn, so that neither lies in one piece.
one, other = open(f"{at}/one", "wb", buffering=0), open(f"{at}/other", "wb", buffering=0)
for number in range(600):
    one.write(chance.randbytes(9000)); os.fsync(one.fileno())
    other.write(b"%d " % number * 2000); os.fsync(other.fileno())
for size in (1, 59, 60, 61, 155, 156, 1023, 1024, 1025, 2047, 2048, 4095, 4096, 4097, 65535, 65536, 131073):
    with open(f"{at}/size {size}", "wb") as file: file.write(chance.randbytes(size))
for name in ("größe", "漢字", "a\\b", "tab\there", "n" * 250): open(f"{at}/{name}", "w").close()
os.setxattr(f"{at}/size 1", "user.own", b"v" * 500)
PYTHON
}

# Disks -----------------------------------------------------------------------

group_ext() {
    use bookworm
    disk deb12-ext4
    printf 'label: dos\n2048,,L,*\n' | sfdisk --quiet "$D"
    bios
    loop_of 1; mkfs.ext4 -q "$L"; mount "$L" "$M"
    fstab="UUID=$(uuid "$L") / ext4 errors=remount-ro 0 1"$'\n'
    fill "UUID=$(uuid "$L")" it-zstd
    mixed
    boots mbr true false
    volume 0 part1 ext4 /
    finding ext4_64bit part1
    good
    compared part1
    judged "$forms"
    faults_of_ext4
    drop

    disk deb12-ext3-xz
    printf 'label: dos\n2048,6GiB,L,*\n,,S\n' | sfdisk --quiet "$D"
    bios
    loop_of 2; mkswap -q "$L"; local swap=$L
    loop_of 1; mkfs.ext3 -q "$L"; mount "$L" "$M"
    fstab="UUID=$(uuid "$L") / ext3 errors=remount-ro 0 1
UUID=$(uuid "$swap") none swap sw 0 0
/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0
/dev/sdb1 /data ext4 defaults,nofail 0 2"$'\n'
    fill "UUID=$(uuid "$L")" it-xz
    mixed
    boots mbr true false
    volume 0 part1 ext3 /
    volume 1 part2 swap -
    good
    compared part1
    judged "$forms"
    faults_of_ext3
    drop
}

group_uefi() {
    use trixie
    disk deb13-ext4-uefi
    printf 'label: gpt\nsize=512MiB,type=U\ntype=L\n' | sfdisk --quiet "$D"
    loop_of 1; local esp=$L; esp "$L" EFI/BOOT/BOOTX64.EFI EFI/debian/grubx64.efi
    loop_of 2; mkfs.ext4 -q "$L"; mount "$L" "$M"
    fstab="UUID=$(uuid "$L") / ext4 errors=remount-ro 0 1
UUID=$(uuid "$esp") /boot/efi vfat umask=0077 0 1"$'\n'
    mkdir -p "$M/boot/efi"
    fill "UUID=$(uuid "$L")" it-zstd
    mixed
    boots gpt false true part1
    volume 0 part1 vfat /boot/efi
    text /volumes/0/label EFI
    volume 1 part2 ext4 /
    finding ext4_64bit part2
    good
    compared part2
    compared_with "$work/esp" part1
    judged "$forms"
    faults_of_uefi
    drop
}

group_xfs() {
    use trixie
    disk deb13-xfs
    printf 'label: gpt\nsize=300MiB,type=U\nsize=1GiB,type=L\ntype=L\n' | sfdisk --quiet "$D"
    loop_of 1; local esp=$L; esp "$L" EFI/BOOT/BOOTX64.EFI EFI/debian/grubx64.efi
    loop_of 2; local boot=$L; mkfs.xfs -q -L boot "$L"
    loop_of 3; mkfs.xfs -q "$L"; mount "$L" "$M"
    mkdir "$M/boot"; mount "$boot" "$M/boot"; mkdir "$M/boot/efi"
    fstab="UUID=$(uuid "$L") / xfs defaults 0 0
LABEL=boot /boot xfs defaults 0 0
UUID=$(uuid "$esp") /boot/efi vfat umask=0077 0 1"$'\n'
    fill "UUID=$(uuid "$L")" dr-zstd
    mixed
    boots gpt false true part1
    volume 0 part1 vfat /boot/efi
    volume 1 part2 xfs /boot
    volume 2 part3 xfs /
    finding file_system part2
    finding file_system part3
    good
    umount "$M/boot"
    compared part3
    mount "$boot" "$M/boot"
    sync -f "$M/boot"
    compared_with "$M/boot" part2
    judged "$forms"
    faults_of_xfs
    drop
}

# Without the mapper of devices: LVM writes what is where, and loop devices lie there.
lvm() { # COMMAND WORD...
    LVM_SUPPRESS_FD_WARNINGS=1 "$1" -qq --driverloaded n --config "devices{filter=[\"a|^$P\$|\",\"r|.*|\"] scan=[\"/dev\"] use_devicesfile=0} backup{backup=0 archive=0} activation{udev_sync=0 udev_rules=0 monitoring=0}" "${@:2}"
}
# logical NAME [SEGMENT]: first byte and length of that volume's segment on the disk, by LVM's own report
logical() {
    local row
    row=$(lvm pvs --noheadings --segments --units b --nosuffix --separator ' ' -o lv_name,seg_start,pvseg_start,pvseg_size,vg_extent_size,pe_start "$P" |
        awk -v name="$1" -v segment="${2:-1}" '$1 == name && ++count == segment { printf "%d %d\n", $3 * $5 + $6, $4 * $5 }')
    read -r -a row <<<"$row"
    echo "$((row[0] + $(partition "$3" | cut -d' ' -f1))) ${row[1]}"
}
loop_at() { loop "$1" "$2"; }

group_lvm() {
    use bookworm
    disk deb12-lvm-xfs
    printf 'label: dos\n2048,1GiB,L,*\n,,8e\n' | sfdisk --quiet "$D"
    bios
    loop_of 1; local boot=$L; mkfs.xfs -q "$L"
    loop_of 2; P=$L
    lvm pvcreate "$P"; lvm vgcreate debian-vg "$P"
    lvm lvcreate -an -Zn -Wn -L 1G -n swap debian-vg; lvm lvcreate -an -Zn -Wn -l 100%FREE -n root debian-vg
    # shellcheck disable=SC2046
    loop_at $(logical swap 1 2); mkswap -q "$L"
    # shellcheck disable=SC2046
    loop_at $(logical root 1 2); mkfs.xfs -q "$L"; mount "$L" "$M"
    mkdir "$M/boot"; mount "$boot" "$M/boot"
    fstab="/dev/mapper/debian--vg-root / xfs defaults 0 0
UUID=$(uuid "$boot") /boot xfs defaults 0 0
/dev/debian-vg/swap none swap sw 0 0"$'\n'
    fill /dev/mapper/debian--vg-root dr-gzip
    mixed
    boots mbr true false
    volume 0 part1 xfs /boot
    volume 1 part2 lvm - unknown
    volume 2 debian-vg/swap swap -
    volume 3 debian-vg/root xfs /
    fact /volumes/3/lvm true
    finding lvm part2
    finding file_system part1
    finding file_system debian-vg/root
    good
    umount "$M/boot"
    compared debian-vg/root
    mount "$boot" "$M/boot"
    judged "$forms"
    faults_of_lvm
    drop
}

group_volumes() {
    use trixie
    disk deb13-lvm-ext4
    printf 'label: gpt\nsize=1MiB,type=21686148-6449-6E6F-744E-656564454649\nsize=1GiB,type=L\ntype=E6D6D379-F507-44C2-A23C-238F2A3DF928\n' | sfdisk --quiet "$D"
    bios 1
    loop_of 2; local boot=$L; mkfs.ext4 -q "$L"
    loop_of 3; P=$L
    lvm pvcreate "$P"; lvm vgcreate vg0 "$P"
    lvm lvcreate -an -Zn -Wn -L 1200M -n root vg0; lvm lvcreate -an -Zn -Wn -L 512M -n swap vg0; lvm lvcreate -an -Zn -Wn -L 2G -n var vg0
    # Its second half lies behind the others.
    lvm lvextend -L 3G vg0/root
    # shellcheck disable=SC2046
    loop_at $(logical swap 1 3); mkswap -q "$L"
    # shellcheck disable=SC2046
    loop_at $(logical var 1 3); local var=$L; mkfs.ext4 -q "$L"
    # The mapper would make one device of it; here a file is put where the two pieces belong.
    local whole=$work/disks/whole one
    rm -f "$whole"; truncate -s 3G "$whole"
    L=$(losetup --find --show "$whole"); loops+=("$L")
    mkfs.ext4 -q "$L"; mount "$L" "$M"
    mkdir "$M/boot" "$M/var"; mount "$boot" "$M/boot"; mount "$var" "$M/var"
    fstab="/dev/mapper/vg0-root / ext4 errors=remount-ro 0 1
UUID=$(uuid "$boot") /boot ext4 defaults 0 2
/dev/mapper/vg0-var /var ext4 defaults 0 2
/dev/mapper/vg0-swap none swap sw 0 0"$'\n'
    fill /dev/mapper/vg0-root it-lz4
    mixed
    umount "$M/boot" "$M/var" "$M"
    sync "$L"
    local skip=0 segment
    for segment in 1 2; do
        read -r -a one < <(logical root "$segment" 3)
        dd if="$whole" of="$D" bs=1M oflag=seek_bytes seek="${one[0]}" skip="$skip" count=$((one[1] >> 20)) conv=notrunc,sparse status=none
        skip=$((skip + (one[1] >> 20)))
    done
    boots gpt true false
    volume 1 part2 ext4 /boot
    volume 2 part3 lvm - unknown
    volume 3 vg0/root ext4 /
    volume 4 vg0/swap swap -
    volume 5 vg0/var ext4 /var
    finding lvm part3
    for one in part2 vg0/root vg0/var; do finding ext4_64bit "$one"; done
    good
    mount -o ro "$L" "$M"
    compared vg0/root
    judged "$forms"
    rm -f "$whole"
    drop
}

group_btrfs() {
    use trixie
    disk deb13-btrfs-bzip2
    printf 'label: dos\n2048,,L,*\n' | sfdisk --quiet "$D"
    bios
    loop_of 1; mkfs.btrfs -q "$L"; mount -o compress=zstd:3 "$L" "$M"
    local id
    btrfs -q subvolume create "$M/@rootfs"
    id=$(btrfs inspect-internal rootid "$M/@rootfs")
    btrfs subvolume set-default "$id" "$M"
    umount "$M"
    mount -o compress=zstd:3 "$L" "$M"
    fstab="UUID=$(uuid "$L") / btrfs defaults 0 0"$'\n'
    fill "UUID=$(uuid "$L")" it-bzip2
    mixed
    # Pieces that two files share, files that are compressed otherwise, and one whose beginning is gone.
    cp --reflink=always "$M/srv/mixed/one" "$M/srv/mixed/shared"
    btrfs property set "$M/srv/mixed/many" compression zlib
    head -c 3000000 < <(yes 'a line that is easily made smaller') >"$M/srv/mixed/many/packed"
    fallocate --punch-hole --offset 4096 --length 1000000 "$M/srv/mixed/shared"
    boots mbr true false
    volume 0 part1 btrfs /
    finding file_system part1
    good
    aims 100
    compared part1
    judged "$forms"
    drop
}

group_subvolumes() {
    use bookworm
    disk deb12-btrfs-xz
    printf 'label: gpt\nsize=1MiB,type=21686148-6449-6E6F-744E-656564454649\nsize=100MiB,type=U\ntype=L\n' | sfdisk --quiet "$D"
    bios 1
    loop_of 2; local esp=$L; esp "$L" EFI/BOOT/BOOTX64.EFI EFI/debian/grubx64.efi
    loop_of 3; mkfs.btrfs -q -L system "$L"; mount "$L" "$M"
    btrfs -q subvolume create "$M/@"; btrfs -q subvolume create "$M/@var"; btrfs -q subvolume create "$M/@/home"
    umount "$M"; mount -o subvol=@ "$L" "$M"
    mkdir "$M/var"; mount -o subvol=@var "$L" "$M/var"
    fstab="LABEL=system / btrfs defaults,subvol=@ 0 0
LABEL=system /var btrfs defaults,subvol=@var 0 0
UUID=$(uuid "$esp") /boot/efi vfat umask=0077 0 1"$'\n'
    mkdir -p "$M/boot/efi"
    fill "UUID=$(uuid "$L")" dr-xz
    echo text >"$M/home/text"
    umount "$M/var"
    btrfs -q subvolume snapshot -r "$M" "$M/before"
    boots gpt true true
    volume 1 part2 vfat /boot/efi
    volume 2 part3 btrfs /
    text /volumes/2/label system
    finding file_system part3
    good
    aims 100
    compared part3 /@
    judged "$forms"
    drop
}

group_logical() {
    use trixie
    disk deb13-logical
    printf 'label: dos\nsize=600MiB,type=L,bootable\ntype=5\nsize=1GiB,type=S\nsize=4GiB,type=L\ntype=L\n' | sfdisk --quiet "$D"
    bios
    loop_of 1; local boot=$L; mkfs.ext3 -q -L boot "$L"
    loop_of 5; local swap=$L; mkswap -q "$L"
    loop_of 7; local usr=$L; mkfs.ext4 -q -L usr "$L"
    loop_of 6; mkfs.ext4 -q -L 'the root' "$L"; mount "$L" "$M"
    mkdir "$M/boot" "$M/usr"; mount "$boot" "$M/boot"; mount "$usr" "$M/usr"
    fstab="UUID=$(uuid "$L") / ext4 errors=remount-ro 0 1
/dev/disk/by-label/boot /boot ext3 defaults 0 2
LABEL=usr /usr ext4 defaults 0 2
UUID=$(uuid "$swap") none swap sw 0 0"$'\n'
    fill "UUID=$(uuid "$L")" it-zstd
    boots mbr true false
    volume 0 part1 ext3 /boot
    volume 1 part5 swap -
    volume 2 part6 ext4 /
    text /volumes/2/label 'the root'
    volume 3 part7 ext4 /usr
    finding ext4_64bit part6
    finding ext4_64bit part7
    good
    umount "$M/boot" "$M/usr"
    compared part6
    mount "$usr" "$M/usr"
    compared_with "$M/usr" part7
    judged "$forms"
    drop
}

group_whole() { # no partitions at all
    use trixie
    disk deb13-whole
    loop 0 10737418240; mkfs.ext4 -q "$L"; mount "$L" "$M"
    fstab="UUID=$(uuid "$L") / ext4 errors=remount-ro 0 1"$'\n'
    fill "UUID=$(uuid "$L")" dr-zstd
    text /partition_table none
    volume 0 disk ext4 /
    finding ext4_64bit disk
    compared disk
    judged "$forms"
    drop
}
