/* ab.c - paired ratios of two sides */
#include "ab.h"

#include "series.h"
#include "table.h"
#include "units.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* In time per operation: the ratio of rates is turned round. */
static double pair_ratio(const struct ab *ab, size_t cell, size_t invocation)
{
	const double a = summary_value(ab->a, cell, invocation);
	const double b = summary_value(ab->b, cell, invocation);
	const bool rate = cell_workload(&ab->selection->cell[cell])->shape->rate;

	if (!(a > 0) || !(b > 0))
		return NAN;
	return rate ? a / b : b / a;
}

struct stats_ratio ab_ratio(const struct ab *ab, size_t cell)
{
	const size_t invocations = summary_invocations(ab->a);
	struct series ratios = {0};
	struct stats_ratio out;

	for (size_t i = 0; i < invocations; i++) {
		const double ratio = pair_ratio(ab, cell, i);

		if (!isnan(ratio))
			series_push(&ratios, ratio);
	}
	out = stats_paired(ratios.value, ratios.count);
	series_free(&ratios);
	return out;
}

static double half_width(const struct stats_ratio *ratio)
{
	return (ratio->high - ratio->low) / 2 / ratio->estimate;
}

double ab_floor(const struct ab *ab)
{
	struct series widths = {0};
	double median;

	for (size_t i = 0; i < ab->selection->asked; i++) {
		const struct stats_ratio ratio = ab_ratio(ab, i);

		if (!isnan(ratio.low))
			series_push(&widths, half_width(&ratio));
	}
	median = series_median(&widths);
	series_free(&widths);
	return median;
}

static const char *verdict(const struct stats_ratio *ratio)
{
	if (ratio->high < 1)
		return "faster";
	return ratio->low > 1 ? "slower" : "";
}

static size_t needed(const struct stats_ratio *ratio)
{
	return isnan(ratio->low)
		       ? 0
		       : stats_needed(ratio->count, 2 * half_width(ratio), summary_wide_ratio);
}

enum { QUANTITY = 10, RATIO = 9, INTERVAL = 16 };

static void print_row(const struct ab *ab, size_t cell, FILE *out)
{
	const struct line a = summary_line(ab->a, cell), b = summary_line(ab->b, cell);
	const char *unit = cell_workload(&ab->selection->cell[cell])->shape->unit;
	const struct stats_ratio ratio = ab_ratio(ab, cell);
	char text[UNITS_TEXT], low[UNITS_TEXT], high[UNITS_TEXT];

	units_column(out, QUANTITY, units_quantity(a.median, unit, text));
	units_column(out, QUANTITY, units_quantity(b.median, unit, text));
	units_column(out, RATIO, units_ratio(ratio.estimate, text));
	text[0] = '\0';
	if (!isnan(ratio.low))
		snprintf(text, sizeof(text), "%.32s – %.32s", units_ratio(ratio.low, low),
			units_ratio(ratio.high, high));
	units_column(out, INTERVAL, text);
	fprintf(out, "  %-6s", verdict(&ratio));
	if (needed(&ratio))
		fprintf(out, "  UNSETTLED +%zu", needed(&ratio));
	if (a.two_modes || b.two_modes)
		fprintf(out, "  two modes in %s", a.two_modes ? "A" : "B");
	if (a.failed + b.failed + a.cut + b.cut)
		fprintf(out, "  windows lost: %zu of A, %zu of B", a.failed + a.cut,
			b.failed + b.cut);
	fputc('\n', out);
}

static int indent(const struct ab *ab)
{
	char name[CELL_NAME];
	int widest = 24;

	for (size_t i = 0; i < ab->selection->asked; i++) {
		const int length = (int)strlen(cell_name(&ab->selection->cell[i], name));

		if (length > widest)
			widest = length;
	}
	return widest;
}

static void print_heads(int width, FILE *out)
{
	fprintf(out, "\n%-*s", width, "");
	units_column(out, QUANTITY, "A");
	units_column(out, QUANTITY, "B");
	units_column(out, RATIO, "B / A");
	units_column(out, INTERVAL, "95 % interval");
	fputs("  B is\n", out);
}

/* Rows that have a ratio, and those whose interval does not hold 1. */
struct counts {
	size_t rows, apart;
};

static struct counts count(const struct ab *ab)
{
	struct counts counts = {0};

	for (size_t i = 0; i < ab->selection->asked; i++) {
		const struct stats_ratio ratio = ab_ratio(ab, i);

		if (!isnan(ratio.low))
			counts.rows++;
		if (ratio.low > 1 || ratio.high < 1)
			counts.apart++;
	}
	return counts;
}

static void print_conclusion(const struct ab *ab, FILE *out)
{
	const struct counts counts = count(ab);
	const size_t pairs = summary_invocations(ab->a);

	fprintf(out,
		"\nB / A: time per operation, over %zu pairs of fresh processes side by side, in "
		"random order\n",
		pairs);
	if (!counts.rows) {
		fputs(pairs < 6 ? "no interval can be had from fewer than 6 pairs\n"
				: "no cell has a ratio\n",
			out);
		return;
	}
	fprintf(out, "%zu of %zu intervals do not hold 1; about %.1f would by chance alone\n",
		counts.apart, counts.rows, 0.05 * (double)counts.rows);
	if (setting_same(ab->setting[0], ab->setting[1]))
		fprintf(out,
			"A is B: what this machine can tell apart is ± %.1f %% for a typical "
			"cell\n",
			100 * ab_floor(ab));
}

static void print_table(const struct ab *ab, FILE *out)
{
	const struct summary *const sides[] = {ab->a, ab->b};
	const int width = indent(ab);
	char text[SETTING_TEXT], name[CELL_NAME];

	for (int i = 0; i < 2; i++) {
		fprintf(out, "%s: %s\n", i ? "B" : "A", setting_text(ab->setting[i], text));
		table_warn(sides[i], out);
	}
	print_heads(width, out);
	for (size_t i = 0; i < ab->selection->asked; i++) {
		if (!summary_line(ab->a, i).windows && !summary_line(ab->b, i).windows)
			continue;
		units_column(out, -width, cell_name(&ab->selection->cell[i], name));
		print_row(ab, i, out);
	}
	print_conclusion(ab, out);
	for (int i = 0; i < 2; i++)
		table_spike(sides[i], i ? "B: " : "A: ", out);
	for (int i = 0; i < 2; i++)
		table_missing(sides[i], i ? "B: " : "A: ", out);
}

static void print_csv(const struct ab *ab, FILE *out)
{
	fputs("family,mechanism,workload,place,threads,params,metric,unit,median_a,median_b,ratio,"
	      "ratio_low,ratio_high,verdict,pairs,pairs_needed\n",
		out);
	for (size_t i = 0; i < ab->selection->asked; i++) {
		const struct cell *cell = &ab->selection->cell[i];
		const struct shape *shape = cell_workload(cell)->shape;
		const struct stats_ratio ratio = ab_ratio(ab, i);

		fprintf(out, "%s,%s,%s,%s,%d,%s,%s,%s", cell->family, cell->mechanism, cell->shape,
			cell->place, cell->threads, cell->params[0] ? cell->params : "NA",
			shape->metric, shape->unit);
		units_csv(out, summary_line(ab->a, i).median);
		units_csv(out, summary_line(ab->b, i).median);
		units_csv(out, ratio.estimate);
		units_csv(out, ratio.low);
		units_csv(out, ratio.high);
		fprintf(out, ",%s,%zu,%zu\n",
			isnan(ratio.low)     ? "NA"
			: verdict(&ratio)[0] ? verdict(&ratio)
					     : "cannot tell",
			ratio.count, needed(&ratio));
	}
}

int ab_print(const struct ab *ab, FILE *out, bool csv)
{
	if (csv)
		print_csv(ab, out);
	else
		print_table(ab, out);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
