# Sourced by run: the guest's root file system, in memory, and its disk.

# Programs that the shell tests use, as far as this machine has them.
guest_programs=(bash sh env timeout cat cp mv rm ln ls mkdir rmdir mkfifo mknod mktemp chmod chown
    touch head tail tee sort uniq wc tr cut od seq sleep stat sync truncate test true false printf
    echo dd df id uname basename dirname readlink realpath comm sha256sum fold expr kill nproc
    cmp diff find xargs grep sed awk gawk mount umount setpriv unshare prlimit losetup flock
    python3 date paste split shuf yes fallocate curl ps script chattr setfattr getfattr
    fsfreeze wrk nsenter ip tc exportfs rpc.mountd rpc.nfsd mount.nfs4)

# Modules that tests or the guest itself need; those built into a kernel are not looked for.
guest_modules=(virtio_pci virtio_blk nvme loop xfs btrfs veth null_blk)
[ "${FILESYSTEM:-}" != nfs ] || guest_modules+=(nfsd nfsv4)
[ "${DISK:-}" != scsi_debug ] || guest_modules+=(sd_mod scsi_debug)

# Copies a file to the same path below $image, and what it is linked to.
bring() {
    local file=$1 needed
    [ ! -e "$image$file" ] || return 0
    mkdir -p "$image$(dirname "$file")"
    cp -L "$file" "$image$file"
    for needed in $(ldd "$file" 2>/dev/null | grep -oE '/[^ ]+' || :); do
        bring "$needed"
    done
}

bring_programs() {
    local program path
    for program in "${guest_programs[@]}"; do
        path=$(PATH=/usr/bin:/usr/sbin:/bin:/sbin type -P "$program") || continue
        bring "$path"
        case $path in
            /usr/bin/* | /usr/sbin/*) ;;
            *) mkdir -p "$image/usr$(dirname "$path")"; ln -sf "$path" "$image/usr$path" ;;
        esac
    done
    mkdir -p "$image/bin"
    cp "$(type -P busybox)" "$image/bin/busybox"
    [ -e "$image/bin/sh" ] || ln -s busybox "$image/bin/sh"
    [ -e "$image/bin/bash" ] || ln -s /usr/bin/bash "$image/bin/bash"
    bring_python
}

# Python's own library, without its tests and what draws.
bring_python() {
    local library
    [ -e "$image/usr/bin/python3" ] || return 0
    library=$(/usr/bin/python3 -c 'import os; print(os.path.dirname(os.__file__))')
    mkdir -p "$image$library"
    (cd "$library" && find . \( -name test -o -name __pycache__ -o -name tkinter -o -name idlelib \
        -o -name 'dist-packages' -o -name 'config-*' -o -name lib2to3 \) -prune -o -type f -print0 |
        cpio -0 -pdL --quiet "$image$library")
    find "$image$library" -name '*.so' | while read -r extension; do
        for needed in $(ldd "$extension" | grep -oE '/[^ ]+' || :); do
            bring "$needed"
        done
    done
}

# The modules, and in /guest/modules the order in which to load them.
bring_modules() {
    local kernel=$1 release module
    release=$(ls "$kernel/lib/modules")
    for module in "${guest_modules[@]}"; do
        modprobe -d "$kernel" -S "$release" --show-depends "$module" 2>/dev/null |
            sed -n "s|^insmod $kernel\(/[^ ]*\).*|\1|p" || :
    done | awk '!seen[$0]++' >"$image/guest/modules"
    while read -r module; do
        mkdir -p "$image$(dirname "$module")"
        cp "$kernel$module" "$image$module"
    done <"$image/guest/modules"
    # A module does not read the kernel's command line: only modprobe does that for it.
    sed -i -E "s|(.*/nvme\.ko)$|\1 poll_queues=2|; s|(.*/null_blk\.ko)$|\1 nr_devices=0|
        s|(.*/scsi_debug\.ko)$|\1 dev_size_mb=$memory_disk_mib delay=0 atomic_wr=1|" \
        "$image/guest/modules"
}

# Executables and scripts by the paths that ctest knows, with the tests' and examples' folders.
bring_tests() {
    local path
    while read -r path; do
        if [ -d "$path" ]; then
            find "$path" -maxdepth 1 -type f -perm /u+x | while read -r path; do bring "$path"; done
        else
            bring "$path"
        fi
    done <"$1"
    mkdir -p "$image$root/tests"
    (cd "$root/tests" && find . -name '*.sh' -o -name '*.bash' -o -name '*.py' |
        cpio -pdu --quiet "$image$root/tests")
}

# The programs as an archive, which is made again only when packages or this file have changed: a
# kernel takes several archives one after the other.
pack_programs() {
    local archive=$cache/programs
    if [ -f "$archive" ] && [ "$archive" -nt /var/lib/dpkg/status ] &&
        [ "$archive" -nt "$here/image.sh" ]; then
        return
    fi
    image=$work/programs
    rm -rf "$image"
    mkdir -p "$image"
    bring_programs
    pack "$archive.$$"
    mv "$archive.$$" "$archive"
}

# Writes what is in $image, which goes.
pack() {
    (cd "$image" && find . | cpio -o -H newc --quiet) >"$1"
    rm -rf "$image"
}

# make_image KERNEL SUITE FILES: writes $work/initramfs.
make_image() {
    local kernel=$1
    pack_programs
    image=$work/image
    rm -rf "$image"
    mkdir -p "$image"/{proc,sys,dev,run,root,etc,tmp,guest,var/tmp,mnt}
    cp "$here/guest/init" "$image/init"
    cp "$here/guest/suite.bash" "$image/guest/"
    cp "$2" "$image/guest/suite"
    printf 'scratch=%q\nfilesystem=%q\ndisk=%q\n' "$build_dir/tests/scratch" "$filesystem" \
        "$disk" >"$image/guest/settings"
    printf 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/:/bin/false\n' \
        >"$image/etc/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\n' >"$image/etc/group"
    printf '127.0.0.1 localhost\n::1 localhost\n' >"$image/etc/hosts"
    printf 'hosts: files\npasswd: files\ngroup: files\n' >"$image/etc/nsswitch.conf"
    for path in /etc/protocols /etc/services /etc/netconfig /etc/mke2fs.conf; do
        [ ! -f $path ] || cp $path "$image$path"
    done
    bring_modules "$kernel"
    bring_tests "$3"
    pack "$work/tests.cpio"
    cat "$cache/programs" "$work/tests.cpio" >"$work/initramfs"
    rm "$work/tests.cpio"
}

# A disk of 4 GiB that takes no room, with the file system that the tests are to have or that the
# guest exports to itself. scsi_debug's disk is in the guest's memory, so that this is copied there.
memory_disk_mib=512
make_disk() {
    local kind=$filesystem size=4G
    [ "$kind" != nfs ] || kind=ext4
    [ "$disk" != scsi_debug ] || size=${memory_disk_mib}M
    rm -f "$work/disk" "$work/nvme"
    truncate -s "$size" "$work/disk"
    truncate -s 1G "$work/nvme"
    PATH=$PATH:/usr/sbin:/sbin "mkfs.$kind" -q "$work/disk" >/dev/null ||
        die "mkfs.$kind failed"
}
