/* mutex-pi.c - pthread_mutex_t with priority inheritance */
#include "lock.h"

#include <pthread.h>

static int open_lock(struct run *run)
{
	pthread_mutexattr_t kind;
	int rc;

	pthread_mutexattr_init(&kind);
	rc = pthread_mutexattr_setprotocol(&kind, PTHREAD_PRIO_INHERIT);
	if (!rc)
		rc = pthread_mutex_init(run->state, &kind);
	pthread_mutexattr_destroy(&kind);
	return -rc;
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

static const struct bench bench = {
	.family = "lock",
	.name = "mutex-pi",
	.about = "pthread_mutex_t with priority inheritance",
	.on_request = true,
	.state_size = sizeof(pthread_mutex_t),
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
