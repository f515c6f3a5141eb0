/*
 * Every allocation failing in turn: each request is refused as a whole or answered as if there had been memory enough,
 * the plan is what it was or what it should be, nothing leaks, and the daemon goes on.
 *
 * Each scenario is run once undisturbed; then its first allocation fails, then its second, and so on until none was left to
 * fail: once only that one, once that and all after it for a while.
 */
#include "server/rpc/daemon_internal.h"
#include "plumb/v1/survey.pb-c.h"
#include "tests/support/alloc_fault.h"
#include "tests/unit/rpc/alloc_company.h"
#include "tests/unit/rpc/engine.h"

#define TURNS_WITHOUT_MEMORY 100
/* Where all fail from the n-th on, n may be coarser. */
#define STEP_ALL 5
/*
 * With the address sanitizer each is ten times as slow: the first ones, then one in so many, from where differs by
 * scenario; all of them without, or with PLUMB_ALLOC_ALL set.
 */
#define SPARED_FIRST 20
#define SPARED_STEP  8
/* Answers have many more of them: so even without. */
#ifdef __SANITIZE_ADDRESS__
#define QUESTION_FIRST 4
#define QUESTION_STEP  96
#else
#define QUESTION_FIRST 20
#define QUESTION_STEP  32
#endif
#define TEXT_MAX (1u << 19)
/* The revisions of the plan below, and the change that all end with. */
#define WATCHED 6

#define PUT(item)      "{\"put\":{\"item\":" item "}}"
#define APPLY(changes) "{\"change_set\":{\"changes\":[" changes "]}}"

/* Its past has two revisions, so that history, diff and as-of have something to say. */
static const char *const plan[] = {
    APPLY(PUT("{\"id\":\"grow\",\"title\":\"Grow\",\"goal\":{\"weight\":0.5}}") "," PUT(
	"{\"i"
	"d\":"
	"\"an"
	"na\""
	",\"p"
	"erso"
	"n\":"
	"{\"t"
	"eam"
	"\":"
	"\"cs"
	"\"}"
	"}") "," PUT("{\"id\":\"cs\",\"team\":{\"lead\":\"anna\"}}") "," PUT("{\"id\":\"nps\","
									     "\"measure\":{"
									     "\"unit\":\"points\","
									     "\"direction\":\"UP\"}"
									     "}") "," PUT("{\"id\":"
											  "\"happy"
											  "\","
											  "\"owners"
											  "\":["
											  "\"anna\""
											  ",\"ben\""
											  "],"
											  "\"object"
											  "ive\":{"
											  "\"goal\""
											  ":"
											  "\"grow\""
											  ",\"targe"
											  "ts\":"
											  "[{"
											  "\"measur"
											  "e\":"
											  "\"nps\","
											  "\"baseli"
											  "ne\":10,"
											  "\"target"
											  "\":40,"
											  "\"due\":"
											  "\"2026-"
											  "06-30\"}"
											  "]}"
											  "}") "," PUT("{\"id\":\"a\",\"initiative\":{\"objective\":\"happy\",\"start\":"
												       "\"2026-01-01\",\"finish\":\"2026-02-01\"}}") "," PUT("{\"id\":"
																			     "\"b\","
																			     "\"initiativ"
																			     "e\":{"
																			     "\"objective"
																			     "\":"
																			     "\"lost\"}}") "," PUT("{\"id\":\"t\",\"task\":{\"initiative\":\"a\",\"effort\":\"500\"}}") ","
																															"{\"place\":{\"item\":\"a\",\"first\":true}},{\"place\":{\"item\":\"b\",\"last\":true}}"),
    APPLY(PUT(
	"{\"id\":\"grow\",\"title\":\"Grow more\",\"goal\":{\"weight\":0.6}}") ","
									       "{\"add\":{"
									       "\"record\":"
									       "{\"id\":"
									       "\"m1\","
									       "\"about\":"
									       "\"nps\","
									       "\"at\":"
									       "\"2026-02-"
									       "01\","
									       "\"measureme"
									       "nt\":{"
									       "\"value\":"
									       "12}}}},"
									       "{\"add\":{"
									       "\"record\":"
									       "{\"id\":"
									       "\"c1\","
									       "\"about\":"
									       "\"initiativ"
									       "e/"
									       "a\",\"by\":"
									       "\"anna\","
									       "\"note\":"
									       "\"fine\","
									       "\"check_"
									       "in\":{"
									       "\"status\":"
									       "\"ON_"
									       "TRACK\"}}}}"
									       "," PUT(
										   "{\"id\""
										   ":\"q1\""
										   ",\"base"
										   "line\":"
										   "{}}") "," PUT("{\"id\":\"owner.many\",\"rule_setting\":{\"rule\":\"owner/many\",\"refuse\":true}}")),
    APPLY(PUT("{\"id\":\"s\",\"scenario\":{\"assumptions\":[\"x\"]}}")),
    "{\"change_set\":{\"scenario\":\"s\",\"changes\":[" PUT(
	"{\"id\":\"grow\",\"title\":\"Mine\",\"goal\":{\"weight\":0.6}}") "]}}",
    APPLY(PUT("{\"id\":\"grow\",\"title\":\"Theirs\",\"goal\":{\"weight\":0.6}}")),
};

struct scenario {
	const char *method;
	const char *request;
	enum access access; /* of the caller; ACCESS_NONE: an administrator */
	bool over;          /* the rounds are, and all have answered */
	bool refused;       /* with memory enough, too; of the company only */
};

static const struct scenario scenarios[] = {
    {.method = "Plan.Apply",
	.request = APPLY(
	    PUT("{\"id\":\"new\",\"title\":\"New\",\"description\":\"d\",\"owners\":[\"carl\"],"
		"\"labels\":[\"x\"],"
		"\"links\":[{\"to\":\"goal/"
		"grow\"}],\"external_ids\":[\"e1\"],\"initiative\":{\"objective\":\"happy\","
		"\"scope\":{\"in\":[\"a\"]},\"needs\":[{\"who\":\"cs\",\"effort\":\"100\"}]}}"))},
    {.method = "Plan.Apply",
	.request = APPLY(PUT("{\"id\":\"grow\",\"title\":\"Grown\",\"goal\":{}}") "," PUT(
	    "{\"id\":\"w1\","
	    "\"workstream\":{"
	    "\"initiative\":"
	    "\"a\"}}") "," PUT("{\"id\":\"x\",\"ask\":{\"from\":\"cs\",\"to\":\"it\","
			       "\"initiative\":\"a\"}}"))},
    {.method = "Plan.Apply",
	.request = "{\"change_set\":{\"source\":{\"name\":\"files:x\"},\"idempotency_key\":\"k\","
		   "\"reason\":\"r\",\"changes\":["
		   "{\"put\":{\"item\":{\"id\":\"a\",\"title\":\"Now\",\"initiative\":{}},"
		   "\"applied\":{\"id\":\"a\",\"title\":"
		   "\"Then\",\"initiative\":{}}}}]}}"},
    {.method = "Plan.Apply",
	.request = APPLY("{\"remove\":{\"ref\":\"initiative/a\",\"cascade\":true}}")},
    {.method = "Plan.Apply", .request = APPLY("{\"remove\":{\"ref\":\"task/t\"}}")},
    {.method = "Plan.Apply",
	.request = APPLY("{\"rename\":{\"ref\":\"objective/happy\",\"id\":\"joyful\"}}")},
    {.method = "Plan.Apply",
	.request = APPLY("{\"place\":{\"item\":\"b\",\"before\":\"a\"}},{\"place\":{\"item\":\"a\","
			 "\"ranking\":\"cs\","
			 "\"first\":true}}")},
    {.method = "Plan.Apply",
	.request =
	    APPLY("{\"add\":{\"record\":{\"about\":\"nps\",\"measurement\":{\"value\":13}}}}")},
    {.method = "Plan.Apply",
	.request = APPLY("{\"retract\":{\"ref\":\"measurement/m1\",\"reason\":\"wrong\"}}")},
    {.method = "Plan.Apply",
	.request = APPLY("{\"redact\":{\"person\":\"anna\",\"reason\":\"asked\"}}")},
    /* refused, with details */
    {.method = "Plan.Apply",
	.request = APPLY(PUT("{\"id\":\"BAD\",\"goal\":{}}") "," PUT(
	    "{\"id\":\"y\",\"goal\":{\"weight\":7}}") ","
						      "{\"remove\":{\"ref\":\"goal/none\"}}")},
    {.method = "Plan.Apply", .request = APPLY("{\"remove\":{\"ref\":\"goal/grow\"}}")},
    {.method = "Plan.Apply",
	.request = APPLY(
	    "{\"put\":{\"item\":{\"id\":\"grow\",\"goal\":{}}},\"expected_revision\":\"1\"}")},
    {.method = "Plan.Apply",
	.request = "{\"dry_run\":true,\"change_set\":{\"changes\":[" PUT(
	    "{\"id\":\"new\",\"title\":\"N\",\"goal\":{}}") ","
							    "{\"rename\":{\"ref\":\"goal/"
							    "grow\",\"id\":\"more\"}},{\"remove\":{"
							    "\"ref\":\"initiative/"
							    "a\",\"cascade\":true}}]}}"},
    {.method = "Plan.Apply",
	.request = "{\"dry_run\":true,\"findings\":true,\"change_set\":{\"changes\":[" PUT(
	    "{\"id\":\"b\",\"owners\":[\"anna\",\"ben\"],\"initiative\":{}}") "]}}"},
    {.method = "Plan.Apply",
	.request = APPLY(PUT("{\"id\":\"b\",\"owners\":[\"anna\",\"ben\"],\"initiative\":{}}"))},
    /* in a scenario that the plan has changed since */
    {.method = "Plan.Apply",
	.request = "{\"change_set\":{\"scenario\":\"s\",\"changes\":[" PUT(
	    "{\"id\":\"b\",\"title\":\"mine\",\"initiative\":{}}") ","
								   "{\"remove\":{\"ref\":"
								   "\"initiative/"
								   "a\",\"cascade\":true}}]}}"},
    {.method = "Plan.Apply",
	.request = "{\"dry_run\":true,\"findings\":true,\"change_set\":{\"scenario\":\"s\","
		   "\"changes\":[" PUT("{\"id\":\"b\",\"initiative\":{}}") "]}}"},
    {.method = "Plan.Get", .request = "{\"ref\":\"goal/grow\",\"at\":{\"scenario\":\"s\"}}"},
    {.method = "Plan.Get",
	.request = "{\"ref\":\"goal/grow\",\"at\":{\"scenario\":\"s\",\"revision\":\"4\"}}"},
    {.method = "Plan.Diff", .request = "{\"from\":{},\"to\":{\"scenario\":\"s\"}}"},
    {.method = "Plan.History", .request = "{\"at\":{\"scenario\":\"s\"},\"ref\":\"goal/grow\"}"},
    {.method = "Plan.Conflicts", .request = "{\"at\":{\"scenario\":\"s\"}}"},
    {.method = "Plan.ApplyScenario", .request = "{\"scenario\":\"s\"}"},
    {.method = "Plan.ApplyScenario",
	.request = "{\"scenario\":\"s\",\"accept_conflicts\":true,\"reason\":\"r\"}"},
    {.method = "Plan.Get", .request = "{\"ref\":\"objective/happy\"}"},
    {.method = "Plan.Get", .request = "{\"ref\":\"goal/none\"}"},
    {.method = "Plan.Get", .request = "{\"ref\":\"goal/grow\",\"at\":{\"revision\":\"1\"}}"},
    {.method = "Plan.Get", .request = "{\"ref\":\"goal/grow\",\"at\":{\"baseline\":\"q1\"}}"},
    {.method = "Plan.List",
	.request = "{\"filter\":\"kind:initiative,task,objective -owner:carl "
		   "title:a,h\",\"sort\":\"-rank\",\"page_size\":2}"},
    {.method = "Plan.List",
	.request = "{\"filter\":\"\\\"more\\\" changed>0\",\"sort\":\"title\"}"},
    {.method = "Plan.Export", .request = "{\"records\":true}"},
    {.method = "Plan.History", .request = "{\"ref\":\"goal/grow\"}"},
    {.method = "Plan.History", .request = "{}"},
    {.method = "Plan.Diff", .request = "{\"from\":{\"revision\":\"1\"},\"to\":{}}"},
    {.method = "Plan.Diff",
	.request = "{\"from\":{\"revision\":\"1\"},\"to\":{},\"findings\":true}"},
    {.method = "Insight.Check", .request = "{}"},
    {.method = "Insight.Check",
	.request =
	    "{\"at\":{\"revision\":\"1\",\"today\":\"2026-05-01\"},\"about\":[\"initiative/b\"]}"},
    {.method = "Insight.Explain", .request = "{\"rules\":[\"owner\"]}"},
    {.method = "Insight.Trace", .request = "{\"ref\":\"initiative/a\"}"},
    {.method = "Admin.Info", .request = "{\"workspace\":\"main\",\"state_hash\":true}"},
    {.method = "Admin.ListWorkspaces", .request = "{}"},
    {.method = "Admin.CreateWorkspace",
	.request = "{\"id\":\"other\",\"title\":\"Other\",\"time_zone\":\"Europe/Zurich\"}"},
    {.method = "Admin.Verify", .request = "{}"},
};
#define SCENARIOS ((int)(sizeof scenarios / sizeof scenarios[0]))

/* Of the company. */
/* clang-format off */
static const struct scenario questions[] = {
	{.method = "Insight.Check", .request = "{}"},
	{.method = "Insight.Mine", .request = "{}"},
	{.method = "Insight.Journey", .request = "{\"segment\":\"firms\",\"since\":\"2026-01-01\",\"to_be\":true,\"journey\":\"year\"}"},
	{.method = "Insight.Ecosystem", .request = "{}"},
	{.method = "Insight.Segments", .request = "{\"groups\":2,\"members\":true,\"assign\":[\"c1\"],\"ratings\":{\"speed\":5}}"},
	{.method = "Insight.Segments", .request = "{\"questions\":[\"speed\"],\"scale\":{\"low\":1,\"high\":9.5}}"},
	{.method = "Insight.Maturity", .request = "{}"},
	{.method = "Insight.Mirror", .request = "{\"work\":true}"},
	{.method = "Insight.SayDo", .request = "{\"list\":true}"},
	{.method = "Insight.Reviews", .request = "{\"ahead_days\":60}"},
	{.method = "Insight.Agenda", .request = "{\"review\":\"council\"}"},
	{.method = "Insight.Outside", .request = "{}"},
	{.method = "Insight.Drift", .request = "{\"from\":{\"baseline\":\"then\"},\"all\":true}"},
	{.method = "Insight.Impact", .request = "{\"ref\":\"measure/nps\"}"},
	{.method = "Insight.Impact", .request = "{\"ref\":\"initiative/a\",\"days\":90}"},
	{.method = "Insight.InFlight", .request = "{}"},
	{.method = "Insight.InFlight", .request = "{\"moves\":true,\"targets\":1}"},
	{.method = "Insight.Room", .request = "{\"quarter\":\"2026-Q1\"}"},
	{.method = "Voice.Ballot", .request = "{\"round\":\"order\"}"},
	{.method = "Voice.Ballot", .request = "{\"places\":[{\"objectives\":[\"quick\"]},{\"objectives\":[\"happy\"]}]}"},
	{.method = "Voice.Concord", .request = "{\"round\":\"order\"}", .over = true},
	{.method = "Survey.Questions", .request = "{\"round\":\"know\"}"},
	{.method = "Survey.Questions", .request = "{\"round\":\"know\"}", .over = true},
	{.method = "Survey.Answer", .request = "{\"round\":\"know\",\"answers\":[{\"question\":\"first-1\"}]}"},
	{.method = "Survey.Clarity", .request = "{\"round\":\"know\"}", .over = true},
	{.method = "Survey.Acceptances", .request = "{\"baseline\":\"then\"}"},
	{.method = "Insight.Check", .request = "{\"rules\":[\"clarity\"]}", .over = true},
	/* by somebody who may change only what is theirs */
	{.method = "Plan.Apply", .access = ACCESS_CONTRIBUTOR, .request = APPLY(
	    OF("word-2", "anna", "\"commitment\":{\"promised_by\":\"team/cs\",\"promised_to\":[\"ben\"],\"due\":\"2026-05-01\"}") ","
	    OF("more", "anna", "\"request\":{\"type\":\"INFORMATION\",\"from\":\"anna\",\"to\":\"cleo\"}") ","
	    "{\"add\":{\"record\":{\"about\":\"decision/buy\",\"vote\":{\"choice\":\"AGAINST\",\"option\":\"yes\"}}}},"
	    "{\"add\":{\"record\":{\"about\":\"baseline/then\",\"acceptance\":{}}}}")},
	{.method = "Plan.Apply", .access = ACCESS_CONTRIBUTOR, .refused = true, .request = APPLY(
	    OF("gone", "ben", "\"commitment\":{\"promised_by\":\"ben\",\"state\":\"KEPT\"}") ","
	    OF("hands", "ben", "\"request\":{\"from\":\"ben\",\"to\":\"anna\"}"))},
};
/* clang-format on */
#define QUESTIONS ((int)(sizeof questions / sizeof questions[0]))

static bool
is_question(const struct scenario *s)
{
	return s >= questions && s < questions + QUESTIONS;
}

/* ---- the engine, with everything of the test itself left alone ------------------------------------------- */

static void
send_spared(struct rpc_call *call, const uint8_t *p, size_t len)
{
	alloc_fault_pause();
	engine_send(call, p, len);
	alloc_fault_resume();
}

static void
send_shared_spared(struct rpc_call *call, struct rpc_bytes *bytes)
{
	alloc_fault_pause();
	engine_send_shared(call, bytes);
	alloc_fault_resume();
}

static void
finish_spared(struct rpc_call *call, const struct err *status, const uint8_t *details, size_t len)
{
	alloc_fault_pause();
	engine_finish(call, status, details, len);
	alloc_fault_resume();
}

static const struct rpc_transport spared = {
    send_spared, send_shared_spared, finish_spared, engine_is_writable};

/* As engine_begin(), but the daemon may have no memory for it. NULL: not even for the call. */
static struct asked *
begin_starved(const struct scenario *s)
{
	struct asked *asked = calloc(1, sizeof *asked);
	struct caller caller = {.name = "person/anna",
	    .local = true,
	    .verified = true,
	    .access = s->access != ACCESS_NONE ? s->access : ACCESS_ADMIN};
	const char *dot = strchr(s->method, '.');
	struct err err = {0};
	char service[40];
	bool known;
	uint8_t *p;
	size_t len;

	snprintf(service, sizeof service, "plumb.v1.%.*s", (int)(dot - s->method), s->method);
	asked->method = rpc_find(service, strlen(service), dot + 1, strlen(dot + 1), &known);
	ck_assert_ptr_nonnull(asked->method);
	asked->writable = true;
	p = pb_encode(
	    json_parse(asked->method->request, s->request, strlen(s->request), engine.arena, &err),
	    engine.arena, &len);
	alloc_fault_resume();
	asked->call = rpc_call_new(engine.daemon, asked->method, &spared, asked, &caller);
	if (asked->call != NULL)
		rpc_dispatch(asked->call, p, len);
	alloc_fault_pause();
	if (asked->call == NULL && !asked->finished) {
		free(asked);
		return NULL;
	}
	return asked;
}

static void
turn_starved(void)
{
	alloc_fault_resume();
	engine_turn();
	alloc_fault_pause();
}

/* Calls are pooled: while these are held the next one needs memory of its own. */
#define HELD 4

static void
hold_calls(struct asked *held[HELD])
{
	struct caller caller = {.name = "person/anna", .local = true, .access = ACCESS_ADMIN};
	bool known;

	for (int i = 0; i < HELD; i++) {
		held[i] = calloc(1, sizeof *held[i]);
		held[i]->method = rpc_find("plumb.v1.Admin", 14, "Ping", 4, &known);
		held[i]->call = rpc_call_new(
		    engine.daemon, held[i]->method, &engine_transport, held[i], &caller);
		ck_assert_ptr_nonnull(held[i]->call);
	}
}

static void
release_calls(struct asked *held[HELD])
{
	for (int i = 0; i < HELD; i++) {
		rpc_cancel(held[i]->call, ERR_CANCELLED);
		asked_free(held[i]);
	}
}

/* ---- what came of it ------------------------------------------------------------------------------------- */

/* How far it is, which a long call says by the clock: on a machine that is busy enough each call is long. */
static bool
is_progress(const struct asked *asked, const char *reply)
{
	return strncmp(reply, "{\"progress\":", 12) == 0 ||
	       (strcmp(asked->method->name, "Verify") == 0 &&
		   strstr(reply, "\"done\":true") == NULL);
}

/* Status and replies in a form to compare. */
static void
tell(const struct asked *asked, char *out)
{
	size_t used;

	used = (size_t)snprintf(
	    out, TEXT_MAX, "%s %s\n", err_code_name(asked->status.code), asked->status.msg);
	for (size_t i = 0; i < asked->count && used < TEXT_MAX; i++) {
		const char *reply = engine_json(asked, i);

		if (!is_progress(asked, reply))
			used += (size_t)snprintf(out + used, TEXT_MAX - used, "%s\n", reply);
	}
	ck_assert_uint_lt(used, TEXT_MAX);
}

/* Where they begin to differ: a message of more than 8 KiB would end the test without a word. */
static size_t
first_difference(const char *a, const char *b)
{
	size_t i = 0;

	while (a[i] != '\0' && a[i] == b[i])
		i++;
	return i > 200 ? i - 200 : 0;
}

static void
get_state(char out[80])
{
	const char *info =
	    engine_reply("Admin.Info", "{\"workspace\":\"main\",\"state_hash\":true}");
	const char *hash = strstr(info, "\"state_hash\":\"");

	ck_assert_ptr_nonnull(hash);
	snprintf(out, 80, "%.64s", hash + 14);
}

/* It may be refused while the store recovers from a failed commit. */
static void
assert_it_goes_on(void)
{
	struct asked *asked = NULL;
	enum err_code code = ERR_UNAVAILABLE;

	for (int i = 0; i < 20000 && code == ERR_UNAVAILABLE; i++) {
		asked = engine_ask("Plan.Apply", APPLY(PUT("{\"id\":\"after\",\"goal\":{}}")));
		code = asked->status.code;
		ck_assert_msg(
		    code == ERR_OK || code == ERR_UNAVAILABLE, "afterwards: %s", asked->status.msg);
		asked_free(asked);
		engine_turn();
	}
	ck_assert_int_eq(code, ERR_OK);
	assert_has(engine_reply("Plan.Get", "{\"ref\":\"goal/after\"}"), "after");
	asked = engine_ask("Admin.Verify", "{}");
	ck_assert_msg(asked->status.code == ERR_OK, "%s", asked->status.msg);
	asked_free(asked);
}

/* Where the daemon keeps its log; "": in memory. */
static char directory[64];

static void
remove_directory(void)
{
	char command[100];

	snprintf(command, sizeof command, "rm -rf '%s'", directory);
	ck_assert_int_eq(system(command), 0);
}

static void
make_directory(void)
{
	snprintf(directory, sizeof directory, "/tmp/plumb-alloc-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void
open_plan(void)
{
	const struct daemon_options options = {.data_dir = directory};

	if (directory[0] != '\0')
		remove_directory();
	engine_open(directory[0] != '\0' ? &options : NULL);
	for (size_t i = 0; i < sizeof plan / sizeof plan[0]; i++)
		engine_reply("Plan.Apply", plan[i]);
	arena_reset(engine.arena);
}

static void
reply_as(const char *name, const char *method, const char *request, struct asked **asked)
{
	*asked = engine_begin_as(name, method, request);
	engine_wait(*asked);
	ck_assert_msg((*asked)->status.code == ERR_OK, "%s: %s", method, (*asked)->status.msg);
}

/* "I don't know", to all that one is asked. */
static void
answer_as(const char *name)
{
	Plumb__V1__QuestionsReply *questions_reply;
	struct asked *asked;
	char request[4096];
	size_t used;

	reply_as(name, "Survey.Questions", "{\"round\":\"know\"}", &asked);
	questions_reply =
	    plumb__v1__questions_reply__unpack(NULL, asked->lens[0], asked->replies[0]);
	ck_assert_uint_gt(questions_reply->n_questions, 0);
	used = (size_t)snprintf(request, sizeof request, "{\"round\":\"know\",\"answers\":[");
	for (size_t i = 0; i < questions_reply->n_questions; i++)
		used += (size_t)snprintf(request + used, sizeof request - used,
		    "%s{\"question\":\"%s\"}", i > 0 ? "," : "", questions_reply->questions[i]->id);
	ck_assert_uint_lt(used + 3, sizeof request);
	snprintf(request + used, sizeof request - used, "]}");
	plumb__v1__questions_reply__free_unpacked(questions_reply, NULL);
	asked_free(asked);
	reply_as(name, "Survey.Answer", request, &asked);
	asked_free(asked);
}

/* All answer, and the day after comes. */
static void
end_rounds(void)
{
	static const char *const names[] = {
	    "person/anna", "person/ben", "person/cleo", "person/dan", "person/eve"};
	struct asked *asked;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		reply_as(names[i], "Voice.Ballot",
		    i < 2
			? "{\"places\":[{\"objectives\":[\"quick\"]},{\"objectives\":[\"happy\"]}]}"
			: "{\"places\":[{\"objectives\":[\"happy\",\"quick\"]}]}",
		    &asked);
		asked_free(asked);
		answer_as(names[i]);
	}
	engine.daemon->clock_base_us += INT64_C(86400) * 1000000;
}

static void
open_company(const struct scenario *s)
{
	engine_open(NULL);
	for (size_t i = 0; i < sizeof company / sizeof company[0]; i++)
		engine_reply("Plan.Apply", company[i]);
	if (s->over)
		end_rounds();
	arena_reset(engine.arena);
}

static void
open_for(const struct scenario *s)
{
	if (is_question(s))
		open_company(s);
	else
		open_plan();
}

/* Every workspace that exists is in the list, at the latest after a tick. */
static void
assert_workspaces_are_listed(const struct asked *asked)
{
	if (strcmp(asked->method->name, "CreateWorkspace") != 0 || asked->status.code != ERR_OK)
		return;
	daemon_tick(engine.daemon);
	assert_has(engine_reply("Admin.ListWorkspaces", "{}"), "\"id\":\"other\"");
	assert_has(engine_reply("Admin.Info", "{\"workspace\":\"other\"}"), "today");
}

struct expected {
	char told[TEXT_MAX];
	char before[80];
	char after[80];
};

static struct expected expected;

static void
run_undisturbed(const struct scenario *s)
{
	struct asked *asked;

	open_for(s);
	get_state(expected.before);
	engine.access = s->access;
	asked = engine_ask(s->method, s->request);
	engine.access = ACCESS_NONE;
	ck_assert_msg(!is_question(s) || (asked->status.code != ERR_OK) == s->refused, "%s: %s",
	    s->method, asked->status.msg);
	tell(asked, expected.told);
	asked_free(asked);
	get_state(expected.after);
	engine_close();
}

static bool
is_refusal(const struct asked *asked)
{
	return asked->status.code == ERR_LIMIT || asked->status.code == ERR_UNAVAILABLE;
}

/* An answer is the same to the letter; a refusal for the request's own faults may say less about them. */
static bool
is_as_expected(const struct asked *asked, const char *told)
{
	const char *code = err_code_name(asked->status.code);

	if (asked->status.code == ERR_OK)
		return strcmp(told, expected.told) == 0;
	return asked->count == 0 && strncmp(expected.told, code, strlen(code)) == 0;
}

/* False: nothing was left to fail. */
static bool
run_starved(const struct scenario *s, uint64_t n, uint64_t count)
{
	static char told[TEXT_MAX];
	struct asked *held[HELD], *asked;
	char state[80];
	size_t from;
	bool hit;

	open_for(s);
	hold_calls(held);
	alloc_fault_at(n, count);
	asked = begin_starved(s);
	for (int i = 0; i < 100000 && asked != NULL && !asked->finished; i++) {
		if (i == TURNS_WITHOUT_MEMORY)
			alloc_fault_end();
		turn_starved();
	}
	hit = alloc_fault_hit();
	alloc_fault_end();
	release_calls(held);
	ck_assert_msg(asked == NULL || asked->finished, "%s, allocation %llu: no answer", s->method,
	    (unsigned long long)n);
	get_state(state);
	if (asked == NULL || is_refusal(asked)) {
		ck_assert_msg(strcmp(state, expected.before) == 0,
		    "%s %s, allocation %llu: refused, but the plan has changed", s->method,
		    s->request, (unsigned long long)n);
	} else {
		tell(asked, told);
		from = first_difference(expected.told, told);
		ck_assert_msg(is_as_expected(asked, told),
		    "%s %.400s, allocation %llu: instead of (from byte %zu)\n%.1500s\nit is "
		    "(%zu replies)\n%.1500s",
		    s->method, s->request, (unsigned long long)n, from, expected.told + from,
		    asked->count, told + from);
		ck_assert_msg(strcmp(state, expected.after) == 0,
		    "%s, allocation %llu: another plan", s->method, (unsigned long long)n);
	}
	if (asked != NULL) {
		assert_workspaces_are_listed(asked);
		asked_free(asked);
	}
	assert_it_goes_on();
	engine_close();
	return hit;
}

/* Is not every one of them tried? */
static bool
is_spared(const struct scenario *s)
{
	if (getenv("PLUMB_ALLOC_ALL") != NULL)
		return false;
#ifdef __SANITIZE_ADDRESS__
	(void)s;
	return true;
#else
	return is_question(s);
#endif
}

/* After the n-th; i tells the scenarios apart. */
static uint64_t
step(const struct scenario *s, uint64_t n, uint64_t count, int i)
{
	const unsigned first = is_question(s) ? QUESTION_FIRST : SPARED_FIRST;
	const unsigned sparing = is_question(s) ? QUESTION_STEP : SPARED_STEP;

	if (n >= first && is_spared(s))
		return n == first  ? 1 + (unsigned)i % sparing
		       : count > 1 ? STEP_ALL * sparing
				   : sparing;
	return count > 1 ? STEP_ALL : 1;
}

static void
run_all(const struct scenario *s, int i, uint64_t count)
{
	uint64_t n;

	run_undisturbed(s);
	for (n = 1; run_starved(s, n, count); n += step(s, n, count, i))
		ck_assert_uint_lt(n, 20000);
	ck_assert_uint_gt(n, 1);
}

static void
setup(void)
{
	alloc_fault_sqlite();
	alloc_fault_pause();
}

START_TEST(one_allocation_fails)
{
	run_all(&scenarios[_i], _i, 1);
	engine_fini();
}
END_TEST

START_TEST(memory_is_gone_for_a_while)
{
	run_all(&scenarios[_i], _i, UINT64_MAX);
	engine_fini();
}
END_TEST

START_TEST(one_allocation_of_an_answer_fails)
{
	run_all(&questions[_i], _i, 1);
	engine_fini();
}
END_TEST

START_TEST(memory_is_gone_while_an_answer_is_made)
{
	run_all(&questions[_i], _i, UINT64_MAX);
	engine_fini();
}
END_TEST

/* On a disk the log is opened again after a failed commit, and says what of it is there. */
START_TEST(a_change_on_disk)
{
	make_directory();
	run_all(&scenarios[0], 0, _i == 0 ? 1 : UINT64_MAX);
	engine_fini();
	remove_directory();
}
END_TEST

/* ---- watching --------------------------------------------------------------------------------------------- */

/* A watch gets every revision from 1 on in order. Answers the next one. */
static uint64_t
watched_up_to(const struct asked *watch)
{
	uint64_t next = 1;

	for (size_t i = 0; i < watch->count; i++) {
		Plumb__V1__WatchReply *reply =
		    plumb__v1__watch_reply__unpack(NULL, watch->lens[i], watch->replies[i]);

		ck_assert_uint_eq(reply->revision, reply->heartbeat ? next - 1 : next);
		next += !reply->heartbeat;
		plumb__v1__watch_reply__free_unpacked(reply, NULL);
	}
	return next;
}

/* It gets what there is, or ends and says where to go on. */
static void
wait_watched(struct asked *watch)
{
	for (int i = 0; i < 100000 && !watch->finished && watched_up_to(watch) <= WATCHED; i++) {
		daemon_tick(engine.daemon);
		engine_turn();
	}
	if (watch->finished) {
		(void)watched_up_to(watch);
		ck_assert_msg(is_refusal(watch), "%s", watch->status.msg);
	} else {
		ck_assert_uint_gt(watched_up_to(watch), WATCHED);
		rpc_cancel(watch->call, ERR_CANCELLED);
	}
	asked_free(watch);
}

/* Two watches, one from before and one begun in want, while a change is made; false: nothing was left to fail. */
static bool
watch_starved(uint64_t n, uint64_t count)
{
	const struct scenario from_1 = {
	    .method = "Plan.Watch", .request = "{\"from_revision\":\"1\",\"heartbeat_ms\":100}"};
	const struct scenario change = {
	    .method = "Plan.Apply", .request = APPLY(PUT("{\"id\":\"new\",\"goal\":{}}"))};
	struct asked *old, *new, *apply;
	bool hit;

	open_plan();
	old = begin_starved(&from_1);
	ck_assert_ptr_nonnull(old);
	engine_wait_replies(old, 2);
	alloc_fault_at(n, count);
	apply = begin_starved(&change);
	new = begin_starved(&from_1);
	for (int i = 0; i < TURNS_WITHOUT_MEMORY; i++) {
		turn_starved();
		alloc_fault_resume();
		daemon_tick(engine.daemon);
		alloc_fault_pause();
	}
	hit = alloc_fault_hit();
	alloc_fault_end();
	if (apply != NULL) {
		engine_wait(apply);
		asked_free(apply);
	}
	assert_it_goes_on();
	wait_watched(old);
	if (new != NULL)
		wait_watched(new);
	engine_close();
	return hit;
}

START_TEST(a_watch_misses_nothing_or_is_told_where_to_go_on)
{
	for (int all = 0; all < 2; all++) {
		uint64_t n = 1;

		while (watch_starved(n, all ? UINT64_MAX : 1))
			n += all ? STEP_ALL : 1;
		ck_assert_uint_gt(n, 5);
	}
	engine_fini();
}
END_TEST

/* ---- the start -------------------------------------------------------------------------------------------- */

/* A start that fails says so; what is there already stays. */
START_TEST(a_start_without_memory_is_refused)
{
	struct daemon_options options = {
	    .clock_us = ENGINE_CLOCK, .clock_set = true, .clock_frozen = true};
	char before[80], after[80];
	uint64_t n;
	bool hit = true;

	make_directory();
	options.data_dir = _i == 0 ? NULL : directory;
	engine_open(&options);
	for (size_t i = 0; i < sizeof plan / sizeof plan[0]; i++)
		engine_reply("Plan.Apply", plan[i]);
	get_state(before);
	/* The second time from a snapshot, else from the log. */
	if (_i == 2)
		engine_reply("Admin.Snapshot", "{}");
	engine_close();
	/* Starting on a directory makes some thousands, most of them SQLite's, and each start takes its time. */
	for (n = 1; hit; n += _i == 0 ? 1 : 1 + n / 50) {
		struct err err = {0};

		ck_assert_uint_lt(n, 100000);
		alloc_fault_at(n, 1);
		alloc_fault_resume();
		engine.daemon = daemon_new(&options, &err);
		alloc_fault_pause();
		hit = alloc_fault_hit();
		alloc_fault_end();
		if (engine.daemon == NULL) {
			ck_assert_msg(err.code == ERR_LIMIT || err.code == ERR_UNAVAILABLE,
			    "allocation %llu: %d %s", (unsigned long long)n, err.code, err.msg);
			continue;
		}
		get_state(after);
		ck_assert_msg(options.data_dir == NULL || strcmp(before, after) == 0,
		    "allocation %llu: another plan", (unsigned long long)n);
		engine_close();
	}
	engine_fini();
	remove_directory();
}
END_TEST

static TCase *
add_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_set_timeout(tcase, 120);
	suite_add_tcase(suite, tcase);
	return tcase;
}

int
main(void)
{
	Suite *suite = suite_create("rpc/alloc");

	tcase_add_loop_test(add_case(suite, "one"), one_allocation_fails, 0, SCENARIOS);
	tcase_add_loop_test(add_case(suite, "all"), memory_is_gone_for_a_while, 0, SCENARIOS);
	tcase_add_loop_test(
	    add_case(suite, "answer"), one_allocation_of_an_answer_fails, 0, QUESTIONS);
	tcase_add_loop_test(
	    add_case(suite, "answer all"), memory_is_gone_while_an_answer_is_made, 0, QUESTIONS);
	tcase_add_loop_test(add_case(suite, "disk"), a_change_on_disk, 0, 2);
	tcase_add_test(add_case(suite, "watch"), a_watch_misses_nothing_or_is_told_where_to_go_on);
	tcase_add_loop_test(add_case(suite, "start"), a_start_without_memory_is_refused, 0, 3);
	engine_unused();
	return engine_run(suite);
}
