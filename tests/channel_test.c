/* channel_test.c - what the channel promises, one promise a test */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "sync/channel.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum { DEADLINE_S = 60, UNTOUCHED = -77 };

/*
 * What a thread of a test does at the channel's borders. The program is linked with
 * --wrap=syscall,--wrap=pthread_mutex_unlock, so that a test knows that a thread is on a queue and
 * about to sleep, without sleeping itself and without a look inside the channel.
 */
struct hooks {
	atomic_bool waits;       /* set by the first wait */
	atomic_bool parked;      /* set by the first wait that is let through to the kernel */
	unsigned spurious_wakes; /* so many waits return at once before that */
	bool slow_unlock;        /* linger before every unlock */
};

static _Thread_local struct hooks *hooks;

long __wrap_syscall(long number, ...);
long __real_syscall(long number, ...);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex);
int __real_pthread_mutex_unlock(pthread_mutex_t *mutex);

static bool wakes_spuriously(long number, int operation)
{
	if (!hooks || number != SYS_futex || operation != FUTEX_WAIT_PRIVATE)
		return false;
	atomic_store(&hooks->waits, true);
	if (hooks->spurious_wakes == 0) {
		atomic_store(&hooks->parked, true);
		return false;
	}
	hooks->spurious_wakes--;
	return true;
}

long __wrap_syscall(long number, ...)
{
	long args[6];
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < LENGTH(args); i++)
		args[i] = va_arg(list, long);
	va_end(list);
	if (wakes_spuriously(number, (int)args[1]))
		return 0;
	return __real_syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	const struct timespec lingering = {.tv_nsec = 1000000};

	if (hooks && hooks->slow_unlock)
		nanosleep(&lingering, NULL);
	return __real_pthread_mutex_unlock(mutex);
}

/* One channel operation on a thread of its own. */
struct task {
	struct hooks hooks;
	struct channel *channel;
	atomic_bool *after; /* where given, the operation starts when this is true */
	pthread_t thread;
	bool sends;
	int value;
	int status;
	atomic_bool returned;
};

static void *task_main(void *argument)
{
	struct task *task = argument;

	while (task->after && !atomic_load(task->after))
		sched_yield();
	hooks = &task->hooks;
	if (task->sends)
		task->status = channel_send(task->channel, &task->value);
	else
		task->status = channel_recv(task->channel, &task->value);
	atomic_store(&task->returned, true);
	return NULL;
}

static void task_start(struct task *task)
{
	assert_int_equal(pthread_create(&task->thread, NULL, task_main, task), 0);
}

/* Start it, and prove that it waits: it is queued, and only another thread can end its call. */
static void task_park(struct task *task)
{
	task_start(task);
	while (!atomic_load(&task->hooks.parked) && !atomic_load(&task->returned))
		sched_yield();
	assert_false(atomic_load(&task->returned));
}

static int task_join(struct task *task)
{
	assert_int_equal(pthread_join(task->thread, NULL), 0);
	return task->status;
}

static struct channel *open_or_fail(size_t element_size, size_t capacity)
{
	struct channel *channel = NULL;

	assert_int_equal(channel_open(&channel, element_size, capacity), 0);
	assert_non_null(channel);
	return channel;
}

static void send_ints(struct channel *channel, int first, int last)
{
	for (int value = first; value <= last; value++)
		assert_int_equal(channel_send(channel, &value), 0);
}

static void expect_ints(struct channel *channel, int first, int last)
{
	for (int value = first; value <= last; value++) {
		int received = UNTOUCHED;

		assert_int_equal(channel_recv(channel, &received), 0);
		assert_int_equal(received, value);
	}
}

static void expect_drained(struct channel *channel)
{
	int received = UNTOUCHED;

	assert_int_equal(channel_recv(channel, &received), -EPIPE);
	assert_int_equal(received, UNTOUCHED);
}

static void test_open_refuses_what_does_not_fit(void **state)
{
	struct channel *channel = NULL;

	(void)state;
	assert_int_equal(channel_open(&channel, SIZE_MAX, 2), -EOVERFLOW);
	assert_int_equal(channel_open(&channel, 2, SIZE_MAX), -EOVERFLOW);
	assert_int_equal(channel_open(&channel, 1, SIZE_MAX), -EOVERFLOW);
	assert_int_equal(channel_open(&channel, 1, SIZE_MAX / 4), -ENOMEM);
	assert_null(channel);
	channel_free(NULL);
}

static void test_buffer_fills_without_waiting_and_is_fifo(void **state)
{
	const int capacities[] = {1, 2, 3, 64};

	(void)state;
	for (size_t i = 0; i < LENGTH(capacities); i++) {
		struct channel *channel = open_or_fail(sizeof(int), (size_t)capacities[i]);

		send_ints(channel, 1, capacities[i]);
		expect_ints(channel, 1, capacities[i]);
		channel_free(channel);
	}
}

/* The ring's start moves through every place, at every fill. */
static void test_ring_wraps(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 3);

	(void)state;
	for (int fill = 1; fill <= 3; fill++)
		for (int start = 0; start < 4; start++) {
			send_ints(channel, 1, fill);
			expect_ints(channel, 1, fill);
			send_ints(channel, 0, 0);
			expect_ints(channel, 0, 0);
		}
	channel_free(channel);
}

static void test_full_buffer_makes_the_sender_wait(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 2);
	struct task sender = {.channel = channel, .sends = true, .value = 3};

	(void)state;
	send_ints(channel, 1, 2);
	task_park(&sender);
	expect_ints(channel, 1, 1);
	assert_int_equal(task_join(&sender), 0);
	expect_ints(channel, 2, 3);
	channel_free(channel);
}

static void test_close_drains_then_epipe(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 3);
	int value = 4;

	(void)state;
	send_ints(channel, 1, 2);
	channel_close(channel);
	channel_close(channel);
	assert_int_equal(channel_send(channel, &value), -EPIPE);
	expect_ints(channel, 1, 2);
	expect_drained(channel);
	expect_drained(channel);
	assert_int_equal(channel_send(channel, &value), -EPIPE);
	channel_free(channel);
}

static void test_closed_rendezvous(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 0);
	int value = 1;

	(void)state;
	channel_close(channel);
	assert_int_equal(channel_send(channel, &value), -EPIPE);
	expect_drained(channel);
	channel_free(channel);
}

/* The bytes come through, and not one more is written. */
static void check_element_size(size_t size)
{
	struct channel *channel = open_or_fail(size, 3);
	unsigned char sent[4096 + 1], received[4096 + 1], expected[4096 + 1];

	for (unsigned round = 0; round < 5; round++) {
		memset(expected, 0xee, sizeof(expected));
		memset(received, 0xee, sizeof(received));
		for (size_t i = 0; i < size; i++)
			expected[i] = (unsigned char)(i * 7 + i / 256 + round);
		memcpy(sent, expected, sizeof(sent));
		assert_int_equal(channel_send(channel, sent), 0);
		memset(sent, 0xdd, sizeof(sent));
		assert_int_equal(channel_recv(channel, received), 0);
		assert_memory_equal(received, expected, sizeof(expected));
	}
	channel_free(channel);
}

static void test_element_sizes(void **state)
{
	const size_t sizes[] = {0, 1, 8, 13, 4096};

	(void)state;
	for (size_t i = 0; i < LENGTH(sizes); i++)
		check_element_size(sizes[i]);
}

/* Tokens take no memory, so their number is not bounded by it, and they need no pointer. */
static void test_tokens(void **state)
{
	struct channel *channel = open_or_fail(0, SIZE_MAX);

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(channel_send(channel, NULL), 0);
	channel_close(channel);
	for (int i = 0; i < 5; i++)
		assert_int_equal(channel_recv(channel, NULL), 0);
	assert_int_equal(channel_recv(channel, NULL), -EPIPE);
	channel_free(channel);
}

static void test_rendezvous_sender_waits_for_receiver(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 0);
	struct task sender = {.channel = channel, .sends = true, .value = 5};

	(void)state;
	task_park(&sender);
	expect_ints(channel, 5, 5);
	assert_int_equal(task_join(&sender), 0);
	channel_free(channel);
}

/* The receiver may not have run again, but it has the value: that is what a rendezvous says. */
static void test_rendezvous_send_returns_with_value_delivered(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 0);
	struct task receiver = {.channel = channel, .value = UNTOUCHED};

	(void)state;
	task_park(&receiver);
	send_ints(channel, 6, 6);
	assert_int_equal(receiver.value, 6);
	assert_int_equal(task_join(&receiver), 0);
	assert_int_equal(receiver.value, 6);
	channel_free(channel);
}

static void test_spurious_wakes_end_no_wait(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 0);
	struct task sender = {.channel = channel, .sends = true, .value = 7};
	struct task receiver = {.channel = channel, .value = UNTOUCHED};

	(void)state;
	sender.hooks.spurious_wakes = 3;
	task_park(&sender);
	expect_ints(channel, 7, 7);
	assert_int_equal(task_join(&sender), 0);
	receiver.hooks.spurious_wakes = 3;
	task_park(&receiver);
	send_ints(channel, 8, 8);
	assert_int_equal(task_join(&receiver), 0);
	assert_int_equal(receiver.value, 8);
	channel_free(channel);
}

static void check_parked_senders_fifo(size_t capacity)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	struct task senders[4];

	send_ints(channel, 1, (int)capacity);
	for (size_t i = 0; i < LENGTH(senders); i++) {
		senders[i] = (struct task){
			.channel = channel, .sends = true, .value = (int)(capacity + 1 + i)};
		task_park(&senders[i]);
	}
	expect_ints(channel, 1, (int)(capacity + LENGTH(senders)));
	for (size_t i = 0; i < LENGTH(senders); i++)
		assert_int_equal(task_join(&senders[i]), 0);
	channel_free(channel);
}

static void test_parked_senders_are_served_in_order(void **state)
{
	(void)state;
	check_parked_senders_fifo(0);
	check_parked_senders_fifo(1);
	check_parked_senders_fifo(3);
}

static void check_parked_receivers_fifo(size_t capacity)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	struct task receivers[4];

	for (size_t i = 0; i < LENGTH(receivers); i++) {
		receivers[i] = (struct task){.channel = channel, .value = UNTOUCHED};
		task_park(&receivers[i]);
	}
	send_ints(channel, 0, LENGTH(receivers) - 1);
	for (size_t i = 0; i < LENGTH(receivers); i++) {
		assert_int_equal(task_join(&receivers[i]), 0);
		assert_int_equal(receivers[i].value, i);
	}
	channel_free(channel);
}

static void test_parked_receivers_are_served_in_order(void **state)
{
	(void)state;
	check_parked_receivers_fifo(0);
	check_parked_receivers_fifo(2);
}

static void check_close_wakes_senders(size_t capacity)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	struct task senders[3];

	send_ints(channel, 1, (int)capacity);
	for (size_t i = 0; i < LENGTH(senders); i++) {
		senders[i] = (struct task){.channel = channel, .sends = true, .value = 99};
		task_park(&senders[i]);
	}
	channel_close(channel);
	for (size_t i = 0; i < LENGTH(senders); i++)
		assert_int_equal(task_join(&senders[i]), -EPIPE);
	expect_ints(channel, 1, (int)capacity);
	expect_drained(channel);
	channel_free(channel);
}

static void test_close_wakes_senders_unsent(void **state)
{
	(void)state;
	check_close_wakes_senders(0);
	check_close_wakes_senders(2);
}

static void check_close_wakes_receivers(size_t capacity)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	struct task receivers[3];

	for (size_t i = 0; i < LENGTH(receivers); i++) {
		receivers[i] = (struct task){.channel = channel, .value = UNTOUCHED};
		task_park(&receivers[i]);
	}
	channel_close(channel);
	for (size_t i = 0; i < LENGTH(receivers); i++) {
		assert_int_equal(task_join(&receivers[i]), -EPIPE);
		assert_int_equal(receivers[i].value, UNTOUCHED);
	}
	channel_free(channel);
}

static void test_close_wakes_receivers(void **state)
{
	(void)state;
	check_close_wakes_receivers(0);
	check_close_wakes_receivers(2);
}

/*
 * A thread that has seen the other's effect frees the channel, while the other may be inside its
 * call. Here it looks at its word without ever sleeping, and the other, who comes second, lingers
 * before its unlock: a channel that tells the outcome before it unlocks is freed under the other's
 * feet, which ThreadSanitizer reports.
 */
static void check_first_come_may_free(bool sends)
{
	struct hooks sleepless = {.spurious_wakes = UINT32_MAX};
	struct channel *channel = open_or_fail(sizeof(int), 0);
	struct task second = {.channel = channel, .sends = !sends, .value = 9};

	second.after = &sleepless.waits;
	second.hooks.slow_unlock = true;
	task_start(&second);
	hooks = &sleepless;
	if (sends)
		send_ints(channel, 9, 9);
	else
		expect_ints(channel, 9, 9);
	hooks = NULL;
	channel_free(channel);
	assert_int_equal(task_join(&second), 0);
	assert_int_equal(second.value, 9);
}

static void test_who_saw_the_effect_may_free(void **state)
{
	(void)state;
	check_first_come_may_free(false);
	check_first_come_may_free(true);
}

static void give_up(int signal_number)
{
	const char message[] = "channel_test: a thread hangs: the tests did not end in time\n";

	(void)signal_number;
	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
		_exit(2);
	_exit(1);
}

/* A size that no machine has is to be refused by malloc, also where a sanitizer stands in. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
	return "allocator_may_return_null=1";
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_refuses_what_does_not_fit),
		cmocka_unit_test(test_buffer_fills_without_waiting_and_is_fifo),
		cmocka_unit_test(test_ring_wraps),
		cmocka_unit_test(test_full_buffer_makes_the_sender_wait),
		cmocka_unit_test(test_close_drains_then_epipe),
		cmocka_unit_test(test_closed_rendezvous),
		cmocka_unit_test(test_element_sizes),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_rendezvous_sender_waits_for_receiver),
		cmocka_unit_test(test_rendezvous_send_returns_with_value_delivered),
		cmocka_unit_test(test_spurious_wakes_end_no_wait),
		cmocka_unit_test(test_parked_senders_are_served_in_order),
		cmocka_unit_test(test_parked_receivers_are_served_in_order),
		cmocka_unit_test(test_close_wakes_senders_unsent),
		cmocka_unit_test(test_close_wakes_receivers),
		cmocka_unit_test(test_who_saw_the_effect_may_free),
	};

	signal(SIGALRM, give_up);
	alarm(DEADLINE_S);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
