/* table.c - the summary of a run in columns */
#include "table.h"

#include "die.h"
#include "units.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What in the machine's doings spoils a run, from which share of it on. */
static const double load_warning = 0.05, clock_warning = 0.02;

void table_section(const struct cell *cell, char name[CELL_NAME])
{
	snprintf(name, CELL_NAME, "%s, %s", cell->family, cell->place);
}

const char *table_row(const struct cell *cell, char name[CELL_NAME])
{
	char cpus[TEAM_MAX * 6];

	snprintf(name, CELL_NAME, "%s %s%s%s%s%s", cell->mechanism, cell->shape,
		cell->params[0] ? " " : "", cell->params, cell->fixed ? " " : "",
		cell->fixed ? cell_cpus(cell, cpus) : "");
	return name;
}

static double share(size_t part, size_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

void table_warn(const struct summary *summary, FILE *out)
{
	const struct whole whole = summary_whole(summary);
	const double moved = whole.fast_ghz / whole.slow_ghz - 1;

	if (share(whole.loaded, whole.windows) > load_warning)
		fprintf(out,
			"W-LOAD  other work had the CPUs in %zu of %zu windows: stop it, or take "
			"these figures for those of a busy machine\n",
			whole.loaded, whole.windows);
	if (share(whole.stolen, whole.windows) > load_warning ||
		share(whole.stolen_rounds, whole.rounds) > load_warning)
		fprintf(out,
			"W-STEAL the hypervisor had the CPUs in %zu of %zu windows and %zu of %zu "
			"rounds: run again at a quieter time\n",
			whole.stolen, whole.windows, whole.stolen_rounds, whole.rounds);
	if (moved > clock_warning)
		fprintf(out,
			"W-CLOCK the clock rate moved by %.1f %% (%.2f to %.2f GHz): trust the "
			"ratios before the times\n",
			100 * moved, whole.slow_ghz, whole.fast_ghz);
	if (whole.invocations < 6)
		fprintf(out,
			"no 95 %% interval of a median can be had from %zu invocations; 6 is the "
			"least\n",
			whole.invocations);
}

static void append(char text[256], const char *words, const char *count)
{
	const size_t length = strlen(text);

	if (strcmp(count, "0") != 0 && strcmp(count, "+0") != 0)
		snprintf(text + length, 256 - length, "%s%s %s", length ? ", " : "", words, count);
}

static void append_count(char text[256], const char *words, size_t count)
{
	char number[32];

	snprintf(number, sizeof(number), "%zu", count);
	append(text, words, number);
}

/* Invocations that are still needed; beyond a thousand their number says nothing. */
static void append_needed(char text[256], const char *words, size_t count)
{
	char number[32];

	snprintf(number, sizeof(number), count > 999 ? ">999" : "+%zu", count);
	append(text, words, number);
}

/* What to know before trusting the row. */
static const char *remarks(const struct line *line, const struct cell *cell, char text[256])
{
	snprintf(text, 256, "%s", cell->note);
	append_needed(text, "UNSETTLED", line->needed);
	append_needed(text, line->needed ? "ratio" : "ratio UNSETTLED", line->ratio_needed);
	append_count(text, line->two_modes ? "UNSETTLED two modes: SWITCHES" : "SWITCHES",
		line->outside);
	append_count(text, "LOAD", line->loaded);
	append_count(text, "STEAL", line->stolen);
	append_count(text, "cut off", line->cut);
	append_count(text, "FAILED", line->failed);
	return text;
}

static const char *number(double value, const char *format, char text[UNITS_TEXT])
{
	if (isnan(value))
		snprintf(text, UNITS_TEXT, "-");
	else
		snprintf(text, UNITS_TEXT, format, value);
	return text;
}

enum {
	QUANTITY = 10,
	INTERVAL = 16,
	RATIO = 10,
	RATIO_INTERVAL = 20,
	SWITCHES = 7,
	SHARE = 7,
};

static void print_heads(FILE *out)
{
	units_column(out, QUANTITY, "median");
	units_column(out, INTERVAL, "95 % interval");
	units_column(out, QUANTITY, "p10");
	units_column(out, RATIO, "x base");
	units_column(out, RATIO_INTERVAL, "95 % interval");
	units_column(out, SWITCHES, "sw/op");
	units_column(out, SHARE, "slept");
	units_column(out, QUANTITY, "CPU/op");
	fputc('\n', out);
}

static void print_ratio(const struct stats_ratio *ratio, bool base, FILE *out)
{
	char text[UNITS_TEXT], low[UNITS_TEXT], high[UNITS_TEXT];

	units_column(out, RATIO, base ? "base" : units_ratio(ratio->estimate, text));
	if (isnan(ratio->low)) {
		units_column(out, RATIO_INTERVAL, "");
		return;
	}
	snprintf(text, sizeof(text), "%.32s – %.32s", units_ratio(ratio->low, low),
		units_ratio(ratio->high, high));
	units_column(out, RATIO_INTERVAL, text);
}

static void print_line(const struct summary *summary, size_t cell, FILE *out)
{
	const struct line line = summary_line(summary, cell);
	const struct selection *selection = summary_selection(summary);
	const char *unit = cell_workload(&selection->cell[cell])->shape->unit;
	char text[UNITS_TEXT], words[256];

	units_column(out, QUANTITY, units_quantity(line.median, unit, text));
	units_column(out, INTERVAL, units_interval(line.low, line.high, line.median, unit, text));
	units_column(out, QUANTITY, units_quantity(line.p10, unit, text));
	print_ratio(&line.ratio, (int)cell == selection->base, out);
	units_column(out, SWITCHES, number(line.switches, "%.2f", text));
	units_column(out, SHARE, number(100 * line.slept, "%.0f %%", text));
	units_column(out, QUANTITY, units_quantity(line.cpu_ns, "ns", text));
	remarks(&line, &selection->cell[cell], words);
	fprintf(out, "%s%s\n", words[0] ? "  " : "", words);
}

static bool has_row(const struct summary *summary, size_t cell)
{
	return summary_line(summary, cell).windows > 0;
}

/* Width of the names of all rows, so that all sections line up. */
static int indent(const struct summary *summary)
{
	const struct selection *selection = summary_selection(summary);
	char name[CELL_NAME];
	int widest = 24;

	for (size_t i = 0; i < selection->asked; i++) {
		const int length = (int)strlen(table_row(&selection->cell[i], name)) + 2;

		if (length > widest)
			widest = length;
	}
	return widest;
}

/* The rows of the section that `first` opens. */
static void print_section(
	const struct summary *summary, size_t first, int width, bool *printed, FILE *out)
{
	const struct selection *selection = summary_selection(summary);
	char section[CELL_NAME], own[CELL_NAME], name[CELL_NAME];

	table_section(&selection->cell[first], section);
	fputc('\n', out);
	units_column(out, -width, section);
	print_heads(out);
	for (size_t i = first; i < selection->asked; i++) {
		table_section(&selection->cell[i], own);
		if (printed[i] || strcmp(own, section) != 0)
			continue;
		printed[i] = true;
		fputs("  ", out);
		units_column(out, 2 - width, table_row(&selection->cell[i], name));
		print_line(summary, i, out);
	}
}

/* Families in the order of the catalogue, within them places as they first appear. */
static void print_sections(const struct summary *summary, FILE *out)
{
	const struct selection *selection = summary_selection(summary);
	const int width = indent(summary);
	bool *printed = calloc(selection->cells, sizeof(*printed));

	if (!printed)
		die(EXIT_FAILED, "out of memory for the table");
	for (size_t i = 0; i < selection->asked; i++)
		printed[i] = !has_row(summary, i);
	for (size_t i = 0; i < selection->asked; i++) {
		if (printed[i])
			continue;
		for (size_t j = i; j < selection->asked; j++)
			if (!printed[j] &&
				!strcmp(selection->cell[j].family, selection->cell[i].family))
				print_section(summary, j, width, printed, out);
	}
	free(printed);
}

/* Width of the full names of the stamped cells; 0: there are none. */
static int stamped_width(const struct summary *summary)
{
	const struct selection *selection = summary_selection(summary);
	char name[CELL_NAME];
	int widest = 0;

	for (size_t i = 0; i < selection->asked; i++) {
		const int length = (int)strlen(cell_name(&selection->cell[i], name));

		if (summary_line(summary, i).stamps && length > widest)
			widest = length;
	}
	return widest;
}

static void print_stamps_line(
	const struct line *line, const struct cell *cell, int width, FILE *out)
{
	static const double quantile[] = {0.5, 0.99, 0.999, 1};
	char name[CELL_NAME], text[UNITS_TEXT];

	fprintf(out, "  %-*s", width, cell_name(cell, name));
	for (size_t q = 0; q < sizeof(quantile) / sizeof(quantile[0]); q++)
		units_column(out, QUANTITY,
			units_quantity((double)histogram_quantile_ns(line->stamps, quantile[q]),
				"ns", text));
	fprintf(out, "%10llu%s\n", (unsigned long long)histogram_count(line->stamps),
		line->roundtrip ? "  round trips: the CPUs' clocks do not agree" : "");
}

static void print_stamps(const struct summary *summary, FILE *out)
{
	static const char *const heads[] = {"p50", "p99", "p99.9", "max", "stamped"};
	const struct selection *selection = summary_selection(summary);
	const int width = stamped_width(summary);

	if (!width)
		return;
	fprintf(out, "\n%-*s", width + 2, "single hand-offs");
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		units_column(out, QUANTITY, heads[i]);
	fputc('\n', out);
	for (size_t i = 0; i < selection->asked; i++) {
		const struct line line = summary_line(summary, i);

		if (line.stamps)
			print_stamps_line(&line, &selection->cell[i], width, out);
	}
}

void table_missing(const struct summary *summary, const char *prefix, FILE *out)
{
	const struct selection *selection = summary_selection(summary);
	char name[CELL_NAME];
	bool first = true;

	for (size_t i = 0; i < selection->cells; i++) {
		const struct line line = summary_line(summary, i);

		if (!line.skipped && !line.failed && !line.cut)
			continue;
		fprintf(out, "%s%s%s: %s, %s\n", first ? "\n" : "", prefix,
			cell_name(&selection->cell[i], name),
			line.failed    ? "FAILED"
			: line.skipped ? "skipped"
				       : "cut off",
			line.reason);
		first = false;
	}
}

/* Half the width of an interval of ratios, as a percentage of the base. */
static double half_width_pct(const struct stats_ratio *ratio)
{
	return 100 * (ratio->high - ratio->low) / 2;
}

void table_spike(const struct summary *summary, const char *prefix, FILE *out)
{
	const struct whole whole = summary_whole(summary);
	const struct stats_ratio *seen = &whole.spike;

	if (isnan(whole.dose) || isnan(seen->estimate))
		return;
	fprintf(out, "%sspike-in: %.1f %% put in, %.1f", prefix, 100 * whole.dose,
		100 * (seen->estimate - 1));
	if (!isnan(seen->low))
		fprintf(out, " ± %.1f", half_width_pct(seen));
	fprintf(out, " %% seen (%zu windows beside the base's)\n", whole.spike_windows);
}

static void print_pair(const struct summary *summary, FILE *out)
{
	const struct selection *selection = summary_selection(summary);
	char one[CELL_NAME], other[CELL_NAME], text[UNITS_TEXT];

	if (!selection->pair)
		return;
	const struct line line = summary_line(summary, 1);

	if (isnan(line.ratio.estimate))
		return;
	cell_name(&selection->cell[0], one);
	cell_name(&selection->cell[1], other);
	fprintf(out, "\n%s takes %s times as long as %s", other,
		units_ratio(line.ratio.estimate, text), one);
	if (!isnan(line.ratio.low))
		fprintf(out, " (± %.1f %%: %.4g to %.4g)",
			half_width_pct(&line.ratio) / line.ratio.estimate, line.ratio.low,
			line.ratio.high);
	fprintf(out, ", by windows side by side\n");
}

static void print_legend(const struct summary *summary, FILE *out)
{
	const struct selection *selection = summary_selection(summary);
	const struct whole whole = summary_whole(summary);
	char name[CELL_NAME];

	fprintf(out,
		"\nbase: %s; x base is time per operation against the base's in the same block\n",
		cell_name(&selection->cell[selection->base], name));
	fprintf(out,
		"UNSETTLED +n: the interval is wider than %.0f %% (of a ratio: %.1f %%); about n "
		"more invocations settle it\n",
		100 * summary_wide, 100 * summary_wide_ratio);
	table_spike(summary, "", out);
	if (!isnan(whole.engine_share))
		fprintf(out, "engine: %.1f %% of the time of the rounds, the rest is windows\n",
			100 * whole.engine_share);
}

static void print_table(const struct summary *summary, FILE *out)
{
	table_warn(summary, out);
	print_sections(summary, out);
	print_stamps(summary, out);
	print_pair(summary, out);
	table_missing(summary, "", out);
	print_legend(summary, out);
}

static void put_csv_line(const struct summary *summary, size_t cell, FILE *out)
{
	const struct line line = summary_line(summary, cell);
	const double measures[] = {line.median, line.low, line.high, line.p10, line.ratio.estimate,
		line.ratio.low, line.ratio.high, line.switches, line.slept, line.cpu_ns};
	const size_t counts[] = {line.invocations, line.windows, line.outside, line.loaded,
		line.stolen, line.needed, line.ratio_needed};
	static const double quantile[] = {0.5, 0.99, 0.999, 1};

	for (size_t i = 0; i < sizeof(measures) / sizeof(measures[0]); i++)
		units_csv(out, measures[i]);
	for (size_t i = 0; i < sizeof(quantile) / sizeof(quantile[0]); i++)
		units_csv(out, line.stamps ? (double)histogram_quantile_ns(line.stamps, quantile[i])
					   : NAN);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		fprintf(out, ",%zu", counts[i]);
	fputc('\n', out);
}

static void print_csv(const struct summary *summary, FILE *out)
{
	const struct selection *selection = summary_selection(summary);
	char cpus[TEAM_MAX * 6];

	fputs("family,mechanism,workload,place,cpus,threads,params,metric,unit,median,low,high,p10,"
	      "ratio,ratio_low,ratio_high,switches_per_op,slept,cpu_ns_per_op,p50_ns,p99_ns,"
	      "p999_ns,max_ns,invocations,windows,outside_band,loaded,stolen,invocations_needed,"
	      "ratio_invocations_needed\n",
		out);
	for (size_t i = 0; i < selection->asked; i++) {
		const struct cell *cell = &selection->cell[i];
		const struct shape *shape = cell_workload(cell)->shape;

		fprintf(out, "%s,%s,%s,%s,%s,%d,%s,%s,%s", cell_bench(cell)->family,
			cell_bench(cell)->name, shape->name, cell->place,
			cell->fixed ? cell_cpus(cell, cpus) : "NA", cell->threads,
			cell->params[0] ? cell->params : "NA", shape->metric, shape->unit);
		put_csv_line(summary, i, out);
	}
}

int table_print(const struct summary *summary, FILE *out, bool csv)
{
	if (csv)
		print_csv(summary, out);
	else
		print_table(summary, out);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
