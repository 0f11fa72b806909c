# What is said about names on the command line, and what is not done.
set -eu
. "$(dirname "$0")/assertions.bash" "$1"

echo a >a; echo b >b; mkdir d t t/s; echo f >t/s/f; ln -s nowhere dangling

run 1 "$pelcp"
complains "pelcp: missing file operand" "Try 'pelcp --help' for more information."
run 1 "$pelcp" a
complains "pelcp: missing destination file operand after 'a'" \
    "Try 'pelcp --help' for more information."
run 1 "$pelcp" -T a b c
complains "pelcp: extra operand 'c'" "Try 'pelcp --help' for more information."
run 1 "$pelcp" -t d -T a b
complains "pelcp: cannot combine --target-directory (-t) and --no-target-directory (-T)"
run 1 "$pelcp" a b nodir
complains "pelcp: target 'nodir': No such file or directory"
run 1 "$pelcp" t a b
complains "pelcp: target 'b': Not a directory"
run 1 "$pelcp" -t nodir a
complains "pelcp: target directory 'nodir': No such file or directory"
run 1 "$pelcp" -t b a
complains "pelcp: target directory 'b': Not a directory"
run 1 "$pelcp" missing x
complains "pelcp: cannot stat 'missing': No such file or directory"
run 1 "$pelcp" '' d
complains "pelcp: cannot stat '': No such file or directory"
run 1 "$pelcp" a nodir/x
complains "pelcp: cannot create regular file 'nodir/x': No such file or directory"
run 1 "$pelcp" a nodir/
complains "pelcp: cannot create regular file 'nodir/': Not a directory"
run 1 "$pelcp" t e
complains "pelcp: -r not specified; omitting directory 't'"
run 1 "$pelcp" a dangling
complains "pelcp: not writing through dangling symlink 'dangling'"
run 1 "$pelcp" -r t a
complains "pelcp: cannot overwrite non-directory 'a' with directory 't'"
[ "$(cat a)" = a ] || fail "a was touched"
mkdir d/a
run 1 "$pelcp" a d
complains "pelcp: cannot overwrite directory 'd/a' with non-directory"
rmdir d/a

run 1 "$pelcp" --zork a b
complains "pelcp: unrecognized option '--zork'" "Try 'pelcp --help' for more information."
run 1 "$pelcp" --sparse=foo a b
complains "pelcp: invalid argument 'foo' for '--sparse'" "Valid arguments are:" "  - 'never'" \
    "  - 'auto'" "Try 'pelcp --help' for more information."

# The rest is copied all the same.
run 1 "$pelcp" missing a d
complains "pelcp: cannot stat 'missing': No such file or directory"
same_bytes a d/a
rm d/a

run 0 "$pelcp" a b a d
complains "pelcp: warning: source file 'a' specified more than once"
mkdir z; echo z >z/a
run 1 "$pelcp" a z/a d
complains "pelcp: will not overwrite just-created 'd/a' with 'z/a'"
same_bytes a d/a
run 0 "$pelcp" -r t t d
complains "pelcp: warning: source directory 't' specified more than once"
diff -r t d/t || fail "t was not copied"

# Two directories of one name merge, as if copied one after the other.
mkdir -p one/m two/m; echo 1 >one/m/f; echo 2 >two/m/f; echo 2 >two/m/g
run 0 "$pelcp" -r one/m two/m d
same_bytes two/m/f d/m/f
same_bytes two/m/g d/m/g

# A directory whose last part is no name goes into the target itself.
run 0 "$pelcp" -r t/. d/dot; same_bytes t/s/f d/dot/s/f
mkdir d/dots; run 0 "$pelcp" -r t/s/.. d/dots; same_bytes t/s/f d/dots/s/f
run 0 "$pelcp" -r t/ d/slash; same_bytes t/s/f d/slash/s/f
run 0 "$pelcp" -rT t d/exact; same_bytes t/s/f d/exact/s/f
run 0 "$pelcp" -- a d/dashes; same_bytes a d/dashes
run 0 "$pelcp" a b -t d/exact; same_bytes b d/exact/b
