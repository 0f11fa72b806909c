# Sourced by run: where a kernel comes from. Debian's own package, fetched by name with apt from the
# mirror that this machine uses, and unpacked; nothing is installed.
#
#     fetch_kernel 6.1      # prints the folder with vmlinuz and lib/modules/<release>

# "6.1": the suite and the package that hold it. The newest is whichever has the highest version.
suites_of() {
    case $1 in
        6.1)    echo bookworm bookworm-security ;;
        6.12)   echo bookworm-backports ;;
        newest) echo trixie trixie-backports sid ;;
        *)      return 1 ;;
    esac
}

# The mirrors of Debian's packages (not those of the security archive) and of its security archive,
# as this machine is told to use them.
mirror_of() {
    local suite=$1 wanted='^[^|]*\|Debian\|(bookworm|trixie|forky|sid)$' found
    case $suite in *-security) wanted='^[^|]*\|Debian\|.*-security$' ;; esac
    # The list is read whole: apt-get fails when its reader leaves.
    found=$(apt-get indextargets --format '$(REPO_URI)|$(ORIGIN)|$(CODENAME)' \
        'Identifier: Packages' | grep -E "$wanted" | sort -u)
    printf '%s\n' "${found%%|*}"
}

# apt with a configuration of its own below $cache/apt: other suites must not come to the system.
private_apt() {
    local tool=$1 here=$cache/apt-$version
    shift
    "$tool" -qq -o Dir::Etc::sourcelist="$here/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferencesparts=/dev/null -o Dir::Etc::preferences=/dev/null \
        -o Dir::State::lists="$here/lists" -o Dir::Cache="$here/cache" \
        -o Acquire::Languages=none -o APT::Default-Release= -o APT::Sandbox::User=root "$@"
}

write_sources() {
    local suite mirror here=$cache/apt-$version keys=/usr/share/keyrings/debian-archive-keyring.gpg
    mkdir -p "$here/lists/partial" "$here/cache/archives/partial"
    for suite in $(suites_of "$version"); do
        mirror=$(mirror_of "$suite")
        [ -n "$mirror" ] || die "apt knows no mirror of Debian for $suite; run apt-get update"
        echo "deb [signed-by=$keys] $mirror $suite main"
    done >"$here/sources.list"
}

# The packages that hold the kernel itself, by name: the one linux-image-cloud-amd64 depends on, and
# since 7.x those that one depends on of the same release. Of several versions the highest counts,
# whatever priority apt gives its suite.
kernel_packages() {
    local best='' package='' release candidate
    while read -r release candidate; do
        if [ -z "$best" ] || dpkg --compare-versions "$release" gt "$best"; then
            best=$release package=$candidate
        fi
    done < <(private_apt apt-cache show linux-image-cloud-amd64 | awk '
        /^Version:/ { version = $2 }
        /^Depends:/ && match($0, /linux-image-[0-9][^ ,]*/) {
            print version, substr($0, RSTART, RLENGTH) }')
    [ -n "$package" ] || return 0
    printf '%s\n' "$package"
    private_apt apt-cache show "$package" | grep '^Depends:' | grep -oE 'linux-[a-z]+-[^ ,]+' |
        grep -F -- "-${package#linux-image-}" | grep -vxF "$package" | sort -u || :
}

unpack() {
    local deb into=$1
    for deb in "$into"/deb/*.deb; do
        dpkg-deb -x "$deb" "$into"
    done
    rm -rf "$into/deb"
    # Newer packages keep all of it below /usr.
    if [ -d "$into/usr/lib/modules" ]; then
        mkdir -p "$into/lib"
        mv "$into/usr/lib/modules" "$into/lib/"
    fi
    find "$into" -name 'vmlinuz*' -type f -exec mv {} "$into/vmlinuz" \;
    [ -f "$into/vmlinuz" ] || die "no vmlinuz in what was fetched for kernel $version"
    find "$into/lib/modules" -name '*.ko.xz' -exec unxz {} +
    depmod -b "$into" "$(ls "$into/lib/modules")"
}

# Prints where the kernel is. Only after a complete fetch is its folder called so: a broken one is
# never used.
fetch_kernel() {
    local version=$1 packages unpacked=$cache/kernel-$1
    if [ ! -d "$unpacked" ]; then
        say "fetching kernel $version"
        write_sources
        private_apt apt-get update >&2 ||
            die "the package lists of $(suites_of "$version") are not to be had"
        read -ra packages <<<"$(kernel_packages | tr '\n' ' ')"
        [ ${#packages[@]} -gt 0 ] || die "no linux-image-cloud-amd64 in $(suites_of "$version")"
        rm -rf "$unpacked.part"
        mkdir -p "$unpacked.part/deb"
        (cd "$unpacked.part/deb" && private_apt apt-get download "${packages[@]}" >&2) ||
            die "${packages[*]} could not be fetched"
        unpack "$unpacked.part"
        mv "$unpacked.part" "$unpacked"
    fi
    printf '%s\n' "$unpacked"
}
