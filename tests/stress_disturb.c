/* stress_disturb.c - delays at the channel's delicate points, and waits that end for no reason */
#include "stress.h"

#include <linux/futex.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <time.h>

/* The program is linked with --wrap=syscall. */
long __wrap_syscall(long number, ...);
long __real_syscall(long number, ...);
void channel_interlude(void);

enum { SPURIOUS_ONE_IN = 32 };

static _Thread_local struct {
	uint64_t random;
	uint64_t one_in;
	bool most;
} disturbance;

void disturb_me(uint64_t seed, uint64_t one_in)
{
	disturbance.random = seed;
	disturbance.one_in = one_in;
}

void disturb_me_most(bool most)
{
	disturbance.most = most;
}

/* Of sixteen: a nap (some 50 us, now and then longer), yields, and short spins. */
void dawdle(uint64_t die)
{
	const struct timespec nap = {.tv_nsec = die % 16 ? 1000 : 300000};

	if (die / 16 % 16 == 0)
		nanosleep(&nap, NULL);
	else if (die / 16 % 16 < 4)
		sched_yield();
	else
		for (volatile uint64_t turns = die / 256 % 512; turns > 0; turns--)
			;
}

void channel_interlude(void)
{
	if (disturbance.one_in &&
		(disturbance.most || draw_one_in(&disturbance.random, disturbance.one_in)))
		dawdle(draw(&disturbance.random));
}

static bool wakes_at_once(long number, int operation)
{
	return number == SYS_futex && operation == FUTEX_WAIT_BITSET_PRIVATE &&
	       disturbance.one_in && draw_one_in(&disturbance.random, SPURIOUS_ONE_IN);
}

long __wrap_syscall(long number, ...)
{
	long args[6];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		args[i] = va_arg(list, long);
	va_end(list);
	channel_interlude();
	if (wakes_at_once(number, (int)args[1]))
		return 0;
	return __real_syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
}
