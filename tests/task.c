/* task.c - channel operations on threads of their own, held up wherever it matters */
#include "task.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { TIME_LIMIT_S = 110 };

/* What a thread expects that sleeps on its own word, and not on the lock or for a nap (parking.h).
 */
enum { PARKED = 1 };

_Thread_local struct hooks *hooks;

long __wrap_syscall(long number, ...);
long __real_syscall(long number, ...);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_sched_getcpu(void);
int __real_sched_getcpu(void);
void channel_interlude(void);

static bool get(atomic_bool *flag)
{
	return atomic_load_explicit(flag, memory_order_relaxed);
}

static void set(atomic_bool *flag)
{
	atomic_store_explicit(flag, true, memory_order_relaxed);
}

static unsigned count(atomic_uint *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static void count_one(atomic_uint *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void hold(void)
{
	set(&hooks->held);
	while (!get(&hooks->released))
		sched_yield();
	atomic_store_explicit(&hooks->released, false, memory_order_relaxed);
}

void channel_interlude(void)
{
	unsigned left = hooks ? count(&hooks->hold_in) : 0;

	if (left == 0)
		return;
	atomic_store_explicit(&hooks->hold_in, left - 1, memory_order_relaxed);
	if (left == 1)
		hold();
}

/* In place of a sleep until a deadline, which passes when the test says. */
static long sleep_until_expired(_Atomic uint32_t *word)
{
	while (!get(&hooks->expired))
		if (atomic_load_explicit(word, memory_order_relaxed) != PARKED)
			return 0;
		else
			sched_yield();
	errno = ETIMEDOUT;
	return -1;
}

/* Before a sleep; true: it is to return at once. */
static bool wakes_spuriously(uint32_t expected)
{
	count_one(&hooks->sleeps);
	if (hooks->spurious_wakes > 0) {
		hooks->spurious_wakes--;
		return true;
	}
	if (expected == PARKED)
		count_one(&hooks->parks);
	return false;
}

long __wrap_syscall(long number, ...)
{
	long args[6];
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < LENGTH(args); i++)
		args[i] = va_arg(list, long);
	va_end(list);
	if (hooks && number == SYS_futex && (int)args[1] == FUTEX_WAIT_BITSET_PRIVATE) {
		if (wakes_spuriously((uint32_t)args[2]))
			return 0;
		if (hooks->expires && args[3] && (uint32_t)args[2] == PARKED)
			return sleep_until_expired((_Atomic uint32_t *)args[0]);
	}
	return __real_syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	int64_t now_ns;

	if (hooks)
		count_one(&hooks->looks);
	if (!hooks || hooks->tick_ns == 0)
		return __real_clock_gettime(clock, now);
	now_ns = atomic_fetch_add_explicit(&hooks->clock_ns, hooks->tick_ns, memory_order_relaxed);
	*now = (struct timespec){
		.tv_sec = (time_t)(now_ns / 1000000000), .tv_nsec = (long)(now_ns % 1000000000)};
	return 0;
}

int __wrap_sched_getcpu(void)
{
	return hooks && hooks->cpu ? hooks->cpu - 1 : __real_sched_getcpu();
}

struct channel *pages_open(struct pages *pages, size_t element_size, size_t capacity)
{
	struct channel *channel = NULL;

	pages->size = channel_footprint(element_size, capacity);
	pages->memory =
		mmap(NULL, pages->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(pages->memory, MAP_FAILED);
	assert_int_equal(
		channel_open_in(&channel, pages->memory, pages->size, element_size, capacity), 0);
	return channel;
}

/* No assertion: it is called in other threads, too. */
void pages_free(struct pages *pages, struct channel *channel)
{
	channel_free(channel);
	if (mprotect(pages->memory, pages->size, PROT_NONE) != 0)
		abort();
}

void pages_unmap(struct pages *pages)
{
	assert_int_equal(munmap(pages->memory, pages->size), 0);
}

static int operate(struct task *task)
{
	switch (task->operation) {
	case SEND:
		return channel_send(task->channel, &task->value);
	case RECV:
		return channel_recv(task->channel, &task->value);
	case TRY_SEND:
		return channel_try_send(task->channel, &task->value);
	case TRY_RECV:
		return channel_try_recv(task->channel, &task->value);
	case TIMED_SEND:
		return channel_timed_send(task->channel, &task->value, &task->deadline);
	case TIMED_RECV:
		return channel_timed_recv(task->channel, &task->value, &task->deadline);
	case SELECT:
		return channel_select(task->cases, task->count);
	case TRY_SELECT:
		return channel_try_select(task->cases, task->count);
	case TIMED_SELECT:
		return channel_timed_select(task->cases, task->count, &task->deadline);
	case CLOSE:
		channel_close(task->channel);
		return 0;
	}
	abort();
}

int task_here(struct task *task)
{
	unsigned times = task->times ? task->times : 1;

	hooks = &task->hooks;
	do
		task->status = operate(task);
	while (--times > 0 && task->status == 0);
	hooks = NULL;
	if (task->grave && task->status == 0)
		pages_free(task->grave, task->channel);
	return task->status;
}

static void *task_main(void *task)
{
	task_here(task);
	set(&((struct task *)task)->returned);
	return NULL;
}

void task_start(struct task *task)
{
	assert_int_equal(pthread_create(&task->thread, NULL, task_main, task), 0);
}

bool task_returned(struct task *task)
{
	return get(&task->returned);
}

void task_await_park(struct task *task)
{
	while (count(&task->hooks.parks) == 0 && !task_returned(task))
		sched_yield();
}

void task_await_rest(struct task *task)
{
	while (count(&task->hooks.sleeps) == 0 && !get(&task->hooks.held) && !task_returned(task))
		sched_yield();
}

void task_park(struct task *task)
{
	task_start(task);
	task_await_park(task);
	assert_false(task_returned(task));
}

int task_join(struct task *task)
{
	assert_int_equal(pthread_join(task->thread, NULL), 0);
	return task->status;
}

bool task_await_held(struct task *task)
{
	while (!get(&task->hooks.held) && count(&task->hooks.parks) == 0 && !task_returned(task))
		sched_yield();
	return get(&task->hooks.held);
}

void task_release(struct task *task)
{
	set(&task->hooks.released);
}

void task_release_until(struct task *task, unsigned point)
{
	atomic_store_explicit(&task->hooks.hold_in, point, memory_order_relaxed);
	atomic_store_explicit(&task->hooks.held, false, memory_order_relaxed);
	task_release(task);
}

void task_expire(struct task *task)
{
	set(&task->hooks.expired);
}

struct timespec deadline_in_ms(int64_t ms)
{
	struct timespec deadline;
	int64_t deadline_ns;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline_ns = deadline.tv_nsec + ms % 1000 * 1000000;
	deadline.tv_sec += (time_t)(ms / 1000 + deadline_ns / 1000000000);
	deadline.tv_nsec = (long)(deadline_ns % 1000000000);
	return deadline;
}

struct channel *open_or_fail(size_t element_size, size_t capacity)
{
	struct channel *channel = NULL;

	assert_int_equal(channel_open(&channel, element_size, capacity), 0);
	assert_non_null(channel);
	return channel;
}

void send_ints(struct channel *channel, int first, int last)
{
	for (int value = first; value <= last; value++)
		assert_int_equal(channel_send(channel, &value), 0);
}

void expect_ints(struct channel *channel, int first, int last)
{
	for (int value = first; value <= last; value++) {
		int received = UNTOUCHED;

		assert_int_equal(channel_recv(channel, &received), 0);
		assert_int_equal(received, value);
	}
}

void expect_empty(struct channel *channel)
{
	int received = UNTOUCHED;

	assert_int_equal(channel_try_recv(channel, &received), -EAGAIN);
	assert_int_equal(received, UNTOUCHED);
}

void expect_drained(struct channel *channel)
{
	int received = UNTOUCHED;

	assert_int_equal(channel_recv(channel, &received), -EPIPE);
	assert_int_equal(received, UNTOUCHED);
}

void fill_and_drain(struct channel *channel, size_t capacity)
{
	send_ints(channel, 1, (int)capacity);
	expect_ints(channel, 1, (int)capacity);
	channel_close(channel);
	expect_drained(channel);
}

void park_all(struct task *tasks, size_t count, struct channel *channel, enum operation operation,
	int value)
{
	for (size_t i = 0; i < count; i++) {
		tasks[i] = (struct task){.channel = channel,
			.operation = operation,
			.value = operation == SEND ? value + (int)i : UNTOUCHED};
		task_park(&tasks[i]);
	}
}

/* What assert has to say is expected, and nobody wants to read it. */
static void die_quietly(void (*misuse)(void *), void *argument)
{
	int nowhere = open("/dev/null", O_WRONLY);

	if (nowhere < 0 || dup2(nowhere, STDERR_FILENO) < 0)
		_exit(2);
	signal(SIGABRT, SIG_DFL);
	misuse(argument);
	_exit(0);
}

void expect_abort(void (*misuse)(void *), void *argument)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		die_quietly(misuse, argument);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void give_up(int signal_number)
{
	const char message[] = "a thread hangs: the tests did not end in time\n";

	(void)signal_number;
	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
		_exit(2);
	_exit(1);
}

void limit_time(void)
{
	signal(SIGALRM, give_up);
	alarm(TIME_LIMIT_S);
}

/* A size that no machine has is to be refused by malloc, also where a sanitizer stands in; a child
 * may start threads also under ThreadSanitizer. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
	return "allocator_may_return_null=1:die_after_fork=0";
}
