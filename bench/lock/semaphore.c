/* semaphore.c - a POSIX semaphore of one */
#include "lock.h"

#include <semaphore.h>

static int open_lock(struct run *run)
{
	return sem_init(run->state, 0, 1) ? -errno : 0;
}

static void acquire(struct run *run, int me)
{
	while (sem_wait(run->state))
		; /* a signal came */
}

static void release(struct run *run, int me)
{
	sem_post(run->state);
}

static bool try_acquire(struct run *run, int me)
{
	return !sem_trywait(run->state);
}

static const struct lock lock = {
	.acquire = acquire, .release = release, .try_acquire = try_acquire};

static int work(struct run *run, int me)
{
	return lock_work(run, me, &lock);
}

static const struct bench bench = {
	.family = "lock",
	.name = "semaphore",
	.about = "a POSIX semaphore of one",
	.on_request = true,
	.state_size = sizeof(sem_t),
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
