#include "server/webhooks/delivery.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "server/webhooks/network.h"
#include "server/webhooks/options.h"

/* What is read of an answer before we hang up: it is thrown away. */
#define ANSWER_MAX (64u << 10)

struct deliveries {
	CURLM *multi;
	const struct options *options;
	unsigned running;
	struct curl_waitfd *waits;
	unsigned waits_cap;
};

struct delivery {
	struct deliveries *all;
	CURL *easy;
	struct curl_slist *headers;
	bool in_clear;
	bool refused; /* an address was */
	bool drowned; /* too much was answered */
	size_t answered;
	delivery_done_fn done;
	void *arg;
};

struct deliveries *
deliveries_new(const struct options *options, struct err *err)
{
	struct deliveries *all = calloc(1, sizeof *all);

	if (all != NULL && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		all->multi = curl_multi_init();
	if (all == NULL || all->multi == NULL) {
		free(all);
		err_oom(err);
		return NULL;
	}
	all->options = options;
	return all;
}

void
deliveries_free(struct deliveries *all)
{
	if (all == NULL)
		return;
	curl_multi_cleanup(all->multi);
	curl_global_cleanup();
	free(all->waits);
	free(all);
}

bool
deliveries_have_room(const struct deliveries *all)
{
	return all->running < all->options->parallel;
}

/* ---- what libcurl calls ---------------------------------------------------------------------------------- */

static curl_socket_t
on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct delivery *delivery = arg;

	(void)purpose;
	if (!networks_may(&delivery->all->options->allowed, &address->addr, delivery->in_clear)) {
		delivery->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t
on_answer(char *p, size_t size, size_t count, void *arg)
{
	struct delivery *delivery = arg;

	(void)p;
	delivery->answered += size * count;
	delivery->drowned = delivery->answered > ANSWER_MAX;
	return delivery->drowned ? 0 : size * count;
}

/* ---- one request ------------------------------------------------------------------------------------------- */

static bool
add_header(struct delivery *delivery, const char *text)
{
	struct curl_slist *longer = curl_slist_append(delivery->headers, text);

	if (longer != NULL)
		delivery->headers = longer;
	return longer != NULL;
}

static bool
add_headers(struct delivery *delivery, const struct letter *letter)
{
	char signature[SIGNATURE_MAX];
	char text[300];
	int64_t now = (int64_t)time(NULL);

	if (!sign(letter->secret, letter->previous, letter->id, now, letter->body, letter->len,
		signature))
		return false;
	snprintf(text, sizeof text, "webhook-id: %s", letter->id);
	if (!add_header(delivery, text))
		return false;
	snprintf(text, sizeof text, "webhook-timestamp: %lld", (long long)now);
	if (!add_header(delivery, text))
		return false;
	snprintf(text, sizeof text, "webhook-signature: %s", signature);
	return add_header(delivery, text) &&
	       add_header(delivery, "content-type: application/json") &&
	       add_header(delivery, "user-agent: plumb-webhooks/" PLUMB_VERSION) &&
	       add_header(delivery, "expect:");
}

static bool
set_limits(CURL *easy, const struct options *options)
{
	return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)options->timeout_ms) ==
		   CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       (options->ca_file[0] == '\0' ||
		   curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file) == CURLE_OK);
}

/* What is answered counts with its headers. */
static bool
set_up(struct delivery *delivery, const struct letter *letter)
{
	CURL *easy = delivery->easy;

	return set_limits(easy, delivery->all->options) && add_headers(delivery, letter) &&
	       curl_easy_setopt(easy, CURLOPT_URL, letter->url) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HTTPHEADER, delivery->headers) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)letter->len) ==
		   CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_POSTFIELDS, letter->body) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEDATA, delivery) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_answer) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERDATA, delivery) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, delivery) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PRIVATE, delivery) == CURLE_OK;
}

static void
free_delivery(struct delivery *delivery)
{
	curl_easy_cleanup(delivery->easy);
	curl_slist_free_all(delivery->headers);
	free(delivery);
}

struct delivery *
delivery_start(struct deliveries *all, const struct letter *letter, delivery_done_fn done,
    void *arg, struct err *err)
{
	struct delivery *delivery = calloc(1, sizeof *delivery);

	if (delivery == NULL) {
		err_oom(err);
		return NULL;
	}
	delivery->all = all;
	delivery->done = done;
	delivery->arg = arg;
	delivery->in_clear = strncasecmp(letter->url, "https:", 6) != 0;
	delivery->easy = curl_easy_init();
	if (delivery->easy == NULL || !set_up(delivery, letter) ||
	    curl_multi_add_handle(all->multi, delivery->easy) != CURLM_OK) {
		free_delivery(delivery);
		err_set(err, ERR_UNAVAILABLE, "the request could not be made");
		return NULL;
	}
	all->running++;
	return delivery;
}

void
delivery_cancel(struct delivery *delivery)
{
	if (delivery == NULL)
		return;
	curl_multi_remove_handle(delivery->all->multi, delivery->easy);
	delivery->all->running--;
	free_delivery(delivery);
}

/* libcurl's own words name hosts and addresses, which are nobody's business who made the webhook. */
static void
judge(const struct delivery *delivery, CURLcode code, struct outcome *outcome)
{
	long status = 0;
	curl_off_t took_us = 0;

	(void)curl_easy_getinfo(delivery->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(delivery->easy, CURLINFO_TOTAL_TIME_T, &took_us);
	outcome->took_ms = (unsigned)(took_us / 1000);
	if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && delivery->drowned && status != 0)) {
		outcome->status = (unsigned)status;
		outcome->gone = status == 410;
		outcome->delivered = status >= 200 && status < 300;
		if (!outcome->delivered)
			snprintf(outcome->error, sizeof outcome->error, "HTTP status %ld%s", status,
			    status >= 300 && status < 400 ? ": redirects are not followed" : "");
	} else if (delivery->refused) {
		snprintf(outcome->error, sizeof outcome->error,
		    delivery->in_clear
			? "http:// is spoken only to networks that the sender allows "
			  "(--allow-network)"
			: "the address is private, and the sender does not allow it "
			  "(--allow-network)");
	} else {
		snprintf(outcome->error, sizeof outcome->error, "%s", curl_easy_strerror(code));
	}
}

bool
deliveries_poll(struct deliveries *all)
{
	const CURLMsg *message;
	bool ended = false;
	int left;

	(void)curl_multi_perform(all->multi, &left);
	while ((message = curl_multi_info_read(all->multi, &left)) != NULL) {
		struct outcome outcome = {0};
		struct delivery *delivery = NULL;
		delivery_done_fn done;
		void *arg;

		if (message->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&delivery);
		judge(delivery, message->data.result, &outcome);
		done = delivery->done;
		arg = delivery->arg;
		delivery_cancel(delivery);
		done(arg, &outcome);
		ended = true;
	}
	return ended;
}

void
deliveries_wait(struct deliveries *all, const int *fds, unsigned count, int timeout_ms)
{
	if (count > all->waits_cap) {
		struct curl_waitfd *waits = reallocarray(all->waits, count, sizeof *waits);

		if (waits == NULL)
			count = all->waits_cap; /* the others are looked at when the time is over */
		else
			all->waits = waits;
		all->waits_cap = count;
	}
	for (unsigned i = 0; i < count; i++)
		all->waits[i] = (struct curl_waitfd){fds[i], CURL_WAIT_POLLIN, 0};
	(void)curl_multi_poll(all->multi, all->waits, count, timeout_ms, NULL);
}
