#!/bin/sh
# The units hold together, and the services are shut in: "OK" by systemd's own measure, 2.0 at most.
set -u
cd "$(dirname "$0")/../.."
command -v systemd-analyze >/dev/null || {
	echo "systemd-analyze is missing: deploy/install-packages test"
	exit 1
}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0
for unit in deploy/*.service deploy/*.socket; do
	# What they start need not be installed here.
	sed -E 's,^ExecStart=plumb[a-z-]*,ExecStart=/bin/true,' "$unit" >"$dir/$(basename "$unit")"
done
for unit in "$dir"/*; do
	SYSTEMD_UNIT_PATH=$dir: systemd-analyze verify --man=no "$unit" 2>"$dir.err" || bad=1
	grep -E "$(basename "$unit")" "$dir.err" && bad=1
done
rm -f "$dir.err"
for unit in deploy/*.service; do
	systemd-analyze security --offline=true --threshold=20 --no-pager "$unit" >"$dir/said" || {
		tail -1 "$dir/said"
		bad=1
	}
done
for name in plumb http; do
	grep -qx "FileDescriptorName=$name" deploy/*.socket || {
		echo "no socket unit passes a socket named $name"
		bad=1
	}
done
exit $bad
