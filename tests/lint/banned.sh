#!/bin/sh
# Functions that we don't call in what we ship, and words that mark unfinished work anywhere.
set -u
cd "$(dirname "$0")/../.."
bad=0
shipped=$(git ls-files -co --exclude-standard -- common server client | grep -E '\.[ch]$' | sort -u)
all=$(git ls-files -co --exclude-standard -- common server client tests | grep -E '\.([ch]|py|sh)$' |
	grep -v lint/banned.sh | sort -u)
hits=$(grep -nE '(^|[^a-z_])(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|strncpy|strncat|gets|alloca|signal)\(' $shipped) && {
	echo "banned functions:"
	echo "$hits"
	bad=1
}
hits=$(grep -nE '([A-Za-z_>.-]+) = realloc\(\1,' $shipped) && {
	echo "realloc into its own pointer loses the memory when it fails:"
	echo "$hits"
	bad=1
}
hits=$(grep -nE '\b(TODO|FIXME|XXX|HACK)\b' $all) && {
	echo "unfinished:"
	echo "$hits"
	bad=1
}
hits=$(git grep -nE '^(<<<<<<<|>>>>>>>) ') && {
	echo "left over from a merge:"
	echo "$hits"
	bad=1
}
exit $bad
