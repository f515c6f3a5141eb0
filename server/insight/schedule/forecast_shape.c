/* What durations are like: the exact quantiles of estimates, and their tables. */
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "server/insight/schedule/forecast_internal.h"

#define SQRT_2PI 2.50662827463100050242
/* The z that nine in ten lie below. */
#define Z_90 1.28155156554460046697

/* Phi. */
static double
normal_below(double z)
{
	return 0.5 * erfc(-z * M_SQRT1_2);
}

/*
 * The z that p, at most a half, lies below; close: any z, better one near it. Newton's method on the logarithm, which is concave:
 * after the first step it comes up to the root from below and cannot pass it.
 */
static double
normal_quantile(double p, double close)
{
	double z = close;

	for (int i = 0; i < 60; i++) {
		double below = normal_below(z);
		double step = log(p / below) * below * SQRT_2PI * exp(z * z / 2);

		z += step;
		if (fabs(step) < 1e-12 * (1 + fabs(z)))
			break;
	}
	return z;
}

static pthread_once_t normal_once = PTHREAD_ONCE_INIT;
static float normal[NORMAL_KNOTS];

static void
work_out_normal(void)
{
	double z = -6.4;

	for (uint32_t k = 0; k < NORMAL_KNOTS - 1; k++) {
		double at = ldexp(1 + (double)(k & ((1u << NORMAL_BITS) - 1)) / (1 << NORMAL_BITS),
		    (int)(k >> NORMAL_BITS) - 1);

		z = normal_quantile(ldexp(at, -32), z);
		normal[k] = (float)z;
	}
}

void
normal_knots(float knots[NORMAL_KNOTS])
{
	pthread_once(&normal_once, work_out_normal);
	memcpy(knots, normal, sizeof normal);
}

/* ---- beta */

/* The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method. */
static double
beta_fraction(double x, double a, double b)
{
	const double tiny = 1e-300;
	double c = 1, d = 1 / fmax(1 - (a + b) * x / (a + 1), tiny), f = d;

	for (int m = 1; m < 200; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double change;

		d = 1 / (1 + even * d);
		c = 1 + even / c;
		f *= c * d;
		d = 1 / (1 + odd * d);
		c = 1 + odd / c;
		change = c * d;
		f *= change;
		if (fabs(change - 1) < 1e-14)
			break;
	}
	return f;
}

/* log of the beta function; lgamma() itself leaves a sign where other threads see it. */
static double
beta_log(double a, double b)
{
	int sign;

	return lgamma_r(a, &sign) + lgamma_r(b, &sign) - lgamma_r(a + b, &sign);
}

static double
beta_below(double x, double a, double b, double log_beta)
{
	double front = exp(a * log(x) + b * log1p(-x) - log_beta);

	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(x, a, b) / a;
	return 1 - front * beta_fraction(1 - x, b, a) / b;
}

/* As normal_quantile(): from a start that is not above the root. */
static double
beta_quantile(double p, double a, double b, double log_beta, double start)
{
	double x = start;

	for (int i = 0; i < 60; i++) {
		double below = beta_below(x, a, b, log_beta);
		double density = exp((a - 1) * log(x) + (b - 1) * log1p(-x) - log_beta);
		double step = log(p / below) * below / density;

		x = fmin(x + step, 1 - 1e-16);
		if (fabs(step) < 1e-13 * x)
			break;
	}
	return x;
}

/* The quantile between 0 and 1 with the mode at m; last: one of a smaller p, or 0. */
static double
pert_quantile(double p, double m, double last)
{
	double a = 1 + 4 * m, b = 1 + 4 * (1 - m), log_beta = beta_log(a, b);

	/* Below the root: the density is at most x^(a - 1) / B. */
	if (last <= 0)
		last = exp((log(p) + log(a) + log_beta) / a);
	return beta_quantile(p, a, b, log_beta, last);
}

static double
triangular_quantile(double p, double m)
{
	return p <= m ? sqrt(p * m) : 1 - sqrt((1 - p) * (1 - m));
}

/* ---- all */

/* Times the median: what is wider than anything real stays a number. */
#define LOGNORMAL_MOST 1e9

static double
empirical_quantile(const struct shape *shape, double p, bool above)
{
	double at = (shape->ratios_count - 1) * p;
	uint32_t i = (uint32_t)at;
	uint32_t last = shape->ratios_count - 1;
	uint32_t j = i < last ? i + 1 : last;
	double a = shape->ratios[above ? last - i : i];

	return a + (at - i) * (shape->ratios[above ? last - j : j] - a);
}

/*
 * Where so much lies below, or above; p at most a half. Two-sided shapes are turned round for what lies above, so that small p are
 * as good there. Last: the quantile of a smaller p on the same side, or 0 (of a shape that is turned round: as it is then).
 */
static double
shape_quantile(const struct shape *shape, double p, double z, bool above, double *last)
{
	double m = above ? 1 - shape->parameter : shape->parameter;

	switch (shape->kind) {
	case FORECAST_TRIANGULAR:
		*last = triangular_quantile(p, m);
		return above ? 1 - *last : *last;
	case FORECAST_PERT:
		*last = pert_quantile(p, m, *last);
		return above ? 1 - *last : *last;
	case FORECAST_LOGNORMAL:
		return fmin(exp(shape->parameter * z), LOGNORMAL_MOST);
	case FORECAST_EMPIRICAL:
		return empirical_quantile(shape, p, above);
	case FORECAST_FIXED:
		break;
	}
	return 0;
}

void
shape_split(
    const struct forecast_estimate *estimate, struct shape *shape, double *offset, double *scale)
{
	*shape = (struct shape){.kind = estimate->shape};
	*offset = 0;
	*scale = estimate->likely;
	switch (estimate->shape) {
	case FORECAST_TRIANGULAR:
	case FORECAST_PERT:
		*offset = estimate->low;
		*scale = estimate->high - estimate->low;
		if (*scale > 0)
			shape->parameter = (estimate->likely - estimate->low) / *scale;
		break;
	case FORECAST_LOGNORMAL:
		shape->parameter = log(estimate->high / estimate->likely) / Z_90;
		break;
	case FORECAST_EMPIRICAL:
		shape->ratios = estimate->ratios;
		shape->ratios_count = estimate->ratios_count;
		break;
	case FORECAST_FIXED:
		*offset = estimate->likely;
		*scale = 0;
		break;
	}
	if (*scale <= 0)
		shape->kind = FORECAST_FIXED;
}

static void
work_out_knots(const struct shape *shape, float knots[SHAPE_KNOTS])
{
	double last[2] = {0, 0};

	for (uint32_t k = 0; k <= SHAPE_KNOTS / 2; k++) {
		double z = SHAPE_REACH * ((double)k / (SHAPE_KNOTS / 2) - 1);
		double p = normal_below(z);

		knots[k] = (float)shape_quantile(shape, p, z, false, &last[0]);
		knots[SHAPE_KNOTS - 1 - k] = (float)shape_quantile(shape, p, -z, true, &last[1]);
	}
}

/*
 * Tables of beta shapes, which take longest, by their one parameter: a check of the past forecasts the same estimates for each of its
 * days. What is kept is what would be worked out.
 */
#define KEPT_BITS 7u

static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	bool is_there;
	double parameter;
	float knots[SHAPE_KNOTS];
} kept[1u << KEPT_BITS];

void
shape_knots(const struct shape *shape, float knots[SHAPE_KNOTS])
{
	uint64_t bits;
	size_t at;
	bool found = false;

	if (shape->kind != FORECAST_PERT) {
		work_out_knots(shape, knots);
		return;
	}
	memcpy(&bits, &shape->parameter, sizeof bits);
	at = (size_t)(bits * UINT64_C(0x9e3779b97f4a7c15) >> (64 - KEPT_BITS));
	pthread_mutex_lock(&kept_lock);
	found = kept[at].is_there && memcmp(&kept[at].parameter, &bits, sizeof bits) == 0;
	if (found)
		memcpy(knots, kept[at].knots, sizeof kept[at].knots);
	pthread_mutex_unlock(&kept_lock);
	if (found)
		return;
	work_out_knots(shape, knots);
	pthread_mutex_lock(&kept_lock);
	kept[at].is_there = true;
	kept[at].parameter = shape->parameter;
	memcpy(kept[at].knots, knots, sizeof kept[at].knots);
	pthread_mutex_unlock(&kept_lock);
}

double
forecast_quantile(const struct forecast_estimate *estimate, double u)
{
	struct shape shape;
	double offset, scale, last = 0;
	double p = u <= 0.5 ? u : 1 - u, z = 0;

	shape_split(estimate, &shape, &offset, &scale);
	if (shape.kind == FORECAST_LOGNORMAL)
		z = normal_quantile(p, -1);
	return offset + scale * shape_quantile(&shape, p, u <= 0.5 ? z : -z, u > 0.5, &last);
}

static bool
check_ratios(const struct forecast_estimate *estimate, struct err *err)
{
	if (estimate->ratios_count == 0)
		return err_set(err, ERR_INVALID, "there is no finished work to learn from");
	for (uint32_t i = 0; i < estimate->ratios_count; i++)
		if (!(estimate->ratios[i] >= 0 && estimate->ratios[i] <= FORECAST_RATIO_MAX))
			return err_set(err, ERR_INVALID,
			    "ratio %g of actual to estimate is not between 0 and %g",
			    estimate->ratios[i], FORECAST_RATIO_MAX);
	return true;
}

bool
forecast_estimate_check(const struct forecast_estimate *estimate, struct err *err)
{
	double low = estimate->low, likely = estimate->likely, high = estimate->high;

	if (!(likely >= 0 && likely <= FORECAST_DAYS_MAX))
		return err_set(
		    err, ERR_INVALID, "%g is not between 0 and %g", likely, FORECAST_DAYS_MAX);
	if (estimate->shape == FORECAST_FIXED)
		return true;
	if (estimate->shape == FORECAST_EMPIRICAL)
		return check_ratios(estimate, err);
	if (!(high >= likely && high <= FORECAST_DAYS_MAX))
		return err_set(err, ERR_INVALID,
		    "%g, the highest, is not between %g, the likely, and %g", high, likely,
		    FORECAST_DAYS_MAX);
	if (estimate->shape == FORECAST_LOGNORMAL)
		return likely > 0 || high <= 0 ||
		       err_set(err, ERR_INVALID, "a median of 0 has no quantiles above");
	if (!(low >= 0 && low <= likely))
		return err_set(err, ERR_INVALID,
		    "%g, the lowest, is not between 0 and %g, the likely", low, likely);
	return true;
}
