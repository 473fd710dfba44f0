/* spin.c - pthread_spinlock_t: spins, whoever comes first has it */
#include "lock.h"

#include <pthread.h>

static int open_lock(struct run *run)
{
	return -pthread_spin_init(run->state, PTHREAD_PROCESS_PRIVATE);
}

static void acquire(struct run *run, int me)
{
	pthread_spin_lock(run->state);
}

static void release(struct run *run, int me)
{
	pthread_spin_unlock(run->state);
}

static bool try_acquire(struct run *run, int me)
{
	return !pthread_spin_trylock(run->state);
}

static const struct lock lock = {
	.acquire = acquire, .release = release, .try_acquire = try_acquire};

static int work(struct run *run, int me)
{
	return lock_work(run, me, &lock);
}

static const struct bench bench = {
	.family = "lock",
	.name = "spin",
	.about = "pthread_spinlock_t: spins, whoever comes first has it",
	.state_size = sizeof(pthread_spinlock_t),
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
