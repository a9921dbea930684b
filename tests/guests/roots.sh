# A true Debian each, bootstrapped once and kept, with the initramfs that its own tools make in other ways. Sourced by `run`.
# shellcheck shell=bash disable=SC2154

mirror=${MIRROR:-http://deb.debian.org/debian}

# use SUITE: $R is its root, $K its kernel, $I the folder of its initramfs
use() {
    R=$work/roots/$1 I=$work/roots/$1.initramfs
    [ -e "$work/roots/$1.base" ] || base "$1"
    K=$(ls "$R/lib/modules")
    [ -e "$work/roots/$1.ready" ] || variants "$1"
}

inside() { DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 chroot "$@"; }

base() { # SUITE
    local log=$work/roots/$1.log
    echo "bootstrapping $1" >&2
    rm -rf --one-file-system "$R" "$I"
    {
        debootstrap --variant=minbase --include=ca-certificates,systemd-sysv,openssh-server,ifupdown,grub-pc-bin,grub-efi-amd64-bin,grub2-common,zstd,xz-utils,lz4,bzip2,cpio,e2fsprogs,lvm2 "$1" "$R" "$mirror"
        echo "deb $mirror $1 main" >"$R/etc/apt/sources.list"
        cp /etc/resolv.conf "$R/etc/"
        mount --bind /proc "$R/proc"
        inside "$R" apt-get update -qq
        # Its dependency on a virtual package is beyond debootstrap.
        inside "$R" apt-get install -y -qq --no-install-recommends initramfs-tools linux-image-amd64 cloud-init cloud-guest-utils dracut-core qemu-guest-agent
        inside "$R" apt-get clean
        umount "$R/proc"
    } >"$log" 2>&1 || give_up "$1 cannot be bootstrapped: $(grep -E '^(E|W):' "$log" | tail -n 1) ($log)"
    touch "$work/roots/$1.base"
}

# What an image for a cloud has that a bootstrapped system has not, and what it should not have.
importable() {
    inside "$R" usermod --password "$(openssl passwd -6 planted 2>/dev/null || echo '$6$planted$ThisIsTheHashOfNoPasswordAndOnlyHasItsForm1234567')" root
    printf 'auto lo\niface lo inet loopback\nauto eth0\niface eth0 inet dhcp\n' >"$R/etc/network/interfaces"
    [ ! -e "$R/usr/sbin/qemu-ga" ] || mv "$R/usr/sbin/qemu-ga" "$work/roots/$1.qemu-ga"
    rm -rf "$R"/var/lib/apt/lists/* "$R"/var/cache/apt/*.bin
    : >"$R/etc/machine-id"
}

variants() { # SUITE
    local codec
    echo "making initramfs of $1" >&2
    importable "$1"
    mkdir -p "$I"
    mount --bind /proc "$R/proc"
    mount --bind /dev "$R/dev"
    cp "$R/boot/initrd.img-$K" "$I/it-zstd"
    for codec in xz lz4 bzip2; do initramfs_tools "it-$codec" "COMPRESS=$codec"; done
    # As an installer on another hypervisor leaves it.
    printf 'mptspi\nvmw_pvscsi\nahci\nsd_mod\next4\nxfs\nvmxnet3\n' >"$R/tmp/modules"
    initramfs_tools it-vmware MODULES=list
    : >"$R/tmp/modules"
    # One that keeps what udev of the old machine wrote.
    printf '#!/bin/sh\n[ "$1" = prereqs ] || { mkdir -p "$DESTDIR/etc/udev/rules.d" && cp /tmp/70-persistent-net.rules "$DESTDIR/etc/udev/rules.d/"; }\n' >"$R/tmp/hook"
    echo 'SUBSYSTEM=="net", ATTR{address}=="00:0c:29:12:34:56", NAME="eth0"' >"$R/tmp/70-persistent-net.rules"
    initramfs_tools it-rules COMPRESS=zstd
    rm "$R/tmp/hook"
    dracut dr-gzip --gzip
    dracut dr-zstd --zstd
    dracut dr-xz --xz
    dracut dr-novirtio --zstd --omit-drivers "virtio_blk virtio_pci virtio_scsi virtio_net virtio virtio_ring virtio_pci_modern_dev virtio_pci_legacy_dev"
    umount "$R/proc" "$R/dev"
    rm -rf "$R"/tmp/*
    touch "$work/roots/$1.ready"
}

initramfs_tools() { # NAME SETTING
    rm -rf "$R/tmp/own"
    cp -r "$R/etc/initramfs-tools" "$R/tmp/own"
    sed -i "/^${2%%=*}=/d" "$R/tmp/own/initramfs.conf"
    echo "$2" >>"$R/tmp/own/initramfs.conf"
    cat "$R/tmp/modules" >>"$R/tmp/own/modules" 2>/dev/null || true
    [ ! -e "$R/tmp/hook" ] || install -m 755 "$R/tmp/hook" "$R/tmp/own/hooks/kept"
    inside "$R" mkinitramfs -d /tmp/own -o /tmp/made "$K" >>"$work/roots/log" 2>&1 || give_up "mkinitramfs: $(tail -n 1 "$work/roots/log")"
    mv "$R/tmp/made" "$I/$1"
}

dracut() { # NAME OPTION...
    inside "$R" dracut --force --no-hostonly --no-hostonly-cmdline "${@:2}" /tmp/made "$K" >>"$work/roots/log" 2>&1 || give_up "dracut: $(tail -n 1 "$work/roots/log")"
    mv "$R/tmp/made" "$I/$1"
}
