/* nsync.c - nsync's nsync_mu: sleeps, its waiters are queued and woken one by one */
#include "lock.h"

#ifdef BATON_WITH_NSYNC

#include <nsync.h>

static int open_lock(struct run *run)
{
	nsync_mu_init(run->state);
	return 0;
}

static void acquire(struct run *run, int me)
{
	nsync_mu_lock(run->state);
}

static void release(struct run *run, int me)
{
	nsync_mu_unlock(run->state);
}

static bool try_acquire(struct run *run, int me)
{
	return nsync_mu_trylock(run->state);
}

#else
#include "absent.h"
#endif

static const struct lock lock = {
	.acquire = acquire, .release = release, .try_acquire = try_acquire, .opaque = true};

static int work(struct run *run, int me)
{
	return lock_work(run, me, &lock);
}

static const struct bench bench = {
	.family = "lock",
	.name = "nsync",
	.about = "nsync's nsync_mu: sleeps, its waiters are queued and woken one by one",
	.package = "libnsync-dev",
	.on_request = true,
	.state_size = 64,
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
