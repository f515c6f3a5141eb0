/* plumb check --trend: findings and score at the ends of days. */
#ifndef CLIENT_TREND_H
#define CLIENT_TREND_H

struct args;
struct context;

/* Answers the exit code. */
int trend_run(struct context *ctx, const struct args *args);

#endif
