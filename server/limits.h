/*
 * Every limit on what a peer or file can make grow, in one place, with its reason. docs/PROTOCOL.md lists them
 * for users; tests hold each at n and n + 1.
 */
#ifndef SERVER_LIMITS_H
#define SERVER_LIMITS_H

/* ttrpc's own ceiling; a larger message is split by its sender (pages, several change sets). */
#define LIMIT_FRAME_BODY (4u << 20)
/* One call's memory: a 4 MiB request decodes into at most about 6 times its size. */
#define LIMIT_CALL_ARENA (48u << 20)
/* Nested messages decode by recursion; our messages nest at most 6 deep. */
#define LIMIT_CHANGES        10000u
#define LIMIT_CALLS_PER_CONN 1024u
/* HTTP/2: nghttp2 keeps as many closed streams (0.3 KiB each), to tell a peer that it goes on after their end. */
#define LIMIT_STREAMS     256u
#define LIMIT_CONNECTIONS 16384u
/* Running at once in the whole daemon, watchers included: each has an arena of a few KiB at least. */
#define LIMIT_CALLS 131072u
/* Output that a peer doesn't read: reading from it stops above this. */
#define LIMIT_OUTPUT_HIGH (1u << 20)
/* A stream without credit is ended above this (a stock ttrpc peer cannot say how much it takes). */
#define LIMIT_STREAM_OUTPUT (8u << 20)
/* A large reply to a caller that has this much unread is replaced by an error; small ones always go out. */
#define LIMIT_OUTPUT_MAX  (32u << 20)
#define LIMIT_REPLY_SMALL (64u << 10)
/* All connections' unfinished requests, and all their unread replies: what peers can make us hold. */
#define LIMIT_INPUT_TOTAL  (512u << 20)
#define LIMIT_OUTPUT_TOTAL (1024u << 20)
#define LIMIT_UNDECIDED_MS 10000
/* A request whose next byte doesn't come, or output that nobody takes. */
#define LIMIT_STALLED_MS 60000
/* After our last byte, how long we wait for the peer to close. */
#define LIMIT_LINGER_MS 1000
/* And how much of what it still says we read meanwhile. */
#define LIMIT_IGNORED        (4u << 20)
#define LIMIT_METADATA       (16u << 10)
#define LIMIT_METADATA_COUNT 64u
/* HTTP/2: a request's header list as RFC 9113 counts it (tokens are long), and its fields. */
#define LIMIT_HEADERS       (16u << 10)
#define LIMIT_HEADER_FIELDS 128u
/* PING, SETTINGS, PRIORITY and empty DATA frames a second: callers that measure round trips send some, floods more. */
#define LIMIT_CHEAP_FRAMES 1000u
/* HTTP/1.1: a body is a message, or one in its envelope. */
#define LIMIT_HTTP_BODY (LIMIT_FRAME_BODY + 5u)
/* Objects, lists and members of a body in JSON: each takes up to 250 bytes and 1 us of the loop until it is a message. */
#define LIMIT_JSON_VALUES (256u << 10)
/* A request comes whole in this time, and a second more for each 16 KiB of its body that came: slow ones hold a connection. */
#define LIMIT_HTTP_REQUEST_MS 10000
#define LIMIT_HTTP_BODY_PACE  (16u << 10)
/* Between requests; those who scrape every minute keep their connection. */
#define LIMIT_HTTP_IDLE_MS 75000
/* Pages that may call: scheme, host (253) and port. */
#define LIMIT_ORIGIN  280u
#define LIMIT_ORIGINS 64u
/* A call's replies that are not yet frames: its handler waits above this. */
#define LIMIT_STREAM_QUEUE (256u << 10)

/* Tokens that are not revoked; each is half a KiB of the daemon's memory. */
#define LIMIT_TOKENS           10000u
#define LIMIT_TOKEN_WORKSPACES 100u
/* Refusals of wrong tokens that are held back, for an address and for all: more are answered at once. */
#define LIMIT_HELD_PER_SOURCE 16u
#define LIMIT_HELD            1024u

/* Text fields: ids as common/parse.h; a title fits a table, a description a page or two. */
#define LIMIT_TITLE      500u
#define LIMIT_TEXT       65536u
#define LIMIT_LIST       1000u /* elements of a repeated field of an item */
#define LIMIT_ITEM_BYTES (256u << 10)
#define LIMIT_KEY        128u
#define LIMIT_SOURCE     200u
#define LIMIT_AUTHOR     95u
#define LIMIT_OVERRIDE   1000u              /* the reason of an override */
#define LIMIT_EFFORT     INT64_C(100000000) /* a million person-days */
#define LIMIT_LAG_DAYS   3660 /* between prerequisites, and what a task lasts: ten years */
#define LIMIT_RATING     1000 /* of a customer: scales in use end at 10 or 100 */
#define LIMIT_DEPTH      32u  /* parents above an item; also bounds the walk that refuses cycles */
#define LIMIT_RANKED     100000u   /* placing copies the list: 1.6 MB at most */
#define LIMIT_ENTRIES    20000000u /* per workspace, tombstones included */
#define LIMIT_WORKSPACES 10000u
/*
 * Scenarios: their change sets are kept in memory, and laid on the plan by the loop for whoever asks: 5 us a change; a place copies the
 * order, 100 us where LIMIT_RANKED are. What one holds can be applied as one change set, with what its items were.
 */
#define LIMIT_SCENARIOS          50u
#define LIMIT_SCENARIO_CHANGES   2000u
#define LIMIT_SCENARIO_BYTES     (2u << 20)
#define LIMIT_SCENARIO_CONFLICTS 1000u /* listed; all are counted */
#define LIMIT_WHATIF_SCENARIOS                                                                     \
	20u /* compared at once: laid in one turn of the loop, 200 ms at most */
/* Slots of a plan times itself and the scenarios that a check holds it against: a check stays one that people wait for. */
#define LIMIT_FRAGILE_ENTRIES 40000u

#define LIMIT_PAGE     1000u
#define LIMIT_FILTER   4096u
#define LIMIT_NAMES    1000u /* that one question is about: each may lead to a whole team or tree */
#define LIMIT_FINDINGS 100000u /* per check; the summary still counts all */
/*
 * What checks found, kept for whoever asks the same: how many, and the slots of their plans together, 200 bytes each with what is found. Of
 * the same plan there is one for each day and baseline.
 */
#define LIMIT_CHECKS_KEPT       8u
#define LIMIT_CHECKS_KEPT_SLOTS 2000000u
#define LIMIT_COMPARED          1000000u /* on either side of a comparison: 100 MB at most */
/* Entries around a change that rules are asked about before it is taken, on the loop: as much as the largest change set. */
#define LIMIT_AROUND   20000u
#define LIMIT_REFUSALS 100u /* findings that a refusal lists */
#define LIMIT_JOBS     256u /* analyses waiting or running */
/* What one caller, and one workspace, may have of the daemon (settings; 0 none): a fraction, so that others find room. */
#define LIMIT_CALLS_PER_CALLER       32768u
#define LIMIT_ANALYSES_PER_CALLER    64u
#define LIMIT_RATE_PER_CALLER        20000u /* 50 us each: most of the loop is left to others */
#define LIMIT_MEBIBYTES_PER_CALLER   256u
#define LIMIT_CALLS_PER_WORKSPACE    65536u
#define LIMIT_ANALYSES_PER_WORKSPACE 128u
/* Callers that are told apart; the rest share one allowance. 300 bytes each, for a minute. */
#define LIMIT_CALLERS 65536u
/* Groups of customers: 20 MB of ratings, and some seconds; pairs of a group and a stated segment that are told. */
#define LIMIT_SEGMENTS_CUSTOMERS 100000u
#define LIMIT_SEGMENTS_QUESTIONS 50u
#define LIMIT_SEGMENTS_OVERLAPS  1000u
/* Building blocks of a maturity model: one page. */
#define LIMIT_MATURITY_BLOCKS 100u
#define LIMIT_TRACE_NODES     20000u
/* Answers about customers. Of each kind of thing at a step: more than anybody reads there; so eight steps fit a message. */
#define LIMIT_JOURNEY_LIST 50u
#define LIMIT_JOURNEY_CHANGES                                                                      \
	200u /* steps that differ from the journey to be: they go out in one message */
#define LIMIT_ECOSYSTEM_SUPPORTS 200u /* of one segment at one step */
/*
 * The book of the customer room: segments, and journeys of segments, that are told; what is listed of each kind: more than anybody reads in
 * one. So that a segment, and the book, fit a message.
 */
#define LIMIT_ROOM_SEGMENTS 100u
#define LIMIT_ROOM_PATHS    200u
#define LIMIT_ROOM_LIST     20u
#define LIMIT_ROOM_NOTES    50u
/* An agenda: what a meeting reads of changes, open points and findings; the totals say how much there is. */
#define LIMIT_AGENDA_CHANGES  200u
#define LIMIT_AGENDA_POINTS   200u
#define LIMIT_AGENDA_FINDINGS 50u
/* How far ahead standing meetings are listed: three years, at most one a day. */
#define LIMIT_MEETING_DAYS 1100u
/* Days of the past that a trend covers: three years, a check each. */
#define LIMIT_TREND_DAYS 1100u
/* Stretches of days in which findings stood: 32 bytes each, 64 MiB. */
#define LIMIT_TREND_STRETCHES (2u << 20)
/* How far back a check looks for the day since when a finding has been there, and its days times entries. */
#define LIMIT_SINCE_DAYS     400
#define LIMIT_SINCE_DAYS_MIN 7
#define LIMIT_SINCE_ENTRIES  10000000u
#define LIMIT_WATCHERS       16384u
/* Lines of the audit file that wait for the disk, 1 KiB each: what 100 ms may bring. */
#define LIMIT_AUDIT_QUEUE 8192u
#define LIMIT_AUDIT_TEXT  400u /* bytes of what an event is about, and of its outcome */
/* Entries of one list, over all its pages, above which reading it is written down. */
#define LIMIT_AUDIT_ROWS 1000u
/* A file is begun anew above this: small enough to be read through at leisure. */
#define LIMIT_AUDIT_FILE (64u << 20)
/* The log learns of the audit file's head at least so often: each is an entry. */
#define LIMIT_AUDIT_ANCHOR_US    (INT64_C(600) * 1000000)
#define LIMIT_AUDIT_ANCHOR_LINES 1000u
/* Webhooks: each holds a connection of the sender, and a watcher. */
#define LIMIT_WEBHOOKS              1000u
#define LIMIT_WEBHOOKS_OF_WORKSPACE 50u
#define LIMIT_WEBHOOK_ID            40u
#define LIMIT_WEBHOOK_URL           2000u
#define LIMIT_WEBHOOK_ERROR         120u
/* Kept in one entry, which is at most LIMIT_ITEM_BYTES. */
#define LIMIT_DEAD_LETTERS 1000u
/* Idempotency keys are kept this long. */
#define LIMIT_KEY_AGE_US (INT64_C(7) * 86400 * 1000000)
#define LIMIT_KEYS       8000000u

/*
 * The plain scheduling problem. A schedule takes time in activities and prerequisites; durations are laid slot by slot, of 8
 * bytes for 4 resources; the search holds at most 256 MiB of schedules.
 */
#define LIMIT_RCPSP_ACTIVITIES                                                                     \
	20000u /* those that can be next are looked at one by one: a schedule is below a second */
#define LIMIT_RCPSP_RESOURCES 64u
#define LIMIT_RCPSP_ARCS      4000000u
#define LIMIT_RCPSP_HORIZON                                                                        \
	(1 << 22) /* sum of durations: 1 GiB at most with all resources, as far as used */
#define LIMIT_RCPSP_SCHEDULES 100000000u
#define LIMIT_RCPSP_BYTES     (64u << 20) /* of a file with one */

/*
 * A schedule of the plan: a hundred years of days; a million pieces of work, 200 bytes each; a number for each team or person and day,
 * twice, 512 MiB at most.
 */
#define LIMIT_SCHEDULE_DAYS  36600
#define LIMIT_SCHEDULE_WORK  1000000u
#define LIMIT_SCHEDULE_ARCS  4000000u
#define LIMIT_SCHEDULE_POOLS 4000000u /* in all pools of needs by skill */
#define LIMIT_SCHEDULE_CELLS (64u << 20)
#define LIMIT_SCHEDULE_TRIES 100000u
/* Of a plan's forecast: more draws say nothing more; ends of what is told, 128 MiB for each of two modes. */
#define LIMIT_PLAN_FORECAST_DRAWS_LEAST 100u
#define LIMIT_PLAN_FORECAST_DRAWS       100000u
#define LIMIT_PLAN_FORECAST_ENDS        (32u << 20)
/* With every number of every draw in the answer: 8 bytes a piece of work and draw. */
#define LIMIT_PLAN_FORECAST_SAMPLES 1000u

/*
 * A forecast: an activity takes 64 bytes a thread while 16 draws are made, a shape of durations 2 KiB and a millisecond; of
 * dates that are asked for each draw is kept, 256 MiB at most.
 */
#define LIMIT_FORECAST_ACTIVITIES 1000000u
#define LIMIT_FORECAST_ARCS       4000000u
#define LIMIT_FORECAST_SHAPES     20000u
#define LIMIT_FORECAST_DRAWS      1000000u
#define LIMIT_FORECAST_CELLS      (64u << 20)

/*
 * Moves: what lists of changes are made of; and the pieces of work that are laid for one question, in all schedules and orders together: some
 * ten seconds.
 */
#define LIMIT_MOVES_CANDIDATES 20000u
#define LIMIT_MOVES_WORK       UINT64_C(25000000)
#define LIMIT_MOVES_WAYS       20u /* told */

/* How far back the mirror looks for measurements and check-ins: ten years. */
#define LIMIT_MIRROR_DAYS 3660u

/* Initiatives that end late for which lending is tried, by scheduling anew: LIMIT_MOVES_WORK is divided between them. */
#define LIMIT_INFLIGHT_TARGETS 10u
/* People who are tried for one of them: each takes some schedules. */
#define LIMIT_INFLIGHT_PEOPLE 100u

/* Items that rest on one, in one answer; and how late it may be: ten years. */
#define LIMIT_IMPACT_NODES 20000u
#define LIMIT_IMPACT_DAYS  3660u
/* Items and references that the rule impact/exposed looks at, from one start after the other: a fifth of a second. */
#define LIMIT_IMPACT_LOOKS 4000000u

/* Changes that one answer tells, each with who made it: some 30 MiB. */
#define LIMIT_DRIFT_CHANGES 100000u

/* What one person answers to a round, and what its answers have in common: an order of 300 names of 100 bytes, twice. */
#define LIMIT_ANSWER 65536u

/* Ballots: more objectives nobody puts in an order; as many leaders as a large company has people who lead. */
#define LIMIT_BALLOT_OBJECTIVES 300u
#define LIMIT_BALLOTS           20000u
/* Pairs of objectives told of a round; and places of leaders by name, or pairs of leaders of two rounds, that are looked at. */
#define LIMIT_CONCORD_PAIRS  1000u
#define LIMIT_CONCORD_PLACES 100000u

#endif
