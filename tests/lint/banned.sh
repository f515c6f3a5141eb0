#!/bin/sh
# Functions that we don't call, and words that mark unfinished work.
set -u
cd "$(dirname "$0")/../.."
bad=0
sources=$(git ls-files -co --exclude-standard -- common server client tests | grep -E '\.[ch]$' | sort -u)
hits=$(grep -nE '(^|[^a-z_])(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|strncpy|strncat|gets|alloca|signal)\(' $sources) && {
	echo "banned functions:"
	echo "$hits"
	bad=1
}
hits=$(grep -nE '([A-Za-z_>.-]+) = realloc\(\1,' $sources) && {
	echo "realloc into its own pointer loses the memory when it fails:"
	echo "$hits"
	bad=1
}
hits=$(grep -nE '\bTODO\b|\bFIXME\b|\bXXX\b|\bHACK\b' $sources) && {
	echo "unfinished:"
	echo "$hits"
	bad=1
}
exit $bad
