/* stamp.c - how many trips may be stamped */
#include "stamp.h"

#include <math.h>

static const double worth_ns = 1000, budget = 0.005;

/* Seen by the CPU time of stamped against plain windows: a reading between two switches takes
 * longer than one in a row, which is what read_ns is of. Each way also has to be noted, in lines
 * that the kernel has pushed out, and where it goes to another CPU the line with the stamp has to
 * follow. */
static const double cold = 1.5, note_ns = 25, line_ns = 100;

uint64_t stamp_every(double op_ns, double read_ns, bool shares_cpu)
{
	const double trip_ns = 3 * cold * read_ns + 2 * (note_ns + (shares_cpu ? 0 : line_ns));

	return op_ns < worth_ns ? 0 : (uint64_t)ceil(trip_ns / (2 * op_ns * budget));
}
