/* ck-ticket.c - Concurrency Kit's ticket lock: FIFO, all spin on one line */
#include "lock.h"

#include <ck_spinlock.h>

static int open_lock(struct run *run)
{
	ck_spinlock_ticket_init(run->state);
	return 0;
}

static void acquire(struct run *run, int me)
{
	ck_spinlock_ticket_lock(run->state);
}

static void release(struct run *run, int me)
{
	ck_spinlock_ticket_unlock(run->state);
}

static const struct lock lock = {.acquire = acquire, .release = release, .opaque = true};

static int work(struct run *run, int me)
{
	return lock_work(run, me, &lock);
}

static const struct bench bench = {
	.family = "lock",
	.name = "ck-ticket",
	.about = "Concurrency Kit's ticket lock: FIFO, all spin on one line",
	.spins_in_turn = true,
	.state_size = sizeof(ck_spinlock_ticket_t),
	.open = open_lock,
	.workloads =
		{
			{.shape = &lock_uncontended_shape, .work = work},
			{.shape = &lock_contended_shape, .work = work},
			{.shape = &lock_greedy_polite_shape, .work = work},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
