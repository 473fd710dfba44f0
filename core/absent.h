/* absent.h - stands in for what a mechanism would do whose library was not there */
#ifndef BATON_ABSENT_H
#define BATON_ABSENT_H

#include "bench.h"

/* Its file includes this instead of its library and its own functions of these names: what it is
 * called and what it offers stays in the catalogue, and each of its rows is skipped (window.c).
 * Not plain send: some libraries' headers bring that of <sys/socket.h> along. */
static inline int open_lanes(struct run *run)
{
	(void)run;
	return -ENOPKG;
}

static inline void close_lanes(struct run *run)
{
	(void)run;
}

static inline int send_value(struct run *run, int lane, const uint64_t *value)
{
	(void)run, (void)lane, (void)value;
	return -ENOPKG;
}

static inline int receive_value(struct run *run, int lane, uint64_t *value)
{
	(void)run, (void)lane, (void)value;
	return -ENOPKG;
}

/* The same of a lock: it is never opened, and so nobody gets to the others. */
static inline int open_lock(struct run *run)
{
	(void)run;
	return -ENOPKG;
}

static inline void acquire(struct run *run, int me)
{
	(void)run, (void)me;
}

static inline void release(struct run *run, int me)
{
	(void)run, (void)me;
}

static inline bool try_acquire(struct run *run, int me)
{
	(void)run, (void)me;
	return false;
}

#endif
