/* mutex.c - pthread_mutex_t, default type */
#include "guard.h"

#include <pthread.h>

static int open_lock(struct run *run)
{
	return -pthread_mutex_init(run->state, NULL);
}

static void acquire(struct run *run, int me)
{
	pthread_mutex_lock(run->state);
}

static void release(struct run *run, int me)
{
	pthread_mutex_unlock(run->state);
}

static bool try_acquire(struct run *run, int me)
{
	return !pthread_mutex_trylock(run->state);
}

static const struct lock lock = {
	.acquire = acquire, .release = release, .try_acquire = try_acquire};

static int work(struct run *run, int me)
{
	return lock_work(run, me, &lock);
}

static int guard(struct run *run, int me)
{
	return guard_locked(run, me, &lock);
}

static const struct bench bench = {
	.family = "lock",
	.name = "mutex",
	.about = "pthread_mutex_t, default type",
	.state_size = sizeof(pthread_mutex_t),
	.open = open_lock,
	.workloads =
		{
			{.shape = &lock_uncontended_shape, .work = work},
			{.shape = &lock_contended_shape, .work = work},
			{.shape = &lock_greedy_polite_shape, .work = work},
			{.shape = &guard_locked_shape, .work = guard},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
