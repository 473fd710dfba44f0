/* extent.h - how long a run takes, and how many invocations it is to have */
#ifndef BATON_EXTENT_H
#define BATON_EXTENT_H

#include "options.h"
#include "select.h"
#include "summary.h"

/* Fixed before the first invocation, so that nobody stops where the figures please. */
struct extent {
	int invocations; /* of each side */
	int rounds;
	int64_t lead_in_ns; /* nominal, of each window */
};

enum {
	EXTENT_LEAST = 10, /* invocations with which --budget and --precision plan */
	EXTENT_MOST = 30,
	EXTENT_MOST_PAIRS = 120, /* of an A/B comparison, whose invocations are short */
	PILOT_INVOCATIONS = 6,
	PILOT_ROUNDS = 2,
};

/* What the options ask for. A budget buys invocations, EXTENT_LEAST to EXTENT_MOST, and where it is
 * too small for these, fewer rounds; one that is too small for that ends the program with
 * EXIT_USAGE. */
struct extent extent_plan(
	const struct options *options, const struct selection *selection, int64_t lead_in_ns);

/* Seconds that a run of this extent takes, its calibration included. */
double extent_seconds(const struct options *options, const struct selection *selection,
	const struct extent *extent);

/* Invocations, EXTENT_LEAST to EXTENT_MOST, with which the half-width of the interval of each
 * cell's median is likely to come down to `precision`, a share of it, judged by a pilot run.
 * *beyond is the number of cells that would need more than EXTENT_MOST. */
int extent_for_precision(const struct summary *pilot, double precision, size_t *beyond);

#endif
