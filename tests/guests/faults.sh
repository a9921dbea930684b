# Faults of Linux, each planted by a change of its own in a copy of a good disk, and what is told of each. Sourced by `run`.
# shellcheck shell=bash disable=SC2154

# open NUMBER: mounts that partition of a disk whose faults are planted
open() { loop_of "$1"; mount "$L" "$M"; }

faults_of_ext4() {
    local from=$N

    copy faults-boot "$from"; open 1
    cp "$I/it-vmware" "$M/boot/initrd.img-$K"
    fault "no virtio in the initramfs" virtio_missing "/boot/initrd.img-$K"
    drivers it-vmware
    sed -i "s|root=UUID=[^ ]*|root=/dev/sda1|" "$M/boot/grub/grub.cfg"
    fault "the loader names the root by /dev/sda1" boot_root_device /boot/grub/grub.cfg
    text /boot/root /dev/sda1
    sed -i "s|^UUID=[^ ]* / |/dev/sda1 / |" "$M/etc/fstab"
    fault "fstab names the root by /dev/sda1" fstab_device /etc/fstab
    echo '/dev/disk/by-id/ata-QEMU_HARDDISK_1 /data xfs defaults 0 2' >>"$M/etc/fstab"
    fault "fstab names a disk by its id" fstab_device /etc/fstab
    mkdir -p "$M/etc/udev/rules.d"
    echo 'SUBSYSTEM=="net", ACTION=="add", ATTR{address}=="00:0c:29:12:34:56", NAME="eth0"' >"$M/etc/udev/rules.d/70-persistent-net.rules"
    fault "udev binds a network to a MAC address" udev_net_rules /etc/udev/rules.d/70-persistent-net.rules
    judged; drop

    copy faults-fstab "$from"; open 1
    echo 'UUID=00000000-dead-4000-8000-000000000000 /srv/gone ext4 defaults 0 2' >>"$M/etc/fstab"
    fault "fstab has a UUID that is nowhere" fstab_missing /etc/fstab
    echo '/dev/mapper/old-data /srv/lv xfs defaults 0 0' >>"$M/etc/fstab"
    fault "fstab has a logical volume that is nowhere" fstab_missing /etc/fstab
    echo '192.0.2.5:/home /home nfs4 defaults 0 0' >>"$M/etc/fstab"
    fault "fstab waits for NFS" fstab_missing /etc/fstab
    # No fault: the start does not wait for it.
    echo '192.0.2.5:/srv /srv/nfs nfs nofail 0 0' >>"$M/etc/fstab"
    sed -i 's/root=UUID=[^ ]*/root=UUID=00000000-dead-4000-8000-000000000000/' "$M/boot/grub/grub.cfg"
    fault "the loader has a UUID that is nowhere" boot_root_device /boot/grub/grub.cfg
    text /boot/root UUID=00000000-dead-4000-8000-000000000000
    printf 'auto eth0\niface eth0 inet static\n  address 192.0.2.10/24\n  gateway 192.0.2.1\n' >"$M/etc/network/interfaces"
    fault "interfaces has an address" net_static /etc/network/interfaces
    mkdir -p "$M/etc/selinux"; printf '# SELINUX=disabled\nSELINUX=enforcing\nSELINUXTYPE=default\n' >"$M/etc/selinux/config"
    fault "SELinux is enforcing" selinux_enforcing /etc/selinux/config
    text /selinux enforcing
    judged; drop

    copy faults-tools "$from"; open 1
    install -D "$work/roots/bookworm.qemu-ga" "$M/usr/sbin/qemu-ga"
    fault "the agent of QEMU" qemu_ga /usr/sbin/qemu-ga
    cp "$M/usr/bin/env" "$M/usr/bin/vmtoolsd"
    fault "VMware's tools" hypervisor_tools /usr/bin/vmtoolsd
    fact /agents '["qemu-ga", "open-vm-tools", "growpart"]'
    own_devices
    inside "$M" dpkg --force-depends --purge cloud-init >/dev/null 2>&1
    foreign_devices
    gone cloud_init_present
    fault "no cloud-init" cloud_init_missing /usr/bin/cloud-init
    fact /cloud_init null; fact /cloud_init/version null; fact /cloud_init/datasources null; fact /cloud_init/disabled null
    inside "$M" systemctl --quiet disable ssh.service ssh.socket 2>/dev/null || rm -f "$M"/etc/systemd/system/*.wants/ssh.service "$M/etc/systemd/system/sshd.service"
    rm -f "$M"/etc/rc?.d/S??ssh
    fault "the SSH server is off" ssh_off /etc/systemd/system
    fact /ssh/enabled false
    inside "$M" usermod --lock root
    fault "root is locked" root_locked /etc/shadow
    text /root_account locked
    chattr +i "$M/etc/shadow"
    fault "nobody may change /etc/shadow" shadow_immutable /etc/shadow
    judged; drop

    copy faults-network "$from"; open 1
    mkdir -p "$M/etc/netplan" "$M/etc/NetworkManager/system-connections" "$M/etc/systemd/network"
    printf 'network:\n  version: 2\n  ethernets:\n    lan:\n      match:\n        macaddress: "00:0c:29:12:34:56"\n      dhcp4: true\n' >"$M/etc/netplan/01-own.yaml"
    fault "netplan goes by a MAC address" net_mac_bound /etc/netplan/01-own.yaml
    printf 'network:\n  version: 2\n  ethernets:\n    eth1:\n      addresses:\n        - 192.0.2.11/24\n' >"$M/etc/netplan/02-own.yaml"
    fault "netplan has an address" net_static /etc/netplan/02-own.yaml
    printf '[connection]\nid=lan\ntype=ethernet\n\n[ethernet]\nmac-address=00:0C:29:12:34:56\n\n[ipv4]\nmethod=auto\n' >"$M/etc/NetworkManager/system-connections/lan.nmconnection"
    fault "NetworkManager goes by a MAC address" net_mac_bound /etc/NetworkManager/system-connections/lan.nmconnection
    printf '[connection]\nid=own\ntype=ethernet\n\n[ipv4]\nmethod=manual\naddress1=192.0.2.12/24\n' >"$M/etc/NetworkManager/system-connections/own.nmconnection"
    fault "NetworkManager has an address" net_static /etc/NetworkManager/system-connections/own.nmconnection
    printf '[Match]\nMACAddress=00:0c:29:12:34:56\n\n[Network]\nDHCP=yes\n' >"$M/etc/systemd/network/10-lan.network"
    fault "networkd goes by a MAC address" net_mac_bound /etc/systemd/network/10-lan.network
    printf '[Match]\nName=eth2\n\n[Network]\nAddress=192.0.2.13/24\n' >"$M/etc/systemd/network/20-own.network"
    fault "networkd has an address" net_static /etc/systemd/network/20-own.network
    fact /network/managers '["interfaces", "netplan", "NetworkManager", "networkd"]'
    judged; drop
    N=$from D=$work/disks/$from.raw E=$work/disks/$from.expected
}

faults_of_ext3() {
    local from=$N

    copy faults-dirty-xz "$from"; open 1
    cp "$I/it-rules" "$M/boot/initrd.img-$K"
    fault "the initramfs binds a network to a MAC address" udev_net_rules "/boot/initrd.img-$K"
    echo disabled >"$M/etc/cloud/cloud-init.disabled"
    gone cloud_init_present
    fault "cloud-init is told not to run" cloud_init_missing /usr/bin/cloud-init
    fact /cloud_init/disabled true
    # The memory of a machine that sleeps stands in its swap; nothing but the mark is needed.
    loop_of 2; printf 'S1SUSPEND\0' | dd of="$L" bs=1 seek=4086 conv=notrunc status=none
    fault "it sleeps" hibernated part2
    text /volumes/1/state hibernated
    # What a machine that was not shut down leaves is a copy of what is mounted.
    echo later >"$M/root/later"; sync -f "$M"
    cp --sparse=always "$D" "$work/disks/copy"; shut; mv "$work/disks/copy" "$D"
    fault "it was not shut down" dirty part1
    # The journal of an ext3 has no sums, and is told to be left out.
    text /read partly
    text /reason 'part1 was not read: its journal is of a kind that is not replayed, so that the last changes are not seen'
    text /volumes/0/state dirty
    judged; drop

    copy faults-redhat "$from"; open 1
    mkdir -p "$M/etc/sysconfig/network-scripts"
    printf 'TYPE=Ethernet\nBOOTPROTO=dhcp\nDEVICE=ens192\nONBOOT=yes\nHWADDR=00:0c:29:12:34:56\n' >"$M/etc/sysconfig/network-scripts/ifcfg-ens192"
    fault "ifcfg goes by a MAC address" net_mac_bound /etc/sysconfig/network-scripts/ifcfg-ens192
    printf 'TYPE=Ethernet\nBOOTPROTO=none\nDEVICE=ens224\nONBOOT=yes\nIPADDR=192.0.2.14\nPREFIX=24\n' >"$M/etc/sysconfig/network-scripts/ifcfg-ens224"
    fault "ifcfg has an address" net_static /etc/sysconfig/network-scripts/ifcfg-ens224
    fact /network/managers '["ifcfg", "interfaces"]'
    rm "$M/usr/sbin/sshd"
    fault "there is no SSH server" ssh_off /usr/sbin/sshd
    fact /ssh/installed false; fact /ssh/enabled false
    sed -i 's/ ro / ro cloud-init=disabled /; s/ ro$/ ro cloud-init=disabled/' "$M/boot/grub/grub.cfg"
    gone cloud_init_present
    fault "the kernel is told not to run cloud-init" cloud_init_missing /usr/bin/cloud-init
    fact /cloud_init/disabled true
    sed -i '/^root:/d' "$M/etc/passwd"
    fault "there is no account root" root_locked /etc/passwd
    text /root_account missing
    # dracut leaves the driver for networks to the root file system.
    cp "$I/dr-gzip" "$M/boot/initrd.img-$K"
    drivers dr-gzip
    sed -i '/virtio_net\.ko/d' "$M/usr/lib/modules/$K/modules.dep"
    find "$M/usr/lib/modules/$K" -name 'virtio_net.ko*' -delete
    fault "no driver for networks" virtio_missing "kernel $K"
    judged; drop
    N=$from D=$work/disks/$from.raw E=$work/disks/$from.expected
}

faults_of_uefi() {
    local from=$N

    copy faults-uefi "$from"; loop_of 1
    mdel -i "$L" ::/EFI/BOOT/BOOTX64.EFI
    gone uefi_only
    fault_fact "UEFI finds no loader by itself" /boot/uefi false
    loop_of 2; mount "$L" "$M"
    cp "$I/dr-novirtio" "$M/boot/initrd.img-$K"
    fault "dracut left virtio out" virtio_missing "/boot/initrd.img-$K"
    drivers dr-novirtio
    judged; drop

    copy faults-locked "$from"; loop_of 2
    # Only the system that is encrypted is not there to be read.
    echo -n planted | cryptsetup luksFormat --batch-mode --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file - "$L"
    unread
    fault "it is encrypted" encrypted part2
    text /volumes/1/file_system luks
    judged; drop

    copy faults-empty "$from"; loop_of 2
    mkfs.ext4 -q -F -O ^64bit "$L"
    unread; fact /reason null
    fault "there is no system" root_missing disk
    judged; drop
    N=$from D=$work/disks/$from.raw E=$work/disks/$from.expected
}

# Of a disk whose system is gone, only what its firmware finds is expected still.
unread() {
    printf 'fact\t/read\t"not"\nfact\t/os\tnull\nfact\t/kernels\t[]\nfinding\tguest.uefi_only\tpart1\nfinding\tguest.gpt\tdisk\n' >"$E"
}

faults_of_xfs() {
    local from=$N
    copy faults-xfs "$from"; open 3
    echo later >"$M/root/later"; sync -f "$M"
    cp --sparse=always "$D" "$work/disks/copy"; shut; mv "$work/disks/copy" "$D"
    fault "XFS was not unmounted" dirty part3
    text /volumes/2/state dirty
    judged; drop
    N=$from D=$work/disks/$from.raw E=$work/disks/$from.expected
}

faults_of_lvm() {
    local from=$N
    copy faults-lvm "$from"; open 1
    cp "$I/dr-novirtio" "$M/initrd.img-$K"
    fault "dracut left virtio out, in LVM" virtio_missing "/boot/initrd.img-$K"
    drivers dr-novirtio
    sed -i 's|root=/dev/mapper/[^ ]*|root=/dev/mapper/old-root|' "$M/grub/grub.cfg"
    fault "the loader has a logical volume that is nowhere" boot_root_device /boot/grub/grub.cfg
    text /boot/root /dev/mapper/old-root
    judged; drop
    N=$from D=$work/disks/$from.raw E=$work/disks/$from.expected
}
