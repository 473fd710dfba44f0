/* summary.c - what the program says at the end; everything else is said by scripts/ */
#include "summary.h"

#include "die.h"
#include "stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A share of windows outside the band from which on a cell has two modes and no one median. */
static const double two_modes_share = 0.20;

/* A growing list of values. */
struct series {
	double *value;
	size_t count, room;
};

struct line {
	struct series now;         /* the windows of this invocation */
	struct series invocations; /* a median each */
	double median, low, high;  /* over the invocations; low NAN: no interval */
	size_t windows, outside;   /* measured; of these, outside the band of switches */
	size_t loaded, cut, failed, skipped;
	struct series switches, cpu_ns; /* per operation, a value per window */
	char reason[96];
};

enum { INTERVAL_INVOCATIONS = 6 };

struct summary {
	const struct selection *selection;
	int invocations; /* so far */
	struct line *line;
};

static void push(struct series *series, double value)
{
	if (series->count == series->room) {
		const size_t room = series->room ? 2 * series->room : 16;
		double *const grown = realloc(series->value, room * sizeof(*grown));

		if (!grown)
			die(EXIT_FAILED, "out of memory for the summary");
		series->value = grown;
		series->room = room;
	}
	series->value[series->count++] = value;
}

int summary_open(struct summary **out, const struct selection *selection)
{
	struct summary *summary = calloc(1, sizeof(*summary));

	if (!summary)
		return -ENOMEM;
	summary->selection = selection;
	summary->line = calloc(selection->cells, sizeof(*summary->line));
	if (!summary->line) {
		free(summary);
		return -ENOMEM;
	}
	*out = summary;
	return 0;
}

void summary_free(struct summary *summary)
{
	for (size_t i = 0; i < summary->selection->cells; i++) {
		free(summary->line[i].now.value);
		free(summary->line[i].invocations.value);
		free(summary->line[i].switches.value);
		free(summary->line[i].cpu_ns.value);
	}
	free(summary->line);
	free(summary);
}

void summary_add(struct summary *summary, const struct sample *sample)
{
	struct line *line = &summary->line[sample->cell];

	if (sample->status != STATUS_OK) {
		line->skipped += sample->status == STATUS_SKIPPED;
		line->cut += sample->status == STATUS_CUT;
		line->failed += sample->status > STATUS_CUT;
		snprintf(line->reason, sizeof(line->reason), "%s", sample->reason);
		return;
	}
	line->windows++;
	line->loaded += (sample->flags & FLAG_LOAD) != 0;
	if (sample->flags & FLAG_SWITCHES) {
		line->outside++;
		return;
	}
	push(&line->now, sample->value);
	if (!sample->ops)
		return;
	push(&line->switches,
		(double)(sample->voluntary + sample->involuntary) / (double)sample->ops);
	push(&line->cpu_ns, (double)sample->cpu_ns / (double)sample->ops);
}

void summary_end_invocation(struct summary *summary)
{
	summary->invocations++;
	for (size_t i = 0; i < summary->selection->cells; i++) {
		struct line *line = &summary->line[i];
		struct series *all = &line->invocations;

		if (line->now.count)
			push(all, stats_median(line->now.value, line->now.count));
		line->now.count = 0;
		if (!all->count)
			continue;
		line->median = stats_median(all->value, all->count);
		if (!stats_interval(all->value, all->count, &line->low, &line->high))
			line->low = line->high = NAN;
	}
}

int summary_exit_code(const struct summary *summary)
{
	bool ran = false;

	for (size_t i = 0; i < summary->selection->cells; i++) {
		if (summary->line[i].failed || (summary->line[i].cut && !summary->line[i].windows))
			return EXIT_FAILED;
		ran |= summary->line[i].windows > 0 && i < summary->selection->asked;
	}
	return ran ? EXIT_OK : EXIT_SKIPPED;
}

static double median_of(const struct series *series)
{
	return series->count ? stats_median(series->value, series->count) : NAN;
}

static const char *na_or_real(double value, char text[32])
{
	if (isnan(value))
		return "NA";
	snprintf(text, 32, "%.6g", value);
	return text;
}

static void print_csv(const struct summary *summary, FILE *out)
{
	const struct selection *selection = summary->selection;
	char name[4][32], cpus[TEAM_MAX * 6];

	fputs("family,mechanism,workload,place,cpus,threads,params,metric,unit,median,low,high,"
	      "invocations,windows,outside_band,switches_per_op,cpu_ns_per_op\n",
		out);
	for (size_t i = 0; i < selection->asked; i++) {
		const struct cell *cell = &selection->cell[i];
		const struct line *line = &summary->line[i];
		const struct shape *shape = cell_workload(cell)->shape;
		const bool known = line->invocations.count > 0;

		fprintf(out, "%s,%s,%s,%s,%s,%d,%s,%s,%s,", cell_bench(cell)->family,
			cell_bench(cell)->name, shape->name, cell->place,
			cell->fixed ? cell_cpus(cell, cpus) : "NA", cell->threads,
			cell->params[0] ? cell->params : "NA", shape->metric, shape->unit);
		fprintf(out, "%s,%s,%s,%zu,%zu,%zu,",
			na_or_real(known ? line->median : NAN, name[0]),
			na_or_real(known ? line->low : NAN, name[1]),
			na_or_real(known ? line->high : NAN, name[2]), line->invocations.count,
			line->windows, line->outside);
		fprintf(out, "%s,%s\n", na_or_real(median_of(&line->switches), name[0]),
			na_or_real(median_of(&line->cpu_ns), name[1]));
	}
}

/* A value's unit in thousands: the factor and the word for it. */
struct scale {
	double factor;
	const char *word;
};

static struct scale scale_for(double value, const char *unit)
{
	static const struct scale time[] = {{1, "ns"}, {1e3, "µs"}, {1e6, "ms"}, {1e9, "s"}};
	static const struct scale rate[] = {{1, "/s"}, {1e3, "k/s"}, {1e6, "M/s"}, {1e9, "G/s"}};
	const struct scale *scale = strcmp(unit, "ns") ? rate : time;
	int i = 0;

	while (i < 3 && value >= 1000 * scale[i].factor)
		i++;
	return scale[i];
}

/* Three digits that count. */
static const char *digits(double value, char text[32])
{
	snprintf(text, 32, "%.*f", value < 10 ? 2 : value < 100 ? 1 : 0, value);
	return text;
}

/* An end of an interval in the median's unit, or with a letter of its own where that is far off:
 * 261 – 4.80M. */
static const char *bound(double value, const char *unit, struct scale median, char text[40])
{
	const struct scale own = scale_for(value, unit);
	char number[32];

	if (value < 10000 * median.factor && value > 0.01 * median.factor)
		return digits(value / median.factor, text);
	snprintf(text, 40, "%s%.*s", digits(value / own.factor, number),
		own.factor > 1 ? (int)strcspn(own.word, "/s") : 0, own.word);
	return text;
}

/* printf counts bytes: µ and – are two and three of them. */
static void print_value(const struct line *line, const char *unit, FILE *out)
{
	const double cpu_ns = median_of(&line->cpu_ns);
	const struct scale scale = scale_for(line->median, unit), cpu = scale_for(cpu_ns, "ns");
	char text[40], low[40], high[40], interval[96] = "";

	if (!isnan(line->low))
		snprintf(interval, sizeof(interval), "%s – %s", bound(line->low, unit, scale, low),
			bound(line->high, unit, scale, high));
	fprintf(out, "  %4s %-*s %*s", digits(line->median / scale.factor, text),
		strcmp(scale.word, "µs") ? 3 : 4, scale.word, interval[0] ? 15 : 13, interval);
	fprintf(out, " %5.2f", median_of(&line->switches));
	fprintf(out, "  %4s %-*s", digits(cpu_ns / cpu.factor, text),
		strcmp(cpu.word, "µs") ? 2 : 3, cpu.word);
	fputc((double)line->outside > two_modes_share * (double)line->windows ? '*' : ' ', out);
}

/* The columns of a family: its places in order of appearance, right of the rows' names. */
struct columns {
	const char **name;
	size_t count;
	int indent;
};

enum { COLUMN = 42 };

/* A fixed pair has a row of its own: a matrix has more pairs than a page has columns. */
static const char *row_name(const struct cell *cell, char name[CELL_NAME])
{
	char cpus[TEAM_MAX * 6];

	snprintf(name, CELL_NAME, "%s %s %s%s%s", cell_bench(cell)->name,
		cell_workload(cell)->shape->name, cell->params, cell->params[0] ? " " : "",
		cell->fixed ? cell_cpus(cell, cpus) : "");
	return name;
}

static size_t column_of(struct columns *columns, const struct cell *cell)
{
	size_t i = 0;

	while (i < columns->count && strcmp(columns->name[i], cell->place) != 0)
		i++;
	if (i == columns->count)
		columns->name[columns->count++] = cell->place;
	return i;
}

static bool same_row(const struct cell *a, const struct cell *b)
{
	return a->bench == b->bench && a->workload == b->workload &&
	       !strcmp(a->params, b->params) &&
	       (!a->fixed || !memcmp(a->cpu, b->cpu, sizeof(a->cpu)));
}

static bool same_family(const struct cell *a, const struct cell *b)
{
	return !strcmp(cell_bench(a)->family, cell_bench(b)->family);
}

static void print_row(const struct summary *summary, struct columns *columns, size_t first,
	bool *printed, FILE *out)
{
	const struct selection *selection = summary->selection;
	const struct cell *row = &selection->cell[first];
	char name[CELL_NAME];
	size_t at = 0;

	fprintf(out, "  %-*s", columns->indent, row_name(row, name));
	for (size_t i = first; i < selection->asked; i++) {
		const struct cell *cell = &selection->cell[i];

		if (printed[i] || !same_row(row, cell))
			continue;
		printed[i] = true;
		for (const size_t column = column_of(columns, cell); at < column; at++)
			fprintf(out, "%*s", COLUMN, "");
		at++;
		if (summary->line[i].invocations.count)
			print_value(&summary->line[i], cell_workload(cell)->shape->unit, out);
		else
			fprintf(out, "  %4s%*s", summary->line[i].windows ? "*" : "-", COLUMN - 6,
				"");
	}
	fputc('\n', out);
}

static void print_head(
	const struct summary *summary, struct columns *columns, size_t first, FILE *out)
{
	const struct selection *selection = summary->selection;

	char name[CELL_NAME];

	columns->count = 0;
	columns->indent = 0;
	for (size_t i = first; i < selection->asked; i++) {
		const struct cell *cell = &selection->cell[i];

		if (!same_family(cell, &selection->cell[first]))
			continue;
		column_of(columns, cell);
		const int length = (int)strlen(row_name(cell, name));

		if (length > columns->indent)
			columns->indent = length;
	}
	fprintf(out, "\n%-*s", columns->indent + 2, cell_bench(&selection->cell[first])->family);
	for (size_t i = 0; i < columns->count; i++)
		fprintf(out, "  %-*s", COLUMN - 2, columns->name[i]);
	fprintf(out, "\n%-*s", columns->indent + 2, "");
	for (size_t i = 0; i < columns->count; i++)
		fprintf(out, "  median   %13s %5s  %4s   ", "95 % interval", "sw/op", "CPU/op");
	fputc('\n', out);
}

static void print_notes(const struct summary *summary, FILE *out)
{
	const struct selection *selection = summary->selection;
	char name[CELL_NAME];
	size_t windows = 0, loaded = 0;

	fputc('\n', out);
	for (size_t i = 0; i < selection->cells; i++) {
		const struct line *line = &summary->line[i];

		cell_name(&selection->cell[i], name);
		windows += line->windows;
		loaded += line->loaded;
		if (line->skipped)
			fprintf(out, "-  %s: skipped, %s\n", name, line->reason);
		if (line->failed)
			fprintf(out, "!  %s: FAILED %zu times, %s\n", name, line->failed,
				line->reason);
		if (line->cut)
			fprintf(out, "!  %s: %zu windows were cut off, %s\n", name, line->cut,
				line->reason);
		if ((double)line->outside > two_modes_share * (double)line->windows)
			fprintf(out,
				"*  %s: UNSETTLED, %zu of %zu windows left its band of switches\n",
				name, line->outside, line->windows);
	}
	if (summary->invocations < INTERVAL_INVOCATIONS)
		fprintf(out,
			"no 95 %% interval of a median can be had from %d invocations; %d is the "
			"least\n",
			summary->invocations, INTERVAL_INVOCATIONS);
	if (windows && (double)loaded > 0.05 * (double)windows)
		fprintf(out,
			"W-LOAD  other work had the CPUs in %zu of %zu windows; stop it, or read "
			"the "
			"intervals as wide\n",
			loaded, windows);
}

static int print_table(const struct summary *summary, FILE *out)
{
	const struct selection *selection = summary->selection;
	bool *printed = calloc(selection->cells, sizeof(*printed));
	struct columns columns = {calloc(selection->cells, sizeof(*columns.name)), 0, 0};
	const struct cell *before = NULL;

	if (!printed || !columns.name)
		die(EXIT_FAILED, "out of memory for the table");
	for (size_t i = 0; i < selection->asked; i++) {
		const struct cell *cell = &selection->cell[i];

		if (printed[i])
			continue;
		if (!before || !same_family(before, cell))
			print_head(summary, &columns, i, out);
		before = cell;
		print_row(summary, &columns, i, printed, out);
	}
	print_notes(summary, out);
	free(printed);
	free(columns.name);
	return 0;
}

int summary_print(const struct summary *summary, FILE *out, bool csv)
{
	if (csv)
		print_csv(summary, out);
	else
		print_table(summary, out);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
