#include "client/secure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define NAMES_LEN 80

struct secure {
	SSL_CTX *ctx;
	SSL *ssl;
	struct secure_files files;
	X509 *bad;     /* what was not trusted; NULL all were */
	int bad_depth; /* 0: the daemon's own, else its authorities' */
	char host[256];
	char address[300];
	bool is_asked;         /* for a certificate of ours */
	bool is_heard;         /* the daemon said something after the handshake */
	unsigned long refusal; /* OpenSSL's number of what ended it; 0 nothing did */
};

/* ---- the socket: as OpenSSL's own, but a peer that is gone is no signal */

static int
bio_write(BIO *bio, const char *p, int len)
{
	ssize_t n = send((int)(intptr_t)BIO_get_data(bio), p, (size_t)len, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_write(bio);
	return (int)n;
}

static int
bio_read(BIO *bio, char *p, int len)
{
	ssize_t n = recv((int)(intptr_t)BIO_get_data(bio), p, (size_t)len, 0);

	BIO_clear_retry_flags(bio);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_read(bio);
	return (int)n;
}

static long
bio_ctrl(BIO *bio, int command, long number, void *p)
{
	(void)bio;
	(void)number;
	(void)p;
	return command == BIO_CTRL_FLUSH;
}

static BIO *
socket_bio(int fd)
{
	static BIO_METHOD *method;
	BIO *bio;

	if (!method) {
		method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
		if (!method)
			return NULL;
		BIO_meth_set_write(method, bio_write);
		BIO_meth_set_read(method, bio_read);
		BIO_meth_set_ctrl(method, bio_ctrl);
	}
	bio = BIO_new(method);
	if (bio) {
		BIO_set_data(bio, (void *)(intptr_t)fd);
		BIO_set_init(bio, 1);
	}
	return bio;
}

/* ---- files */

static bool
bad_file(struct err *err, const char *what, const char *path)
{
	unsigned long code = ERR_peek_error();
	const char *why = code ? ERR_reason_error_string(code) : NULL;

	if (code && ERR_SYSTEM_ERROR(code))
		why = strerror(ERR_GET_REASON(code));
	ERR_clear_error();
	return err_set(
	    err, ERR_INVALID, "%s '%.120s': %s", what, path, why ? why : "it is no PEM file");
}

static bool
load_own(SSL_CTX *ctx, const struct secure_files *files, struct err *err)
{
	if (!files->certificate[0] && !files->key[0])
		return true;
	if (!files->certificate[0] || !files->key[0])
		return err_set(err, ERR_INVALID,
		    "--cert and --key belong together: give both (also $PLUMB_CERT and "
		    "$PLUMB_KEY)");
	if (SSL_CTX_use_certificate_chain_file(ctx, files->certificate) != 1)
		return bad_file(err, "cannot use the certificate (--cert)", files->certificate);
	if (SSL_CTX_use_PrivateKey_file(ctx, files->key, SSL_FILETYPE_PEM) != 1)
		return bad_file(err, "cannot use the key (--key)", files->key);
	return true; /* whether they go together was looked at by the last one */
}

static bool
load_trusted(SSL_CTX *ctx, const struct secure_files *files, struct err *err)
{
	if (!files->ca[0])
		return SSL_CTX_set_default_verify_paths(ctx) == 1 || err_oom(err);
	if (SSL_CTX_load_verify_file(ctx, files->ca) == 1)
		return true;
	return bad_file(err, "cannot use the authority's certificate (--ca)", files->ca);
}

/* Keeps the certificate that something is wrong with: after the handshake it would be gone. */
static int
on_verified(int is_good, X509_STORE_CTX *store)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct secure *secure = SSL_get_app_data(ssl);
	X509 *certificate = X509_STORE_CTX_get_current_cert(store);

	if (!is_good && !secure->bad && certificate && X509_up_ref(certificate) == 1) {
		secure->bad = certificate;
		secure->bad_depth = X509_STORE_CTX_get_error_depth(store);
	}
	return is_good;
}

/* Called when the daemon asks for a certificate; what is loaded is shown. */
static int
on_asked(SSL *ssl, void *arg)
{
	struct secure *secure = arg;

	(void)ssl;
	secure->is_asked = true;
	return 1;
}

static bool
expect_host(SSL *ssl, const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, host, &v4) == 1 || inet_pton(AF_INET6, host, &v6) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	/* OpenSSL's macro casts const away; the name is copied. */
	return SSL_set_tlsext_host_name(ssl, (char *)(uintptr_t)host) == 1 &&
	       SSL_set1_host(ssl, host) == 1;
}

static bool
prepare(struct secure *secure, int fd, struct err *err)
{
	static const uint8_t protocols[] = {7, 'p', 'l', 'u', 'm', 'b', '/', '1'};
	BIO *bio;

	secure->ctx = SSL_CTX_new(TLS_client_method());
	if (!secure->ctx)
		return err_oom(err);
	SSL_CTX_set_min_proto_version(secure->ctx, TLS1_2_VERSION);
	SSL_CTX_set_mode(
	    secure->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(secure->ctx, SSL_VERIFY_PEER, on_verified);
	SSL_CTX_set_cert_cb(secure->ctx, on_asked, secure);
	if (!load_trusted(secure->ctx, &secure->files, err) ||
	    !load_own(secure->ctx, &secure->files, err))
		return false;
	secure->ssl = SSL_new(secure->ctx);
	bio = secure->ssl ? socket_bio(fd) : NULL;
	if (!bio)
		return err_oom(err);
	SSL_set_bio(secure->ssl, bio, bio);
	SSL_set_app_data(secure->ssl, secure);
	SSL_set_connect_state(secure->ssl);
	if (SSL_set_alpn_protos(secure->ssl, protocols, sizeof protocols) != 0 ||
	    !expect_host(secure->ssl, secure->host))
		return err_oom(err);
	return true;
}

/* ---- what is wrong with a certificate */

static const char *
day_of(const ASN1_TIME *time, char buf[16])
{
	struct tm tm;

	if (!time || ASN1_TIME_to_tm(time, &tm) != 1 || strftime(buf, 16, "%Y-%m-%d", &tm) == 0)
		return "?";
	return buf;
}

/* What it is for: "localhost, 127.0.0.1"; cut where there are many. */
static void
names_of(X509 *certificate, char *out, size_t cap)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	size_t len = 0;

	out[0] = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && len < cap; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		char number[INET6_ADDRSTRLEN] = "";
		const char *text = number;
		int text_len;

		if (name->type == GEN_IPADD) {
			int family =
			    ASN1_STRING_length(name->d.iPAddress) == 4 ? AF_INET : AF_INET6;

			inet_ntop(family, ASN1_STRING_get0_data(name->d.iPAddress), number,
			    sizeof number);
			text_len = (int)strlen(number);
		} else if (name->type == GEN_DNS) {
			text = (const char *)ASN1_STRING_get0_data(name->d.dNSName);
			text_len = ASN1_STRING_length(name->d.dNSName);
		} else {
			continue;
		}
		len += (size_t)snprintf(
		    out + len, cap - len, "%s%.*s", len ? ", " : "", text_len, text);
	}
	GENERAL_NAMES_free(names);
	for (char *p = out; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f) /* it goes to a terminal */
			*p = '?';
	}
}

static bool
wrong_name(const struct secure *secure, struct err *err)
{
	char names[NAMES_LEN];

	names_of(secure->bad, names, sizeof names);
	if (!names[0])
		return err_set(err, ERR_UNAVAILABLE,
		    "the certificate at %.60s is for no host at all: have one made for '%.40s' "
		    "(plumb admin certificates --name %.40s)",
		    secure->address, secure->host, secure->host);
	return err_set(err, ERR_UNAVAILABLE,
	    "the certificate at %.50s is for %s, not for '%.40s': say --server tls:NAME:PORT with "
	    "a name that it is for",
	    secure->address, names, secure->host);
}

static bool
unknown_authority(const struct secure *secure, struct err *err)
{
	if (secure->files.ca[0])
		return err_set(err, ERR_UNAVAILABLE,
		    "the certificate at %.60s is not vouched for by the authority in '%.80s': take "
		    "the file of the authority that made it (--ca)",
		    secure->address, secure->files.ca);
	return err_set(err, ERR_UNAVAILABLE,
	    "nobody whom this machine trusts vouches for the certificate at %.60s: name its "
	    "authority's file with --ca FILE (also $PLUMB_CA)",
	    secure->address);
}

static bool
bad_certificate(const struct secure *secure, long code, struct err *err)
{
	const char *whose = secure->bad_depth > 0 ? " (that is, its authority's)" : "";
	char day[16];

	switch (code) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return err_set(err, ERR_UNAVAILABLE,
		    "the certificate at %.80s%s has expired on %s: have it renewed there, and send "
		    "plumbd SIGHUP",
		    secure->address, whose, day_of(X509_get0_notAfter(secure->bad), day));
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return err_set(err, ERR_UNAVAILABLE,
		    "the certificate at %.80s%s is not valid yet, but from %s on: look at the "
		    "clocks "
		    "of both machines",
		    secure->address, whose, day_of(X509_get0_notBefore(secure->bad), day));
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return wrong_name(secure, err);
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		return unknown_authority(secure, err);
	default:
		return err_set(err, ERR_UNAVAILABLE,
		    "the certificate at %.80s cannot be used: %.80s", secure->address,
		    X509_verify_cert_error_string(code));
	}
}

/* ---- what the daemon says of ours */

/* The alerts that are about our certificate. False: it is another one. */
static bool
explain_refusal(const struct secure *secure, unsigned long code, struct err *err)
{
	const char *why;

	switch (ERR_GET_REASON(code)) {
	case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
	case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
		if (!secure->is_asked || secure->files.certificate[0])
			return false;
		err_set(err, ERR_UNAUTHENTICATED,
		    "plumbd at %.80s lets in only who shows a certificate: give --cert FILE and "
		    "--key FILE (also $PLUMB_CERT and $PLUMB_KEY)",
		    secure->address);
		return true;
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
		why = "it has expired: have it renewed";
		break;
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
		why = "it is not from an authority that plumbd knows (tls_client_ca)";
		break;
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
		why = "it is none for callers, or not valid yet; its log says more";
		break;
	default:
		return false;
	}
	err_set(err, ERR_UNAUTHENTICATED,
	    "plumbd at %.60s does not take your certificate %.80s: %s", secure->address,
	    secure->files.certificate, why);
	return true;
}

bool
secure_was_refused(const struct secure *secure, struct err *err)
{
	if (secure->is_heard)
		return false;
	if (secure->refusal && explain_refusal(secure, secure->refusal, err))
		return true;
	/* It closed before its reason had come through. */
	if (secure->is_asked && !secure->files.certificate[0])
		return explain_refusal(
		    secure, ERR_PACK(ERR_LIB_SSL, 0, SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED), err);
	return false;
}

/* ---- the handshake */

static bool
bad_handshake(struct secure *secure, int why, struct err *err)
{
	unsigned long code = ERR_peek_error();
	long verified = SSL_get_verify_result(secure->ssl);
	int reason = ERR_GET_REASON(code);

	ERR_clear_error();
	if (verified != X509_V_OK && secure->bad)
		return bad_certificate(secure, verified, err);
	if (explain_refusal(secure, code, err))
		return false;
	if (why == SSL_ERROR_SYSCALL || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING ||
	    reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_PACKET_LENGTH_TOO_LONG)
		return err_set(err, ERR_UNAVAILABLE,
		    "TLS is not spoken at %.80s: set tls_certificate and tls_key in plumbd.conf "
		    "there, or go in clear with --server tcp:%.60s",
		    secure->address, secure->address + 4);
	if (reason == SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL)
		return err_set(err, ERR_UNAVAILABLE,
		    "what answers at %.80s speaks TLS but is not plumbd: is the port right?",
		    secure->address);
	return err_set(err, ERR_UNAVAILABLE, "cannot agree on TLS with %.80s: %.80s",
	    secure->address, code ? ERR_reason_error_string(code) : "no reason given");
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool
shake_hands(struct secure *secure, int fd, int timeout_ms, struct err *err)
{
	int64_t deadline = now_ms() + timeout_ms;

	for (;;) {
		struct pollfd p = {.fd = fd};
		int64_t left = timeout_ms ? deadline - now_ms() : -1;
		int result, why, n;

		ERR_clear_error();
		result = SSL_do_handshake(secure->ssl);
		if (result == 1)
			return true;
		why = SSL_get_error(secure->ssl, result);
		if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
			return bad_handshake(secure, why, err);
		p.events = why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
		n = timeout_ms && left <= 0 ? 0 : poll(&p, 1, (int)left);
		if (n < 0 && errno != EINTR)
			return err_errno(err, "cannot wait for %.80s", secure->address);
		if (n == 0)
			return err_set(err, ERR_UNAVAILABLE,
			    "%.80s did not answer in TLS in time: is it plumbd's port?",
			    secure->address);
	}
}

struct secure *
secure_new(int fd, const struct secure_files *files, const char *host, const char *address,
    int timeout_ms, struct err *err)
{
	struct secure *secure = calloc(1, sizeof *secure);

	if (!secure) {
		err_oom(err);
		return NULL;
	}
	secure->files = *files;
	snprintf(secure->host, sizeof secure->host, "%s", host);
	snprintf(secure->address, sizeof secure->address, "%s", address);
	ERR_clear_error();
	if (!prepare(secure, fd, err) || !shake_hands(secure, fd, timeout_ms, err)) {
		secure_free(secure);
		return NULL;
	}
	return secure;
}

void
secure_free(struct secure *secure)
{
	if (!secure)
		return;
	if (secure->ssl && SSL_is_init_finished(secure->ssl) && !secure->refusal) {
		ERR_clear_error();
		(void)SSL_shutdown(secure->ssl);
	}
	X509_free(secure->bad);
	SSL_free(secure->ssl);
	SSL_CTX_free(secure->ctx);
	ERR_clear_error();
	free(secure);
}

/* ---- bytes */

static ssize_t
not_done(struct secure *secure, int result)
{
	int error = errno;
	int why = SSL_get_error(secure->ssl, result);

	if (why == SSL_ERROR_ZERO_RETURN)
		return 0;
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
		errno = EAGAIN;
		return -1;
	}
	secure->refusal = ERR_peek_error();
	if (!secure->refusal)
		secure->refusal = ERR_PACK(ERR_LIB_SYS, 0, error);
	ERR_clear_error();
	errno = why == SSL_ERROR_SYSCALL && error ? error : ECONNRESET;
	return -1;
}

ssize_t
secure_recv(struct secure *secure, uint8_t *p, size_t cap)
{
	size_t n = 0;
	int result;

	ERR_clear_error();
	errno = 0;
	result = SSL_read_ex(secure->ssl, p, cap, &n);
	if (result != 1)
		return not_done(secure, result);
	secure->is_heard = true;
	return (ssize_t)n;
}

ssize_t
secure_send(struct secure *secure, const uint8_t *p, size_t len)
{
	size_t n = 0;
	int result;

	ERR_clear_error();
	errno = 0;
	result = SSL_write_ex(secure->ssl, p, len, &n);
	return result == 1 ? (ssize_t)n : not_done(secure, result);
}

bool
secure_has_more(const struct secure *secure)
{
	return SSL_pending(secure->ssl) > 0;
}

bool
secure_is_answer(const uint8_t *p, size_t len)
{
	/* An alert (or a hello) of TLS 1.x: a frame of ours never begins so. */
	return len >= 3 && (p[0] == 0x15 || p[0] == 0x16) && p[1] == 3;
}
