/* channel_wait_test.c - how long the channel lets a thread wait: not at all, until then, and how */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "task.h"

static const size_t capacities[] = {1, 2, 3, 5, 64};

static const struct timespec long_ago = {.tv_sec = 0, .tv_nsec = 1};
static const struct timespec far_away = {.tv_sec = INT64_MAX / 1000000000 - 1, .tv_nsec = 1};

/* A try on this thread, which must not have asked for sleep. */
static int try_once(struct channel *channel, enum operation operation, int *value)
{
	struct task task = {.channel = channel, .operation = operation, .value = *value};
	int status = task_here(&task);

	assert_int_equal(atomic_load(&task.hooks.sleeps), 0);
	*value = task.value;
	return status;
}

static void test_try_says_eagain_in_place_of_a_wait(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(capacities); i++) {
		const int capacity = (int)capacities[i];
		struct channel *channel = open_or_fail(sizeof(int), capacities[i]);
		int value = UNTOUCHED;

		channel_set_spin(channel, CHANNEL_SPIN);
		assert_int_equal(try_once(channel, TRY_RECV, &value), -EAGAIN);
		assert_int_equal(value, UNTOUCHED);
		for (value = 1; value <= capacity; value++)
			assert_int_equal(try_once(channel, TRY_SEND, &value), 0);
		assert_int_equal(try_once(channel, TRY_SEND, &value), -EAGAIN);
		for (int expected = 1; expected <= capacity; expected++) {
			assert_int_equal(try_once(channel, TRY_RECV, &value), 0);
			assert_int_equal(value, expected);
		}
		assert_int_equal(try_once(channel, TRY_RECV, &value), -EAGAIN);
		channel_free(channel);
	}
}

/* Two that only try never meet. */
static void test_try_at_a_rendezvous_needs_a_partner_who_waits(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 0);
	int value = 3;

	(void)state;
	channel_set_spin(channel, CHANNEL_SPIN);
	assert_int_equal(try_once(channel, TRY_SEND, &value), -EAGAIN);
	assert_int_equal(try_once(channel, TRY_RECV, &value), -EAGAIN);
	assert_int_equal(try_once(channel, TRY_SEND, &value), -EAGAIN);
	assert_int_equal(value, 3);
	channel_free(channel);
}

static void check_try_meets_parked(size_t capacity)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	struct task receiver, sender;
	int value = 3;

	park_all(&receiver, 1, channel, RECV, 0);
	assert_int_equal(try_once(channel, TRY_SEND, &value), 0);
	assert_int_equal(task_join(&receiver), 0);
	assert_int_equal(receiver.value, 3);
	send_ints(channel, 1, (int)capacity);
	park_all(&sender, 1, channel, SEND, (int)capacity + 1);
	for (int expected = 1; expected <= (int)capacity + 1; expected++) {
		assert_int_equal(try_once(channel, TRY_RECV, &value), 0);
		assert_int_equal(value, expected);
	}
	assert_int_equal(task_join(&sender), 0);
	expect_empty(channel);
	channel_free(channel);
}

static void test_try_meets_a_partner_who_waits(void **state)
{
	(void)state;
	check_try_meets_parked(0);
	check_try_meets_parked(1);
	check_try_meets_parked(3);
}

static void check_try_closed(int capacity)
{
	struct channel *channel = open_or_fail(sizeof(int), (size_t)capacity);
	int value;

	send_ints(channel, 1, capacity);
	channel_close(channel);
	for (int expected = 1; expected <= capacity; expected++) {
		value = -1;
		assert_int_equal(try_once(channel, TRY_SEND, &value), -EPIPE);
		assert_int_equal(try_once(channel, TRY_RECV, &value), 0);
		assert_int_equal(value, expected);
	}
	value = UNTOUCHED;
	assert_int_equal(try_once(channel, TRY_RECV, &value), -EPIPE);
	assert_int_equal(value, UNTOUCHED);
	assert_int_equal(try_once(channel, TRY_SEND, &value), -EPIPE);
	channel_free(channel);
}

static void test_try_on_a_closed_channel(void **state)
{
	(void)state;
	check_try_closed(0);
	check_try_closed(1);
	check_try_closed(3);
}

static void test_timed_refuses_bad_nanoseconds(void **state)
{
	const long bad[] = {-1, 1000000000, INT64_MIN, INT64_MAX};
	struct channel *channel = open_or_fail(sizeof(int), 1);
	int value = 1;

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++) {
		const struct timespec deadline = {.tv_sec = 1, .tv_nsec = bad[i]};

		assert_int_equal(channel_timed_send(channel, &value, &deadline), -EINVAL);
		assert_int_equal(channel_timed_recv(channel, &value, &deadline), -EINVAL);
	}
	expect_empty(channel);
	channel_free(channel);
}

static const struct timespec deadlines_past[] = {
	{.tv_sec = 0, .tv_nsec = 0},
	{.tv_sec = 0, .tv_nsec = 999999999},
	{.tv_sec = -1, .tv_nsec = 999999999},
	{.tv_sec = INT64_MIN, .tv_nsec = 0},
	{.tv_sec = INT64_MIN / 1000000000, .tv_nsec = 0},
	{.tv_sec = INT64_MIN / 1000000000 - 1, .tv_nsec = 145224192},
};

static void check_deadline_past(const struct timespec *past, size_t capacity, int64_t spin_ns)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	int value = UNTOUCHED;

	channel_set_spin(channel, spin_ns);
	assert_int_equal(channel_timed_recv(channel, &value, past), -ETIMEDOUT);
	assert_int_equal(value, UNTOUCHED);
	for (value = 1; value <= (int)capacity; value++)
		assert_int_equal(channel_timed_send(channel, &value, past), 0);
	value = -1;
	assert_int_equal(channel_timed_send(channel, &value, past), -ETIMEDOUT);
	for (int expected = 1; expected <= (int)capacity; expected++) {
		assert_int_equal(channel_timed_recv(channel, &value, past), 0);
		assert_int_equal(value, expected);
	}
	expect_empty(channel);
	channel_close(channel);
	assert_int_equal(channel_timed_recv(channel, &value, past), -EPIPE);
	assert_int_equal(channel_timed_send(channel, &value, past), -EPIPE);
	channel_free(channel);
}

static void test_timed_does_at_once_what_can_be_done(void **state)
{
	const int64_t policies[] = {CHANNEL_ADAPTIVE, CHANNEL_PARK, CHANNEL_SPIN, 1};

	(void)state;
	for (size_t i = 0; i < LENGTH(deadlines_past); i++)
		for (size_t j = 0; j < LENGTH(policies); j++) {
			check_deadline_past(&deadlines_past[i], 0, policies[j]);
			check_deadline_past(&deadlines_past[i], 1, policies[j]);
			check_deadline_past(&deadlines_past[i], 3, policies[j]);
		}
}

static void check_past_deadline_meets_parked(size_t capacity)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	struct task receiver, sender;
	int value = 3;

	park_all(&receiver, 1, channel, RECV, 0);
	assert_int_equal(channel_timed_send(channel, &value, &long_ago), 0);
	assert_int_equal(task_join(&receiver), 0);
	assert_int_equal(receiver.value, 3);
	send_ints(channel, 1, (int)capacity);
	park_all(&sender, 1, channel, SEND, (int)capacity + 1);
	for (int expected = 1; expected <= (int)capacity + 1; expected++) {
		assert_int_equal(channel_timed_recv(channel, &value, &long_ago), 0);
		assert_int_equal(value, expected);
	}
	assert_int_equal(task_join(&sender), 0);
	channel_free(channel);
}

static void test_timed_meets_a_partner_whatever_the_deadline(void **state)
{
	(void)state;
	check_past_deadline_meets_parked(0);
	check_past_deadline_meets_parked(2);
}

/* Here the clock is the true one. */
static void check_deadline_comes(size_t capacity, int64_t spin_ns)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	struct timespec deadline = deadline_in_ms(3), now;
	int value = UNTOUCHED;

	channel_set_spin(channel, spin_ns);
	assert_int_equal(channel_timed_recv(channel, &value, &deadline), -ETIMEDOUT);
	assert_int_equal(value, UNTOUCHED);
	clock_gettime(CLOCK_MONOTONIC, &now);
	assert_true(now.tv_sec > deadline.tv_sec ||
		    (now.tv_sec == deadline.tv_sec && now.tv_nsec >= deadline.tv_nsec));
	send_ints(channel, 1, (int)capacity);
	deadline = deadline_in_ms(3);
	assert_int_equal(channel_timed_send(channel, &value, &deadline), -ETIMEDOUT);
	clock_gettime(CLOCK_MONOTONIC, &now);
	assert_true(now.tv_sec > deadline.tv_sec ||
		    (now.tv_sec == deadline.tv_sec && now.tv_nsec >= deadline.tv_nsec));
	expect_ints(channel, 1, (int)capacity);
	expect_empty(channel);
	channel_free(channel);
}

static void test_timed_waits_until_the_deadline(void **state)
{
	(void)state;
	check_deadline_comes(0, CHANNEL_ADAPTIVE);
	check_deadline_comes(2, CHANNEL_ADAPTIVE);
	check_deadline_comes(0, CHANNEL_SPIN);
	check_deadline_comes(2, CHANNEL_SPIN);
	check_deadline_comes(0, 100000);
	check_deadline_comes(2, 100000);
}

static const struct timespec deadlines_far[] = {
	{.tv_sec = INT64_MAX / 1000000000 - 1, .tv_nsec = 999999999},
	{.tv_sec = INT64_MAX / 1000000000, .tv_nsec = 854775806},
	{.tv_sec = INT64_MAX / 1000000000, .tv_nsec = 854775807},
	{.tv_sec = INT64_MAX / 1000000000, .tv_nsec = 999999999},
	{.tv_sec = INT64_MAX / 1000000000 + 1, .tv_nsec = 0},
	{.tv_sec = INT64_MAX, .tv_nsec = 999999999},
};

static void check_deadline_far(const struct timespec *far, size_t capacity)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	struct task receiver = {
		.channel = channel, .operation = TIMED_RECV, .value = UNTOUCHED, .deadline = *far};
	struct task sender = {.channel = channel,
		.operation = TIMED_SEND,
		.value = (int)capacity + 1,
		.deadline = *far};

	task_park(&receiver);
	send_ints(channel, 7, 7);
	assert_int_equal(task_join(&receiver), 0);
	assert_int_equal(receiver.value, 7);
	send_ints(channel, 1, (int)capacity);
	task_park(&sender);
	expect_ints(channel, 1, (int)capacity + 1);
	assert_int_equal(task_join(&sender), 0);
	channel_free(channel);
}

static void test_timed_waits_for_a_deadline_however_far(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(deadlines_far); i++) {
		check_deadline_far(&deadlines_far[i], 0);
		check_deadline_far(&deadlines_far[i], 2);
	}
}

static void check_close_wakes_timed(size_t capacity)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	struct task task = {.channel = channel, .value = UNTOUCHED, .deadline = far_away};

	task.operation = capacity > 0 ? TIMED_SEND : TIMED_RECV;
	send_ints(channel, 1, (int)capacity);
	task_park(&task);
	channel_close(channel);
	assert_int_equal(task_join(&task), -EPIPE);
	assert_int_equal(task.value, UNTOUCHED);
	expect_ints(channel, 1, (int)capacity);
	expect_drained(channel);
	channel_free(channel);
}

static void test_close_wakes_timed(void **state)
{
	(void)state;
	check_close_wakes_timed(0);
	check_close_wakes_timed(2);
}

/* Three that wait; the deadline of one passes. */
struct trio {
	struct channel *channel;
	struct task tasks[3];
};

static void trio_park(struct trio *trio, size_t capacity, enum operation timed, int timed_index)
{
	const enum operation plain = timed == TIMED_SEND ? SEND : RECV;

	*trio = (struct trio){.channel = open_or_fail(sizeof(int), capacity)};
	if (timed == TIMED_SEND)
		send_ints(trio->channel, 1, (int)capacity);
	for (int i = 0; i < 3; i++) {
		struct task *task = &trio->tasks[i];

		task->channel = trio->channel;
		task->operation = i == timed_index ? timed : plain;
		task->value = timed == TIMED_SEND ? 101 + i : UNTOUCHED;
		task->deadline = far_away;
		task->hooks.expires = i == timed_index;
		task_park(task);
	}
	task_expire(&trio->tasks[timed_index]);
	assert_int_equal(task_join(&trio->tasks[timed_index]), -ETIMEDOUT);
}

/* The values go to the others, in their order, and no other is taken for the one who left. */
static void check_timed_receiver_leaves(size_t capacity, int leaver)
{
	struct trio trio;
	int next = 0;

	trio_park(&trio, capacity, TIMED_RECV, leaver);
	assert_int_equal(trio.tasks[leaver].value, UNTOUCHED);
	send_ints(trio.channel, 0, 1);
	for (int i = 0; i < 3; i++) {
		if (i == leaver)
			continue;
		assert_int_equal(task_join(&trio.tasks[i]), 0);
		assert_int_equal(trio.tasks[i].value, next++);
	}
	fill_and_drain(trio.channel, capacity);
	channel_free(trio.channel);
}

static void test_timed_out_receiver_leaves_the_queue(void **state)
{
	(void)state;
	for (int leaver = 0; leaver < 3; leaver++) {
		check_timed_receiver_leaves(0, leaver);
		check_timed_receiver_leaves(1, leaver);
		check_timed_receiver_leaves(3, leaver);
	}
}

static void check_timed_sender_leaves(int capacity, int leaver)
{
	struct trio trio;

	trio_park(&trio, (size_t)capacity, TIMED_SEND, leaver);
	expect_ints(trio.channel, 1, capacity);
	for (int i = 0; i < 3; i++)
		if (i != leaver)
			expect_ints(trio.channel, 101 + i, 101 + i);
	expect_empty(trio.channel);
	for (int i = 0; i < 3; i++)
		if (i != leaver)
			assert_int_equal(task_join(&trio.tasks[i]), 0);
	fill_and_drain(trio.channel, (size_t)capacity);
	channel_free(trio.channel);
}

static void test_timed_out_sender_leaves_the_queue(void **state)
{
	(void)state;
	for (int leaver = 0; leaver < 3; leaver++) {
		check_timed_sender_leaves(0, leaver);
		check_timed_sender_leaves(1, leaver);
		check_timed_sender_leaves(3, leaver);
	}
}

/* After the only one has left the queue, the channel is as if nobody had ever waited. */
static void check_only_one_leaves(size_t capacity)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	struct timespec soon = deadline_in_ms(1);
	int value = -1;

	for (int round = 0; round < 3; round++) {
		assert_int_equal(channel_timed_recv(channel, &value, &soon), -ETIMEDOUT);
		assert_int_equal(channel_try_send(channel, &value), capacity ? 0 : -EAGAIN);
		send_ints(channel, 1, (int)capacity - 1);
		assert_int_equal(channel_timed_send(channel, &value, &soon), -ETIMEDOUT);
		if (capacity > 0)
			expect_ints(channel, -1, -1);
		expect_ints(channel, 1, (int)capacity - 1);
	}
	channel_free(channel);
}

static void test_timed_out_leaves_no_trace(void **state)
{
	(void)state;
	check_only_one_leaves(0);
	for (size_t i = 0; i < LENGTH(capacities); i++)
		check_only_one_leaves(capacities[i]);
}

/*
 * A clock of the test's, which moves on by a tick at each look: how long a thread spun, or that it
 * did not, is known without one look at the true time.
 */
enum { TICK_NS = 100 };

static struct task ticking(struct channel *channel, enum operation operation, int cpu)
{
	struct task task = {.channel = channel, .operation = operation, .value = UNTOUCHED};

	task.hooks.tick_ns = TICK_NS;
	task.hooks.clock_ns = 1000;
	task.hooks.cpu = 1 + cpu;
	return task;
}

/* For how long the task, which is to wait, looked at its clock before it parked. */
static int64_t spun_ns(struct task *task)
{
	task_park(task);
	return (int64_t)atomic_load(&task->hooks.looks) * TICK_NS;
}

static void expect_spin(size_t capacity, int64_t policy_ns, int64_t least_ns, int64_t most_ns)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	struct task receiver = ticking(channel, RECV, 0), sender = ticking(channel, SEND, 0);
	int64_t ns;

	channel_set_spin(channel, policy_ns);
	ns = spun_ns(&receiver);
	assert_in_range(ns, least_ns, most_ns);
	send_ints(channel, 0, 0);
	assert_int_equal(task_join(&receiver), 0);
	send_ints(channel, 1, (int)capacity);
	ns = spun_ns(&sender);
	assert_in_range(ns, least_ns, most_ns);
	channel_close(channel);
	task_join(&sender);
	channel_free(channel);
}

static void test_park_never_spins(void **state)
{
	(void)state;
	expect_spin(0, CHANNEL_PARK, 0, 0);
	expect_spin(2, CHANNEL_PARK, 0, 0);
}

/* The looks that begin and end a spin are counted, too. */
static void test_spin_of_some_ns_parks_then(void **state)
{
	const int64_t policies_ns[] = {1, 5000, 1000000};

	(void)state;
	for (size_t i = 0; i < LENGTH(policies_ns); i++)
		for (size_t capacity = 0; capacity < 3; capacity += 2)
			expect_spin(capacity, policies_ns[i], policies_ns[i],
				policies_ns[i] + 5 * TICK_NS);
}

/* The task has looked so often at the clock that it must be spinning. */
static void await_looks(struct task *task, unsigned looks)
{
	while (atomic_load(&task->hooks.looks) < looks)
		sched_yield();
}

static void check_spins_for_ever(size_t capacity, enum operation operation)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	struct task task = ticking(channel, operation, 0);

	if (operation == SEND)
		send_ints(channel, 1, (int)capacity);
	channel_set_spin(channel, CHANNEL_SPIN);
	task.hooks.tick_ns = INT64_C(3600000000000);
	task_start(&task);
	await_looks(&task, 1000);
	if (operation == SEND)
		expect_ints(channel, capacity ? 1 : UNTOUCHED, capacity ? 1 : UNTOUCHED);
	else
		send_ints(channel, 5, 5);
	assert_int_equal(task_join(&task), 0);
	assert_int_equal(task.value, operation == SEND ? UNTOUCHED : 5);
	assert_int_equal(atomic_load(&task.hooks.sleeps), 0);
	channel_free(channel);
}

static void test_spin_never_parks(void **state)
{
	(void)state;
	for (size_t capacity = 0; capacity < 3; capacity += 2) {
		check_spins_for_ever(capacity, SEND);
		check_spins_for_ever(capacity, RECV);
	}
}

static void check_close_ends_spin(size_t capacity, enum operation operation)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	struct task task = ticking(channel, operation, 0);

	if (operation == SEND)
		send_ints(channel, 1, (int)capacity);
	channel_set_spin(channel, CHANNEL_SPIN);
	task_start(&task);
	await_looks(&task, 100);
	channel_close(channel);
	assert_int_equal(task_join(&task), -EPIPE);
	assert_int_equal(task.value, UNTOUCHED);
	channel_free(channel);
}

static void test_close_ends_a_spin(void **state)
{
	(void)state;
	for (size_t capacity = 0; capacity < 3; capacity += 2) {
		check_close_ends_spin(capacity, SEND);
		check_close_ends_spin(capacity, RECV);
	}
}

/* On the clock of the test's, where the deadline is soon, and the policy would spin for longer. */
static void check_spin_ends_at_deadline(size_t capacity, int64_t policy_ns)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	struct task task = ticking(channel, TIMED_RECV, 0);

	channel_set_spin(channel, policy_ns);
	task.deadline = (struct timespec){.tv_nsec = 1000 + 50 * TICK_NS};
	assert_int_equal(task_here(&task), -ETIMEDOUT);
	assert_in_range(atomic_load(&task.hooks.looks), 50, 55);
	channel_free(channel);
}

static void test_spin_ends_at_the_deadline(void **state)
{
	(void)state;
	for (size_t capacity = 0; capacity < 3; capacity += 2) {
		check_spin_ends_at_deadline(capacity, CHANNEL_SPIN);
		check_spin_ends_at_deadline(capacity, 1000 * TICK_NS);
	}
}

static void test_policy_is_for_waits_to_come(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 0);
	struct task task = ticking(channel, RECV, 0);

	(void)state;
	channel_set_spin(channel, CHANNEL_SPIN);
	task_start(&task);
	await_looks(&task, 100);
	channel_set_spin(channel, CHANNEL_PARK);
	await_looks(&task, 1000);
	send_ints(channel, 1, 1);
	assert_int_equal(task_join(&task), 0);
	assert_int_equal(atomic_load(&task.hooks.sleeps), 0);
	task = ticking(channel, RECV, 0);
	assert_int_equal(spun_ns(&task), 0);
	send_ints(channel, 1, 1);
	assert_int_equal(task_join(&task), 0);
	channel_free(channel);
}

/* A receiver waits on one CPU, or a sender; the partner was last seen waking somebody on another.
 */
static int64_t adaptive_spin_ns(size_t capacity, enum operation operation, int cpu, int partner)
{
	const enum operation other = operation == SEND ? RECV : SEND;
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	struct task waiter = ticking(channel, operation, cpu);
	struct task first = ticking(channel, operation, cpu);
	struct task waker = ticking(channel, other, partner);
	int64_t ns;

	if (operation == SEND)
		send_ints(channel, 1, (int)capacity);
	assert_int_equal(spun_ns(&first), 0); /* no partner has ever been seen */
	assert_int_equal(task_here(&waker), 0);
	assert_int_equal(task_join(&first), 0);
	ns = spun_ns(&waiter);
	channel_close(channel);
	assert_int_equal(task_join(&waiter), -EPIPE);
	channel_free(channel);
	return ns;
}

static void test_adaptive_parks_where_the_partner_is_on_its_cpu(void **state)
{
	(void)state;
	for (size_t capacity = 0; capacity < 3; capacity += 2) {
		assert_int_equal(adaptive_spin_ns(capacity, RECV, 3, 3), 0);
		assert_int_equal(adaptive_spin_ns(capacity, SEND, 3, 3), 0);
		assert_int_equal(adaptive_spin_ns(capacity, RECV, 0, 0), 0);
	}
}

static void test_adaptive_spins_where_the_partner_is_elsewhere(void **state)
{
	(void)state;
	for (size_t capacity = 0; capacity < 3; capacity += 2) {
		assert_in_range(adaptive_spin_ns(capacity, RECV, 3, 4), 2000, 51000);
		assert_in_range(adaptive_spin_ns(capacity, SEND, 3, 4), 2000, 51000);
		assert_in_range(adaptive_spin_ns(capacity, SEND, 1, 0), 2000, 51000);
	}
}

/* Others of its own side do not matter, nor that a partner was elsewhere before. */
static void test_adaptive_looks_at_the_last_partner(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 0);
	struct task receivers[3], wakers[2];

	(void)state;
	receivers[0] = ticking(channel, RECV, 1);
	assert_int_equal(spun_ns(&receivers[0]), 0);
	receivers[1] = ticking(channel, RECV, 2);
	assert_int_equal(spun_ns(&receivers[1]), 0);
	for (int i = 0; i < 2; i++) {
		wakers[i] = ticking(channel, SEND, 4 + i);
		assert_int_equal(task_here(&wakers[i]), 0);
		assert_int_equal(task_join(&receivers[i]), 0);
	}
	receivers[2] = ticking(channel, RECV, 5);
	assert_int_equal(spun_ns(&receivers[2]), 0);
	channel_close(channel);
	task_join(&receivers[2]);
	channel_free(channel);
}

/* A partner that waits is seen, too, without waking anybody. */
static void test_adaptive_sees_a_partner_that_waits(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 1);
	struct task sender = ticking(channel, SEND, 4), receiver = ticking(channel, RECV, 3);
	int64_t ns;

	(void)state;
	send_ints(channel, 1, 1);
	assert_int_equal(spun_ns(&sender), 0);
	hooks = &receiver.hooks;
	expect_ints(channel, 1, 1);
	expect_ints(channel, UNTOUCHED, UNTOUCHED);
	hooks = NULL;
	assert_int_equal(task_join(&sender), 0);
	atomic_store(&receiver.hooks.looks, 0);
	ns = spun_ns(&receiver);
	assert_in_range(ns, 2000, 51000);
	channel_close(channel);
	task_join(&receiver);
	channel_free(channel);
}

/* And one that only spins, which never comes to a queue. */
static void test_adaptive_sees_a_partner_that_spins(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 1);
	struct task receiver = ticking(channel, RECV, 3), sender = ticking(channel, SEND, 4);
	int64_t ns;

	(void)state;
	channel_set_spin(channel, CHANNEL_SPIN);
	task_start(&receiver);
	await_looks(&receiver, 100);
	send_ints(channel, 1, 1);
	assert_int_equal(task_join(&receiver), 0);
	channel_set_spin(channel, CHANNEL_ADAPTIVE);
	send_ints(channel, 2, 2);
	ns = spun_ns(&sender);
	assert_in_range(ns, 2000, 51000);
	channel_close(channel);
	assert_int_equal(task_join(&sender), -EPIPE);
	channel_free(channel);
}

/*
 * One thread waits again and again. Its clock is set, while it is asleep, to what wake-up costs
 * after the waker's, so that the average must come to that; then it shows how long it spins. The
 * last waker is on another CPU, for the thread to spin at all.
 */
enum { LESSONS = 80 };

struct pupil {
	struct hooks hooks;
	struct channel *channel;
	pthread_t thread;
	atomic_uint lesson;
};

static void *pupil_main(void *argument)
{
	struct pupil *pupil = argument;
	int value;

	hooks = &pupil->hooks;
	for (unsigned i = 0; i < LESSONS; i++)
		if (channel_recv(pupil->channel, &value) != 0)
			abort();
	atomic_store(&hooks->looks, 0);
	channel_recv(pupil->channel, &value);
	return NULL;
}

static int64_t taught_spin_ns(int64_t cost_ns, int waker_cpu)
{
	struct channel *channel = open_or_fail(sizeof(int), 0);
	struct pupil pupil = {.channel = channel, .hooks = {.tick_ns = TICK_NS, .cpu = 1 + 3}};
	struct hooks teacher = {.tick_ns = 1, .cpu = 1 + waker_cpu};
	int64_t ns;

	assert_int_equal(pthread_create(&pupil.thread, NULL, pupil_main, &pupil), 0);
	for (unsigned i = 0; i < LESSONS; i++) {
		while (atomic_load(&pupil.hooks.parks) == i)
			sched_yield();
		atomic_store(&teacher.clock_ns, INT64_C(1000000000) * (i + 1));
		atomic_store(&pupil.hooks.clock_ns, INT64_C(1000000000) * (i + 1) + cost_ns);
		if (i == LESSONS - 1)
			teacher.cpu = 1 + 4;
		hooks = &teacher;
		send_ints(channel, 1, 1);
		hooks = NULL;
	}
	while (atomic_load(&pupil.hooks.parks) == LESSONS)
		sched_yield();
	ns = (int64_t)atomic_load(&pupil.hooks.looks) * TICK_NS;
	channel_close(channel);
	assert_int_equal(pthread_join(pupil.thread, NULL), 0);
	channel_free(channel);
	return ns;
}

static void test_adaptive_spins_twice_as_long_as_a_wake_up_takes(void **state)
{
	(void)state;
	assert_in_range(taught_spin_ns(5000, 4), 9000, 11000);
	assert_in_range(taught_spin_ns(15000, 4), 29000, 31000);
	assert_in_range(taught_spin_ns(0, 4), 2000, 3000);
	assert_in_range(taught_spin_ns(500000000, 4), 49000, 51000);
}

/* After so many that were, it would be at one of the bounds. */
static void test_adaptive_learns_nothing_from_wakes_on_its_own_cpu(void **state)
{
	(void)state;
	assert_in_range(taught_spin_ns(0, 3), 4000, 48000);
	assert_in_range(taught_spin_ns(500000000, 3), 4000, 48000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_try_says_eagain_in_place_of_a_wait),
		cmocka_unit_test(test_try_at_a_rendezvous_needs_a_partner_who_waits),
		cmocka_unit_test(test_try_meets_a_partner_who_waits),
		cmocka_unit_test(test_try_on_a_closed_channel),
		cmocka_unit_test(test_timed_refuses_bad_nanoseconds),
		cmocka_unit_test(test_timed_does_at_once_what_can_be_done),
		cmocka_unit_test(test_timed_meets_a_partner_whatever_the_deadline),
		cmocka_unit_test(test_timed_waits_until_the_deadline),
		cmocka_unit_test(test_timed_waits_for_a_deadline_however_far),
		cmocka_unit_test(test_close_wakes_timed),
		cmocka_unit_test(test_timed_out_receiver_leaves_the_queue),
		cmocka_unit_test(test_timed_out_sender_leaves_the_queue),
		cmocka_unit_test(test_timed_out_leaves_no_trace),
		cmocka_unit_test(test_park_never_spins),
		cmocka_unit_test(test_spin_of_some_ns_parks_then),
		cmocka_unit_test(test_spin_never_parks),
		cmocka_unit_test(test_close_ends_a_spin),
		cmocka_unit_test(test_spin_ends_at_the_deadline),
		cmocka_unit_test(test_policy_is_for_waits_to_come),
		cmocka_unit_test(test_adaptive_parks_where_the_partner_is_on_its_cpu),
		cmocka_unit_test(test_adaptive_spins_where_the_partner_is_elsewhere),
		cmocka_unit_test(test_adaptive_looks_at_the_last_partner),
		cmocka_unit_test(test_adaptive_sees_a_partner_that_waits),
		cmocka_unit_test(test_adaptive_sees_a_partner_that_spins),
		cmocka_unit_test(test_adaptive_spins_twice_as_long_as_a_wake_up_takes),
		cmocka_unit_test(test_adaptive_learns_nothing_from_wakes_on_its_own_cpu),
	};

	limit_time();
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
