/* arch.h - the only architecture-specific code: relax in a spin, read the cycle counter */
#ifndef BATON_ARCH_H
#define BATON_ARCH_H

#include <stdbool.h>
#include <stdint.h>

/* Tells the core that this is a spin loop (x86 PAUSE, Arm ISB); elsewhere a compiler barrier. */
static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("isb" ::: "memory");
#else
	__asm__ volatile("" ::: "memory");
#endif
}

/* Whether cycle_counter() reads a hardware counter on this architecture. */
static inline bool cycle_counter_exists(void)
{
#if defined(__x86_64__) || defined(__i386__) || defined(__aarch64__)
	return true;
#else
	return false;
#endif
}

/* The counter that user space may read: TSC on x86, CNTVCT_EL0 on Arm; ticks, not clock cycles.
 * Not ordered against its neighbours: out-of-order cores may read it some ns early. */
static inline uint64_t cycle_counter(void)
{
#if defined(__x86_64__) || defined(__i386__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t ticks;
	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
#else
	return 0;
#endif
}

#endif
