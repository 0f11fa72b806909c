# in_fresh_directory.sh DIRECTORY COMMAND...: runs COMMAND in DIRECTORY, made anew and empty.
set -eu
directory=$1
shift
chmod -R u+rwX "$directory" 2>/dev/null || :
rm -rf "$directory"
mkdir -p "$directory"
cd "$directory"
exec "$@"
