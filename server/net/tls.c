#include "server/net/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REASON_MAX   200
#define PROTOCOL_MAX 16
/* Forward secret and authenticated encryption only: what HTTP/2 asks of TLS 1.2 (RFC 9113, 9.2.2). */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

struct tls_context {
	SSL_CTX *ctx;
};

struct tls {
	SSL *ssl;
	BIO *in;  /* from the socket; the session's */
	BIO *out; /* to the socket; the session's */
	bool closed;
	char protocol[PROTOCOL_MAX];
	char reason[REASON_MAX];
};

/* ---- contexts ----------------------------------------------------------------------------------------------- */

/* In the order in which we like them; each with its length in front. */
static const uint8_t protocols[] = {2, 'h', '2', 7, 'p', 'l', 'u', 'm', 'b', '/', '1'};
static const uint8_t http_protocols[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

static int
select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *offered, unsigned int offered_len, void *arg)
{
	bool http = SSL_get_app_data(ssl) != NULL;
	unsigned char *chosen;

	(void)arg;
	if (SSL_select_next_proto(&chosen, out_len, http ? http_protocols : protocols,
		http ? sizeof http_protocols : sizeof protocols, offered,
		offered_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* The last thing that OpenSSL complained about, in its words. */
static void
last_reason(char *out, size_t cap)
{
	unsigned long code = ERR_peek_last_error();
	const char *text = code != 0 ? ERR_reason_error_string(code) : NULL;

	snprintf(out, cap, "%s", text != NULL ? text : "no reason given");
	ERR_clear_error();
}

static bool
refuse(struct err *err, const char *what, const char *path)
{
	char reason[REASON_MAX];

	last_reason(reason, sizeof reason);
	return err_set(err, ERR_INVALID, "%s %.120s: %s", what, path, reason);
}

static bool
check_dates(SSL_CTX *ctx, const char *path, struct err *err)
{
	X509 *certificate = SSL_CTX_get0_certificate(ctx);

	if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
		return err_set(
		    err, ERR_INVALID, "the certificate %.120s has expired: have it renewed", path);
	if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
		return err_set(err, ERR_INVALID,
		    "the certificate %.120s is not valid yet: look at this machine's clock", path);
	return true;
}

static bool
load(SSL_CTX *ctx, const struct tls_options *options, struct err *err)
{
	if (SSL_CTX_use_certificate_chain_file(ctx, options->certificate) != 1)
		return refuse(err, "cannot use the certificate", options->certificate);
	if (SSL_CTX_use_PrivateKey_file(ctx, options->key, SSL_FILETYPE_PEM) != 1)
		return refuse(err, "cannot use the key", options->key);
	if (SSL_CTX_check_private_key(ctx) != 1)
		return err_set(err, ERR_INVALID,
		    "the key %.80s is not that of the certificate %.80s", options->key,
		    options->certificate);
	if (!check_dates(ctx, options->certificate, err))
		return false;
	if (options->client_ca == NULL)
		return true;
	if (SSL_CTX_load_verify_file(ctx, options->client_ca) != 1)
		return refuse(
		    err, "cannot use the certificates of callers' authority", options->client_ca);
	SSL_CTX_set_client_CA_list(ctx, SSL_load_client_CA_file(options->client_ca));
	SSL_CTX_set_verify(ctx,
	    SSL_VERIFY_PEER | (options->require_client ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
	    NULL);
	return true;
}

struct tls_context *
tls_context_new(const struct tls_options *options, struct err *err)
{
	struct tls_context *context = calloc(1, sizeof *context);

	ERR_clear_error();
	if (context == NULL || (context->ctx = SSL_CTX_new(TLS_server_method())) == NULL) {
		free(context);
		err_oom(err);
		return NULL;
	}
	SSL_CTX_set_min_proto_version(context->ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(context->ctx,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(
	    context->ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_alpn_select_cb(context->ctx, select_protocol, NULL);
	/* Sessions resume by tickets; ids of ours tell them apart where callers show certificates. */
	SSL_CTX_set_session_id_context(context->ctx, (const unsigned char *)"plumbd", 6);
	if (SSL_CTX_set_cipher_list(context->ctx, CIPHERS) != 1 ||
	    !load(context->ctx, options, err)) {
		tls_context_free(context);
		return NULL;
	}
	return context;
}

void
tls_context_free(struct tls_context *context)
{
	if (context == NULL)
		return;
	SSL_CTX_free(context->ctx); /* counted: sessions hold it too */
	free(context);
}

/* ---- connections -------------------------------------------------------------------------------------------- */

struct tls *
tls_new(struct tls_context *context, bool http)
{
	struct tls *tls = calloc(1, sizeof *tls);

	if (tls == NULL)
		return NULL;
	tls->ssl = SSL_new(context->ctx);
	tls->in = BIO_new(BIO_s_mem());
	tls->out = BIO_new(BIO_s_mem());
	if (tls->ssl == NULL || tls->in == NULL || tls->out == NULL) {
		BIO_free(tls->in);
		BIO_free(tls->out);
		SSL_free(tls->ssl);
		free(tls);
		return NULL;
	}
	BIO_set_mem_eof_return(tls->in, -1); /* empty means: later */
	SSL_set_bio(tls->ssl, tls->in, tls->out);
	SSL_set_app_data(tls->ssl, http ? tls : NULL);
	SSL_set_accept_state(tls->ssl);
	return tls;
}

void
tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_free(tls->ssl);
	free(tls);
}

bool
tls_feed(struct tls *tls, const uint8_t *p, size_t len)
{
	ERR_clear_error();
	return BIO_write(tls->in, p, (int)len) == (int)len;
}

static void
note_protocol(struct tls *tls)
{
	const unsigned char *name;
	unsigned len;

	SSL_get0_alpn_selected(tls->ssl, &name, &len);
	if (len > 0 && len < sizeof tls->protocol)
		memcpy(tls->protocol, name, len);
}

static void
note_failure(struct tls *tls)
{
	long verified = SSL_get_verify_result(tls->ssl);

	if (tls->reason[0] != '\0')
		return;
	if (verified != X509_V_OK)
		snprintf(tls->reason, sizeof tls->reason, "the peer's certificate: %s",
		    X509_verify_cert_error_string(verified));
	else
		last_reason(tls->reason, sizeof tls->reason);
}

size_t
tls_read(struct tls *tls, uint8_t *out, size_t cap, enum tls_result *result)
{
	bool was_ready = tls_is_ready(tls);
	size_t len = 0;
	int ok;

	ERR_clear_error();
	ok = SSL_read_ex(tls->ssl, out, cap, &len);
	if (!was_ready && tls_is_ready(tls))
		note_protocol(tls);
	if (ok == 1)
		return len;
	switch (SSL_get_error(tls->ssl, ok)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		*result = TLS_MORE;
		break;
	case SSL_ERROR_ZERO_RETURN:
		*result = TLS_CLOSED;
		break;
	default:
		note_failure(tls);
		*result = TLS_FAILED;
		break;
	}
	return 0;
}

bool
tls_write(struct tls *tls, const uint8_t *p, size_t len)
{
	size_t done = 0;

	ERR_clear_error();
	if (len == 0)
		return true;
	if (SSL_write_ex(tls->ssl, p, len, &done) == 1 && done == len)
		return true;
	note_failure(tls);
	return false;
}

size_t
tls_take(struct tls *tls, uint8_t *out, size_t cap)
{
	int n;

	if (BIO_ctrl_pending(tls->out) == 0)
		return 0;
	n = BIO_read(tls->out, out, (int)cap);
	return n > 0 ? (size_t)n : 0;
}

void
tls_close(struct tls *tls)
{
	if (tls->closed || !tls_is_ready(tls))
		return;
	tls->closed = true;
	ERR_clear_error();
	(void)SSL_shutdown(tls->ssl);
}

bool
tls_is_ready(const struct tls *tls)
{
	return SSL_is_init_finished(tls->ssl) == 1;
}

const char *
tls_protocol(const struct tls *tls)
{
	return tls->protocol;
}

const char *
tls_peer(const struct tls *tls, char *out, size_t cap)
{
	X509 *certificate = SSL_get1_peer_certificate(tls->ssl);
	int len;

	out[0] = '\0';
	if (certificate == NULL)
		return out;
	len = X509_NAME_get_text_by_NID(
	    X509_get_subject_name(certificate), NID_commonName, out, (int)cap);
	/* A name that was cut, or that has a zero byte in it, would be another one's. */
	if (len < 0 || (size_t)len + 1 >= cap || strlen(out) != (size_t)len)
		out[0] = '\0';
	X509_free(certificate);
	return out;
}

const char *
tls_reason(const struct tls *tls)
{
	return tls->reason;
}
