/* SIGHUP: what of the configuration changes while the daemon runs, and what stays until a restart. */
#include <stddef.h>
#include <string.h>

#include "common/log.h"
#include "server/config.h"

#define AT(field) offsetof(struct config, field), sizeof(((struct config *)NULL)->field)

/* What stays. */
static const struct {
	const char *name;
	size_t offset;
	size_t size;
	bool is_text; /* behind its end there may be anything */
} fixed[] = {
    {"data", AT(data_dir), true},
    {"memory", AT(memory), false},
    {"allow_cleartext", AT(allow_cleartext), false},
    {"anonymous", AT(anonymous), false},
    {"metrics_open", AT(metrics_open), false},
    {"clock", AT(clock_us), false},
    {"drain_ms", AT(drain_ms), false},
    {"connections", AT(connections), false},
    {"synchronous", AT(synchronous), true},
    {"audit", AT(audit), false},
    {"print_token", AT(print_token), false},
    {"max_age_ms", AT(life.age_ms), false},
    {"max_age_grace_ms", AT(life.grace_ms), false},
    {"max_idle_ms", AT(life.idle_ms), false},
    {"keepalive_ms", AT(life.keepalive_ms), false},
    {"keepalive_timeout_ms", AT(life.keepalive_timeout_ms), false},
    {"ping_interval_ms", AT(life.ping_interval_ms), false},
    {"calls_per_caller", AT(quota.calls_per_caller), false},
    {"analyses_per_caller", AT(quota.analyses_per_caller), false},
    {"rate_per_caller", AT(quota.rate_per_caller), false},
    {"mebibytes_per_caller", AT(quota.mebibytes_per_caller), false},
    {"calls_per_workspace", AT(quota.calls_per_workspace), false},
    {"analyses_per_workspace", AT(quota.analyses_per_workspace), false},
    {"rate_per_workspace", AT(quota.rate_per_workspace), false},
    {"ready_fd", AT(ready_fd), false},
};

static void
tell(const char *name)
{
	log_warn("reload", "setting=%s next=\"stays as it is until a restart\"", name);
}

static bool
is_same_list(const char (*a)[128], unsigned a_count, const char (*b)[128], unsigned b_count)
{
	for (unsigned i = 0; i < a_count && i < b_count; i++) {
		if (strcmp(a[i], b[i]) != 0)
			return false;
	}
	return a_count == b_count;
}

static void
tell_fixed(const struct config *now, const struct config *fresh)
{
	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
		const char *a = (const char *)now + fixed[i].offset;
		const char *b = (const char *)fresh + fixed[i].offset;

		if (fixed[i].is_text ? strcmp(a, b) != 0 : memcmp(a, b, fixed[i].size) != 0)
			tell(fixed[i].name);
	}
	if (!is_same_list(now->listen, now->listen_count, fresh->listen, fresh->listen_count))
		tell("listen");
	if (!is_same_list(now->http, now->http_count, fresh->http, fresh->http_count))
		tell("http");
}

static void
swap(void *a, void *b, size_t size)
{
	unsigned char *x = a, *y = b;

	for (size_t i = 0; i < size; i++) {
		unsigned char byte = x[i];

		x[i] = y[i];
		y[i] = byte;
	}
}

#define SWAP(field) swap(&now->field, &fresh->field, sizeof now->field)

/* Swapped, so that the other one frees what was there. */
static void
take(struct config *now, struct config *fresh)
{
	SWAP(log_level);
	SWAP(tls_certificate);
	SWAP(tls_key);
	SWAP(tls_client_ca);
	SWAP(tls_require_client);
	SWAP(people);
	SWAP(people_count);
	SWAP(certificates);
	SWAP(certificates_count);
	SWAP(origins);
	SWAP(origins_count);
}

bool
config_reload(struct config *config, int argc, char **argv, struct err *err)
{
	struct config fresh;
	bool ok;

	config_init(&fresh);
	ok = config_read(&fresh, argc, argv, err) == CONFIG_RUN;
	if (ok) {
		tell_fixed(config, &fresh);
		take(config, &fresh);
		log_set_level(config->log_level);
	}
	config_fini(&fresh);
	return ok;
}
