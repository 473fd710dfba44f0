/* window.h - one timed stretch of one cell by its team */
#ifndef BATON_WINDOW_H
#define BATON_WINDOW_H

#include "cell.h"
#include "crew.h"
#include "record.h"
#include "sample.h"

struct window {
	const struct cell *cell;
	uint64_t ops;       /* lockstep: operations to do */
	int64_t length_ns;  /* nominal; a lockstep window ends at 5 times that at the latest */
	int64_t lead_in_ns; /* nominal */
	bool verify;        /* prove every hop instead of timing well */

	/* Where single operations can be stamped (stamp.h, lock.h) the stamps are added here after
	 * the window, if it ended STATUS_OK and without FLAG_SWITCHES. NULL: none are taken. */
	struct record *record;
	/* Of a stamped lock: each thread's last ownerships come to lie here, TEAM_MAX long; NULL:
	 * they are not kept. out->traced tells whether they do. */
	struct trace *trace;
	/* One of so many trips is stamped; 0: of as many as stamp_every() says. With one that is
	 * never reached the stamped loop runs without a stamp (tests/bias.c). */
	uint64_t stamp_every;
	bool roundtrip; /* the clocks of the two CPUs do not agree: stamp whole round trips */
};

/* Runs the window and fills in all of `out` but its place in the run (cell, round, block, order).
 * 0: out tells what happened, be it a skip or an error. -ETIMEDOUT: the team hangs (out says so)
 * and is still inside: the process can only end. */
int window_run(struct crew *crew, const struct window *window, struct sample *out);

/* Operations for a lockstep cell that last about length_ns: from at least five audited probes.
 * 0 and *ops, -ENODATA if the cell cannot run (out says why), -ETIMEDOUT as above. */
int window_calibrate(
	struct crew *crew, const struct window *window, uint64_t *ops, struct sample *out);

#endif
