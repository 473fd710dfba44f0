/* record.h - what the stamped windows of a cell add up to in an invocation */
#ifndef BATON_RECORD_H
#define BATON_RECORD_H

#include "histogram.h"
#include "ownership.h"

/* Of a lock: thread 0 and those of its role, and the others. */
enum { RECORD_SIDES = 2 };

/* Without pointers: it lies in memory that processes share. Zeros are an empty one; what nobody
 * stamps into is never touched. */
struct record {
	struct histogram ways; /* single hand-offs */
	struct histogram waits[RECORD_SIDES], holds[RECORD_SIDES];
	struct shares shares; /* thread 0's, of the time that the lock was held */
};

#endif
