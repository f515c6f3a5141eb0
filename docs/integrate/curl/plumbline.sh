#!/bin/sh
# Plumbline by curl: the HTTP port, JSON, the Connect protocol. See README.md.
#
#   plumbline.sh measure MEASURE VALUE [DATE]   pushes a value that was measured
#   plumbline.sh follow [STATE-FILE]            prints every change, and goes on where it stopped
#   plumbline.sh check                          prints what the rules find; exits 1 if they find an error
#
# $PLUMB_HTTP is where it is (http://localhost:7412), $PLUMB_TOKEN the token, $PLUMB_CA who vouches for the server,
# $PLUMB_WORKSPACE the workspace, $PLUMB_KEY_OF_CHANGE makes a measurement that is sent again count once, and $PLUMB_UNTIL
# is the revision after which follow stops.
set -eu
url=${PLUMB_HTTP:-http://localhost:7412}
workspace=${PLUMB_WORKSPACE:-main}

# The token goes in by a file descriptor: whoever lists the processes of this machine sees their arguments.
request() {
	method=$1
	shift
	curl --silent --show-error --header @/dev/fd/3 ${PLUMB_CA:+--cacert "$PLUMB_CA"} "$@" "$url/plumb.v1.$method" 3<<-END
		${PLUMB_TOKEN:+Authorization: Bearer $PLUMB_TOKEN}
	END
}

fail() {
	echo "$1" >&2
	exit "${2:-3}"
}

# A call that answers once: prints the answer, or the error and exits 3.
unary() {
	answer=$(request "$1" --max-time 30 --retry 4 --retry-connrefused --header 'Content-Type: application/json' \
		--write-out '\n%{http_code}' --data-binary "$2") || fail "no answer from $url"
	status=${answer##*
}
	answer=${answer%
*}
	[ "$status" = 200 ] || fail "$answer"
	echo "$answer"
}

# A call that answers with a stream: each message as a line of JSON, at the end the trailer. Messages have five bytes in front:
# flags (2: the trailer) and the length.
stream() {
	printf '%s' "$2" | perl -e 'local $/; $_ = <STDIN>; print pack("CN", 0, length), $_' |
		request "$1" --no-buffer --header 'Content-Type: application/connect+json' --data-binary @- |
		perl -e '$| = 1; binmode STDIN; while (read(STDIN, $head, 5) == 5) { my ($flags, $len) = unpack("CN", $head);
			last if read(STDIN, $body, $len) != $len; print $body, "\n" }'
}

measure() {
	case $2 in *[!0-9.eE+-]*) fail "'$2' is no number" 2 ;; esac
	case $1$3 in *[!a-z0-9._:TZ+-]*) fail "'$1', '$3': a measure's id, and a date" 2 ;; esac
	key=${PLUMB_KEY_OF_CHANGE:-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')}
	unary Plan/Apply "{\"workspace\": \"$workspace\", \"changeSet\": {\"idempotencyKey\": \"$key\", \"changes\": [
		{\"add\": {\"record\": {\"about\": \"measure/$1\", \"at\": \"$3\", \"measurement\": {\"value\": $2}}}}]}}"
}

# Every change once, in order: after a lost connection from the one after the last that was seen.
follow() {
	state=$1
	pause=1
	while :; do
		seen=$(cat "$state" 2>/dev/null || echo 0)
		stream Plan/Watch "{\"workspace\": \"$workspace\", \"fromRevision\": \"$((seen + 1))\"}" | while read -r line; do
			case $line in
			'{"error"'*'"unavailable"'* | '{"error"'*'"resource_exhausted"'*) echo "lost: $line" >&2 ; continue ;;
			'{"error"'*) fail "$line" ;;
			'{}') continue ;;
			*'"heartbeat":true'*) ;;
			*) echo "$line" ;;
			esac
			# The first is the message's own.
			revision=$(expr "$line" : '{"revision":"\([0-9]*\)"') || continue
			echo "$revision" >"$state.new"
			mv "$state.new" "$state"
			[ "$revision" -lt "${PLUMB_UNTIL:-99999999999}" ] || exit 4
		done || { code=$?; [ "$code" = 4 ] && return 0; [ "$code" = 3 ] && exit 3; }
		[ "$(cat "$state" 2>/dev/null || echo 0)" = "$seen" ] || pause=1
		sleep "$pause"
		pause=$((pause < 8 ? pause * 2 : 8))
	done
}

check() {
	found=$(stream Insight/Check "{\"at\": {\"workspace\": \"$workspace\"}}")
	case $found in *'{"error"'*) fail "$found" ;; esac
	[ -n "$found" ] || fail "no answer from $url"
	echo "$found"
	! echo "$found" | grep -q '"summary":{.*"errors":[1-9]'
}

case ${1:-} in
measure) [ $# -ge 3 ] || fail "measure MEASURE VALUE [DATE]" 2; measure "$2" "$3" "${4:-}" ;;
follow) follow "${2:-plumbline.revision}" ;;
check) check ;;
*) fail "one of: measure, follow, check" 2 ;;
esac
