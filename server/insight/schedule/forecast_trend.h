/*
 * The trend of a measure and how sure it is: where the values of the past go on in a straight line, what is the value on a day?
 *
 * Least squares through the newest values y at days x: slope b = Sxy / Sxx, prediction at d: mean(y) + b (d - mean(x)), with the
 * standard error s sqrt(1 + 1/n + (d - mean(x))^2 / Sxx), s^2 = sum of squared residuals / (n - 2). (Value - prediction) / error has
 * Student's t distribution with n - 2 degrees of freedom (Draper & Smith, Applied Regression Analysis, 3rd ed., 1998, 1.4 and 3.1).
 */
#ifndef SERVER_INSIGHT_SCHEDULE_FORECAST_TREND_H
#define SERVER_INSIGHT_SCHEDULE_FORECAST_TREND_H

#include <stdbool.h>
#include <stdint.h>

#include "server/insight/check/aim.h"

#define TREND_POINTS 12u /* of the newest values; what was before is another time */
#define TREND_LEAST  4u  /* values, on at least three days */
#define TREND_AHEAD  2 /* times as long as the values reach back: no trend is believed for longer */

struct forecast_trend {
	uint32_t points;
	double slope; /* a day */
	double expected;
	double error;
	unsigned freedom;
};

struct forecast_chance {
	double chance;   /* NAN: unknown */
	const char *why; /* it is unknown, or certain; NULL. Static */
	struct forecast_trend trend;
};

/* Of that many values in order of time; false: they are too few. */
bool forecast_trend(
    const struct point *points, uint32_t count, int32_t day, struct forecast_trend *out);
/* The part of Student's t distribution below t (Abramowitz & Stegun 26.7.3 and 26.7.4). */
double forecast_student(double t, unsigned freedom);
/* That the measure is where the aim wants it on its due date; that date where the aim states none. */
struct forecast_chance forecast_aim(const struct index *ix, const struct aim *aim, int32_t due);

#endif
