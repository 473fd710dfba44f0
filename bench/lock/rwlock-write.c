/* rwlock-write.c - pthread_rwlock_t, taken for writing */
#include "lock.h"

#include <pthread.h>

static int open_lock(struct run *run)
{
	return -pthread_rwlock_init(run->state, NULL);
}

static void acquire(struct run *run, int me)
{
	pthread_rwlock_wrlock(run->state);
}

static void release(struct run *run, int me)
{
	pthread_rwlock_unlock(run->state);
}

static bool try_acquire(struct run *run, int me)
{
	return !pthread_rwlock_trywrlock(run->state);
}

static const struct lock lock = {
	.acquire = acquire, .release = release, .try_acquire = try_acquire};

static int work(struct run *run, int me)
{
	return lock_work(run, me, &lock);
}

static const struct bench bench = {
	.family = "lock",
	.name = "rwlock-write",
	.about = "pthread_rwlock_t, taken for writing",
	.on_request = true,
	.state_size = sizeof(pthread_rwlock_t),
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
