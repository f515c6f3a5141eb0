#include "server/insight/schedule/forecast_trend.h"

#include <math.h>
#include <stddef.h>

static bool
on_three_days(const struct point *points, uint32_t count)
{
	unsigned days = 1;

	for (uint32_t i = 1; i < count; i++)
		days += points[i].date != points[i - 1].date;
	return days >= 3;
}

bool
forecast_trend(const struct point *points, uint32_t count, int32_t day, struct forecast_trend *out)
{
	double n, x = 0, y = 0, sxx = 0, sxy = 0, rest = 0, ahead;

	if (count > TREND_POINTS) {
		points += count - TREND_POINTS;
		count = TREND_POINTS;
	}
	*out = (struct forecast_trend){.points = count};
	if (count < TREND_LEAST || !on_three_days(points, count))
		return false;
	n = count;
	for (uint32_t i = 0; i < count; i++) {
		x += points[i].date / n;
		y += points[i].value / n;
	}
	for (uint32_t i = 0; i < count; i++) {
		sxx += (points[i].date - x) * (points[i].date - x);
		sxy += (points[i].date - x) * (points[i].value - y);
	}
	out->slope = sxy / sxx;
	for (uint32_t i = 0; i < count; i++) {
		double off = points[i].value - y - out->slope * (points[i].date - x);

		rest += off * off;
	}
	ahead = day - x;
	out->expected = y + out->slope * ahead;
	out->freedom = count - 2;
	out->error = sqrt(rest / (n - 2)) * sqrt(1 + 1 / n + ahead * ahead / sxx);
	return true;
}

double
forecast_student(double t, unsigned freedom)
{
	double theta = atan(t / sqrt(freedom));
	double square = cos(theta) * cos(theta);
	double term, sum, within; /* between -t and t */

	if (freedom % 2 == 1) {
		term = sum = freedom > 1 ? cos(theta) : 0;
		for (unsigned k = 3; k < freedom; k += 2)
			sum += term *= square * (k - 1) / k;
		within = (theta + sin(theta) * sum) * M_2_PI;
	} else {
		term = sum = 1;
		for (unsigned k = 2; k < freedom; k += 2)
			sum += term *= square * (k - 1) / k;
		within = sin(theta) * sum;
	}
	return 0.5 + within / 2;
}

/* The part of the values that a trend makes likely below one. */
static double
below(const struct forecast_trend *trend, double value)
{
	if (trend->error > 0)
		return forecast_student((value - trend->expected) / trend->error, trend->freedom);
	return value < trend->expected ? 0 : 1;
}

static double
within_aim(const struct forecast_trend *trend, const struct aim *aim)
{
	switch (aim->direction) {
	case DIRECTION_UP:
		return trend->error > 0 ? 1 - below(trend, aim->target)
					: trend->expected >= aim->target;
	case DIRECTION_DOWN:
		return below(trend, aim->target);
	default:
		return trend->error > 0
			   ? below(trend, aim->high) - below(trend, aim->low)
			   : trend->expected >= aim->low && trend->expected <= aim->high;
	}
}

static bool
is_there(const struct aim *aim, double value)
{
	const struct forecast_trend is = {.expected = value};

	return within_aim(&is, aim) > 0;
}

static const char *
lacks(const struct aim *aim)
{
	if (aim->direction == DIRECTION_UNKNOWN)
		return "nobody says whether more or less of it is better";
	if (aim->direction == DIRECTION_HOLD ? !aim->has_range : isnan(aim->target))
		return aim->in_words ? "its target is in words" : "it has no target";
	return NULL;
}

struct forecast_chance
forecast_aim(const struct index *ix, const struct aim *aim, int32_t due)
{
	const struct series *series = index_series(ix, aim->measure);
	uint32_t count = series != NULL ? series->actuals_count : 0;
	struct forecast_chance out = {.chance = NAN, .why = lacks(aim)};
	const struct point *points;

	if (out.why == NULL && due == DATE_NONE)
		out.why = "nobody says by when";
	if (out.why != NULL)
		return out;
	points = count > 0 ? series->actuals : NULL;
	out.trend.points = count < TREND_POINTS ? count : TREND_POINTS;
	if (count > 0 && points[count - 1].date >= due) {
		const struct point *last = series_until(series, due);

		/* Measured on the day, or on both sides of it: nothing is left to chance. */
		last = last != NULL ? last : &points[0];
		out.chance = is_there(aim, last->value);
		out.trend.expected = last->value;
		out.why = "it was measured";
		return out;
	}
	if (!forecast_trend(points, count, due, &out.trend)) {
		out.why = "it has fewer than four values, or on fewer than three days";
		return out;
	}
	points += count - out.trend.points;
	if (due - points[out.trend.points - 1].date >
	    TREND_AHEAD * (points[out.trend.points - 1].date - points[0].date)) {
		out.why = "its values reach back too short a time for a trend up to that day";
		return out;
	}
	out.chance = within_aim(&out.trend, aim);
	return out;
}
