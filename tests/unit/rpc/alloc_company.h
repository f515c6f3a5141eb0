/*
 * A company in a few items, with each kind of the customers' half of the plan, of governance and of the surroundings; so that every
 * answer about them has something to say. Three change sets; the second draws a baseline.
 */
#ifndef TESTS_UNIT_RPC_ALLOC_COMPANY_H
#define TESTS_UNIT_RPC_ALLOC_COMPANY_H

/* clang-format off */
#define IT(id, body)        "{\"put\":{\"item\":{\"id\":\"" id "\"," body "}}}"
#define OF(id, owner, body) IT(id, "\"title\":\"" id "\",\"owners\":[\"" owner "\"]," body)
#define LEADER(id)          IT(id, "\"title\":\"" id "\",\"person\":{\"level\":\"EXECUTIVE\",\"team\":\"cs\"}") ","
#define RATES(id, a, b)     IT(id, "\"customer\":{\"segment\":\"firms\",\"value\":10,\"growth\":0.1,\"ratings\":{\"speed\":" a ",\"care\":" b "}}") ","
#define TEN(id, a, b) \
	RATES(id "0", a, b) RATES(id "1", a, b ".5") RATES(id "2", a, b) RATES(id "3", a ".5", b) RATES(id "4", a, b) \
	RATES(id "5", a, b ".5") RATES(id "6", a, b) RATES(id "7", a ".5", b) RATES(id "8", a, b) RATES(id "9", a, b)
#define ROUND(id, type)     OF(id, "anna", "\"round\":{\"type\":\"" type "\",\"opens\":\"2026-03-31\",\"closes\":\"2026-03-31\",\"people\":[\"anna\",\"ben\",\"cleo\",\"dan\",\"eve\"]}")

static const char *const company[] = {
	"{\"change_set\":{\"changes\":["
	LEADER("anna") LEADER("ben") LEADER("cleo") LEADER("dan") LEADER("eve")
	IT("cs", "\"title\":\"Success\",\"team\":{\"lead\":\"anna\"}") ","
	IT("it", "\"title\":\"IT\",\"team\":{\"lead\":\"ben\"}") ","
	IT("q1", "\"period\":{\"first_day\":\"2026-01-01\",\"last_day\":\"2026-06-30\"}") ","
	IT("seen", "\"vision\":{\"text\":\"Seen\"},\"links\":[{\"type\":\"SUPPORTS\",\"to\":\"feeling/safe\"}]") ","
	IT("open", "\"value\":{\"text\":\"Open\"},\"links\":[{\"type\":\"AT_ODDS\",\"to\":\"feeling/safe\",\"note\":\"gap\"}]") ","
	OF("grow", "anna", "\"goal\":{\"weight\":0.7}") "," OF("hold", "ben", "\"goal\":{\"weight\":0.3}") ","
	OF("nps", "anna", "\"measure\":{\"unit\":\"points\",\"direction\":\"UP\",\"dimension\":\"speed\"}") ","
	OF("calls", "ben", "\"measure\":{\"unit\":\"calls\",\"direction\":\"DOWN\",\"dimension\":\"speed\"}") ","
	OF("happy", "anna", "\"objective\":{\"goal\":\"grow\",\"team\":\"cs\",\"weight\":0.5,\"expectation\":\"fast\",\"precedes\":[\"quick\"],"
	    "\"periods\":[\"q1\"],\"targets\":[{\"measure\":\"nps\",\"baseline\":10,\"target\":40,\"due\":\"2026-06-30\"}]}") ","
	OF("quick", "ben", "\"objective\":{\"goal\":\"hold\",\"team\":\"it\",\"weight\":0.5,\"periods\":[\"q1\"],"
	    "\"targets\":[{\"measure\":\"calls\",\"baseline\":90,\"target\":50,\"due\":\"2026-05-31\"}]}") ","
	OF("a", "anna", "\"initiative\":{\"objective\":\"happy\",\"start\":\"2026-01-05\",\"finish\":\"2026-05-01\",\"steps\":[\"login\"],"
	    "\"needs\":[{\"who\":\"cs\",\"effort\":\"3000\"}],\"estimate\":{\"likely\":\"3000\"},\"status\":\"ACTIVE\",\"outcome_intended\":\"faster\"},"
	    "\"links\":[{\"type\":\"REMOVES\",\"to\":\"expectation/fast\"}]") ","
	OF("b", "ben", "\"initiative\":{\"objective\":\"quick\",\"contributions\":[{\"to\":\"objective/happy\",\"effort_share\":0.3}],\"after\":[\"a\"],"
	    "\"start\":\"2026-02-01\",\"finish\":\"2026-03-01\",\"needs\":[{\"who\":\"it\",\"effort\":\"9000\"}],\"status\":\"ACTIVE\",\"steps\":[\"login\"]},"
	    "\"links\":[{\"type\":\"EASES\",\"to\":\"expectation/fast\"}]") ","
	OF("t", "anna", "\"task\":{\"initiative\":\"a\",\"effort\":\"500\"}") ","
	IT("help", "\"title\":\"Help\",\"ask\":{\"from\":\"cs\",\"to\":\"it\",\"initiative\":\"a\",\"needed_by\":\"2026-03-01\"}") ","
	OF("firms", "anna", "\"segment\":{\"core\":true,\"value\":1000,\"currency\":\"EUR\",\"customers\":10,\"growth\":0.1,\"why_us\":[\"fast\"],"
	    "\"come_from\":[\"fair\"],\"want_next\":[\"more\"]}") ","
	OF("year", "anna", "\"journey\":{\"segments\":[\"firms\"]}") ","
	OF("year-2", "anna", "\"journey\":{\"state\":\"TO_BE\",\"improves\":\"year\",\"segments\":[\"firms\"],\"shaped_by\":[\"c1\"]}") ","
	IT("start", "\"stage\":{\"journey\":\"year\"}") "," IT("start-2", "\"stage\":{\"journey\":\"year-2\"}") ","
	OF("login", "anna", "\"step\":{\"stage\":\"start\",\"touchpoint\":\"portal\",\"met_by\":\"cs\",\"judged_by\":\"nps\","
	    "\"backstage\":[\"it\",\"initiative/b\",\"measure/calls\"],\"emotion\":-1,\"value_state\":\"LOST\"}") ","
	OF("use", "ben", "\"step\":{\"stage\":\"start\",\"follows\":[\"login\"],\"met_by\":\"it\",\"judged_by\":\"calls\"}") ","
	IT("enter", "\"step\":{\"stage\":\"start-2\",\"replaces\":\"login\",\"emotion\":2}") ","
	OF("fast", "anna", "\"expectation\":{\"segment\":\"firms\",\"step\":\"login\",\"who\":[\"buyer\"],\"importance\":9,\"met\":3,"
	    "\"when_met\":\"stay\",\"when_missed\":\"leave\",\"dimension\":\"speed\",\"outcome\":\"work\"}") ","
	IT("kind", "\"expectation\":{\"segment\":\"firms\",\"step\":\"use\",\"importance\":8}") ","
	IT("work", "\"desired_outcome\":{\"segments\":[\"firms\"],\"measure\":\"nps\",\"importance\":8}") ","
	IT("safe", "\"feeling\":{\"text\":\"safe\",\"segments\":[\"firms\"]}") ","
	TEN("c", "9", "1") TEN("d", "1", "9")
	IT("rivals", "\"title\":\"Rivals\",\"influencer\":{\"type\":\"COMPETITOR_INFLUENCER\"}") ","
	IT("cheaper", "\"title\":\"Cheaper\",\"assessment\":{\"type\":\"THREAT\",\"influencer\":\"rivals\",\"affects\":[\"objective/happy\"]}") ","
	IT("cut", "\"title\":\"Cut\",\"competitor_move\":{\"competitor\":\"rivals\",\"on\":\"2026-02-01\",\"affects\":[\"segment/firms\"],\"answered_by\":[\"a\"]}") ","
	OF("leak", "anna", "\"risk\":{\"probability\":0.3,\"impact\":4,\"threatens\":[\"objective/happy\"],\"mitigated_by\":[\"b\"]}") ","
	OF("ahead", "anna", "\"strategy\":{\"goals\":[\"grow\"],\"first_day\":\"2026-01-01\",\"last_day\":\"2027-12-31\","
	    "\"change_areas\":[{\"title\":\"Price\",\"end_state\":\"low\",\"timeframe\":\"2027-01-01\",\"answers\":[\"cheaper\"]},{\"title\":\"Reach\"}]}") ","
	OF("word", "anna", "\"commitment\":{\"promised_by\":\"anna\",\"promised_to\":[\"ben\",\"segment/firms\"],\"due\":\"2026-02-01\",\"concerns\":[\"objective/happy\"]}") ","
	OF("gone", "ben", "\"commitment\":{\"promised_by\":\"ben\",\"promised_to\":[\"anna\"],\"due\":\"2026-01-20\",\"state\":\"BROKEN\",\"settled\":\"2026-01-20\",\"reason\":\"late\"}") ","
	OF("buy", "anna", "\"decision\":{\"decide_by\":\"2026-03-01\",\"affects\":[\"ben\",\"initiative/a\"],\"breaks\":[\"word\",\"value/open\"],"
	    "\"options\":[{\"title\":\"yes\",\"chosen\":true},{\"title\":\"no\"}],\"made_in\":\"council\"}") ","
	OF("stop", "anna", "\"decision\":{\"status\":\"ACCEPTED\",\"decided\":\"2026-03-02\",\"affects\":[\"person/anna\",\"objective/quick\"],\"example\":true,\"made_in\":\"council\"}") ","
	OF("pay", "anna", "\"policy\":{\"type\":\"REWARD\",\"text\":\"by calls\"},\"links\":[{\"type\":\"AT_ODDS\",\"to\":\"feeling/safe\",\"note\":\"hurry\"}]") ","
	OF("council", "anna", "\"review\":{\"type\":\"COUNCIL\",\"every_days\":14,\"first_day\":\"2026-01-05\",\"attendees\":[\"anna\",\"ben\"],"
	    "\"seats\":[{\"person\":\"anna\",\"speaks_for\":\"a\"}],\"minutes\":60}") ","
	OF("room", "anna", "\"review\":{\"type\":\"CUSTOMER_ROOM\",\"attendees\":[\"anna\",\"cleo\"]}") ","
	OF("hands", "anna", "\"request\":{\"from\":\"anna\",\"to\":\"ben\",\"work\":\"a\",\"asked\":\"2026-02-01\",\"needed_by\":\"2026-03-01\"}") ","
	IT("listening", "\"maturity\":{\"level\":3,\"wanted\":4,\"evidence\":[\"measure/nps\"],\"assessed\":\"2026-01-10\"}") ","
	IT("journeys", "\"maturity\":{\"level\":1,\"next_step\":\"draw them\",\"due\":\"2026-05-01\"}") ","
	ROUND("order", "BALLOT") "," ROUND("know", "CLARITY")
	"]}}",
	"{\"change_set\":{\"changes\":["
	IT("then", "\"title\":\"Then\",\"baseline\":{}") ","
	"{\"place\":{\"item\":\"a\",\"first\":true}},{\"place\":{\"item\":\"b\",\"last\":true}},"
	"{\"add\":{\"record\":{\"about\":\"nps\",\"at\":\"2026-03-20\",\"measurement\":{\"value\":12}}}},"
	"{\"add\":{\"record\":{\"about\":\"step/login\",\"at\":\"2026-02-20\",\"experience\":{\"segment\":\"firms\",\"emotion\":-2,\"people\":7}}}},"
	"{\"add\":{\"record\":{\"about\":\"review/council\",\"at\":\"2026-03-02\",\"meeting\":{\"attendees\":[\"anna\"],\"minutes\":\"talked\",\"decisions\":[\"stop\"]}}}}"
	"]}}",
	"{\"change_set\":{\"reason\":\"slower\",\"changes\":["
	"{\"add\":{\"record\":{\"about\":\"baseline/then\",\"by\":\"ben\",\"acceptance\":{\"answer\":\"BLOCKED\",\"in_the_way\":\"people\",\"cleared_by\":\"anna\"}}}},"
	"{\"add\":{\"record\":{\"about\":\"decision/buy\",\"by\":\"ben\",\"vote\":{\"choice\":\"FOR\",\"option\":\"yes\"}}}},"
	"{\"place\":{\"item\":\"b\",\"first\":true}},"
	OF("quick", "cleo", "\"objective\":{\"goal\":\"hold\",\"team\":\"it\",\"weight\":0.4,\"periods\":[\"q1\"],"
	    "\"targets\":[{\"measure\":\"calls\",\"baseline\":90,\"target\":60,\"due\":\"2026-06-30\"}]}") ","
	OF("b", "ben", "\"initiative\":{\"objective\":\"quick\",\"contributions\":[{\"to\":\"objective/happy\",\"effort_share\":0.3}],\"after\":[\"a\"],"
	    "\"start\":\"2026-02-01\",\"finish\":\"2026-04-15\",\"needs\":[{\"who\":\"it\",\"effort\":\"9500\"}],\"status\":\"ACTIVE\",\"steps\":[\"login\"]},"
	    "\"links\":[{\"type\":\"EASES\",\"to\":\"expectation/fast\"}]")
	"]}}",
};
/* clang-format on */

#endif
