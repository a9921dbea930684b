# What all disks have in common: loop devices, partitions, what is expected of a disk, and its judgement. Sourced by `run`.
# shellcheck shell=bash disable=SC2154

loops=()
passed=0 failed=0

# Loop devices outlive the process, so that what one left behind that was killed goes first.
stale() {
    local loop file
    while read -r loop file; do
        case $file in "$work"/*) losetup -d "$loop" ;; esac
    done < <(losetup --list --noheadings --output NAME,BACK-FILE)
    rm -rf "${work:?}"/disks/* "${work:?}"/forms/* "${work:?}"/esp/*
}

finish() {
    shut 2>/dev/null || true
    rm -rf "${work:?}"/disks "${work:?}"/forms
}

# shut: unmounts all, and gives loop devices back
shut() {
    local place loop
    while read -r place; do
        umount "$place"
    done < <(awk -v work="$work/" 'index($2, work) == 1 { print $2 }' /proc/mounts | tac)
    for loop in "${loops[@]}"; do losetup -d "$loop"; done
    loops=()
    # A mount of ntfs-3g is closed some time after it is gone.
    while pgrep --full "^ntfs-3g .*$work/" >/dev/null; do sleep 0.1; done
}

# disk NAME [SIZE]: an empty disk $D, and what is expected of it, nothing yet, $E; $N is its name
disk() {
    N=$1 D=$work/disks/$1.raw E=$work/disks/$1.expected
    rm -f "$D" "$E"
    truncate -s "${2:-10G}" "$D"
    : >"$E"
}

# copy NAME OF: a disk that begins as a copy of another, of which the same is expected
copy() {
    N=$1 D=$work/disks/$1.raw E=$work/disks/$1.expected
    cp --sparse=always "$work/disks/$2.raw" "$D"
    grep -v '^good' "$work/disks/$2.expected" >"$E"
}

# partition NUMBER: its first byte and its length
partition() {
    sfdisk --json "$D" | /usr/bin/python3 -c '
import json, sys
table = json.load(sys.stdin)["partitiontable"]
size = table.get("sectorsize", 512)
one = next(one for one in table["partitions"] if one["node"].endswith(".raw" + sys.argv[1]))
print(one["start"] * size, one["size"] * size)' "$1"
}

# loop OFFSET LENGTH: a loop device, $L
loop() {
    L=$(losetup --find --show --offset "$1" --sizelimit "$2" "$D")
    loops+=("$L")
}

# loop_of NUMBER: a loop device for a partition, $L
loop_of() {
    local own
    read -r -a own < <(partition "$1")
    loop "${own[0]}" "${own[1]}"
}

uuid() { blkid --probe --match-tag UUID --output value "$1"; }

# What is expected ------------------------------------------------------------

json() { /usr/bin/python3 -c 'import json, sys; print(json.dumps(sys.argv[1]))' "$1"; }
fact() { printf 'fact\t%s\t%s\n' "$1" "$2" >>"$E"; }         # POINTER JSON
text() { fact "$1" "$(json "$2")"; }                           # POINTER TEXT
finding() { printf 'finding\t%s\t%s\n' "guest.$1" "$2" >>"$E"; } # ID PLACE
gone() { printf 'gone\t%s\n' "guest.$1" >>"$E"; }              # ID, which the disk has no more
good() { echo good >>"$E"; }
aims() { (IFS=$'\t'; echo "aims"$'\t'"$*") >>"$E"; }             # MS [MIB]

# fault NAME ID PLACE: is called where the fault is planted
fault() { printf 'fault\t%s\t%s\t%s\n' "$1" "guest.$2" "$3" >>"$E"; }
fault_fact() { printf 'fault-fact\t%s\t%s\t%s\n' "$1" "$2" "$3" >>"$E"; } # NAME POINTER JSON

# volume NUMBER NAME FILE_SYSTEM MOUNTED_AT [STATE]: what stands there, `-` for nothing
volume() {
    text "/volumes/$1/name" "$2"
    text "/volumes/$1/file_system" "$3"
    if [ "$4" = - ]; then fact "/volumes/$1/mounted_at" null; else text "/volumes/$1/mounted_at" "$4"; fi
    text "/volumes/$1/state" "${5:-clean}"
}

# Judgement -------------------------------------------------------------------

# judged [FORMS]: the disk, by all that is expected of it
judged() {
    shut
    sync -f "$D"
    if "$judge" "$CLOUD_IMPORT" "$D" "$E" "$work/forms" "${1:-none}" >"$work/output"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "*** FAILED: $N" >&2
    fi
    cat "$work/output"
    # What the table at the end is made of.
    grep -c '^    found ' "$work/output" >>"$work/found" || true
    grep -c '^    NOT FOUND ' "$work/output" >>"$work/lost" || true
    grep ' forms, ' "$work/output" >>"$work/rows" || true
}

# compared VOLUME [SUBVOLUME]: each file of what is mounted at $work/mount with what our reader gives of it
compared() {
    sync -f "$work/mount"
    compared_with "$work/mount" "$@"
}
compared_with() { # FOLDER VOLUME [SUBVOLUME]
    local status=0
    "$kernel" "$D" "$2" "$1" "${@:3}" >"$work/output" || status=$?
    # 2 is a file system that is not read, which is an answer for an odd one.
    if [ "$status" = 0 ] || [[ $status = 2 && $N = odd-* ]]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "*** FAILED: the files of $N" >&2
    fi
    sed "s|$work/disks/||" "$work/output"
    grep ' differences$' "$work/output" | sed "s|$work/disks/||" >>"$work/files" || true
}

# told WHAT CONDITION...: something else that must hold
told() {
    local what=$1
    shift
    if "$@"; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "*** FAILED: $N: $what" >&2
    fi
}

drop() { rm -f "$D" "$E"; }
dropped() { local one; for one in "$@"; do rm -f "$work/disks/$one".*; done; }

summary() {
    sum() { awk '{ all += $1 } END { print all + 0 }' "$1" 2>/dev/null || echo 0; }
    echo
    sort "$work/rows" 2>/dev/null
    sort "$work/files" 2>/dev/null
    echo "$(sum "$work/found") planted faults found, $(sum "$work/lost") not found"
    echo "$passed passed, $failed failed"
    rm -f "$work/rows" "$work/files" "$work/found" "$work/lost" "$work/output"
    [ "$failed" -eq 0 ] || exit 1
    [ "$passed" -gt 0 ] || give_up "nothing ran: nothing was shown"
}
