/* extent.c - time to invocations and back */
#include "extent.h"

#include "die.h"
#include "plan.h"

#include <math.h>

/* Of a cell: fifteen probes at most and the way to their length; of a process: its start. */
static const double calibration_s = 0.04, process_s = 0.1;

/* Opening, meeting, the starter's spin, closing, the row. */
enum { BETWEEN_NS = NS_PER_MS };

static double window_s(const struct cell *cell, const struct extent *extent)
{
	return (double)(cell->window_ns + extent->lead_in_ns + BETWEEN_NS) / NS_PER_S;
}

static double round_s(const struct selection *selection, const struct extent *extent)
{
	const double blocks = (double)(selection->pair ? 8 : selection->cells / BLOCK_CELLS + 1);
	const double base_s = window_s(&selection->cell[selection->base], extent);
	double sum_s = 0;

	for (size_t i = 0; i < selection->cells; i++) {
		const struct cell *cell = &selection->cell[i];
		const double each_s = cell->unfit[0] ? 0 : window_s(cell, extent);

		if ((int)i == selection->base)
			sum_s += base_s * blocks * (selection->pair ? 1 : 2);
		else
			sum_s += each_s *
				 ((int)i == selection->spike || selection->pair ? blocks : 1);
	}
	return sum_s;
}

static double calibrations_s(const struct options *options, const struct selection *selection)
{
	return options->sides * (process_s + (double)selection->cells * calibration_s);
}

double extent_seconds(const struct options *options, const struct selection *selection,
	const struct extent *extent)
{
	return calibrations_s(options, selection) +
	       options->sides * extent->invocations *
		       (process_s + extent->rounds * round_s(selection, extent));
}

/* The most of 1 … `most` that fit, or 0. */
static int fit(double seconds, double each_s, int most)
{
	const double count = floor(seconds / each_s);

	return count < 1 ? 0 : count > most ? most : (int)count;
}

static void buy(
	struct extent *extent, const struct options *options, const struct selection *selection)
{
	const double each_round_s = round_s(selection, extent);
	const double left_s = options->budget_s - calibrations_s(options, selection);
	const double each_s = options->sides * (process_s + extent->rounds * each_round_s);

	const int most = options->sides == 2 ? EXTENT_MOST_PAIRS : EXTENT_MOST;

	extent->invocations = fit(left_s, each_s, most);
	if (extent->invocations >= EXTENT_LEAST)
		return;
	extent->invocations = EXTENT_LEAST;
	extent->rounds = fit(
		left_s / (options->sides * EXTENT_LEAST) - process_s, each_round_s, extent->rounds);
	if (extent->rounds)
		return;
	extent->rounds = 1;
	die(EXIT_USAGE, "--budget=%d: %d invocations of one round take %.0f s; choose fewer cells",
		options->budget_s, EXTENT_LEAST, ceil(extent_seconds(options, selection, extent)));
}

struct extent extent_plan(
	const struct options *options, const struct selection *selection, int64_t lead_in_ns)
{
	struct extent extent = {options->invocations, options->rounds, lead_in_ns};

	if (options->budget_s)
		buy(&extent, options, selection);
	return extent;
}

/* The interval of a median of n values that spread by `spread` reaches about 1.96 times
 * 1.2533 spread / sqrt(n) to each side (the median's efficiency is 2 / pi where tails are normal).
 */
static double invocations_for(double spread, double precision)
{
	const double reach = 1.96 * 1.2533 * spread / precision;

	return ceil(reach * reach);
}

int extent_for_precision(const struct summary *pilot, double precision, size_t *beyond)
{
	int most = EXTENT_LEAST;

	*beyond = 0;
	for (size_t i = 0; i < summary_cells(pilot); i++) {
		const double needed = invocations_for(summary_spread(pilot, i), precision);

		if (needed > EXTENT_MOST)
			++*beyond;
		if (needed > most) /* false for a cell without values: NAN */
			most = needed > EXTENT_MOST ? EXTENT_MOST : (int)needed;
	}
	return most;
}
