# -a keeps what cp -a keeps.
set -eu
. "$(dirname "$0")/assertions.bash" "$1"

mkdir -p from/dir/empty from/sticky from/closed from/group
echo one >from/file; echo two >from/dir/two; echo three >from/closed/three
ln -s file from/link; ln -s missing from/dangling; ln -s /etc from/away
chmod 4755 from/file; chmod 640 from/dir/two; chmod 1777 from/sticky; chmod 2755 from/group
echo none >from/none; chmod 0 from/none
mkfifo from/fifo; chmod 604 from/fifo
head -c 5000000 /dev/urandom >from/large; chmod 2711 from/large
if [ "$(id -u)" -eq 0 ]; then
    chown 1234:4321 from/dir from/dir/two from/large; chown -h 12:34 from/link from/dangling
    chown 77:88 from/file; chmod 4755 from/file; chmod 2711 from/large; mknod from/null c 1 3
fi
# The file system may have attributes and none of these ACLs, as NFS.
export give_acl='
import errno, os, struct
entry = lambda tag, perm, who=0xffffffff: struct.pack("<HHI", tag, perm, who)
def give_acl(path, kind, *entries):
    try:
        os.setxattr(path, "system.posix_acl_" + kind, struct.pack("<I", 2) + b"".join(entries))
    except OSError as error:
        if error.errno != errno.EOPNOTSUPP:
            raise
'
xattrs=false
if python3 -c 'import os; os.setxattr("from/file", "user.colour", b"blue")' 2>/dev/null; then
    xattrs=true
    python3 - <<'EOF'
import os
exec(os.environ["give_acl"])
os.setxattr("from/dir", "user.of", b"a directory")
os.setxattr("from/large", "user.size", b"x" * 3000)
give_acl("from/dir/two", "access",
         entry(1, 6), entry(2, 7, 1000), entry(4, 4), entry(16, 6), entry(32, 0))
give_acl("from/dir", "default",
         entry(1, 7), entry(2, 7, 1000), entry(4, 5), entry(16, 7), entry(32, 0))
EOF
fi
chmod 555 from/closed
touch -d '2001-02-03 04:05:06.123456789' from/file from/large from/none from/fifo
touch -h -d '2002-03-04 05:06:07.987654321' from/link from/dangling
touch -d '1969-12-31 23:59:58.5 UTC' from/dir/two
touch -d '2003-04-05 06:07:08.111222333' from/closed from/dir/empty from/dir from

# Special files apart: their ACLs are not copied, since they are not opened.
attributes() {
    python3 - "$1" <<'EOF'
import os, sys
for where, folders, files in os.walk(sys.argv[1]):
    for name in sorted(folders + files) + ["."]:
        path = os.path.join(where, name)
        if not os.path.islink(path) and not os.path.isdir(path) and not os.path.isfile(path):
            continue
        names = sorted(os.listxattr(path, follow_symlinks=False))
        print(os.path.relpath(path, sys.argv[1]),
              [(n, os.getxattr(path, n, follow_symlinks=False)) for n in names])
EOF
}
alike() {
    listing from >"$printed/one"; listing "$1" >"$printed/two"
    diff "$printed/one" "$printed/two" >&2 || fail "$1: not alike"
    if $xattrs; then
        diff <(attributes from | sort) <(attributes "$1" | sort) >&2 ||
            fail "$1: other extended attributes"
    fi
}

run 0 "$pelcp" -a from to; quiet; alike to
cp -a from theirs; alike theirs
run 0 "$pelcp" -a from/. merged; alike merged
run 0 "$pelcp" -a from/. merged; quiet; alike merged       # over what is there
if $xattrs; then
    # A directory that hands down an ACL of its own.
    mkdir handing-down
    python3 - <<'EOF'
import os
exec(os.environ["give_acl"])
give_acl("handing-down", "default",
         entry(1, 7), entry(2, 7, 1001), entry(4, 7), entry(16, 7), entry(32, 7))
EOF
    run 0 "$pelcp" -a from handing-down/to; alike handing-down/to
fi
(umask 077; run 0 "$pelcp" -a from masked); alike masked
(umask 0; run 0 "$pelcp" -a from open); alike open

# Without -a or -p a copy is one's own and new, with what the umask leaves of the modes.
umask 027
run 0 "$pelcp" -r from plain; quiet
cp -r from plain.theirs
modes() { (cd "$1" && find . ! -type l -printf '%m %U %G %p\n' | sort); }
diff <(modes plain.theirs) <(modes plain) >&2 || fail "-r: other modes than cp's"
umask 022

run 0 "$pelcp" -p from/file p.ours; cp -p from/file p.theirs
format='%a %u %g %Y'
[ "$(stat -c "$format" p.ours)" = "$(stat -c "$format" p.theirs)" ] || fail "-p differs from cp's"
run 0 "$pelcp" --preserve=timestamps from/file times.ours
[ "$(stat -c '%a %.9Y' times.ours)" = "$(stat -c '755 %.9Y' from/file)" ] ||
    fail "--preserve=timestamps"
