# shellcheck shell=bash
# Sourced by tools/run: a tree that has what copies get wrong, and the question whether two trees
# are the same.

# make_sample DIRECTORY MIB: incompressible data, so that nothing below can cheat.
make_sample() {
    local top=$1 mib=$2 n size dir
    mkdir -p "$top"
    head -c "${mib}M" /dev/urandom >"$top/large"

    # 50 folders of 100 files; sizes sit on, before and after the edges of blocks and pages.
    local sizes=(1 17 100 511 512 513 1000 4000 4095 4096 4097 8192 10000 16385 20000
        32768 50000 65535 65536 65537 100000 131072 150000 200000 262145)
    for n in {0..49}; do
        size=${sizes[n % 25]}
        dir=$top/small/$((n % 5))/$((n / 5))/of_$size
        mkdir -p "$dir"
        head -c $((size * 100)) /dev/urandom | split -a 3 -b "$size" - "$dir/file_"
        chmod $((n % 2 ? 640 : 755)) "$dir"/*
        touch -d "@$((1000000000 + n * 1234567)).$((123456789 + n))" "$dir"/* "$dir"
    done
    touch "$top/small/empty"

    truncate -s 1G "$top/sparse"
    for n in 0 300 1023; do
        head -c 1M /dev/urandom | dd of="$top/sparse" bs=1M seek="$n" conv=notrunc status=none
    done

    mkdir "$top/links" "$top/links/read_only"
    ln -s ../large "$top/links/to_large"
    ln -s ../small "$top/links/to_folder"
    ln -s nowhere/at/all "$top/links/dangling"
    ln "$top/large" "$top/links/large_too"
    ln "$top/sparse" "$top/links/sparse_too"
    mkfifo "$top/links/fifo"
    chmod 555 "$top/links/read_only"
}

# Everything but contents: paths, types, modes, owners, sizes, times to the nanosecond, targets of
# links and counts of hard links. The size of a folder is its file system's business.
listing() {
    find "$1" -type d -printf '%P %y %m %U %G %T@\n' \
        -o -printf '%P %y %m %U %G %s %T@ %l %n\n' | LC_ALL=C sort
}

# Which names are one file: each with the first name of its group.
hard_links() {
    find "$1" -type f -links +1 -printf '%i %P\n' | LC_ALL=C sort |
        awk '{ if ($1 != last) first = $2; last = $1; print $2, first }' | LC_ALL=C sort
}

same_trees() {
    local source=$1 copy=$2 blocks
    diff <(listing "$source") <(listing "$copy") >&2 || return 1
    diff <(hard_links "$source") <(hard_links "$copy") >&2 || return 1
    # A FIFO has nothing to read, and diff would wait for it.
    diff -r --no-dereference --exclude=fifo "$source" "$copy" >&2 || return 1
    # Holes stay holes; file systems round their extents differently, hence the MiB.
    blocks=$(stat -c %b "$source/sparse")
    if [ "$(stat -c %b "$copy/sparse")" -gt $((blocks + 2048)) ]; then
        say "the sparse file takes $(stat -c %b "$copy/sparse") blocks, not $blocks"
        return 1
    fi
}
