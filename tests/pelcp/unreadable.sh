# What cannot be read or written is told, and the rest is copied.
set -eu
. "$(dirname "$0")/assertions.bash" "$1"
become_able_to_be_nobody

mkdir -p from/closed from/open/below from/unsearchable mine
echo file >from/open/file; echo hidden >from/closed/hidden; echo secret >from/secret
echo below >from/open/below/f; echo x >from/unsearchable/f
chmod 0 from/closed from/secret; chmod 600 from/unsearchable; chown 65534 mine
run 1 as_nobody "$pelcp" -r from mine/to
complains "pelcp: cannot access 'from/closed': Permission denied" \
    "pelcp: cannot access 'from/unsearchable': Permission denied" \
    "pelcp: cannot open 'from/secret' for reading: Permission denied"
same_bytes from/open/file mine/to/open/file
same_bytes from/open/below/f mine/to/open/below/f
[ ! -e mine/to/secret ] || fail "an empty file stands for the one that cannot be read"

run 1 as_nobody "$pelcp" from/open/file from/mine
complains "pelcp: cannot create regular file 'from/mine': Permission denied"
mkdir shut; echo f >f
run 1 as_nobody "$pelcp" -r f from/open shut
complains "pelcp: cannot create regular file 'shut/f': Permission denied" \
    "pelcp: cannot create directory 'shut/open': Permission denied"

# A file that cannot be written is replaced with -f, and only with it.
as_nobody sh -c 'echo old >mine/readonly; chmod 444 mine/readonly'
run 1 as_nobody "$pelcp" f mine/readonly
complains "pelcp: cannot create regular file 'mine/readonly': Permission denied"
[ "$(cat mine/readonly)" = old ] || fail "the old file is gone"
run 0 as_nobody "$pelcp" -fv f mine/readonly
says "removed 'mine/readonly'" "'f' -> 'mine/readonly'"
same_bytes f mine/readonly

# Owners and set-user-id bits are given up in silence, as by cp: the copy is nobody's own.
cp f setuid; chmod 6755 setuid
run 0 as_nobody "$pelcp" -a setuid mine/setuid; quiet
as_nobody cp -a setuid mine/setuid.theirs
[ "$(stat -c '%a %u %g' mine/setuid)" = "$(stat -c '%a %u %g' mine/setuid.theirs)" ] ||
    fail "other owner or mode than cp's: $(stat -c '%a %u %g' mine/setuid)"

# Contents of directories that may not be written to, and files without any permission.
as_nobody sh -c 'mkdir -p mine/src/ro; echo x >mine/src/ro/x; echo y >mine/src/wo
    chmod 555 mine/src/ro; chmod 200 mine/src/ro/x; chmod 400 mine/src/wo; chmod 400 mine/src/ro/x'
run 0 as_nobody "$pelcp" -a mine/src mine/src.copy; quiet
same_trees mine/src mine/src.copy
run 0 as_nobody "$pelcp" -r mine/src mine/src.plain; quiet
[ "$(stat -c %a mine/src.plain/ro)" = 555 ] || fail "the mode of a read-only directory is lost"

# A target directory that may be written to but not read.
mkdir drop; chmod 733 drop
run 0 as_nobody "$pelcp" -r from/open drop; quiet
same_bytes from/open/below/f drop/open/below/f
run 0 as_nobody "$pelcp" -rT from/open drop; quiet
same_bytes from/open/below/f drop/below/f

# One of one's own gets the mode and the times of the source all the same.
as_nobody sh -c 'mkdir mine/drop mine/kept; chmod 300 mine/drop; chmod 750 mine/kept
    touch -d 2001-02-03 mine/kept'
run 0 as_nobody "$pelcp" -rpT mine/kept mine/drop; quiet
[ "$(stat -c '%a %Y' mine/drop)" = "$(stat -c '%a %Y' mine/kept)" ] ||
    fail "another mode or time: $(stat -c '%a %y' mine/drop)"
