/* spurious.c - futexes and condition variables that wake for no reason, as they may */
#include <linux/futex.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>

/* These stand before the C library's own by the linker's --wrap. */
long __real_syscall(long number, ...);
int __real_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex);
long __wrap_syscall(long number, ...);
int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex);

/* Every other time. */
static bool wakes_at_once(void)
{
	static _Atomic unsigned waits;

	return atomic_fetch_add_explicit(&waits, 1, memory_order_relaxed) % 2;
}

/* futex(2): a wait may return 0 although nobody woke it. Callers give as many arguments as their
 * call has; the rest is what happens to lie there, which AddressSanitizer need not mind. */
__attribute__((no_sanitize_address)) long __wrap_syscall(long number, ...)
{
	va_list list;
	long argument[6];

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		argument[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_futex && (argument[1] & FUTEX_CMD_MASK) == FUTEX_WAIT && wakes_at_once())
		return 0;
	return __real_syscall(number, argument[0], argument[1], argument[2], argument[3],
		argument[4], argument[5]);
}

/* pthread_cond_wait(3): spurious wake-ups may occur. */
int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	return wakes_at_once() ? 0 : __real_pthread_cond_wait(cond, mutex);
}
