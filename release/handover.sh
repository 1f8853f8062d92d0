#!/usr/bin/env bash
# What one job of a release hands over to the next: every job of a run may replace what lies in the run's store of artifacts,
# but no job can change another's outputs.
#
#   release/handover.sh sums FOLDER             prints the SHA-256 and the path of every file in FOLDER
#   release/handover.sh give FOLDER NAME        the same, as the output NAME of a step
#   release/handover.sh take FOLDER <SUMS       fails unless FOLDER has these files and no other
set -euo pipefail

sums() {
    local file sum
    find . -type f | LC_ALL=C sort | while IFS= read -r file; do
        # Debian, macOS and Git for Windows have it, and it names no file that it reads so.
        sum=$(shasum -b -a 256 <"$file")
        printf '%s  %s\n' "${sum%% *}" "${file#./}"
    done
}

[ $# -ge 2 ] || { echo "usage: release/handover.sh sums|give|take FOLDER [NAME]" >&2; exit 2; }
cd -- "$2"
case $1 in
sums) sums ;;
give)
    found=$(sums)
    [ -n "$found" ] || { echo "There is no file in $2." >&2; exit 1; }
    printf '%s<<END\n%s\nEND\n' "$3" "$found" | tee -a "$GITHUB_OUTPUT"
    ;;
take)
    # Outputs of several jobs have empty lines between them.
    wanted=$(tr -d '\r' | sed '/^$/d' | LC_ALL=C sort)
    [ -n "$wanted" ] || { echo "There are no checksums to compare $2 with." >&2; exit 1; }
    diff <(printf '%s\n' "$wanted") <(sums | LC_ALL=C sort) >&2 || {
        echo "$2 (>) is not what was handed over (<)." >&2
        exit 1
    }
    ;;
*) echo "release/handover.sh knows no $1." >&2; exit 2 ;;
esac
