# A large tree arrives whole.
set -eu
. "$(dirname "$0")/assertions.bash" "$1"

# In memory where that can be: ext4 takes minutes for so many files soon after others were removed.
if there=$(mktemp -d -p /dev/shm 2>/dev/null); then
    trap 'rm -rf "$there" "$printed"' EXIT
    cd "$there"
fi

python3 - <<'EOF'
import os
for folder in range(250):
    os.makedirs(f"from/{folder % 7}/{folder}")
    for name in range(160):
        with open(f"from/{folder % 7}/{folder}/{name}", "w") as file:
            file.write(f"{folder}/{name}\n" * (name % 50))
os.mkdir("from/flat")
for name in range(10000):
    with open(f"from/flat/{name}", "w") as file:
        file.write(str(name))
EOF
run 0 "$pelcp" -a --json from to
python3 - "$printed/stdout" <<'EOF'
import json, sys
summary = json.load(open(sys.argv[1]))
assert summary["files"] == 50000 and summary["directories"] == 259, summary
assert summary["errors"] == 0, summary
EOF
same_trees from to
rm -rf from to
