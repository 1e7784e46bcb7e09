#!/usr/bin/env bash
# Converts an archive as a job array of Slurm, one part of it a task.
#
#   sbatch docs/batch/slurm.sh OLD NEW
#
# To do one part again: PARTS=16 sbatch --array=3 docs/batch/slurm.sh OLD NEW
#SBATCH --job-name=drv-convert
#SBATCH --array=0-15
#SBATCH --cpus-per-task=8
#SBATCH --mem-per-cpu=1G
#SBATCH --time=12:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=drv-convert-%A-%a.log
# Two minutes before the time is over, drv hears of it, lets each running file finish as far as it is, and ends with 130.
#SBATCH --signal=B:TERM@120
set -euo pipefail

old=$1 new=$2 parts=${PARTS:-$SLURM_ARRAY_TASK_COUNT}

# `exec`, so that the signal for the batch script is a signal for drv.
exec drv convert --batch "$old" --out "$new" \
    --jobs "$SLURM_CPUS_PER_TASK" \
    --shard "$SLURM_ARRAY_TASK_ID/$parts" \
    --summary "$new/summary-$SLURM_ARRAY_TASK_ID.json"
