/* ck-anderson.c - Concurrency Kit's array lock (Anderson): FIFO, each spins on a slot */
#include "lock.h"

#include <ck_spinlock.h>

struct array {
	ck_spinlock_anderson_t lock;
	ck_spinlock_anderson_thread_t slot[TEAM_MAX];
	ck_spinlock_anderson_thread_t *mine[TEAM_MAX][OWN_LINES / sizeof(void *)];
};

static int open_lock(struct run *run)
{
	struct array *array = run->state;

	ck_spinlock_anderson_init(&array->lock, array->slot, TEAM_MAX);
	return 0;
}

static void acquire(struct run *run, int me)
{
	struct array *array = run->state;

	ck_spinlock_anderson_lock(&array->lock, array->mine[me]);
}

static void release(struct run *run, int me)
{
	struct array *array = run->state;

	ck_spinlock_anderson_unlock(&array->lock, *array->mine[me]);
}

static const struct lock lock = {.acquire = acquire, .release = release, .opaque = true};

static int work(struct run *run, int me)
{
	return lock_work(run, me, &lock);
}

static const struct bench bench = {
	.family = "lock",
	.name = "ck-anderson",
	.about = "Concurrency Kit's array lock (Anderson): FIFO, each spins on a slot",
	.on_request = true,
	.spins_in_turn = true,
	.state_size = sizeof(struct array),
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
