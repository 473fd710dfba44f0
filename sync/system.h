/* system.h - the one place that knows the operating system and the processor */
#ifndef SYNC_SYSTEM_H
#define SYNC_SYSTEM_H

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* In place of a deadline: none. */
#define SYSTEM_NEVER INT64_MAX

/* CLOCK_MONOTONIC, in nanoseconds. */
static inline int64_t system_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/*
 * Sleeping and waking: another system's calls go into these two functions. Where they would:
 * WaitOnAddress and WakeByAddressSingle; os_sync_wait_on_address_with_timeout and
 * os_sync_wake_by_address_any; _umtx_op with UMTX_OP_WAIT_UINT_PRIVATE and UMTX_OP_WAKE_PRIVATE.
 *
 * No wake-up is lost between the two: the waker stores before it calls; the kernel compares the
 * word and queues the sleeper as one step in respect of any wake on that address. So the sleeper
 * sees the new value and does not sleep, or is asleep when the wake comes (futex(2)).
 */

/*
 * Sleeps while *word is expected, at most until deadline_ns on CLOCK_MONOTONIC. Returns true when
 * the deadline has passed. Otherwise it may have returned for any reason: look at the word again.
 * So a call that fails costs CPU time, not correctness.
 */
static inline bool system_wait(_Atomic uint32_t *word, uint32_t expected, int64_t deadline_ns)
{
	const struct timespec until = {
		.tv_sec = (time_t)(deadline_ns / 1000000000), .tv_nsec = deadline_ns % 1000000000};
	const bool timed = deadline_ns != SYSTEM_NEVER;

	return syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, expected, timed ? &until : NULL,
		       NULL, FUTEX_BITSET_MATCH_ANY) < 0 &&
	       errno == ETIMEDOUT;
}

/*
 * Wakes one thread that sleeps on the word, if there is one. The memory is not accessed: for a
 * private futex the address is only a name to the kernel, mapped or not.
 */
static inline void system_wake(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* The CPU that the caller runs on, or a negative number where that is not known: a hint. */
static inline int system_cpu(void)
{
	return sched_getcpu();
}

/* Tells the core that this is a spin loop (x86 PAUSE, Arm ISB); elsewhere a compiler barrier. */
static inline void system_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("isb" ::: "memory");
#else
	__asm__ volatile("" ::: "memory");
#endif
}

/*
 * Called at the delicate points, between two steps that others must not take for one. Here it is
 * nothing; the tests build the library with a function of theirs, which dawdles.
 */
#ifdef CHANNEL_INTERLUDE
void channel_interlude(void);
#else
static inline void channel_interlude(void)
{
}
#endif

#endif
