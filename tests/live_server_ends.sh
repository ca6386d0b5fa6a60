#!/bin/sh
# The server of `live_server start` ends with the process that started it, which here ends without `live_server stop`.
#   live_server_ends.sh LIVE_SERVER
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
server=$(sh -c '"$1" start "$2" && cat "$2"' sh "$1" "$folder/file")
[ "$server" ]
n=0
while [ -e "$server" ] || [ -e "$folder/file" ]; do
  n=$((n + 1))
  [ $n -lt 300 ] || { echo "$server is still there" >&2; exit 1; }
  sleep 0.1
done
