#!/bin/sh
# Installs the peers that the benchmark knows, at pinned versions, into one folder; prints it for `--peers`.
#
#   cargo run --release -p rolecall-bench -- --peers "$(crates/bench/peers.sh /tmp/peers)"
#
# ldap2pg builds python-ldap: Debian needs libldap2-dev and libsasl2-dev. pgroles takes cargo some minutes.
# What cannot be installed is left out, with a word on stderr.
set -eu
folder=${1:-$PWD/target/peers}
mkdir -p "$folder/bin"
folder=$(cd "$folder" && pwd)

try() {
    name=$1
    shift
    if ! "$@" >"$folder/$name.log" 2>&1; then
        echo "$name was not installed; see $folder/$name.log" >&2
        return 1
    fi
}

# A folder of its own for each: they need not agree on their libraries.
python() {
    name=$1
    shift
    [ -x "$folder/$name/bin/$name" ] ||
        { try "$name" python3 -m venv "$folder/$name" && try "$name" "$folder/$name/bin/pip" install "$@"; } ||
        return 0
    ln -sf "$folder/$name/bin/$name" "$folder/bin/$name"
}

python ldap2pg ldap2pg==5.9 psycopg2-binary==2.9.13 setuptools==65.5.0
python pgsesame pgsesame==0.4.2
[ -x "$folder/bin/pgroles" ] || try pgroles cargo install --root "$folder" --locked --version 0.15.0 pgroles-cli || :
echo "$folder/bin"
