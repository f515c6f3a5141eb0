#!/bin/sh
# clang-format 14 has the last word on layout. tests/lint/format.sh --fix applies it.
set -u
cd "$(dirname "$0")/../.."
files=$(git ls-files -co --exclude-standard -- common server client tests | grep -E '\.[ch]$' | sort -u)
if [ "${1:-}" = --fix ]; then
	clang-format-14 -i $files
	exit
fi
clang-format-14 --dry-run -Werror $files 2>&1 | head -50
test -z "$(clang-format-14 --dry-run -Werror $files 2>&1)"
