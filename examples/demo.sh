#!/bin/sh
# What `make demo` runs: the root exports.yaml against the built-in emulator, in a throw-away folder. No credentials.
set -eu
EXPORTCTL=${EXPORTCTL:-exportctl}
cd "$(dirname "$0")/.."
rm -rf build/demo
mkdir -p build/demo
cp exports.yaml build/demo
cd build/demo
unset EXPORTCTL_ENV AEP_CLIENT_ID AEP_CLIENT_SECRET AEP_ACCESS_TOKEN GITHUB_ACTIONS 2>/dev/null || true

say() { printf '\n── %s\n\n' "$1"; }

# run CODE COMMAND…: shows the command, then its output, and insists on the exit code
run() {
    expected=$1
    shift
    printf '$ exportctl %s\n' "$*"
    code=0
    "$EXPORTCTL" "$@" || code=$?
    ended
}

# last N COMMAND…: the same, of the output the last N lines
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

say 'It is noon in the emulator, so that this shows the same at any hour.'
run 0 emulator clock set 12:00
say '1 of 12  Is the config right? All mistakes at once, without a connection.'
run 0 validate
say '2 of 12  What would change? A plan writes nothing; it is saved here for approval.'
run 0 plan --out plan.json
say '3 of 12  Do exactly what was approved, then prove it by reading back.'
last 2 apply plan.json
say '4 of 12  The exports: which dataset goes where.'
run 0 datasets
say '5 of 12  Somebody changes a folder and stops a feed in the user interface.'
run 0 emulator ui path orders-to-partner /somewhere/else --as jane
run 0 emulator ui disable web-to-lake --as jane
say '6 of 12  What was changed by hand, by whom? Exit code 3 says: something was.'
run 3 drift
say '7 of 12  Put the folder back. The stopped feed is held: it was stopped for a reason.'
run 0 apply --auto-approve
say '8 of 12  Start the feed again, by name, and see that nothing is left to do.'
last 2 apply --auto-approve --resume exports.web-to-lake
run 0 plan --detailed-exitcode
say '9 of 12  When will they run?'
run 0 forecast --days 3
say '10 of 12  A day passes: exports run, and files arrive in folders that stand for the cloud.'
run 0 emulator clock advance '25 hours'
files
run 0 status
say '11 of 12  Did everything arrive? Schedule, runs and files, down to the rows in them.'
run 0 verify --deep --since '2 days'
say '12 of 12  Somebody cuts a file short on its way.'
broken=$(find .exportctl -path '*/sftp.*' -name 'part-00000-*' | sort | head -n 1)
head -c 1000 "$broken" >cut && mv cut "$broken"
run 9 verify --deep --since '2 days' --target exports.orders-to-partner

printf '\n── Done. The config is build/demo/exports.yaml: edit it, and run `%s plan` there.\n' "$EXPORTCTL"
