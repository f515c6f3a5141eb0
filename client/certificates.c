#include "client/certificates.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/str.h"

#define SERIAL_LEN   16
#define DAY_S        86400
#define NAME_MAX_LEN 253 /* of a host, RFC 1035 */

struct authority {
	X509 *certificate;
	EVP_PKEY *key;
};

bool
certificate_is_host(const char *text)
{
	struct in_addr v4;
	struct in6_addr v6;
	size_t len = strlen(text);

	if (inet_pton(AF_INET, text, &v4) == 1 || inet_pton(AF_INET6, text, &v6) == 1)
		return true;
	if (strncmp(text, "*.", 2) == 0)
		text += 2;
	return len > 0 && len <= NAME_MAX_LEN && text[0] != '\0' && !strchr("-.", text[0]) &&
	       text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."
				 "_")] == '\0';
}

static bool
failed(struct err *err, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	const char *why = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return err_set(
	    err, ERR_INTERNAL, "cannot make %.80s: %.100s", what, why ? why : "no reason given");
}

/* ---- a certificate */

static bool
add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;
	bool ok;

	X509V3_set_ctx(&ctx, issuer, certificate, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&ctx);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = extension && X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return ok;
}

/* "DNS:localhost,IP:127.0.0.1": what the names are made of was looked at before. */
static bool
add_names(X509 *certificate, X509 *issuer, const struct certificate_request *request)
{
	struct str text;
	bool ok;

	str_init(&text, 64u << 10);
	for (size_t i = 0; i < request->names_count; i++) {
		const char *name = request->names[i];
		struct in_addr v4;
		struct in6_addr v6;
		bool is_number =
		    inet_pton(AF_INET, name, &v4) == 1 || inet_pton(AF_INET6, name, &v6) == 1;

		str_addf(&text, "%s%s:%s", i ? "," : "", is_number ? "IP" : "DNS", name);
	}
	ok = str_ok(&text) && add_extension(certificate, issuer, NID_subject_alt_name, text.data);
	str_fini(&text);
	return ok;
}

static bool
add_extensions(X509 *certificate, X509 *issuer, const struct certificate_request *request)
{
	bool is_server = request->kind == CERTIFICATE_SERVER;

	if (request->kind == CERTIFICATE_AUTHORITY)
		return add_extension(certificate, issuer, NID_basic_constraints,
			   "critical,CA:TRUE,pathlen:0") &&
		       add_extension(
			   certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign") &&
		       add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
	return add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(certificate, issuer, NID_ext_key_usage,
		   is_server ? "serverAuth" : "clientAuth") &&
	       add_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
	       add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always") &&
	       (!is_server || add_names(certificate, issuer, request));
}

static bool
set_serial(X509 *certificate)
{
	unsigned char bytes[SERIAL_LEN];
	BIGNUM *number;
	bool ok;

	if (RAND_bytes(bytes, sizeof bytes) != 1)
		return false;
	bytes[0] &= 0x7f; /* positive */
	number = BN_bin2bn(bytes, sizeof bytes, NULL);
	ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
	BN_free(number);
	return ok;
}

static bool
set_subject(X509 *certificate, const char *common_name)
{
	/* The field takes 64 bytes; the names that count for a server are the others. */
	int len = (int)strnlen(common_name, 64);

	return X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName,
		   MBSTRING_UTF8, (const unsigned char *)common_name, len, -1, 0) == 1;
}

/* issuer NULL: it vouches for itself. */
static X509 *
make(const struct certificate_request *request, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
	time_t first = (time_t)request->first_day * DAY_S;
	X509 *certificate = X509_new();
	bool ok;

	if (!certificate)
		return NULL;
	ok = X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
	     set_subject(certificate, request->common_name) &&
	     X509_set_issuer_name(
		 certificate, X509_get_subject_name(issuer ? issuer : certificate)) == 1 &&
	     ASN1_TIME_adj(X509_getm_notBefore(certificate), first, 0, 0) &&
	     ASN1_TIME_adj(X509_getm_notAfter(certificate), first, request->days, -1) &&
	     X509_set_pubkey(certificate, key) == 1 &&
	     add_extensions(certificate, issuer ? issuer : certificate, request) &&
	     X509_sign(certificate, issuer ? issuer_key : key, EVP_sha256()) != 0;
	if (ok)
		return certificate;
	X509_free(certificate);
	return NULL;
}

/* ---- files */

static FILE *
create(const char *path, mode_t mode, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (file)
		return file;
	if (errno == EEXIST)
		err_set(err, ERR_EXISTS, "'%.200s' is there already", path);
	else
		err_errno(err, "cannot write '%.150s'", path);
	if (fd >= 0)
		close(fd);
	return NULL;
}

/* False, too, where the disk is full. */
static bool
finish(FILE *file, bool is_written, const char *path, struct err *err)
{
	bool ok = is_written && fflush(file) == 0 && fsync(fileno(file)) == 0;
	int error = errno;

	if (fclose(file) == 0 && ok)
		return true;
	errno = error;
	err_errno(err, "cannot write '%.150s'", path);
	unlink(path);
	return false;
}

/* The key first: a certificate without one is of no use. */
static bool
write_both(
    X509 *certificate, EVP_PKEY *key, const char *path, const char *key_path, struct err *err)
{
	FILE *file = create(key_path, 0600, err);

	if (!file || !finish(file, PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1,
			 key_path, err))
		return false;
	file = create(path, 0644, err);
	if (file && finish(file, PEM_write_X509(file, certificate) == 1, path, err))
		return true;
	unlink(key_path);
	return false;
}

static void *
read_pem(const char *path, bool is_key, struct err *err)
{
	FILE *file = fopen(path, "re");
	void *found;

	if (!file) {
		err_errno(err, "cannot read '%.150s'", path);
		err->code = ERR_INVALID;
		return NULL;
	}
	found = is_key ? (void *)PEM_read_PrivateKey(file, NULL, NULL, NULL)
		       : (void *)PEM_read_X509(file, NULL, NULL, NULL);
	fclose(file);
	ERR_clear_error();
	if (!found)
		err_set(err, ERR_INVALID, "'%.150s' is no %s in PEM form", path,
		    is_key ? "key" : "certificate");
	return found;
}

/* ---- the authority */

struct authority *
authority_new(const struct certificate_request *request, const char *path, const char *key_path,
    struct err *err)
{
	struct authority *authority = calloc(1, sizeof *authority);

	if (!authority) {
		err_oom(err);
		return NULL;
	}
	authority->key = EVP_EC_gen("P-256");
	if (authority->key)
		authority->certificate = make(request, authority->key, NULL, NULL);
	if (!authority->certificate)
		failed(err, path);
	else if (write_both(authority->certificate, authority->key, path, key_path, err))
		return authority;
	authority_free(authority);
	return NULL;
}

struct authority *
authority_load(const char *path, const char *key_path, struct err *err)
{
	struct authority *authority = calloc(1, sizeof *authority);

	if (!authority) {
		err_oom(err);
		return NULL;
	}
	authority->certificate = read_pem(path, false, err);
	authority->key = authority->certificate ? read_pem(key_path, true, err) : NULL;
	if (authority->key && X509_check_private_key(authority->certificate, authority->key) == 1 &&
	    X509_check_ca(authority->certificate) == 1)
		return authority;
	if (authority->key)
		err_set(err, ERR_INVALID, "'%.100s' and '%.100s' are no authority and its key",
		    path, key_path);
	ERR_clear_error();
	authority_free(authority);
	return NULL;
}

void
authority_free(struct authority *authority)
{
	if (!authority)
		return;
	X509_free(authority->certificate);
	EVP_PKEY_free(authority->key);
	free(authority);
}

bool
authority_make(struct authority *authority, const struct certificate_request *request,
    const char *path, const char *key_path, struct err *err)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = key ? make(request, key, authority->certificate, authority->key) : NULL;
	bool ok =
	    certificate ? write_both(certificate, key, path, key_path, err) : failed(err, path);

	X509_free(certificate);
	EVP_PKEY_free(key);
	return ok;
}
