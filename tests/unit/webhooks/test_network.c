/* Which addresses are reached: by the rows of IANA's special-purpose address registries, and around their edges. */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "server/webhooks/network.h"

/*
 * iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry, each with its first and last
 * address, and those of multicast; public are neighbours, and what is written otherwise but means a public one.
 */
static const struct {
	const char *text;
	enum reach reach;
} rows[] = {
    {"0.0.0.0", REACH_REFUSED},
    {"0.255.255.255", REACH_REFUSED},
    {"1.0.0.0", REACH_PUBLIC},
    {"9.255.255.255", REACH_PUBLIC},
    {"10.0.0.0", REACH_REFUSED},
    {"10.255.255.255", REACH_REFUSED},
    {"11.0.0.0", REACH_PUBLIC},
    {"100.63.255.255", REACH_PUBLIC},
    {"100.64.0.0", REACH_REFUSED},
    {"100.127.255.255", REACH_REFUSED},
    {"100.128.0.0", REACH_PUBLIC},
    {"126.255.255.255", REACH_PUBLIC},
    {"127.0.0.1", REACH_REFUSED},
    {"127.255.255.255", REACH_REFUSED},
    {"128.0.0.0", REACH_PUBLIC},
    {"169.253.255.255", REACH_PUBLIC},
    {"169.254.0.0", REACH_REFUSED},
    {"169.254.169.254", REACH_REFUSED},
    {"169.255.0.0", REACH_PUBLIC},
    {"172.15.255.255", REACH_PUBLIC},
    {"172.16.0.0", REACH_REFUSED},
    {"172.31.255.255", REACH_REFUSED},
    {"172.32.0.0", REACH_PUBLIC},
    {"192.0.0.0", REACH_REFUSED},
    {"192.0.0.170", REACH_REFUSED}, /* NAT64/DNS64 discovery */
    {"192.0.0.255", REACH_REFUSED},
    {"192.0.1.0", REACH_PUBLIC},
    {"192.0.2.0", REACH_REFUSED},
    {"192.31.196.1", REACH_REFUSED},
    {"192.52.193.1", REACH_REFUSED},
    {"192.88.99.1", REACH_REFUSED},
    {"192.167.255.255", REACH_PUBLIC},
    {"192.168.0.0", REACH_REFUSED},
    {"192.168.255.255", REACH_REFUSED},
    {"192.169.0.0", REACH_PUBLIC},
    {"192.175.48.1", REACH_REFUSED},
    {"198.17.255.255", REACH_PUBLIC},
    {"198.18.0.0", REACH_REFUSED},
    {"198.19.255.255", REACH_REFUSED},
    {"198.20.0.0", REACH_PUBLIC},
    {"198.51.100.7", REACH_REFUSED},
    {"203.0.113.7", REACH_REFUSED},
    {"223.255.255.255", REACH_PUBLIC},
    {"224.0.0.1", REACH_REFUSED},
    {"239.255.255.255", REACH_REFUSED},
    {"240.0.0.0", REACH_REFUSED},
    {"255.255.255.255", REACH_REFUSED},

    {"::", REACH_REFUSED},
    {"::1", REACH_REFUSED},
    {"::127.0.0.1", REACH_REFUSED}, /* IPv4-compatible: deprecated */
    {"::8.8.8.8", REACH_REFUSED},
    {"::ffff:127.0.0.1", REACH_REFUSED}, /* IPv4-mapped: as the address in it */
    {"::ffff:10.1.2.3", REACH_REFUSED},
    {"::ffff:0.0.0.0", REACH_REFUSED},
    {"::ffff:8.8.8.8", REACH_PUBLIC},
    {"64:ff9b::127.0.0.1", REACH_REFUSED}, /* NAT64: the same */
    {"64:ff9b::192.168.1.1", REACH_REFUSED},
    {"64:ff9b::8.8.8.8", REACH_PUBLIC},
    {"64:ff9b:1::8.8.8.8", REACH_REFUSED}, /* local-use translation */
    {"64:ff9b::1:8.8.8.8", REACH_REFUSED}, /* not the well-known /96 */
    {"100::1", REACH_REFUSED},             /* discard-only */
    {"100:0:0:1::1", REACH_REFUSED},       /* dummy prefix */
    {"1fff:ffff::1", REACH_REFUSED},
    {"2000::1", REACH_PUBLIC},
    {"2001::1", REACH_REFUSED},    /* Teredo */
    {"2001:1::1", REACH_REFUSED},  /* port control protocol anycast */
    {"2001:2::1", REACH_REFUSED},  /* benchmarking */
    {"2001:20::1", REACH_REFUSED}, /* ORCHIDv2 */
    {"2001:1ff:ffff::1", REACH_REFUSED},
    {"2001:200::1", REACH_PUBLIC},
    {"2001:4860:4860::8888", REACH_PUBLIC},
    {"2001:db7:ffff::1", REACH_PUBLIC},
    {"2001:db8::1", REACH_REFUSED},
    {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", REACH_REFUSED},
    {"2001:db9::1", REACH_PUBLIC},
    {"2002:7f00:1::1", REACH_REFUSED}, /* 6to4 of 127.0.0.1 */
    {"2002:a00:1::1", REACH_REFUSED},  /* of 10.0.0.1 */
    {"2002:808:808::1", REACH_PUBLIC}, /* of 8.8.8.8 */
    {"2620:4f:8000::1", REACH_REFUSED},
    {"2620:4f:8001::1", REACH_PUBLIC},
    {"3ffe:ffff::1", REACH_PUBLIC},
    {"3fff::1", REACH_REFUSED},
    {"3fff:fff:ffff::1", REACH_REFUSED},
    {"3fff:1000::1", REACH_PUBLIC},
    {"4000::1", REACH_REFUSED}, /* not assigned */
    {"5f00::1", REACH_REFUSED}, /* segment routing */
    {"fc00::1", REACH_REFUSED},
    {"fdff:ffff::1", REACH_REFUSED},
    {"fe80::1", REACH_REFUSED},
    {"febf::1", REACH_REFUSED},
    {"fec0::1", REACH_REFUSED}, /* site-local: deprecated */
    {"ff02::1", REACH_REFUSED},
    {"ff0e::1", REACH_REFUSED},
};

#define ROWS (sizeof rows / sizeof rows[0])

static enum reach
reach_of(const struct networks *allowed, const char *text)
{
	struct sockaddr_storage address = {0};
	struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;

	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		address.ss_family = AF_INET;
	} else {
		ck_assert_msg(inet_pton(AF_INET6, text, &v6->sin6_addr) == 1, "%s", text);
		address.ss_family = AF_INET6;
	}
	return networks_reach(allowed, (const struct sockaddr *)&address);
}

START_TEST(an_address_is_reached_as_the_registries_say)
{
	static const struct networks none;

	ck_assert_msg(reach_of(&none, rows[_i].text) == rows[_i].reach, "%s", rows[_i].text);
}
END_TEST

START_TEST(what_is_refused_is_reached_where_all_is_allowed)
{
	static const struct networks all = {.all_private = true};
	enum reach expected = rows[_i].reach == REACH_REFUSED ? REACH_ALLOWED : rows[_i].reach;

	ck_assert_msg(reach_of(&all, rows[_i].text) == expected, "%s", rows[_i].text);
}
END_TEST

START_TEST(an_allowed_network_is_reached_and_its_neighbours_are_not)
{
	struct networks allowed = {0};
	struct err err;

	ck_assert(networks_add(
	    &allowed, "10.1.2.3/16", &err)); /* what is behind the prefix does not count */
	ck_assert(networks_add(&allowed, "fd12:3456::/33", &err));
	ck_assert(networks_add(&allowed, "127.0.0.2", &err));
	ck_assert_int_eq(reach_of(&allowed, "10.1.0.0"), REACH_ALLOWED);
	ck_assert_int_eq(reach_of(&allowed, "10.1.255.255"), REACH_ALLOWED);
	ck_assert_int_eq(reach_of(&allowed, "::ffff:10.1.0.9"), REACH_ALLOWED);
	ck_assert_int_eq(reach_of(&allowed, "10.0.255.255"), REACH_REFUSED);
	ck_assert_int_eq(reach_of(&allowed, "10.2.0.0"), REACH_REFUSED);
	ck_assert_int_eq(reach_of(&allowed, "fd12:3456:7fff::1"), REACH_ALLOWED);
	ck_assert_int_eq(reach_of(&allowed, "fd12:3456:8000::1"), REACH_REFUSED);
	ck_assert_int_eq(reach_of(&allowed, "127.0.0.2"), REACH_ALLOWED);
	ck_assert_int_eq(reach_of(&allowed, "127.0.0.1"), REACH_REFUSED);
	ck_assert_int_eq(reach_of(&allowed, "127.0.0.3"), REACH_REFUSED);
	ck_assert_int_eq(reach_of(&allowed, "8.8.8.8"), REACH_PUBLIC);
}
END_TEST

/* Row by row: refused never, allowed both ways, public over TLS only. */
START_TEST(only_allowed_networks_are_spoken_to_in_clear)
{
	struct networks allowed = {0};
	struct sockaddr_in address = {.sin_family = AF_INET};
	const struct sockaddr *p = (const struct sockaddr *)&address;
	struct err err;

	ck_assert(networks_add(&allowed, "10.0.0.0/8", &err));
	address.sin_addr.s_addr = htonl(0x0a000001);
	ck_assert(networks_may(&allowed, p, true));
	ck_assert(networks_may(&allowed, p, false));
	address.sin_addr.s_addr = htonl(0x08080808);
	ck_assert(!networks_may(&allowed, p, true));
	ck_assert(networks_may(&allowed, p, false));
	address.sin_addr.s_addr = htonl(0x7f000001);
	ck_assert(!networks_may(&allowed, p, true));
	ck_assert(!networks_may(&allowed, p, false));
}
END_TEST

START_TEST(unix_addresses_are_never_reached)
{
	static const struct networks all = {.all_private = true};
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/docker.sock"};

	ck_assert_int_eq(networks_reach(&all, (const struct sockaddr *)&address), REACH_REFUSED);
}
END_TEST

START_TEST(networks_are_read_strictly)
{
	static const char *const bad[] = {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0/8",
	    "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.0/ 8", "fd00::/129", "fd00::g/8", "localhost",
	    "2130706433", "0x7f.0.0.1", "10.0.0.0/8/8",
	    "1234:1234:1234:1234:1234:1234:1234:1234:1234:1234:1234"};
	struct network network;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct err err = {0};

		ck_assert_msg(!network_parse(bad[i], &network, &err), "%s", bad[i]);
		ck_assert_int_eq(err.code, ERR_INVALID);
	}
}
END_TEST

START_TEST(there_are_at_most_64_networks)
{
	struct networks networks = {0};
	struct err err = {0};

	for (int i = 0; i < NETWORKS_MAX; i++)
		ck_assert(networks_add(&networks, "10.0.0.0/8", &err));
	ck_assert(!networks_add(&networks, "10.0.0.0/8", &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("network");
	TCase *tc = tcase_create("network");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, an_address_is_reached_as_the_registries_say, 0, ROWS);
	tcase_add_loop_test(tc, what_is_refused_is_reached_where_all_is_allowed, 0, ROWS);
	tcase_add_test(tc, an_allowed_network_is_reached_and_its_neighbours_are_not);
	tcase_add_test(tc, only_allowed_networks_are_spoken_to_in_clear);
	tcase_add_test(tc, unix_addresses_are_never_reached);
	tcase_add_test(tc, networks_are_read_strictly);
	tcase_add_test(tc, there_are_at_most_64_networks);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
