/* ck-clh.c - Concurrency Kit's CLH lock: FIFO, each spins on its predecessor's line */
#include "lock.h"

#include <ck_spinlock.h>

struct queue {
	ck_spinlock_clh_t node[TEAM_MAX + 1][OWN_LINES / sizeof(ck_spinlock_clh_t)];
	ck_spinlock_clh_t *mine[TEAM_MAX][OWN_LINES / sizeof(ck_spinlock_clh_t *)];
	ck_spinlock_clh_t *tail;
}; /* by thread, on lines of their own; the last node is the first predecessor */

static int open_lock(struct run *run)
{
	struct queue *queue = run->state;

	ck_spinlock_clh_init(&queue->tail, queue->node[TEAM_MAX]);
	for (int i = 0; i < run->threads; i++)
		queue->mine[i][0] = queue->node[i];
	return 0;
}

static void acquire(struct run *run, int me)
{
	struct queue *queue = run->state;

	ck_spinlock_clh_lock(&queue->tail, *queue->mine[me]);
}

static void release(struct run *run, int me)
{
	ck_spinlock_clh_unlock(((struct queue *)run->state)->mine[me]);
}

static const struct lock lock = {.acquire = acquire, .release = release, .opaque = true};

static int work(struct run *run, int me)
{
	return lock_work(run, me, &lock);
}

static const struct bench bench = {
	.family = "lock",
	.name = "ck-clh",
	.about = "Concurrency Kit's CLH lock: FIFO, each spins on its predecessor's line",
	.on_request = true,
	.spins_in_turn = true,
	.state_size = sizeof(struct queue),
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
