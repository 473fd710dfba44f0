/* ck-mcs.c - Concurrency Kit's MCS lock: FIFO, each spins on a line of its own */
#include "lock.h"

#include <ck_spinlock.h>

struct queue {
	ck_spinlock_mcs_context_t node[TEAM_MAX][OWN_LINES / sizeof(ck_spinlock_mcs_context_t)];
	ck_spinlock_mcs_t tail;
}; /* by thread, on lines of their own; memory comes zeroed: nobody is in the queue */

static void acquire(struct run *run, int me)
{
	struct queue *queue = run->state;

	ck_spinlock_mcs_lock(&queue->tail, queue->node[me]);
}

static void release(struct run *run, int me)
{
	struct queue *queue = run->state;

	ck_spinlock_mcs_unlock(&queue->tail, queue->node[me]);
}

static bool try_acquire(struct run *run, int me)
{
	struct queue *queue = run->state;

	return ck_spinlock_mcs_trylock(&queue->tail, queue->node[me]);
}

static const struct lock lock = {
	.acquire = acquire, .release = release, .try_acquire = try_acquire, .opaque = true};

static int work(struct run *run, int me)
{
	return lock_work(run, me, &lock);
}

static const struct bench bench = {
	.family = "lock",
	.name = "ck-mcs",
	.about = "Concurrency Kit's MCS lock: FIFO, each spins on a line of its own",
	.on_request = true,
	.spins_in_turn = true,
	.state_size = sizeof(struct queue),
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
