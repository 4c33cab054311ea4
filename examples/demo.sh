#!/bin/sh
# `make demo` runs this: the root exports.yaml against the built-in emulator, in a temporary folder. No credentials.
set -eu
EXPORTCTL=${EXPORTCTL:-exportctl}
cd "$(dirname "$0")/.."
rm -rf build/demo
mkdir -p build/demo
cp exports.yaml build/demo
cd build/demo
unset EXPORTCTL_ENV AEP_CLIENT_ID AEP_CLIENT_SECRET AEP_ACCESS_TOKEN GITHUB_ACTIONS 2>/dev/null || true

say() { printf '\n── %s\n\n' "$1"; }

# run CODE COMMAND…: shows the command, then its output, and checks the exit code
run() {
    expected=$1
    shift
    printf '$ exportctl %s\n' "$*"
    code=0
    "$EXPORTCTL" "$@" || code=$?
    ended
}

# last N COMMAND…: the same, but shows only the last N lines of the output
last() {
    lines=$1
    expected=0
    shift
    printf '$ exportctl %s | tail -n %s\n' "$*" "$lines"
    code=0
    "$EXPORTCTL" "$@" >output.txt || code=$?
    tail -n "$lines" output.txt
    ended
}

ended() {
    if [ "$code" -ne "$expected" ]; then
        echo "demo: expected exit code $expected, got $code" >&2
        exit 1
    fi
    if [ "$code" -ne 0 ]; then printf '(exit code %s)\n' "$code"; fi
}

files() {
    printf '$ find .exportctl -type f -name "part-*" | sort\n'
    find .exportctl -type f -name 'part-*' | sort | sed 's|-tid-.*-c000|-…-c000|'
}

say 'The emulator starts at noon, so that the demo shows the same at any hour.'
run 0 emulator clock set 12:00
say '1 of 14  Is the config right? validate reports all errors at once, without a connection.'
run 0 validate
say '2 of 14  What would change? plan changes nothing. It saves the plan for approval.'
run 0 plan --out plan.json
say '3 of 14  Apply exactly the approved plan, then run the final check.'
last 2 apply plan.json
say '4 of 14  The exports: which dataset goes where.'
run 0 datasets
say '5 of 14  Jane changes a path and pauses an export in the user interface.'
run 0 emulator ui path orders-to-partner /somewhere/else --as jane
run 0 emulator ui disable web-to-lake --as jane
say '6 of 14  What did people change by hand, and who? Exit code 3 means: there is drift.'
run 3 drift
say '7 of 14  Revert the path. apply leaves the paused export paused: Jane may have a reason.'
run 0 apply --auto-approve
say '8 of 14  Resume the export by its address, then see that the plan is empty.'
last 2 apply --auto-approve --resume exports.web-to-lake
run 0 plan --detailed-exitcode
say '9 of 14  When will they run?'
run 0 forecast --days 3
say '10 of 14  A day passes: exports run, and files arrive in local folders instead of the cloud.'
run 0 emulator clock advance '25 hours'
files
run 0 status
say '11 of 14  Did everything arrive? Schedule, runs and files, down to the rows in them.'
run 0 verify --deep --since '2 days'
say '12 of 14  A file arrives incomplete.'
broken=$(find .exportctl -path '*/sftp.*' -name 'part-00000-*' | sort | head -n 1)
head -c 1000 "$broken" >cut && mv cut "$broken"
run 9 verify --deep --since '2 days' --target exports.orders-to-partner
say '13 of 14  Are all runs together a backup? Every run since the first full export is checked.'
run 0 backup status --target exports.web-to-lake
say '14 of 14  The files of the first full export are deleted: what is lost, and what closes the gap.'
rm -r "$(find .exportctl -type d -name 'exportTime=*1500' | sort | head -n 1)"
run 0 backup status --target exports.web-to-lake

printf '\n── Done. Edit the config build/demo/exports.yaml, and run `%s plan` there.\n' "$EXPORTCTL"
