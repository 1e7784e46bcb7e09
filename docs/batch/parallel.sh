#!/usr/bin/env bash
# Converts an archive on several machines that see the same folders, by GNU parallel over ssh.
#
#   docs/batch/parallel.sh OLD NEW PARTS [HOST,HOST...]
#
# Without hosts, this machine does all parts, one after the other. Each host needs drv and the same registry of drivers.
# A part that fails is told at the end; the same command again does only what is missing.
set -euo pipefail

old=$1 new=$2 parts=$3 hosts=${4:-:}

# One part at a time on each host: drv itself takes all of its processors.
seq 0 $((parts - 1)) | parallel --will-cite --sshlogin "$hosts" --jobs 1 --quote \
    drv convert --batch "$old" --out "$new" --shard "{}/$parts" --summary "$new/summary-{}.json"
