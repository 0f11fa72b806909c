# --verify finds what differs, and where.
set -eu
. "$(dirname "$0")/assertions.bash" "$1"

mkdir from; head -c 7000000 /dev/urandom >from/large; echo small >from/small; : >from/empty
truncate -s 3M from/hole
run 0 "$pelcp" -a --verify --json from to; quiet
grep -q '"verified": 4' "$printed/stdout" || fail "not everything was verified"
diff -r from to || fail "the copy differs"

# What -n leaves alone is compared too.
run 0 "$pelcp" -rn --verify from/. to; quiet
printf X | dd of=to/large bs=1 seek=3000000 conv=notrunc status=none
truncate -s 3 to/small
run 1 "$pelcp" -rn --verify from/. to
complains "pelcp: 'to/./large' differs from 'from/./large' in bytes 2097152 to 3145727" \
    "pelcp: 'to/./small' differs from 'from/./small' in bytes 0 to 5"
