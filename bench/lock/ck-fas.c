/* ck-fas.c - Concurrency Kit's fetch-and-store lock: spins, whoever comes first has it */
#include "lock.h"

#include <ck_spinlock.h>

static int open_lock(struct run *run)
{
	ck_spinlock_fas_init(run->state);
	return 0;
}

static void acquire(struct run *run, int me)
{
	ck_spinlock_fas_lock(run->state);
}

static void release(struct run *run, int me)
{
	ck_spinlock_fas_unlock(run->state);
}

static bool try_acquire(struct run *run, int me)
{
	return ck_spinlock_fas_trylock(run->state);
}

static const struct lock lock = {
	.acquire = acquire, .release = release, .try_acquire = try_acquire, .opaque = true};

static int work(struct run *run, int me)
{
	return lock_work(run, me, &lock);
}

static const struct bench bench = {
	.family = "lock",
	.name = "ck-fas",
	.about = "Concurrency Kit's fetch-and-store lock: spins, whoever comes first has it",
	.on_request = true,
	.state_size = sizeof(ck_spinlock_fas_t),
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
