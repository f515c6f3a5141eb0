#!/bin/sh
# Every header compiles alone and has the guard of its path.
set -u
cd "$(dirname "$0")/../.."
generated=build/dev/common/generated
bad=0
for header in $(git ls-files -co --exclude-standard -- common server client | grep '\.h$' | sort -u); do
	guard=$(echo "$header" | tr 'a-z/.-' 'A-Z___')
	grep -q "^#ifndef $guard\$" "$header" || {
		echo "$header: guard must be $guard"
		bad=1
	}
	printf '#include "%s"\n' "$header" | gcc -std=gnu11 -D_GNU_SOURCE -I. -isystem $generated -I/usr/include/libxml2 \
		-Wall -Wextra -Werror -Wno-unused-function -fsyntax-only -x c - || {
		echo "$header: doesn't compile alone"
		bad=1
	}
done
exit $bad
