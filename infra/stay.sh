#!/usr/bin/env bash
# Bring the local stack up, replay real receipts, and stay until Ctrl-C, which stops the stack and keeps its data.
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
"$omo" replay
printf '\nThe stack is running. Ctrl-C stops it; the data are kept.\n'
tail -f /dev/null &
waiting=$!
wait "$waiting"
