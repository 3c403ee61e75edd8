#!/usr/bin/env bash
# Bring the local stack up, replay real receipts, and stay until Ctrl-C, which stops the stack and keeps its data. Receipts that
# a busy machine did not get through are told, and keep nobody from the pages.
set -euo pipefail
omo=$1
waiting=

finish() {
    trap '' INT TERM
    if [[ -n $waiting ]]; then kill "$waiting" 2>/dev/null || true; fi
    "$omo" down
}
trap 'exit 0' INT TERM
trap finish EXIT

"$omo" up
"$omo" replay || printf '\nThe receipts did not go through as they should, as said above. The stack stays up; "omo replay" goes on with them.\n'
pages=$("$omo" status --json | "${omo%/*}/python" -c 'import json, sys; print(json.load(sys.stdin)["local"]["console"])')
printf '\nThe stack is running. Open %s (docs/tour.md goes once around).\n' "$pages"
printf 'Ctrl-C stops it; the data are kept.\n'
tail -f /dev/null &
waiting=$!
wait "$waiting"
