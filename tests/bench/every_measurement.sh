# Every measurement runs, and prints lines of JSON as bench/README.md describes them. A case of
# each, of samples too short to be quoted; `copy` is left out, which makes a file of 1 GiB.
set -eu
bench=$1

measure() {
    local name=$1 case=$2
    "$bench" "$name" --pairs 3 --seconds 0.01 --json --dir . --case "$case" >lines 2>said ||
        { cat said; echo "$name: exit $?"; exit 1; }
    python3 - "$name" <<'PYTHON' || { cat said; exit 1; }
import json, math, sys

name = sys.argv[1]
head, *lines = map(json.loads, open("lines", encoding="utf-8"))
assert {"cpu", "cores", "kernel"} <= set(head["machine"]), f"{name}: no machine in {head}"
assert lines, f"{name}: nothing was measured"
for line in lines:
    for field in ("bench", "case", "rival", "metric"):
        assert line[field], f"{name}: no {field} in {line}"
    assert line["bench"] == name and line["better"] in ("higher", "lower"), line
    numbers = [line[field] for field in ("pelton", "other", "ratio", "lo", "hi")]
    assert all(math.isfinite(each) and each >= 0 for each in numbers), line
    assert line["lo"] <= line["ratio"] <= line["hi"], line
    if "bar" in line:
        wide = (line["hi"] - line["lo"]) / 2 > 0.03 * line["ratio"]
        low = line["better"] == "lower"
        reached = line["lo"] <= line["bar"] if low else line["hi"] >= line["bar"]
        verdict = "undecided" if wide else "met" if reached else "missed"
        assert line["verdict"] == verdict, f"{name}: not {verdict}: {line}"
PYTHON
}

measure nop       "depth 1"
measure read      "cached 4 KiB, depth 1"
measure scatter   "16 pages"
measure kiobuf    "16 x 256 B, cached"
measure echo      "1 connections, 64 B"
measure cancel    "unix, data there"
measure shards    ""
measure ways      "tmpfs fadvise, 1 at once"
measure fallback  "cached 4 KiB, depth 1"
[ "$(id -u)" != 0 ] || measure zerocopy "loopback, 64 KiB"

# What nobody knows is refused, not measured as something else.
! "$bench" nop --case nonsense --quick --json >lines 2>said || [ "$(wc -l <lines)" = 1 ]
! "$bench" nonsense >lines 2>said
