/* stamp.c - how many trips may be stamped */
#include "stamp.h"

#include <math.h>

static const double worth_ns = 1000, budget = 0.005;

/* Besides the readings, for each way: bookkeeping, and where it goes to another CPU the line with
 * the stamp, which has to follow. */
static const double note_ns = 10, line_ns = 100;

uint64_t stamp_every(double op_ns, double read_ns, bool shares_cpu)
{
	const double trip_ns = 3 * read_ns + 2 * (note_ns + (shares_cpu ? 0 : line_ns));

	return op_ns < worth_ns ? 0 : (uint64_t)ceil(trip_ns / (2 * op_ns * budget));
}
