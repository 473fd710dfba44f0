/* futex.c - three states in a futex word: free, taken, taken with somebody asleep */
#include "lock.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The word. Memory comes zeroed: free. Acquire and release order what the owners do in turn. */
enum { FREE, TAKEN, AWAITED };

static bool try_acquire(struct run *run, int me)
{
	int seen = FREE;

	return atomic_compare_exchange_strong_explicit((_Atomic int *)run->state, &seen, TAKEN,
		memory_order_acquire, memory_order_relaxed);
}

static void acquire(struct run *run, int me)
{
	if (try_acquire(run, me))
		return;
	while (atomic_exchange_explicit((_Atomic int *)run->state, AWAITED, memory_order_acquire))
		syscall(SYS_futex, run->state, FUTEX_WAIT_PRIVATE, AWAITED, NULL);
}

static void release(struct run *run, int me)
{
	if (atomic_exchange_explicit((_Atomic int *)run->state, FREE, memory_order_release) ==
		AWAITED)
		syscall(SYS_futex, run->state, FUTEX_WAKE_PRIVATE, 1);
}

static const struct lock lock = {
	.acquire = acquire, .release = release, .try_acquire = try_acquire};

static int work(struct run *run, int me)
{
	return lock_work(run, me, &lock);
}

static const struct bench bench = {
	.family = "lock",
	.name = "futex",
	.about = "three states in a futex word: free, taken, taken with somebody asleep",
	.on_request = true,
	.state_size = sizeof(int),
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
