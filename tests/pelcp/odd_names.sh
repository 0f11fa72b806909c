# Any name is a name.
set -eu
. "$(dirname "$0")/assertions.bash" "$1"

mkdir from
names=(' ' $'a\nb' $'\xff\xfe' $'caf\xc3\xa9' "it's" '"' '\' '$HOME' '-r' '--' '*' $'\t'
    "a'b!c" '...' '~'
    "$(printf 'x%.0s' $(seq 1 255))")
for name in "${names[@]}"; do printf '%s' "$name" >"from/$name"; done
mkdir $'from/new\nline'; echo deep >$'from/new\nline/f'
run 0 "$pelcp" -r from to; quiet
diff -r from to || fail "the copy differs"
(cd from && run 0 "$pelcp" -t ../to -- "${names[@]}"); quiet

run 0 "$pelcp" -v from/$'a\nb' "from/it's" from/$'\xff\xfe' from/"a'b!c" to
says "'from/a'\$'\\n''b' -> 'to/a'\$'\\n''b'" "\"from/it's\" -> \"to/it's\"" \
    "'from/'\$'\\377\\376' -> 'to/'\$'\\377\\376'" "'from/a'\\''b!c' -> 'to/a'\\''b!c'"
run 1 "$pelcp" $'no\nsuch' to
complains "pelcp: cannot stat 'no'\$'\\n''such': No such file or directory"
