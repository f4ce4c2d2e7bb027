#!/usr/bin/env bash
# The promise of the README, proved: on a bare Debian 12, a clone of this checkout and repro/quickstart are enough.
#
#   tests/install/bare_debian.sh [COMMAND]    default: repro/quickstart
#
# Needs root and debootstrap. The mirror is the one that this system's own apt uses. Takes some 10 minutes, most of them
# for packages; needs 3 GB under $TMPDIR. Only what is committed is cloned.
set -euo pipefail
checkout=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
command=${1:-repro/quickstart}

[ "$(id -u)" = 0 ] || { printf 'bare_debian: debootstrap and chroot need root\n' >&2; exit 69; }
command -v debootstrap >/dev/null || { printf 'bare_debian: please install debootstrap\n' >&2; exit 69; }
# shellcheck disable=SC2016  # apt-get expands it
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | sort -u | grep -v security | head -n 1)
[ -n "$mirror" ] || { printf 'bare_debian: apt knows no mirror\n' >&2; exit 69; }

root=$(mktemp -d)
# shellcheck disable=SC2317  # called by the trap
cleanup() {
  umount "$root/proc" 2>/dev/null || true
  rm -rf --one-file-system "$root"
}
trap cleanup EXIT

debootstrap --variant=minbase bookworm "$root" "$mirror" >"$root.log" 2>&1 ||
  { tail -n 20 "$root.log" >&2; rm -f "$root.log"; exit 69; }
rm -f "$root.log"
cp /etc/resolv.conf "$root/etc/resolv.conf"
for file in /etc/hosts /etc/apt/apt.conf.d/*proxy*; do
  [ -e "$file" ] && install -D -m 644 "$file" "$root$file"
done
chmod 755 "$root" # apt downloads as a user of its own
git clone -q "$checkout" "$root/reweave"
mount -t proc proc "$root/proc"

printf 'packages in the bare system: %s\n' "$(chroot "$root" dpkg-query -W | wc -l)"
begin=$(date +%s)
code=0
chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
  bash -c "cd /reweave && $command" || code=$?
printf '%s: exit code %d after %d s in all\n' "$command" "$code" $(($(date +%s) - begin))
if [ "$code" = 0 ] && [ "$command" = repro/quickstart ]; then
  begin=$(date +%s)
  chroot "$root" env -i HOME=/root PATH=/usr/bin:/bin LANG=C.UTF-8 bash -c "cd /reweave && $command" >/dev/null || code=$?
  again=$(($(date +%s) - begin))
  printf '%s again, once built: exit code %d after %d s\n' "$command" "$code" "$again"
  [ "$again" -lt 20 ] || { printf 'bare_debian: that should take less than 20 s\n' >&2; code=1; }
fi
exit "$code"
