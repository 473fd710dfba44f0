/* summary.h - what a run's windows come to, cell by cell */
#ifndef BATON_SUMMARY_H
#define BATON_SUMMARY_H

#include "histogram.h"
#include "plan.h"
#include "select.h"
#include "stats.h"

struct summary;

/* An interval wider than this, as a share of what it encloses, leaves its cell unsettled. */
extern const double summary_wide, summary_wide_ratio;

/* A cell over a run. NAN: unknown. */
struct line {
	size_t invocations;             /* that have a median */
	double median, low, high;       /* of the invocations' medians, with its 95 % interval */
	double p10;                     /* 10 % of the windows were as quick as this or quicker */
	struct stats_ratio ratio;       /* time per operation against the base in the same block */
	double switches, slept, cpu_ns; /* medians over the windows, per operation */
	size_t windows;                 /* that have a value; of these: */
	size_t outside, loaded, stolen; /* outside their band of switches (left out of the above) */
	size_t skipped, cut, failed;    /* windows without a value */
	bool two_modes;                 /* more than 20 % were outside */
	size_t needed, ratio_needed; /* invocations until the intervals are narrow; 0: they are */
	const struct histogram
		*stamps;    /* of single hand-offs, one way where there are; NULL: none */
	bool roundtrip;     /* of whole round trips instead */
	const char *reason; /* of the last window without a value */
};

/* The run as a whole. */
struct whole {
	size_t windows, loaded, stolen; /* of all cells */
	size_t rounds, stolen_rounds;   /* in which the hypervisor took more than 10 % */
	/* The clock rate: nine of ten rounds were not slower, nine of ten not faster. One odd
	 * reading is no change. */
	double slow_ghz, fast_ghz;
	double engine_share;      /* of the rounds' time, for the engine itself */
	double dose;              /* the spike-in: put in, as a share */
	struct stats_ratio spike; /* and seen: the ratio to the base */
	size_t spike_windows;
	size_t invocations;
};

/* Room for the cells of a selection, which must outlive the summary. 0 or -ENOMEM. */
int summary_open(struct summary **out, const struct selection *selection);
void summary_free(struct summary *summary);

/* Takes a window in; they come in their order. Those flagged SWITCHES are counted, but enter
 * neither medians nor ratios. */
void summary_add(struct summary *summary, const struct sample *sample);

/* Takes the facts of a round that has ended. */
void summary_round(struct summary *summary, const struct round_facts *round);

/* Takes a cell's stamps of an invocation. */
void summary_stamps(
	struct summary *summary, size_t cell, const struct histogram *histogram, bool roundtrip);

/* The invocation is over: its windows become one value of each cell. */
void summary_end_invocation(struct summary *summary);

const struct selection *summary_selection(const struct summary *summary);
size_t summary_cells(const struct summary *summary);
size_t summary_invocations(const struct summary *summary); /* that have ended */
struct line summary_line(const struct summary *summary, size_t cell);
struct whole summary_whole(const struct summary *summary);

/* The median of a cell in an invocation, from 0; NAN: it has none. */
double summary_value(const struct summary *summary, size_t cell, size_t invocation);

/* The standard deviation of the logarithms of the invocations' medians; NAN: fewer than two. */
double summary_spread(const struct summary *summary, size_t cell);

/* EXIT_OK, EXIT_FAILED if a window ended in an error, or all that could run were cut off by other
 * work, EXIT_SKIPPED if nothing could run. */
int summary_exit_code(const struct summary *summary);

#endif
