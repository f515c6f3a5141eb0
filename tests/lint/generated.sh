#!/bin/sh
# What is written in docs/ and also known to the programs is the same in both: pages that programs print, and options.
# PLUMB_BUILD names another build than build/dev.
set -u
cd "$(dirname "$0")/../.."
build=${PLUMB_BUILD:-build/dev}
bad=0
complain() {
	echo "$1"
	bad=1
}
# same FILE HOW COMMAND...: the file is what the command prints.
same() {
	file=$1
	how=$2
	shift 2
	if ! "$@" >"$printed"; then
		complain "$file: cannot run $*; build it first"
	elif ! diff -u "$file" "$printed"; then
		complain "$file is not what the program prints; mend it: $how"
	fi
}
printed=$(mktemp)
trap 'rm -f "$printed"' EXIT

same docs/man/plumb.1 'plumb help --man >docs/man/plumb.1' "$build/plumb" help --man
commands=$("$build/plumb" __complete '' | sed -n 's/^\([a-z][a-z-]*\)	.*/\1/p')
[ -n "$commands" ] || complain "plumb lists no commands"
for command in $commands; do
	same "docs/man/plumb-$command.1" "plumb help $command --man >docs/man/plumb-$command.1" "$build/plumb" help "$command" --man
done
for page in docs/man/plumb-*.1; do
	echo "$commands" | grep -qx "$(basename "$page" .1 | cut -c7-)" || complain "$page is of no command: remove it"
done
same docs/RULES.md 'ninja rules-md' "$build/tests/rules_md"
same tests/unit/insight/forecast_expected.h 'tests/support/forecast_twin.py >tests/unit/insight/forecast_expected.h' \
	/usr/bin/python3 tests/support/forecast_twin.py

# Every option of plumbd is in its page, and the other way round. (Settings: settings.py; events of the log: log_events.py.)
page=$(sed 's/\\-/-/g' docs/man/plumbd.8)
options=$("$build/plumbd" --help | sed -n 's/^  --\([a-z-]*\).*/\1/p' | sort -u)
[ -n "$options" ] || complain "plumbd --help lists no options"
for option in $options; do
	echo "$page" | grep -q -- "--$option\b" || complain "docs/man/plumbd.8: option --$option is missing"
done
for option in $(echo "$page" | grep -o -- '--[a-z][a-z-]*' | cut -c3- | sort -u); do
	echo "$options" | grep -qx "$option" || complain "docs/man/plumbd.8: plumbd has no option --$option"
done
# Links between documents lead somewhere.
for file in README.md CHANGELOG.md docs/*.md; do
	for link in $(grep -o '](\([^)#:]*\))' "$file" | sed 's/](\(.*\))/\1/'); do
		[ -e "$(dirname "$file")/$link" ] || complain "$file: there is no $link"
	done
done
exit $bad
