/* ownership.h - who held a lock when: each ownership, and how one thread's share of it spreads */
#ifndef BATON_OWNERSHIP_H
#define BATON_OWNERSHIP_H

#include <stddef.h>
#include <stdint.h>

/* One ownership, from when the lock was wanted; clock_now_ns(). */
struct ownership {
	int64_t wanted_ns, acquired_ns, released_ns;
};

/* The last ownerships of a thread in a window: number n, from 0, lies in event[n % TRACE_EVENTS].
 */
enum { TRACE_EVENTS = 4096 };

struct trace {
	struct ownership event[TRACE_EVENTS];
};

/* A window is cut into slots, and each thread adds up how long it held the lock in each. */
enum { SLOT_NS = 10 * 1000 };

/* Adds an ownership, as ns from the start of the window; what lies outside of it is left out. */
void slots_add(uint32_t *slot, size_t slots, int64_t acquired_ns, int64_t released_ns);

/*
 * How a thread's share of the time for which a lock was held spreads, by the length of the stretch
 * looked at: 10 us (a slot), 100 us, … 10 s. Of each length it is counted how many stretches had
 * which share, in whole per cent, and in how many nobody held the lock.
 * Without pointers: it may lie in memory that processes share. Zeros are an empty one.
 */
enum { SHARES_SCALES = 7, SHARES_NOBODY = 101, SHARES_STEPS = 102 };

struct shares {
	uint64_t stretches[SHARES_SCALES][SHARES_STEPS];
};

/* The length of a stretch, ns. */
int64_t shares_scale_ns(int scale);

/* Adds a window, of which these are the slots of the thread and of all others together: each scale
 * cuts it into as many stretches as fit. */
void shares_add(struct shares *shares, const uint32_t *first, const uint32_t *others, size_t slots);

/* Stretches of a scale, those in which nobody held it among them. */
uint64_t shares_count(const struct shares *shares, int scale);

#endif
