#!/bin/sh
# Layers call only what is below them, and foreign headers have one home (docs/ARCHITECTURE.md, "Layers").
set -u
cd "$(dirname "$0")/../.."
bad=0
complain() {
	echo "$1"
	bad=1
}
# forbid FILES PATTERN WHY: no file may include what matches.
forbid() {
	hits=$(grep -nE "^#include [<\"]($2)" $1 2>/dev/null) && complain "$3:
$hits"
}
files() { git ls-files -co --exclude-standard -- "$@" | grep -E '\.[ch]$' | sort -u; }

forbid "$(files common)" 'server/|client/' 'common includes a layer above it'
forbid "$(files server/store)" 'server/(plan|insight|rpc|net)/|client/' 'store includes a layer above it'
forbid "$(files server/plan)" 'server/(insight|rpc|net)/|client/' 'plan includes a layer above it'
forbid "$(files server/insight)" 'server/(rpc|net|store)/|client/|plumb/v1/|google/' 'insight does I/O or sees messages'
forbid "$(files server/rpc)" 'server/net/|client/' 'rpc includes a layer above it'
forbid "$(files client)" 'server/' 'the client includes the server'
# The sender of webhooks is a client of the daemon: of its code it has the limits and what a service manager is told.
forbid "$(files server/webhooks)" 'server/(net|rpc|insight|plan|store)/|server/(config|loop)' 'the sender of webhooks includes the daemon'
forbid "$(files server/webhooks)" 'client/([^rt]|r[^p]|t[^o])' 'the sender of webhooks includes more than the connection and the token of the client'
forbid "$(files common client; files server | grep -v '^server/webhooks/')" 'server/webhooks/' 'something includes the sender of webhooks'
forbid "$(files common server client | grep -v '^server/webhooks/delivery')" 'curl/' 'libcurl outside server/webhooks/delivery'
forbid "$(files common server client | grep -vE '^server/(net/|loop)')" 'event2?/|event\.h|nghttp2/' 'libevent or nghttp2 outside server/net and loop'
forbid "$(files common server client | grep -v '^server/store/')" 'sqlite3\.h' 'SQLite outside server/store'
forbid "$(files common server client | grep -vE '^(common/crypto|server/net/tls|client/secure|client/certificates)')" 'openssl/' 'OpenSSL outside crypto and tls'
forbid "$(files common server client | grep -v '^common/json')" 'jansson\.h' 'jansson outside common/json'
forbid "$(files common server client | grep -v '^client/yaml')" 'yaml\.h' 'libyaml outside client/yaml'
forbid "$(files common server client | grep -v '^client/import_')" 'libxml/' 'libxml2 outside client/import_*'
exit $bad
