/* mutex-pi.c - pthread_mutex_t with priority inheritance */
#include "lock.h"

#include <pthread.h>

static int open_lock(struct run *run)
{
	pthread_mutexattr_t inherit;
	int rc;

	pthread_mutexattr_init(&inherit);
	rc = pthread_mutexattr_setprotocol(&inherit, PTHREAD_PRIO_INHERIT);
	if (!rc)
		rc = pthread_mutex_init(run->state, &inherit);
	pthread_mutexattr_destroy(&inherit);
	return -rc;
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

static const char *const none[] = {NULL};
static const char *const holds[] = {
	"hold_ns=3", "hold_ns=3000", "hold_ns=3;stamps=1", "hold_ns=3000;stamps=1", NULL};

static const struct bench bench = {
	.family = "lock",
	.name = "mutex-pi",
	.about = "pthread_mutex_t with priority inheritance",
	.state_size = sizeof(pthread_mutex_t),
	.open = open_lock,
	.workloads =
		{
			{.shape = &lock_uncontended_shape, .work = uncontended},
			{.shape = &lock_greedy_polite_shape,
				.work = greedy_polite,
				.params = none,
				.more = holds},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
