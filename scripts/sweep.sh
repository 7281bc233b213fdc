#!/bin/sh
# A simple sweep in shell: a loop over frozen layers and seeds.
#
#     scripts/sweep.sh SPEC [FREEZEWISE-RUN-ARGUMENT...]
#     FROZEN="0 4 8 9" SEEDS="0 1 2" OUT=runs scripts/sweep.sh configs/cifar.toml
#
# Finished cells are skipped when it runs again. A cell that fails, or is locked by another process, does not stop the
# others; the exit code is then 1 if any cell failed, else 75 if any is unfinished. Prints a table of the cells that this
# call finished and writes it to sweep.csv, next to the run directories.
set -u

frozen=${FROZEN:-0 3 6 9}
seeds=${SEEDS:-0}
out=${OUT:-runs}
here=$(dirname "$0")
program=${FREEZEWISE:-$here/../target/release/freezewise}

if [ $# -lt 1 ]; then
    echo "usage: [FROZEN='0 4 9'] [SEEDS='0 1'] [OUT=runs] scripts/sweep.sh SPEC [ARGUMENT...]" >&2
    exit 2
fi
if [ ! -x "$program" ]; then
    printf 'sweep: `%s` does not exist\n  build it: scripts/setup && cargo build --release\n' "$program" >&2
    exit 1
fi
spec=$1
shift

field() { # field NAME: the value of a top-level number in the summary on stdin, empty for null
    sed -n "s/^  \"$1\": \([^,]*\),*$/\1/p" | sed 's/^null$//'
}

csv() { # csv TEXT: a field of a CSV file, in quotes where the text needs them
    case $1 in
        *[\",]* | *"$newline"* | *"$carriage_return"*) printf '"%s"' "$(printf '%s' "$1" | sed 's/"/""/g')" ;;
        *) printf '%s' "$1" ;;
    esac
}
newline='
'
carriage_return=$(printf '\r')

# Signals are passed on to the running cell, which stops with a checkpoint. Ctrl-C reaches the cell directly as well, and
# a second SIGINT would kill it without a checkpoint, so it gets SIGTERM.
child="" caught=""
stop() {
    caught=yes
    [ -z "$child" ] || kill -TERM "$child" 2>/dev/null
}
trap stop INT TERM HUP USR1 USR2
answer=$(mktemp) || exit 1
trap 'rm -f "$answer"' EXIT

columns=frozen_layers,seed,train_error,last_test_error,oracle_min_test_error,interpolation_epoch
rows="" shown="" table="" failed=0 unfinished=0
for k in $frozen; do
    for seed in $seeds; do
        echo "sweep: $k frozen layers, seed $seed" >&2
        [ -z "$caught" ] || exit 75
        "$program" run "$spec" --out "$out" "$@" --set "transfer.frozen_layers=$k" --set "seed=$seed" >"$answer" &
        child=$!
        wait "$child"
        status=$?
        # A signal interrupts `wait`, but the cell is still running.
        while kill -0 "$child" 2>/dev/null; do
            wait "$child"
            status=$?
        done
        child=""
        directory=$(cat "$answer")
        # Exit codes 2 (invalid spec) and 130 (second Ctrl-C) concern every cell.
        case $status in
            0) ;;
            2 | 130) exit "$status" ;;
            75)
                [ -z "$caught" ] || exit 75
                echo "sweep: $k frozen layers, seed $seed: not finished" >&2
                unfinished=1
                continue
                ;;
            *)
                echo "sweep: $k frozen layers, seed $seed: failed" >&2
                failed=1
                continue
                ;;
        esac
        summary=$directory/summary.json
        row=$(csv "$k"),$(csv "$seed")
        for name in last_train_error last_test_error oracle_min_test_error interpolation_epoch; do
            row=$row,$(field "$name" <"$summary")
        done
        rows=$rows$row,$(csv "$directory")$newline
        shown=$shown$row$newline
        table=${directory%/*}/sweep.csv
        { echo "$columns,directory"
          printf '%s' "$rows"; } >"$table.new" && mv "$table.new" "$table"
    done
done

if [ -n "$rows" ]; then
    { echo "$columns"
      printf '%s' "$shown"; } | awk -F, '{
        for (i = 1; i <= NF; i++) {
            cell = $i == "" ? "-" : (NR > 1 && i >= 3 && i <= 5) ? sprintf("%.4f", $i) : $i
            printf "%-22s", cell
        }
        print ""
    }'
    printf '%s\n' "$table"
fi
[ "$failed" -eq 1 ] || [ "$unfinished" -eq 0 ] || exit 75
exit "$failed"
