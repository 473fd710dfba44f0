/* mutex.c - pthread_mutex_t, default type */
#include "guard.h"

#include <pthread.h>

static int open_lock(struct run *run)
{
	return -pthread_mutex_init(run->state, NULL);
}

static void acquire(struct run *run)
{
	pthread_mutex_lock(run->state);
}

static void release(struct run *run)
{
	pthread_mutex_unlock(run->state);
}

static int uncontended(struct run *run, int me)
{
	return lock_uncontended(run, me, acquire, release);
}

static int greedy_polite(struct run *run, int me)
{
	return lock_greedy_polite(run, me, acquire, release);
}

static int guard(struct run *run, int me)
{
	return guard_locked(run, me, acquire, release);
}

static const struct bench bench = {
	.family = "lock",
	.name = "mutex",
	.about = "pthread_mutex_t, default type",
	.state_size = sizeof(pthread_mutex_t),
	.open = open_lock,
	.workloads =
		{
			{.shape = &lock_uncontended_shape, .work = uncontended},
			{.shape = &lock_greedy_polite_shape, .work = greedy_polite},
			{.shape = &guard_locked_shape, .work = guard},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
