#!/bin/sh
# `make demo` runs this: examples/demo/exports.yaml against the built-in emulator, in build/demo. No credentials, no
# network. Each step shows its commands. The demo stops with an error if a step does not come out as it says.
set -eu
EXPORTCTL=${EXPORTCTL:-exportctl}
cd "$(dirname "$0")/.."
rm -rf build/demo
mkdir -p build/demo
cp examples/demo/exports.yaml build/demo
cd build/demo
unset EXPORTCTL_ENV AEP_CLIENT_ID AEP_CLIENT_SECRET AEP_ACCESS_TOKEN GITHUB_ACTIONS LAKE_ROLE_ARN PARTNER_PASSWORD \
    2>/dev/null || true
number=0

step() {
    number=$((number + 1))
    printf '\n── %s of 12 ── %s\n\n' "$number" "$1"
}

fail() {
    printf 'demo: step %s did not come out as stated: %s\n' "$number" "$1" >&2
    exit 1
}

# run CODE COMMAND…: shows the command, then its output, and checks the exit code
run() {
    expected=$1
    shift
    printf '$ exportctl'
    for word in "$@"; do
        case $word in *' '*) printf " '%s'" "$word" ;; *) printf ' %s' "$word" ;; esac
    done
    printf '\n'
    code=0
    "$EXPORTCTL" "$@" || code=$?
    [ "$code" -eq "$expected" ] || fail "exit code $code, not $expected"
    if [ "$code" -ne 0 ]; then printf '(exit code %s)\n' "$code"; fi
}

# shell COMMAND: shows a command of the shell, then runs it
shell() {
    printf '$ %s\n' "$1"
    sh -c "$1"
}

# last LINES COMMAND…: the same as `run 0`, but shows only the last lines
last() {
    lines=$1
    shift
    printf '$ exportctl %s 2>&1 | tail -n %s\n' "$*" "$lines"
    "$EXPORTCTL" "$@" >output.txt 2>&1 || { code=$? && cat output.txt && fail "exit code $code, not 0"; }
    tail -n "$lines" output.txt
}

# check PATTERN COMMAND…: the JSON of the command has this; it is not shown
check() {
    pattern=$1
    shift
    "$EXPORTCTL" "$@" --format json >check.json || true
    grep -q "$pattern" check.json || fail "no $pattern in the JSON of $*"
}

# quietly COMMAND…: what happens outside of exportctl, as the emulator plays it
quietly() {
    "$EXPORTCTL" emulator "$@" >/dev/null
}

# pass TIME: the emulator's clock moves, and what is due runs
pass() {
    quietly clock advance "$1"
    printf '(%s pass: runs that were due have written their files)\n' "$1"
}

say() { printf '%s\n' "$1"; }

say 'exportctl keeps Adobe Experience Platform dataset exports as code. This demo'
say 'plays a week of a small shop on an emulator of Adobe, in twelve steps.'
quietly clock set '2026-12-01T09:30:00Z' 2>/dev/null

step 'The config, and a check without any connection'
shell 'grep -A 20 ^exports: exports.yaml'
run 0 validate

step 'What would change? The plan is saved for review'
run 0 plan --out plan.json

step 'Apply exactly the plan that was reviewed'
last 2 apply plan.json
run 0 plan --detailed-exitcode

step 'Rows come in, and every three hours a run sends them'
for rows in 120 80 45; do
    pass '3 hours'
    run 0 emulator ingest Orders "$rows"
done
pass '3 hours'
run 0 runs orders

step 'Did everything arrive? Count the rows in the files'
run 0 verify --deep --target exports.orders
check 'with 120 rows' verify --deep --target exports.orders

step 'Jane edits two exports in the UI'
run 0 emulator ui path orders-to-partner /by-jane --as jane
run 0 emulator ui disable orders --as jane

step 'Drift: what was changed by hand, by whom, and when'
run 3 drift
check 'jane@AdobeID' drift

step 'Accept one edit, and resume the other export by name'
run 0 drift --patch --write --target exports.orders-to-partner
shell 'diff exports.yaml ../../examples/demo/exports.yaml || true'
last 2 apply --auto-approve --resume exports.orders
run 0 drift

step 'A plan is approved, then Jane edits again: it is stale'
shell "sed -i.bak 's/every: 1 day/every: 12 hours/' exports.yaml"
run 0 plan --out plan.json
quietly ui path orders-to-partner /elsewhere --as jane
run 6 apply plan.json
run 0 plan --out plan.json
last 2 apply plan.json

step 'A week later: renew moves the ends that are due'
pass '7 days'
run 0 renew
run 0 status

step 'Are all runs since the first one a backup?'
run 0 backup check --target exports.orders

step 'A file is damaged: what is lost, and what closes the gap'
file=$(find .exportctl -path '*demo-shop-exports*' -name 'part-*' | sort | sed -n 2p)
head -c 1000 "$file" >cut && mv cut "$file"
say "(one file of the second run was cut to 1000 bytes)"
run 9 backup check --deep --target exports.orders

"$EXPORTCTL" report -o report.html >/dev/null 2>&1 || fail "no report"
cat <<END

── What you saw ──

  * A plan before every change; a saved plan approves exactly its values.
  * Rows counted in the files that arrived, not only a run that says success.
  * Edits by hand: found, with who and when; accepted or taken back on purpose.
  * Ends that are renewed, and a backup that is proven, or says what is broken.

── Where to go next ──

  build/demo/report.html        the same on one page: open it in a browser
  build/demo/exports.yaml       edit it, and run \`plan\` in its folder with
                                $EXPORTCTL
  docs/tutorial.md              from an empty folder, slowly
  docs/getting-started.md       your own sandbox
  examples/                     every storage, environments, CI
END
