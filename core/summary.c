/* summary.c - windows to medians, intervals and counts */
#include "summary.h"

#include "die.h"
#include "paired.h"
#include "series.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const double summary_wide = 0.10, summary_wide_ratio = 0.025;

/* A share of windows outside the band from which on a cell has two modes and no one median. */
static const double two_modes_share = 0.20;

static const double steal_share = 0.10;

/* What is kept of a cell. */
struct account {
	struct series now;           /* the windows of this invocation */
	struct series all;           /* of all invocations */
	struct series by_invocation; /* a median each, NAN where there was none */
	struct series switches, slept, cpu_ns;
	size_t windows, outside, loaded, stolen, skipped, cut, failed;
	struct histogram *stamps[2]; /* one way, and of round trips; NULL: none */
	char reason[96];
};

struct summary {
	const struct selection *selection;
	struct account *account; /* by cell */
	struct paired *paired;
	size_t invocations; /* so far */
	size_t rounds, stolen_rounds;
	struct series ghz;             /* by round */
	int64_t rounds_ns, windows_ns; /* of all rounds, and of the windows in them */
};

int summary_open(struct summary **out, const struct selection *selection)
{
	struct summary *summary = calloc(1, sizeof(*summary));

	if (!summary)
		return -ENOMEM;
	summary->selection = selection;
	summary->account = calloc(selection->cells, sizeof(*summary->account));
	if (!summary->account || paired_open(&summary->paired, selection)) {
		free(summary->account);
		free(summary);
		return -ENOMEM;
	}
	*out = summary;
	return 0;
}

void summary_free(struct summary *summary)
{
	for (size_t i = 0; i < summary->selection->cells; i++) {
		struct account *account = &summary->account[i];

		series_free(&account->now);
		series_free(&account->all);
		series_free(&account->by_invocation);
		series_free(&account->switches);
		series_free(&account->slept);
		series_free(&account->cpu_ns);
		free(account->stamps[0]);
		free(account->stamps[1]);
	}
	series_free(&summary->ghz);
	paired_free(summary->paired);
	free(summary->account);
	free(summary);
}

static void count_flags(struct account *account, const struct sample *sample)
{
	account->windows++;
	account->loaded += (sample->flags & FLAG_LOAD) != 0;
	account->stolen += (sample->flags & FLAG_STEAL) != 0;
	account->outside += (sample->flags & FLAG_SWITCHES) != 0;
}

static void add_per_operation(struct account *account, const struct sample *sample)
{
	const double ops = (double)sample->ops;

	if (!sample->ops)
		return;
	series_push(&account->switches, (double)(sample->voluntary + sample->involuntary) / ops);
	series_push(&account->slept, sample->slept);
	series_push(&account->cpu_ns, (double)sample->cpu_ns / ops);
}

void summary_add(struct summary *summary, const struct sample *sample)
{
	struct account *account = &summary->account[sample->cell];

	if (sample->status != STATUS_OK) {
		account->skipped += sample->status == STATUS_SKIPPED;
		account->cut += sample->status == STATUS_CUT;
		account->failed += sample->status > STATUS_CUT;
		snprintf(account->reason, sizeof(account->reason), "%s", sample->reason);
		return;
	}
	count_flags(account, sample);
	paired_add(summary->paired, sample);
	summary->windows_ns += sample->wall_ns + sample->lead_in_ns;
	if (sample->flags & FLAG_SWITCHES)
		return;
	series_push(&account->now, sample->value);
	series_push(&account->all, sample->value);
	add_per_operation(account, sample);
}

void summary_round(struct summary *summary, const struct round_facts *round)
{
	const double cpus = (double)sysconf(_SC_NPROCESSORS_ONLN);

	summary->rounds++;
	summary->rounds_ns += round->wall_ns;
	summary->stolen_rounds +=
		(double)round->steal_ns > steal_share * cpus * (double)round->wall_ns;
	series_push(&summary->ghz, round->chain_ghz);
}

void summary_stamps(
	struct summary *summary, size_t cell, const struct histogram *histogram, bool roundtrip)
{
	struct histogram **stamps = &summary->account[cell].stamps[roundtrip];

	if (!*stamps)
		*stamps = calloc(1, sizeof(**stamps));
	if (!*stamps)
		die(EXIT_FAILED, "out of memory for the summary");
	histogram_add(*stamps, histogram);
}

void summary_end_invocation(struct summary *summary)
{
	summary->invocations++;
	for (size_t i = 0; i < summary->selection->cells; i++) {
		struct account *account = &summary->account[i];

		series_push(&account->by_invocation, series_median(&account->now));
		account->now.count = 0;
	}
	paired_end_invocation(summary->paired);
}

const struct selection *summary_selection(const struct summary *summary)
{
	return summary->selection;
}

size_t summary_cells(const struct summary *summary)
{
	return summary->selection->cells;
}

size_t summary_invocations(const struct summary *summary)
{
	return summary->invocations;
}

double summary_value(const struct summary *summary, size_t cell, size_t invocation)
{
	const struct series *values = &summary->account[cell].by_invocation;

	return invocation < values->count ? values->value[invocation] : NAN;
}

/* The known medians of a cell, to be freed by series_free(). */
static struct series known_values(const struct summary *summary, size_t cell)
{
	struct series known = {0};

	for (size_t i = 0; i < summary->invocations; i++) {
		const double value = summary_value(summary, cell, i);

		if (!isnan(value))
			series_push(&known, value);
	}
	return known;
}

double summary_spread(const struct summary *summary, size_t cell)
{
	struct series known = known_values(summary, cell);
	double mean = 0, squares = 0;

	for (size_t i = 0; i < known.count; i++)
		mean += log(known.value[i]) / (double)known.count;
	for (size_t i = 0; i < known.count; i++)
		squares += pow(log(known.value[i]) - mean, 2);
	const double spread = known.count < 2 ? NAN : sqrt(squares / (double)(known.count - 1));

	series_free(&known);
	return spread;
}

/* The quick end: of a rate the high values are the quick ones. */
static double quick_value(const struct series *values, bool rate)
{
	double *const sorted = malloc((values->count + 1) * sizeof(*sorted));
	double quick;

	if (!sorted)
		die(EXIT_FAILED, "out of memory for the summary");
	for (size_t i = 0; i < values->count; i++)
		sorted[i] = rate ? -values->value[i] : values->value[i];
	if (values->count)
		stats_median(sorted, values->count); /* sorts */
	quick = values->count ? stats_quantile(sorted, values->count, 0.1) : NAN;
	free(sorted);
	return rate ? -quick : quick;
}

static void fill_medians(const struct summary *summary, size_t cell, struct line *line)
{
	struct series known = known_values(summary, cell);

	line->invocations = known.count;
	line->median = series_median(&known);
	line->low = line->high = NAN;
	if (stats_interval(known.value, known.count, &line->low, &line->high))
		line->needed = stats_needed(
			known.count, (line->high - line->low) / line->median, summary_wide);
	series_free(&known);
}

static void fill_ratio(const struct summary *summary, size_t cell, struct line *line)
{
	const struct stats_ratio ratio = paired_ratio(summary->paired, cell);

	line->ratio = ratio;
	if (!isnan(ratio.low))
		line->ratio_needed = stats_needed(
			ratio.count, (ratio.high - ratio.low) / ratio.estimate, summary_wide_ratio);
}

struct line summary_line(const struct summary *summary, size_t cell)
{
	struct account *account = &summary->account[cell];
	struct line line = {
		.switches = series_median(&account->switches),
		.slept = series_median(&account->slept),
		.cpu_ns = series_median(&account->cpu_ns),
		.p10 = quick_value(
			&account->all, cell_workload(&summary->selection->cell[cell])->shape->rate),
		.windows = account->windows,
		.outside = account->outside,
		.loaded = account->loaded,
		.stolen = account->stolen,
		.skipped = account->skipped,
		.cut = account->cut,
		.failed = account->failed,
		.two_modes = (double)account->outside > two_modes_share * (double)account->windows,
		.stamps = account->stamps[0] ? account->stamps[0] : account->stamps[1],
		.roundtrip = !account->stamps[0] && account->stamps[1],
		.reason = account->reason,
	};

	fill_medians(summary, cell, &line);
	fill_ratio(summary, cell, &line);
	return line;
}

static double ghz_quantile(const struct summary *summary, double q)
{
	struct series ghz = summary->ghz;

	series_median(&ghz); /* sorts */
	return ghz.count ? stats_quantile(ghz.value, ghz.count, q) : NAN;
}

struct whole summary_whole(const struct summary *summary)
{
	const int spike = summary->selection->spike;
	struct whole whole = {
		.rounds = summary->rounds,
		.stolen_rounds = summary->stolen_rounds,
		.slow_ghz = ghz_quantile(summary, 0.1),
		.fast_ghz = ghz_quantile(summary, 0.9),
		.engine_share = summary->rounds_ns ? 1 - (double)summary->windows_ns /
								     (double)summary->rounds_ns
						   : NAN,
		.dose = spike < 0 ? NAN : paired_dose(summary->paired),
		.invocations = summary->invocations,
	};

	if (spike >= 0) {
		whole.spike = paired_ratio(summary->paired, (size_t)spike);
		whole.spike_windows = paired_windows(summary->paired, (size_t)spike);
	}
	for (size_t i = 0; i < summary->selection->cells; i++) {
		whole.windows += summary->account[i].windows;
		whole.loaded += summary->account[i].loaded;
		whole.stolen += summary->account[i].stolen;
	}
	return whole;
}

int summary_exit_code(const struct summary *summary)
{
	bool ran = false, cut = false;

	for (size_t i = 0; i < summary->selection->cells; i++) {
		const struct account *account = &summary->account[i];

		if (account->failed)
			return EXIT_FAILED;
		cut |= account->cut > 0;
		ran |= account->windows > 0 && i < summary->selection->asked;
	}
	return ran ? EXIT_OK : cut ? EXIT_FAILED : EXIT_SKIPPED;
}
