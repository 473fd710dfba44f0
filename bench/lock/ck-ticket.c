/* ck-ticket.c - Concurrency Kit's ticket lock: spins, strictly first in, first out */
#include "lock.h"

#include <ck_spinlock.h>

static int open_lock(struct run *run)
{
	ck_spinlock_ticket_init(run->state);
	return 0;
}

static void acquire(struct run *run)
{
	ck_spinlock_ticket_lock(run->state);
	tsan_acquired(run->state);
}

static void release(struct run *run)
{
	tsan_releasing(run->state);
	ck_spinlock_ticket_unlock(run->state);
}

static int uncontended(struct run *run, int me)
{
	return lock_uncontended(run, me, acquire, release);
}

static int greedy_polite(struct run *run, int me)
{
	return lock_greedy_polite(run, me, acquire, release);
}

static const struct bench bench = {
	.family = "lock",
	.name = "ck-ticket",
	.about = "Concurrency Kit's ticket lock: spins, strictly first in, first out",
	.state_size = sizeof(ck_spinlock_ticket_t),
	.open = open_lock,
	.workloads =
		{
			{.shape = &lock_uncontended_shape, .work = uncontended},
			{.shape = &lock_greedy_polite_shape, .work = greedy_polite},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
