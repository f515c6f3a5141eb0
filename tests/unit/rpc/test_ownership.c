/*
 * Whose changes are whose: what is expected here is written from docs/SECURITY.md, "Who may do what".
 *
 * The plan: anna owns objective/aim and initiative/a with all below; bob owns initiative/b with all below, and a workstream and
 * a task within a; team/cs (lead carl, member eva, and dora who names it as her team) owns initiative/t. Changes are judged as
 * dry runs, which are judged alike and leave the plan as it is.
 */
#include "server/limits.h"
#include "tests/unit/rpc/engine.h"

static const char *const plan[] = {
    "{'id':'anna','person':{}}",
    "{'id':'bob','person':{}}",
    "{'id':'carl','person':{}}",
    "{'id':'dora','person':{'team':'cs'}}",
    "{'id':'eva','person':{}}",
    "{'id':'cs','team':{'lead':'carl','members':['eva']}}",
    "{'id':'it','team':{'lead':'bob'}}",
    "{'id':'q1','period':{}}",
    "{'id':'grow','owners':['anna'],'goal':{}}",
    "{'id':'aim','owners':['anna'],'objective':{'goal':'grow'}}",
    "{'id':'part','owners':['bob'],'objective':{'parent':'aim'}}",
    "{'id':'alone','owners':['bob'],'objective':{}}",
    "{'id':'am','measure':{'inline_under':'aim'}}",
    "{'id':'bm','owners':['bob'],'measure':{}}",
    "{'id':'a','owners':['anna'],'initiative':{'objective':'aim'}}",
    "{'id':'aw','owners':['bob'],'workstream':{'initiative':'a'}}",
    "{'id':'at','task':{'initiative':'workstream/aw'}}",
    "{'id':'bobs','owners':['bob'],'task':{'initiative':'a'}}",
    "{'id':'ams','milestone':{'initiative':'a'}}",
    "{'id':'aa','allocation':{'who':'bob','initiative':'a'}}",
    "{'id':'b','owners':['bob'],'initiative':{}}",
    "{'id':'bt','task':{'initiative':'b'}}",
    "{'id':'waits','owners':['bob'],'task':{'initiative':'workstream/ghost'}}",
    "{'id':'t','owners':['team/cs'],'initiative':{}}",
    "{'id':'nobodys','initiative':{}}",
    "{'id':'k','ask':{'from':'cs','to':'it','what':'Help'}}",
    "{'id':'ka','ask':{'from':'cs','to':'it','initiative':'a'}}",
    ("{'id':'done','ask':{'from':'cs','to':'it','state':'COMMITTED','answer':'Yes',"
     "'answered_by':'bob'}}"),
    "{'id':'r','request':{'from':'anna','to':'bob','work':'a'}}",
    "{'id':'p','commitment':{'promised_by':'team/cs'}}",
    ("{'id':'told','request':{'from':'team/cs','to':'bob','state':'REFUSED','answer':'No',"
     "'answered_by':'bob'}}"),
};

static char *
quoted(const char *json)
{
	char *text = strdup(json);

	for (char *p = text; *p != '\0'; p++) {
		if (*p == '\'')
			*p = '"';
	}
	return text;
}

/* One change set as somebody, as a dry run or not. */
static struct asked *
apply_as(const char *who, enum access access, bool dry_run, const char *changes)
{
	char json[8192], *text;
	struct asked *asked;

	snprintf(json, sizeof json, "{'dry_run':%s,'change_set':{'changes':[%s]}}",
	    dry_run ? "true" : "false", changes);
	text = quoted(json);
	engine.access = access;
	asked = engine_begin_as(who, "Plan.Apply", text);
	engine_wait(asked);
	engine.access = ACCESS_NONE;
	free(text);
	return asked;
}

static void
made(const char *who, const char *changes)
{
	struct asked *asked = apply_as(who, ACCESS_ADMIN, false, changes);

	ck_assert_msg(asked->status.code == ERR_OK, "%s: %s", changes, asked->status.msg);
	asked_free(asked);
}

static void
setup(void)
{
	char change[1024];

	engine_open(NULL);
	for (size_t i = 0; i < sizeof plan / sizeof plan[0]; i++) {
		snprintf(change, sizeof change, "{'put':{'item':%s}}", plan[i]);
		made("person/root", change);
	}
	made("person/anna", "{'add':{'record':{'id':'ca','about':'task/at','check_in':{}}}}");
	made("person/bob", "{'add':{'record':{'id':'cb','about':'task/bobs','check_in':{}}}}");
}

struct row {
	const char *who;
	const char *changes;
	const char *refused; /* a part of the message; NULL: taken */
};

#define PUT(item)    "{'put':{'item':" item "}}"
#define REMOVE(ref)  "{'remove':{'ref':'" ref "'}}"
#define CASCADE(ref) "{'remove':{'ref':'" ref "','cascade':true}}"
#define ANNA         "person/anna"
#define BOB          "person/bob"
#define CARL         "person/carl"

static const struct row rows[] = {
    /* ---- one's own, and what belongs to it */
    {ANNA, PUT("{'id':'a','title':'A','owners':['anna'],'initiative':{}}"), NULL},
    {ANNA, PUT("{'id':'am','title':'M','measure':{'inline_under':'aim'}}"), NULL},
    {ANNA, PUT("{'id':'part','title':'P','owners':['bob'],'objective':{'parent':'aim'}}"), NULL},
    {ANNA, PUT("{'id':'at','title':'T','task':{'initiative':'workstream/aw'}}"), NULL},
    {ANNA, PUT("{'id':'bobs','title':'T','task':{'initiative':'a'}}"), NULL},
    {ANNA, PUT("{'id':'aa','allocation':{'who':'carl','initiative':'a'}}"), NULL},
    {ANNA, PUT("{'id':'grow','title':'G','owners':['anna'],'goal':{}}"), NULL},
    {ANNA, "{'rename':{'ref':'initiative/a','id':'a2'}}", NULL},
    {ANNA, REMOVE("milestone/ams"), NULL},
    {BOB, PUT("{'id':'aw','title':'W','owners':['bob'],'workstream':{'initiative':'a'}}"), NULL},
    {BOB, PUT("{'id':'at','title':'T','task':{'initiative':'workstream/aw'}}"), NULL},
    /* handing one's own on is no gain of one's own */
    {ANNA, PUT("{'id':'a','owners':['bob'],'initiative':{}}"), NULL},
    /* ---- others' */
    {ANNA, PUT("{'id':'b','title':'B','owners':['bob'],'initiative':{}}"),
	"changes[0].put.item: initiative/b is not yours: it is owned by person/bob"},
    {ANNA, PUT("{'id':'bt','title':'T','task':{'initiative':'b'}}"),
	"it belongs to initiative/b, which is owned by person/bob"},
    {ANNA, PUT("{'id':'nobodys','initiative':{}}"), "nobody owns it"},
    {ANNA, "{'rename':{'ref':'task/bt','id':'x'}}", "changes[0].rename.ref: task/bt is not yours"},
    {ANNA, REMOVE("task/bt"), "changes[0].remove.ref: task/bt is not yours"},
    {BOB, PUT("{'id':'a','title':'A','owners':['anna'],'initiative':{}}"), "owned by person/anna"},
    {BOB, PUT("{'id':'aim','owners':['anna'],'objective':{}}"), "objective/aim is not yours"},
    {BOB, REMOVE("milestone/ams"), "milestone/ams is not yours"},
    /* ---- teams: lead, members, and who names it */
    {CARL, PUT("{'id':'t','title':'T','owners':['team/cs'],'initiative':{}}"), NULL},
    {"person/eva", PUT("{'id':'t','title':'T','owners':['team/cs'],'initiative':{}}"), NULL},
    {"person/dora", PUT("{'id':'t','title':'T','owners':['team/cs'],'initiative':{}}"), NULL},
    {BOB, PUT("{'id':'t','title':'T','owners':['team/cs'],'initiative':{}}"), "owned by team/cs"},
    /* ---- new ones */
    {ANNA, PUT("{'id':'n','task':{'initiative':'a'}}"), NULL},
    {ANNA, PUT("{'id':'n','task':{'initiative':'task/at'}}"), NULL},
    {ANNA, PUT("{'id':'n','objective':{'parent':'aim'}}"), NULL},
    {ANNA, PUT("{'id':'n','measure':{'inline_under':'aim'}}"), NULL},
    {ANNA, PUT("{'id':'n','allocation':{'who':'bob','initiative':'a'}}"), NULL},
    {ANNA, PUT("{'id':'n','owners':['anna'],'task':{'initiative':'b'}}"),
	"initiative/b is not yours"},
    {ANNA, PUT("{'id':'n','owners':['anna'],'task':{}}"), "must belong to something of yours"},
    {ANNA, PUT("{'id':'n','owners':['anna'],'objective':{}}"), "must belong to something"},
    {ANNA, PUT("{'id':'n','owners':['anna'],'initiative':{'objective':'aim'}}"),
	"a new initiative must belong to something"},
    {ANNA, PUT("{'id':'n','owners':['anna'],'task':{'initiative':'nowhere'}}"),
	"'nowhere', which is nothing of yours"},
    /* what the set itself makes, in any order */
    {ANNA,
	PUT("{'id':'n2','task':{'initiative':'workstream/n1'}}") "," PUT(
	    "{'id':'n1','workstream':{'initiative':'a'}}"),
	NULL},
    {ANNA,
	PUT("{'id':'n2','task':{'initiative':'workstream/n1'}}") "," PUT(
	    "{'id':'n1','workstream':{'initiative':'b'}}"),
	"(and 1 more)"},
    {ANNA,
	PUT("{'id':'n1','workstream':{'initiative':'workstream/n2'}}") "," PUT(
	    "{'id':'n2','workstream':{'initiative':'workstream/n1'}}"),
	"nothing of yours"},
    {ANNA,
	"{'rename':{'ref':'initiative/a','id':'a2'}}," PUT("{'id':'n','task':{'initiative':'a2'}}"),
	NULL},
    /* ---- gaining what is another's */
    {ANNA, PUT("{'id':'b','owners':['anna'],'initiative':{}}"), "initiative/b is not yours"},
    {ANNA,
	PUT("{'id':'b','owners':['anna'],'initiative':{}}") "," PUT(
	    "{'id':'bt','title':'Mine','task':{'initiative':'b'}}"),
	"(and 1 more)"},
    {ANNA, PUT("{'id':'bt','task':{'initiative':'a'}}"), "task/bt is not yours"},
    {ANNA, PUT("{'id':'b','owners':['anna'],'initiative':{}}") "," CASCADE("initiative/b"),
	"(and 1 more)"},
    {ANNA,
	"{'rename':{'ref':'initiative/b','id':'x'}}," PUT(
	    "{'id':'b','owners':['anna'],'task':{'initiative':'a'}}"),
	"initiative/b is not yours"},
    {ANNA, "{'rename':{'ref':'initiative/a','id':'b'}}", "is there already"},
    /* a name that is free again is no way to make what is a planner's to make */
    {ANNA,
	"{'rename':{'ref':'initiative/a','id':'a2'}}," PUT(
	    "{'id':'a','owners':['anna'],'initiative':{}}"),
	"changes[1].put.item: a new initiative must belong to something of yours"},
    {ANNA, "{'rename':{'ref':'task/at','id':'at2'}}," PUT("{'id':'at','task':{'initiative':'a'}}"),
	NULL},
    /* a name that something of another's waits for */
    {ANNA, PUT("{'id':'ghost','workstream':{'initiative':'a'}}"),
	"workstream/ghost is what task/waits of others says it belongs to"},
    {ANNA,
	PUT("{'id':'n','workstream':{'initiative':'a'}}") ",{'rename':{'ref':'workstream/"
							  "n','id':'ghost'}}",
	"changes[1].rename.id: workstream/ghost is what task/waits of others"},
    {BOB, PUT("{'id':'ghost','workstream':{'initiative':'b'}}"), NULL},
    /* moving */
    {BOB, PUT("{'id':'bt','task':{'initiative':'a'}}"), "initiative/a is not yours"},
    {BOB, PUT("{'id':'bt','task':{'initiative':'workstream/aw'}}"), NULL},
    {BOB, PUT("{'id':'bt','task':{}}"), NULL},
    {BOB, PUT("{'id':'part','owners':['bob'],'title':'P','objective':{'parent':'aim'}}"), NULL},
    {BOB, PUT("{'id':'alone','owners':['bob'],'objective':{'parent':'aim'}}"),
	"objective/aim is not yours"},
    /* links to what is another's are one's own */
    {ANNA,
	PUT("{'id':'a','owners':['anna'],'links':[{'type':'CONFLICTS','to':'initiative/"
	    "b'}],'initiative':{'after':['b']}}"),
	NULL},
    /* the good ones of a set don't carry the bad ones */
    {ANNA,
	PUT("{'id':'a','owners':['anna'],'initiative':{}}") "," PUT("{'id':'b','initiative':{}}"),
	"changes[1].put.item: initiative/b"},
    /* ---- removing with what belongs to it */
    {ANNA, CASCADE("workstream/aw"), NULL},
    {ANNA, CASCADE("initiative/a"),
	"changes[0].remove.cascade: would take check-in/cb with it, which is the record of "
	"another"},
    {BOB, CASCADE("workstream/aw"), "would take check-in/ca with it"},
    {BOB, CASCADE("initiative/b"), NULL},
    {BOB, CASCADE("initiative/a"), "initiative/a is not yours"},
    /* ---- the frame of the plan */
    {ANNA, PUT("{'id':'anna','owners':['anna'],'person':{}}"),
	"a person is changed by planners only"},
    {CARL, PUT("{'id':'cs','owners':['carl'],'team':{'lead':'carl'}}"), "a team is changed by"},
    {ANNA, PUT("{'id':'q1','owners':['anna'],'period':{}}"), "a period is changed by planners"},
    {ANNA, PUT("{'id':'n','calendar':{}}"), "a calendar is changed by planners only"},
    {ANNA, PUT("{'id':'n','baseline':{}}"), "a baseline is changed by planners only"},
    {ANNA, PUT("{'id':'n','waiver':{'finding':'x','reason':'y','until':'2026-12-31'}}"),
	"a waiver is"},
    {ANNA, PUT("{'id':'owner.many','rule_setting':{'rule':'owner/many','off':true}}"),
	"a rule-setting is changed by planners only"},
    {ANNA, REMOVE("period/q1"), "a period is changed by planners only"},
    {ANNA, "{'rename':{'ref':'person/anna','id':'ann'}}", "a person is changed by planners only"},
    {ANNA, "{'place':{'item':'a','first':true}}", "changes[0].place: an order is changed by"},
    {ANNA, "{'redact':{'ref':'check-in/ca','reason':'x'}}", "ask an administrator"},
    /* ---- records: as oneself, about anything */
    {ANNA, "{'add':{'record':{'about':'initiative/b','check_in':{}}}}", NULL},
    {ANNA, "{'add':{'record':{'about':'initiative/b','by':'anna','check_in':{}}}}", NULL},
    {ANNA, "{'add':{'record':{'about':'initiative/a','by':'bob','check_in':{}}}}",
	"changes[0].add.record.by: you add records as yourself"},
    {ANNA, "{'add':{'record':{'about':'initiative/a','by':'team/anna','check_in':{}}}}",
	"as yourself"},
    {ANNA, "{'add':{'record':{'about':'bm','measurement':{'value':3}}}}", NULL},
    {ANNA, "{'add':{'record':{'about':'am','measurement':{'role':'TARGET_VALUE','value':3}}}}",
	NULL},
    {ANNA, "{'add':{'record':{'about':'bm','measurement':{'role':'TARGET_VALUE','value':3}}}}",
	"measure/bm is not yours"},
    {ANNA, "{'add':{'record':{'about':'bm','measurement':{'role':'BASELINE_VALUE','value':3}}}}",
	"measure/bm is not yours"},
    {ANNA, "{'add':{'record':{'about':'cb','acknowledgement':{}}}}", NULL},
    {ANNA, "{'retract':{'ref':'check-in/ca'}}", NULL},
    {ANNA, "{'retract':{'ref':'check-in/cb'}}", "check-in/cb is not your record"},
    /* ---- who is nobody in the plan */
    {"service/crm", "{'add':{'record':{'about':'bm','measurement':{'value':3}}}}", NULL},
    {"service/crm", "{'add':{'record':{'about':'bm','by':'bob','measurement':{'value':3}}}}",
	"as yourself"},
    {"service/crm",
	"{'add':{'record':{'about':'bm','measurement':{'role':'TARGET_VALUE','value':3}}}}",
	"not yours"},
    {"service/crm", "{'add':{'record':{'about':'initiative/a','check_in':{}}}}",
	"only people of the plan add a check-in"},
    {"service/crm", PUT("{'id':'a','initiative':{}}"), "initiative/a is not yours"},
    {"service/crm", PUT("{'id':'n','task':{'initiative':'a'}}"), "initiative/a is not yours"},
    {"service/crm", "{'retract':{'ref':'check-in/ca'}}", "not your record"},
    {"person/stranger", PUT("{'id':'a','initiative':{}}"), "initiative/a is not yours"},
    {"uid:0 as person/anna", PUT("{'id':'a','initiative':{}}"), "initiative/a is not yours"},
    {"service/x as person/anna", PUT("{'id':'a','initiative':{}}"), "initiative/a is not yours"},
    /* ---- asks: who asks */
    {CARL, PUT("{'id':'n','ask':{'from':'cs','to':'it','what':'Help'}}"), NULL},
    {ANNA, PUT("{'id':'n','ask':{'from':'cs','to':'it','initiative':'a'}}"), NULL},
    {"person/eva", PUT("{'id':'n','ask':{'from':'cs','to':'it'}}"), "a team that you lead"},
    {ANNA, PUT("{'id':'n','ask':{'from':'cs','to':'it','initiative':'b'}}"),
	"a team that you lead"},
    {CARL, PUT("{'id':'n','ask':{'from':'cs','to':'it','state':'COMMITTED'}}"),
	"changes[0].put.item.ask.state: the lead or owner of the team that is asked says so"},
    {CARL, PUT("{'id':'n','ask':{'from':'cs','to':'it','answer':'Sure'}}"), "put.item.ask.answer"},
    {CARL, PUT("{'id':'k','ask':{'from':'cs','to':'it','what':'More'}}"), NULL},
    {CARL, PUT("{'id':'k','ask':{'from':'cs','to':'it','what':'Help','state':'WITHDRAWN'}}"), NULL},
    {CARL, PUT("{'id':'k','ask':{'from':'cs','to':'it','what':'Help','state':'COMMITTED'}}"),
	"the lead or owner of the team that is asked says so"},
    {CARL, PUT("{'id':'k','ask':{'from':'it','to':'cs','what':'Help'}}"), "a team that you lead"},
    {CARL, PUT("{'id':'k','ask':{'from':'cs','to':'it','initiative':'b','what':'Help'}}"), NULL},
    {CARL, REMOVE("ask/k"), NULL},
    {ANNA, PUT("{'id':'ka','ask':{'from':'cs','to':'it','initiative':'a','what':'x'}}"), NULL},
    {ANNA, PUT("{'id':'k','ask':{'from':'cs','to':'it','what':'More'}}"), "ask/k is not yours"},
    {CARL,
	PUT("{'id':'done','ask':{'from':'cs','to':'it','state':'MET','answer':'Yes','answered_by':'"
	    "bob'}}"),
	NULL},
    {CARL,
	PUT("{'id':'done','ask':{'from':'cs','to':'cs','state':'COMMITTED','answer':'Yes','"
	    "answered_by':'bob'}}"),
	NULL /* his own team */},
    {CARL,
	PUT("{'id':'done','ask':{'from':'cs','to':'other','state':'COMMITTED','answer':'Yes','"
	    "answered_by':'bob'}}"),
	"who is asked now has not answered"},
    {CARL, PUT("{'id':'done','ask':{'from':'cs','to':'other','answer':'Yes','answered_by':'bob'}}"),
	"who is asked now has not answered"},
    {CARL, PUT("{'id':'done','ask':{'from':'cs','to':'other'}}"),
	NULL /* the answer stays behind */},
    {CARL, PUT("{'id':'done','ask':{'from':'cs','to':'team/it'}}"), "put.item.ask.answer"},
    {CARL,
	PUT("{'id':'done','ask':{'from':'cs','to':'it','state':'COMMITTED','answer':'No','answered_"
	    "by':'bob'}}"),
	"put.item.ask.answer"},
    /* who gives */
    {BOB,
	PUT("{'id':'k','ask':{'from':'cs','to':'it','what':'Help','state':'COMMITTED','answer':'"
	    "Yes','answered_by':'bob'}}"),
	NULL},
    {BOB,
	PUT("{'id':'k','ask':{'from':'cs','to':'it','what':'Help','state':'DECLINED','answered_by':"
	    "'carl'}}"),
	"you answer as yourself"},
    {BOB, PUT("{'id':'k','ask':{'from':'cs','to':'it','what':'Other','state':'COMMITTED'}}"),
	"ask/k is not yours"},
    {BOB, PUT("{'id':'k','ask':{'from':'cs','to':'it','what':'Help','state':'WITHDRAWN'}}"),
	"ask.state: whoever asks says so"},
    {BOB, REMOVE("ask/k"), "ask/k is not yours"},
    /* ---- commitments: nobody promises for another */
    {ANNA, PUT("{'id':'n','commitment':{'promised_by':'anna'}}"), NULL},
    {ANNA, PUT("{'id':'n','owners':['anna'],'commitment':{'promised_by':'bob'}}"),
	"a promise comes from you or a team that you lead"},
    {CARL, PUT("{'id':'p','commitment':{'promised_by':'team/cs','state':'KEPT'}}"), NULL},
    {CARL, PUT("{'id':'p','commitment':{'promised_by':'bob'}}"),
	"a promise comes from you or a team that you lead"},
    {"person/eva", PUT("{'id':'p','commitment':{'promised_by':'team/cs','state':'KEPT'}}"),
	"commitment/p is not yours"},
    /* ---- requests: who asks */
    {ANNA, PUT("{'id':'n','request':{'from':'anna','to':'bob'}}"), NULL},
    {ANNA, PUT("{'id':'n','owners':['anna'],'request':{'to':'bob'}}"), NULL},
    {CARL, PUT("{'id':'n','request':{'from':'team/cs','to':'bob'}}"), NULL /* his team */},
    {"person/eva", PUT("{'id':'n','request':{'from':'team/cs','to':'bob'}}"),
	"a request comes from you or a team that you lead"},
    {ANNA, PUT("{'id':'n','request':{'from':'bob','to':'anna'}}"),
	"a request comes from you or a team that you lead"},
    {ANNA, PUT("{'id':'n','owners':['anna'],'request':{'from':'bob','to':'carl'}}"),
	"a request comes from you or a team that you lead"},
    {ANNA, PUT("{'id':'r','owners':['anna'],'request':{'from':'bob','to':'bob','work':'a'}}"),
	"a request comes from you or a team that you lead"},
    {ANNA, PUT("{'id':'n','request':{'from':'anna','to':'bob','state':'GIVEN'}}"),
	"put.item.request.state: whoever is asked says so"},
    {ANNA, PUT("{'id':'n','request':{'from':'anna','to':'bob','answer':'Yes'}}"),
	"put.item.request.answer"},
    {ANNA, PUT("{'id':'r','request':{'from':'anna','to':'bob','work':'b'}}"), NULL},
    {ANNA, PUT("{'id':'r','request':{'from':'anna','to':'bob','work':'a','state':'WITHDRAWN'}}"),
	NULL},
    {ANNA, PUT("{'id':'r','request':{'from':'anna','to':'bob','work':'a','state':'GIVEN'}}"),
	"put.item.request.state: whoever is asked says so"},
    {ANNA, PUT("{'id':'r','request':{'from':'bob','to':'anna','work':'a'}}"),
	"a request comes from you or a team that you lead"},
    {ANNA, REMOVE("request/r"), NULL},
    {CARL,
	PUT("{'id':'told','request':{'from':'team/cs','to':'anna','state':'REFUSED','answer':'No','"
	    "answered_by':'bob'}}"),
	"who is asked now has not answered"},
    {CARL, PUT("{'id':'told','request':{'from':'team/cs','to':'anna'}}"),
	NULL /* the answer stays behind */},
    {CARL, PUT("{'id':'told','request':{'from':'team/cs','to':'bob'}}"), "put.item.request.answer"},
    /* who is asked */
    {BOB,
	PUT("{'id':'r','request':{'from':'anna','to':'bob','work':'a','state':'GIVEN','answer':'"
	    "Yes','"
	    "answered_by':'bob'}}"),
	NULL},
    {BOB,
	PUT("{'id':'r','request':{'from':'anna','to':'bob','work':'a','state':'REFUSED','"
	    "answered_by':'anna'}}"),
	"you answer as yourself"},
    {BOB, PUT("{'id':'r','request':{'from':'anna','to':'bob','work':'b','state':'GIVEN'}}"),
	"request/r is not yours"},
    {BOB, PUT("{'id':'r','request':{'from':'anna','to':'bob','work':'a','state':'WITHDRAWN'}}"),
	"request.state: whoever asks says so"},
    {BOB, REMOVE("request/r"), "request/r is not yours"},
    {CARL, PUT("{'id':'r','request':{'from':'anna','to':'bob','work':'a','state':'GIVEN'}}"),
	"request/r is not yours"},
};

START_TEST(a_contributor_changes_what_is_theirs)
{
	const struct row *row = &rows[_i];
	struct asked *asked = apply_as(row->who, ACCESS_CONTRIBUTOR, true, row->changes);

	ck_assert_msg((row->refused == NULL) == (asked->status.code == ERR_OK), "%s: %s: %s",
	    row->who, row->changes, asked->status.msg);
	if (row->refused != NULL) {
		assert_has(asked->status.msg, row->refused);
		ck_assert_msg(asked->status.code == ERR_DENIED ||
				  (asked->status.code == ERR_EXISTS &&
				      strcmp(row->refused, "is there already") == 0),
		    "%s: %s", row->changes, err_code_name(asked->status.code));
	}
	asked_free(asked);
	/* All of it is a planner's to do, but redacting and an id that is taken. */
	asked = apply_as("person/root", ACCESS_PLANNER, true, row->changes);
	if (strstr(row->changes, "redact") != NULL)
		ck_assert_int_eq(asked->status.code, ERR_DENIED);
	else
		ck_assert_msg(asked->status.code != ERR_DENIED, "%s", asked->status.msg);
	asked_free(asked);
}
END_TEST

/* What is refused names every bad change, with its path, and changes nothing. */
START_TEST(what_is_refused_changes_nothing)
{
	char *json = quoted("{'change_set':{'changes':[" PUT(
	    "{'id':'a','title':'Mine','owners':['"
	    "anna'],'initiative':{}}") "," PUT("{'id':'b','initiative':{}}") "," REMOVE("task/"
											"bt") "]}"
											      "}");
	const char *text;

	engine.access = ACCESS_CONTRIBUTOR;
	text = engine_error("Plan.Apply", json, ERR_DENIED);
	assert_has(text, "\nchange_set.changes[1].put.item: initiative/b is not yours");
	assert_has(text, "\nchange_set.changes[2].remove.ref: task/bt is not yours");
	assert_lacks(text, "changes[0]");
	engine.access = ACCESS_NONE;
	assert_lacks(engine_reply("Plan.Get", "{\"ref\":\"initiative/a\"}"), "Mine");
	free(json);
}
END_TEST

/* Whatever a name looks like: it must be known for certain. */
START_TEST(a_claim_owns_nothing)
{
	struct asked *asked;

	engine.unverified = true;
	asked = apply_as(ANNA, ACCESS_CONTRIBUTOR, true,
	    PUT("{'id':'a','title':'A','owners':['anna'],'initiative':{}}"));
	engine.unverified = false;
	ck_assert_int_eq(asked->status.code, ERR_DENIED);
	asked_free(asked);
}
END_TEST

START_TEST(an_override_is_a_planners)
{
	char *json = quoted("{'change_set':{'override_reason':'x','changes':[" PUT(
	    "{'id':'a','title':'Mine','owners':['anna'],'initiative':{}}") "]}}");

	engine.access = ACCESS_CONTRIBUTOR;
	assert_has(engine_error("Plan.Apply", json, ERR_DENIED),
	    "change_set.override_reason: only planners");
	engine.access = ACCESS_PLANNER;
	engine_reply("Plan.Apply", json);
	engine.access = ACCESS_NONE;
	free(json);
}
END_TEST

/* A retry is answered as the first time, even where what it was about is nobody's any more. */
START_TEST(a_retry_is_answered_as_the_first_time)
{
	char *json = quoted(
	    "{'change_set':{'idempotency_key':'k','changes':[" REMOVE("milestone/ams") "]}}");

	engine.access = ACCESS_CONTRIBUTOR;
	engine_reply("Plan.Apply", json);
	assert_has(engine_reply("Plan.Apply", json), "\"duplicate\":true");
	engine.access = ACCESS_NONE;
	free(json);
}
END_TEST

START_TEST(a_chain_is_followed_as_deep_as_there_can_be)
{
	char change[400];
	struct asked *asked;

	/* 32 tasks below the initiative: the limit */
	for (int i = 1; i <= 31; i++) {
		snprintf(change, sizeof change,
		    "{'put':{'item':{'id':'d%d','task':{'initiative':'%s%d'}}}}", i,
		    i == 1 ? "initiative/a#" : "task/d", i - 1);
		if (i == 1)
			snprintf(change, sizeof change,
			    "{'put':{'item':{'id':'d1','task':{'initiative':'a'}}}}");
		made("person/root", change);
	}
	asked = apply_as(ANNA, ACCESS_CONTRIBUTOR, true,
	    PUT("{'id':'d31','title':'Deep','task':{'initiative':'task/d30'}}"));
	ck_assert_msg(asked->status.code == ERR_OK, "%s", asked->status.msg);
	asked_free(asked);
}
END_TEST

/* So many tasks of initiative/big, each of which refers to it twice; and one reference more. */
static void
make_big(unsigned tasks)
{
	char *json = malloc(tasks * 200 + 400);
	size_t len = (size_t)sprintf(json, "{'change_set':{'changes':[%s",
	    PUT("{'id':'big','owners':['anna'],'initiative':{}}"));
	struct asked *asked;
	char *text;

	for (unsigned i = 0; i < tasks; i++)
		len += (size_t)sprintf(json + len,
		    "," PUT("{'id':'b%u','links':[{'to':'initiative/"
			    "big'}],'task':{'initiative':'big'}}"),
		    i);
	sprintf(json + len, "]}}");
	text = quoted(json);
	asked = engine_ask("Plan.Apply", text);
	ck_assert_msg(asked->status.code == ERR_OK, "%s", asked->status.msg);
	asked_free(asked);
	free(text);
	free(json);
}

START_TEST(no_more_than_so_many_references_are_looked_at)
{
	struct asked *asked;

	make_big(LIMIT_CHANGES / 2 - 1);
	made("person/root", PUT("{'id':'nobodys','links':[{'to':'initiative/"
				"big'}],'initiative':{'after':['big']}}"));
	asked = apply_as(ANNA, ACCESS_CONTRIBUTOR, true, CASCADE("initiative/big"));
	ck_assert_msg(asked->status.code == ERR_OK, "%s", asked->status.msg);
	asked_free(asked);
	/* One reference more than that. */
	made("person/root", PUT("{'id':'b','owners':['bob'],'initiative':{'after':['big']}}"));
	asked = apply_as(ANNA, ACCESS_CONTRIBUTOR, true, CASCADE("initiative/big"));
	ck_assert_int_eq(asked->status.code, ERR_DENIED);
	assert_has(asked->status.msg, "more than 10000 references would have to be looked at");
	asked_free(asked);
	asked = apply_as(ANNA, ACCESS_PLANNER, true, CASCADE("initiative/big"));
	ck_assert_msg(asked->status.code == ERR_OK, "%s", asked->status.msg);
	asked_free(asked);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ownership");
	TCase *tc = tcase_create("apply");

	tcase_add_checked_fixture(tc, setup, engine_fini);
	tcase_add_loop_test(
	    tc, a_contributor_changes_what_is_theirs, 0, (int)(sizeof rows / sizeof rows[0]));
	tcase_add_test(tc, what_is_refused_changes_nothing);
	tcase_add_test(tc, a_claim_owns_nothing);
	tcase_add_test(tc, an_override_is_a_planners);
	tcase_add_test(tc, a_retry_is_answered_as_the_first_time);
	tcase_add_test(tc, no_more_than_so_many_references_are_looked_at);
	tcase_add_test(tc, a_chain_is_followed_as_deep_as_there_can_be);
	suite_add_tcase(suite, tc);
	engine_unused();
	return engine_run(suite);
}
