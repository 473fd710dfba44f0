/* select_test.c - what channel_select promises, one promise a test */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "task.h"

enum { MANY = 100, MOST_POINTS = 1000, SENT = 40 };

static const struct timespec long_ago = {.tv_sec = 0, .tv_nsec = 1};
static const struct timespec far_away = {.tv_sec = INT64_MAX / 1000000000 - 1, .tv_nsec = 1};

/* A few channels of ints, and a case for each, which receives into an int of its own. */
struct desk {
	struct channel *channels[MANY];
	struct channel_case cases[MANY];
	int values[MANY];
	size_t count;
};

static void desk_open(struct desk *desk, size_t count, size_t capacity)
{
	desk->count = count;
	for (size_t i = 0; i < count; i++) {
		desk->channels[i] = open_or_fail(sizeof(int), capacity);
		desk->values[i] = UNTOUCHED;
		desk->cases[i] = channel_case_recv(desk->channels[i], &desk->values[i]);
	}
}

/* From now on it sends SENT and its index there. */
static void desk_sends(struct desk *desk, size_t index)
{
	desk->values[index] = SENT + (int)index;
	desk->cases[index] = channel_case_send(desk->channels[index], &desk->values[index]);
}

static void desk_free(struct desk *desk)
{
	for (size_t i = 0; i < desk->count; i++)
		channel_free(desk->channels[i]);
}

static void expect_untouched_but(const struct desk *desk, size_t index)
{
	for (size_t i = 0; i < desk->count; i++)
		if (i != index && desk->cases[i].way == CHANNEL_RECV)
			assert_int_equal(desk->values[i], UNTOUCHED);
}

/* All three ways where they must do the same: something can be done at once. */
static const enum operation ways[] = {SELECT, TRY_SELECT, TIMED_SELECT};

/* On this thread; it must not have asked for sleep. */
static int select_at_once(struct channel_case *cases, size_t count, enum operation way)
{
	struct task task = {.operation = way, .cases = cases, .count = count, .deadline = long_ago};
	int status = task_here(&task);

	assert_int_equal(atomic_load(&task.hooks.sleeps), 0);
	return status;
}

static struct task selecting(struct desk *desk)
{
	return (struct task){.operation = SELECT,
		.cases = desk->cases,
		.count = desk->count,
		.deadline = far_away};
}

static void expect_won(struct desk *desk, struct task *task, size_t index, int status)
{
	assert_int_equal(task_join(task), index);
	assert_int_equal(desk->cases[index].status, status);
	expect_untouched_but(desk, index);
}

static void check_receives(enum operation way, size_t count, size_t ready)
{
	struct desk desk;

	desk_open(&desk, count, 2);
	send_ints(desk.channels[ready], 7, 8);
	assert_int_equal(select_at_once(desk.cases, count, way), ready);
	assert_int_equal(desk.cases[ready].status, 0);
	assert_int_equal(desk.values[ready], 7);
	expect_untouched_but(&desk, ready);
	expect_ints(desk.channels[ready], 8, 8);
	desk_free(&desk);
}

static void test_receives_from_the_one_that_has_a_value(void **state)
{
	(void)state;
	for (size_t way = 0; way < LENGTH(ways); way++)
		for (size_t ready = 0; ready < 3; ready++)
			check_receives(ways[way], 3, ready);
}

static void check_sends(enum operation way, size_t count, size_t ready)
{
	struct desk desk;

	desk_open(&desk, count, 1);
	for (size_t i = 0; i < count; i++) {
		if (i != ready)
			send_ints(desk.channels[i], 1, 1);
		desk_sends(&desk, i);
	}
	assert_int_equal(select_at_once(desk.cases, count, way), ready);
	assert_int_equal(desk.cases[ready].status, 0);
	for (size_t i = 0; i < count; i++) {
		const int expected = i == ready ? SENT + (int)i : 1;

		expect_ints(desk.channels[i], expected, expected);
		expect_empty(desk.channels[i]);
	}
	desk_free(&desk);
}

static void test_sends_to_the_one_that_has_room(void **state)
{
	(void)state;
	for (size_t way = 0; way < LENGTH(ways); way++)
		for (size_t ready = 0; ready < 3; ready++)
			check_sends(ways[way], 3, ready);
}

/* Case 1 sends, the others receive; each in turn has a partner who waits. */
static void check_meets_parked(enum operation way, size_t ready)
{
	struct desk desk;
	struct task partner = {.operation = ready == 1 ? RECV : SEND, .value = 9};

	desk_open(&desk, 3, 0);
	desk_sends(&desk, 1);
	partner.channel = desk.channels[ready];
	task_park(&partner);
	assert_int_equal(select_at_once(desk.cases, 3, way), ready);
	assert_int_equal(desk.cases[ready].status, 0);
	assert_int_equal(task_join(&partner), 0);
	assert_int_equal(
		ready == 1 ? partner.value : desk.values[ready], ready == 1 ? SENT + 1 : 9);
	expect_untouched_but(&desk, ready);
	desk_free(&desk);
}

static void test_meets_a_partner_who_waits_without_a_buffer(void **state)
{
	(void)state;
	for (size_t way = 0; way < LENGTH(ways); way++)
		for (size_t ready = 0; ready < 3; ready++)
			check_meets_parked(ways[way], ready);
}

/* With a buffer, too; and the value comes from the buffer, in whose place the partner's goes. */
static void test_meets_a_partner_who_waits_at_a_buffer(void **state)
{
	(void)state;
	for (size_t way = 0; way < LENGTH(ways); way++) {
		struct task sender = {.operation = SEND, .value = 2};
		struct task receiver = {.operation = RECV, .value = UNTOUCHED};
		struct desk desk;

		desk_open(&desk, 2, 1);
		sender.channel = receiver.channel = desk.channels[0];
		send_ints(desk.channels[0], 1, 1);
		task_park(&sender);
		assert_int_equal(select_at_once(desk.cases, 2, ways[way]), 0);
		assert_int_equal(desk.values[0], 1);
		assert_int_equal(task_join(&sender), 0);
		expect_ints(desk.channels[0], 2, 2);
		task_park(&receiver);
		desk_sends(&desk, 0);
		assert_int_equal(select_at_once(desk.cases, 2, ways[way]), 0);
		assert_int_equal(task_join(&receiver), 0);
		assert_int_equal(receiver.value, SENT);
		expect_empty(desk.channels[0]);
		desk_free(&desk);
	}
}

/* Case 1 sends, the others receive; it waits until one can. */
static void check_waits(size_t capacity, size_t winner)
{
	struct desk desk;
	struct task task;

	desk_open(&desk, 3, capacity);
	desk_sends(&desk, 1);
	send_ints(desk.channels[1], 1, (int)capacity);
	task = selecting(&desk);
	task_park(&task);
	if (winner == 1)
		expect_ints(desk.channels[1], capacity ? 1 : SENT + 1, capacity ? 1 : SENT + 1);
	else
		send_ints(desk.channels[winner], 5, 5);
	expect_won(&desk, &task, winner, 0);
	if (winner == 1 && capacity > 0) {
		expect_ints(desk.channels[1], 2, (int)capacity);
		expect_ints(desk.channels[1], SENT + 1, SENT + 1);
	} else if (winner != 1) {
		assert_int_equal(desk.values[winner], 5);
		expect_ints(desk.channels[1], 1, (int)capacity);
	}
	for (size_t i = 0; i < 3; i++)
		expect_empty(desk.channels[i]);
	desk_free(&desk);
}

static void test_waits_until_one_can_be_done(void **state)
{
	(void)state;
	for (size_t winner = 0; winner < 3; winner++) {
		check_waits(0, winner);
		check_waits(1, winner);
		check_waits(3, winner);
	}
}

static void test_spurious_wakes_end_no_select(void **state)
{
	struct desk desk;
	struct task task;

	(void)state;
	desk_open(&desk, 2, 0);
	task = selecting(&desk);
	task.hooks.spurious_wakes = 3;
	task_park(&task);
	send_ints(desk.channels[1], 5, 5);
	expect_won(&desk, &task, 1, 0);
	assert_int_equal(desk.values[1], 5);
	desk_free(&desk);
}

static void test_try_select_says_eagain_in_place_of_a_wait(void **state)
{
	(void)state;
	for (size_t count = 0; count < 4; count++)
		for (size_t capacity = 0; capacity < 2; capacity++) {
			struct desk desk;

			desk_open(&desk, count, capacity);
			if (count > 1)
				desk_sends(&desk, 1);
			if (count > 1)
				send_ints(desk.channels[1], 1, (int)capacity);
			assert_int_equal(select_at_once(desk.cases, count, TRY_SELECT), -EAGAIN);
			assert_int_equal(select_at_once(desk.cases, count, TRY_SELECT), -EAGAIN);
			expect_untouched_but(&desk, count);
			desk_free(&desk);
		}
}

static void test_select_of_nothing(void **state)
{
	struct channel_case none[2] = {
		channel_case_recv(NULL, NULL), channel_case_send(NULL, NULL)};

	(void)state;
	assert_int_equal(channel_select(NULL, 0), -EINVAL);
	assert_int_equal(channel_select(none, 1), -EINVAL);
	assert_int_equal(channel_select(none, 2), -EINVAL);
	assert_int_equal(channel_try_select(NULL, 0), -EAGAIN);
	assert_int_equal(channel_try_select(none, 1), -EAGAIN);
	assert_int_equal(channel_try_select(none, 2), -EAGAIN);
	assert_int_equal(channel_timed_select(NULL, 0, &long_ago), -ETIMEDOUT);
	assert_int_equal(channel_timed_select(none, 1, &long_ago), -ETIMEDOUT);
	assert_int_equal(channel_timed_select(none, 2, &long_ago), -ETIMEDOUT);
}

/* Not one case is looked at. */
static void test_select_of_too_many(void **state)
{
	struct desk desk;
	struct timespec soon = deadline_in_ms(1);

	(void)state;
	desk_open(&desk, 1, 1);
	send_ints(desk.channels[0], 1, 1);
	assert_int_equal(channel_select(desk.cases, (size_t)INT_MAX + 1), -EINVAL);
	assert_int_equal(channel_select(desk.cases, SIZE_MAX), -EINVAL);
	assert_int_equal(channel_try_select(desk.cases, (size_t)INT_MAX + 1), -EINVAL);
	assert_int_equal(channel_try_select(desk.cases, (size_t)UINT32_MAX + 2), -EINVAL);
	assert_int_equal(channel_timed_select(desk.cases, (size_t)INT_MAX + 1, &soon), -EINVAL);
	expect_ints(desk.channels[0], 1, 1);
	desk_free(&desk);
}

static void test_timed_select_refuses_bad_nanoseconds(void **state)
{
	const long bad[] = {-1, 1000000000, INT64_MIN, INT64_MAX};
	struct desk desk;

	(void)state;
	desk_open(&desk, 2, 1);
	send_ints(desk.channels[0], 1, 1);
	for (size_t i = 0; i < LENGTH(bad); i++) {
		const struct timespec deadline = {.tv_sec = 1, .tv_nsec = bad[i]};

		assert_int_equal(channel_timed_select(desk.cases, 2, &deadline), -EINVAL);
		assert_int_equal(channel_timed_select(desk.cases, 1, &deadline), -EINVAL);
	}
	expect_ints(desk.channels[0], 1, 1);
	desk_free(&desk);
}

static void test_timed_select_past_its_deadline(void **state)
{
	const struct timespec pasts[] = {long_ago, {.tv_sec = -1, .tv_nsec = 999999999},
		{.tv_sec = INT64_MIN, .tv_nsec = 0}};

	(void)state;
	for (size_t i = 0; i < LENGTH(pasts); i++)
		for (size_t count = 1; count < 4; count++) {
			struct desk desk;

			desk_open(&desk, count, 1);
			assert_int_equal(
				channel_timed_select(desk.cases, count, &pasts[i]), -ETIMEDOUT);
			expect_untouched_but(&desk, count);
			send_ints(desk.channels[count - 1], 3, 3);
			assert_int_equal(
				channel_timed_select(desk.cases, count, &pasts[i]), count - 1);
			assert_int_equal(desk.values[count - 1], 3);
			desk_free(&desk);
		}
}

static void test_timed_select_waits_until_the_deadline(void **state)
{
	(void)state;
	for (size_t count = 0; count < 4; count++) {
		struct timespec deadline = deadline_in_ms(3), now;
		struct desk desk;

		desk_open(&desk, count, 0);
		if (count == 3)
			channel_set_spin(desk.channels[2], CHANNEL_SPIN);
		assert_int_equal(channel_timed_select(desk.cases, count, &deadline), -ETIMEDOUT);
		clock_gettime(CLOCK_MONOTONIC, &now);
		assert_true(now.tv_sec > deadline.tv_sec ||
			    (now.tv_sec == deadline.tv_sec && now.tv_nsec >= deadline.tv_nsec));
		expect_untouched_but(&desk, count);
		desk_free(&desk);
	}
}

static void test_timed_select_waits_for_a_deadline_however_far(void **state)
{
	const struct timespec fars[] = {far_away, {.tv_sec = INT64_MAX, .tv_nsec = 999999999}};

	(void)state;
	for (size_t i = 0; i < LENGTH(fars); i++) {
		struct desk desk;
		struct task task;

		desk_open(&desk, 2, 0);
		task = selecting(&desk);
		task.operation = TIMED_SELECT;
		task.deadline = fars[i];
		task_park(&task);
		send_ints(desk.channels[1], 4, 4);
		expect_won(&desk, &task, 1, 0);
		assert_int_equal(desk.values[1], 4);
		desk_free(&desk);
	}
}

/* What is sent later does not go to who has left, and what it would have sent is never received. */
static void check_timed_out_leaves(size_t capacity)
{
	struct desk desk;
	struct task task;
	int value = 1;

	desk_open(&desk, 3, capacity);
	desk_sends(&desk, 1);
	send_ints(desk.channels[1], 1, (int)capacity);
	task = selecting(&desk);
	task.operation = TIMED_SELECT;
	task.hooks.expires = true;
	task_park(&task);
	task_expire(&task);
	assert_int_equal(task_join(&task), -ETIMEDOUT);
	expect_untouched_but(&desk, 3);
	for (int i = 0; i < 3; i += 2) {
		assert_int_equal(
			channel_try_send(desk.channels[i], &value), capacity ? 0 : -EAGAIN);
		expect_untouched_but(&desk, 3);
	}
	expect_ints(desk.channels[1], 1, (int)capacity);
	expect_empty(desk.channels[1]);
	desk_free(&desk);
}

static void test_timed_out_select_leaves_all_queues(void **state)
{
	(void)state;
	check_timed_out_leaves(0);
	check_timed_out_leaves(1);
	check_timed_out_leaves(3);
}

static void check_closed(enum operation way, size_t capacity)
{
	struct desk desk;

	desk_open(&desk, 3, capacity);
	desk_sends(&desk, 1);
	send_ints(desk.channels[1], 1, (int)capacity);
	channel_close(desk.channels[2]);
	assert_int_equal(select_at_once(desk.cases, 3, way), 2);
	assert_int_equal(desk.cases[2].status, -EPIPE);
	expect_untouched_but(&desk, 3);
	desk.cases[2].channel = NULL;
	channel_close(desk.channels[1]);
	assert_int_equal(select_at_once(desk.cases, 3, way), 1);
	assert_int_equal(desk.cases[1].status, -EPIPE);
	assert_int_equal(select_at_once(&desk.cases[1], 1, way), 0);
	assert_int_equal(desk.cases[1].status, -EPIPE);
	expect_untouched_but(&desk, 3);
	desk_free(&desk);
}

static void test_closed_channel_comes_about_with_epipe(void **state)
{
	(void)state;
	for (size_t way = 0; way < LENGTH(ways); way++) {
		check_closed(ways[way], 0);
		check_closed(ways[way], 2);
	}
}

static void test_closed_channel_is_drained_first(void **state)
{
	(void)state;
	for (size_t way = 0; way < LENGTH(ways); way++) {
		struct desk desk;

		desk_open(&desk, 2, 3);
		send_ints(desk.channels[1], 1, 3);
		channel_close(desk.channels[1]);
		for (int expected = 1; expected <= 3; expected++) {
			assert_int_equal(select_at_once(desk.cases, 2, ways[way]), 1);
			assert_int_equal(desk.cases[1].status, 0);
			assert_int_equal(desk.values[1], expected);
		}
		assert_int_equal(select_at_once(desk.cases, 2, ways[way]), 1);
		assert_int_equal(desk.cases[1].status, -EPIPE);
		assert_int_equal(desk.values[1], 3);
		desk_free(&desk);
	}
}

static void check_close_wakes(size_t capacity, size_t closed)
{
	struct desk desk;
	struct task task, plain = {.operation = RECV, .value = UNTOUCHED};

	desk_open(&desk, 3, capacity);
	desk_sends(&desk, 1);
	send_ints(desk.channels[1], 1, (int)capacity);
	task = selecting(&desk);
	task_park(&task);
	plain.channel = desk.channels[0];
	task_park(&plain);
	channel_close(desk.channels[closed]);
	expect_won(&desk, &task, closed, -EPIPE);
	assert_int_equal(desk.values[closed], closed == 1 ? SENT + 1 : UNTOUCHED);
	expect_ints(desk.channels[1], 1, (int)capacity);
	if (closed != 0)
		channel_close(desk.channels[0]);
	assert_int_equal(task_join(&plain), -EPIPE);
	desk_free(&desk);
}

static void test_close_wakes_a_parked_select(void **state)
{
	(void)state;
	for (size_t closed = 0; closed < 3; closed++) {
		check_close_wakes(0, closed);
		check_close_wakes(2, closed);
	}
}

/* Closed one after the other: the first is the one that is told. */
static void test_only_the_first_close_counts(void **state)
{
	struct desk desk;
	struct task task;

	(void)state;
	desk_open(&desk, 3, 0);
	task = selecting(&desk);
	task_park(&task);
	channel_close(desk.channels[2]);
	channel_close(desk.channels[0]);
	channel_close(desk.channels[1]);
	expect_won(&desk, &task, 2, -EPIPE);
	desk_free(&desk);
}

/* What the others had answered before is not what they would answer now, but it is no matter. */
static void test_cases_without_a_channel_never_come_about(void **state)
{
	struct desk desk;
	struct task task;

	(void)state;
	desk_open(&desk, 3, 1);
	desk.cases[0].channel = NULL;
	desk.cases[2].channel = NULL;
	send_ints(desk.channels[0], 1, 1);
	send_ints(desk.channels[2], 1, 1);
	for (size_t way = 0; way < LENGTH(ways); way++)
		for (int i = 0; i < 20; i++) {
			send_ints(desk.channels[1], i, i);
			assert_int_equal(select_at_once(desk.cases, 3, ways[way]), 1);
			assert_int_equal(desk.values[1], i);
		}
	assert_int_equal(select_at_once(desk.cases, 3, TRY_SELECT), -EAGAIN);
	desk.values[1] = UNTOUCHED;
	task = selecting(&desk);
	task_park(&task);
	send_ints(desk.channels[1], 5, 5);
	expect_won(&desk, &task, 1, 0);
	assert_int_equal(desk.values[1], 5);
	desk_free(&desk);
}

static void test_cases_may_be_used_again(void **state)
{
	struct desk desk;

	(void)state;
	desk_open(&desk, 3, 0);
	for (int round = 0; round < 12; round++) {
		const size_t winner = (size_t)round % 3;
		struct task task = selecting(&desk);

		desk.values[winner] = UNTOUCHED;
		task_park(&task);
		send_ints(desk.channels[winner], round, round);
		assert_int_equal(task_join(&task), winner);
		assert_int_equal(desk.cases[winner].status, 0);
		assert_int_equal(desk.values[winner], round);
		assert_int_equal(channel_try_select(desk.cases, 3), -EAGAIN);
	}
	desk_free(&desk);
}

/* What is not the answer is the caller's: they are as they were set. */
static void test_cases_keep_what_was_set(void **state)
{
	struct desk desk;

	(void)state;
	desk_open(&desk, 2, 1);
	desk_sends(&desk, 1);
	assert_int_equal(channel_select(desk.cases, 2), 1);
	for (size_t i = 0; i < 2; i++) {
		assert_ptr_equal(desk.cases[i].channel, desk.channels[i]);
		assert_ptr_equal(desk.cases[i].element, &desk.values[i]);
		assert_int_equal(desk.cases[i].way, i == 1 ? CHANNEL_SEND : CHANNEL_RECV);
	}
	desk_free(&desk);
}

/* For both ways in one channel: it never hands a value to itself, wherever the cases stand. */
static void check_never_meets_itself(size_t sender)
{
	struct channel *channel = open_or_fail(sizeof(int), 0);
	int sent = 1, received = UNTOUCHED;
	struct channel_case cases[2];
	struct task task = {.operation = SELECT, .cases = cases, .count = 2};
	struct timespec soon = deadline_in_ms(1);

	cases[sender] = channel_case_send(channel, &sent);
	cases[1 - sender] = channel_case_recv(channel, &received);
	assert_int_equal(channel_try_select(cases, 2), -EAGAIN);
	assert_int_equal(channel_timed_select(cases, 2, &soon), -ETIMEDOUT);
	task_park(&task);
	assert_int_equal(received, UNTOUCHED);
	expect_ints(channel, 1, 1);
	assert_int_equal(task_join(&task), sender);
	assert_int_equal(received, UNTOUCHED);
	expect_empty(channel);
	task = (struct task){.operation = SELECT, .cases = cases, .count = 2};
	task_park(&task);
	send_ints(channel, 7, 7);
	assert_int_equal(task_join(&task), 1 - sender);
	assert_int_equal(received, 7);
	expect_empty(channel);
	channel_free(channel);
}

static void test_never_meets_itself(void **state)
{
	(void)state;
	check_never_meets_itself(0);
	check_never_meets_itself(1);
}

/* With a buffer one of the two can always be done, and that one alone is. */
static void check_both_ways_with_buffer(enum operation way, size_t sender)
{
	struct channel *channel = open_or_fail(sizeof(int), 1);
	int sent = 1, received = UNTOUCHED;
	struct channel_case cases[2];

	cases[sender] = channel_case_send(channel, &sent);
	cases[1 - sender] = channel_case_recv(channel, &received);
	for (int round = 0; round < 10; round++) {
		received = UNTOUCHED;
		assert_int_equal(select_at_once(cases, 2, way), sender);
		assert_int_equal(received, UNTOUCHED);
		assert_int_equal(select_at_once(cases, 2, way), 1 - sender);
		assert_int_equal(received, 1);
	}
	channel_free(channel);
}

static void test_both_ways_of_a_buffer(void **state)
{
	(void)state;
	for (size_t way = 0; way < LENGTH(ways); way++) {
		check_both_ways_with_buffer(ways[way], 0);
		check_both_ways_with_buffer(ways[way], 1);
	}
}

/* One value comes about in one of the cases alone. */
static void check_same_channel_twice(size_t capacity)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	int values[3] = {UNTOUCHED, UNTOUCHED, UNTOUCHED};
	struct channel_case cases[3];
	struct task task = {.operation = SELECT, .cases = cases, .count = 3};
	int value = 2;

	for (size_t i = 0; i < 3; i++)
		cases[i] = channel_case_recv(channel, &values[i]);
	task_park(&task);
	send_ints(channel, 1, 1);
	assert_in_range(task_join(&task), 0, 2);
	for (int i = 0; i < 3; i++)
		assert_int_equal(values[i], i == task.status ? 1 : UNTOUCHED);
	assert_int_equal(channel_try_send(channel, &value), capacity ? 0 : -EAGAIN);
	channel_free(channel);
}

static void test_same_channel_in_several_cases(void **state)
{
	(void)state;
	check_same_channel_twice(0);
	check_same_channel_twice(1);
}

static void test_two_selects_meet(void **state)
{
	(void)state;
	for (size_t winner = 0; winner < 3; winner++) {
		struct desk receiving, sending;
		struct task task;

		desk_open(&receiving, 3, 0);
		desk_open(&sending, 3, 0);
		task = selecting(&receiving);
		task_park(&task);
		channel_free(sending.channels[winner]);
		sending.channels[winner] = receiving.channels[winner];
		desk_sends(&sending, winner);
		assert_int_equal(channel_select(sending.cases, 3), winner);
		assert_int_equal(sending.cases[winner].status, 0);
		expect_won(&receiving, &task, winner, 0);
		assert_int_equal(receiving.values[winner], SENT + winner);
		expect_untouched_but(&sending, winner);
		sending.channels[winner] = NULL;
		desk_free(&receiving);
		desk_free(&sending);
	}
}

/* Two selects for both ways in one channel: one's send is the other's receipt. */
static void test_two_selects_for_both_ways_meet(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 0);
	int sent[2] = {1, 2}, received[2] = {UNTOUCHED, UNTOUCHED};
	struct channel_case cases[2][2];
	struct task task = {.operation = SELECT, .cases = cases[0], .count = 2};
	int here;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		cases[i][0] = channel_case_send(channel, &sent[i]);
		cases[i][1] = channel_case_recv(channel, &received[i]);
	}
	task_park(&task);
	here = channel_select(cases[1], 2);
	assert_in_range(here, 0, 1);
	assert_int_equal(task_join(&task), 1 - here);
	assert_int_equal(received[here == 1], here == 1 ? 1 : 2);
	assert_int_equal(received[here == 0], UNTOUCHED);
	expect_empty(channel);
	channel_free(channel);
}

/*
 * Many in opposite orders, one select held at each of its points in turn: there is no deadlock, and
 * they meet in one channel.
 */
static bool check_opposite_orders(unsigned point, size_t count)
{
	struct desk desk, back;
	struct task one, two;

	desk_open(&desk, count, 0);
	back.count = count;
	for (size_t i = 0; i < count; i++) {
		back.channels[i] = desk.channels[count - 1 - i];
		desk_sends(&back, i);
	}
	one = selecting(&desk);
	two = selecting(&back);
	one.hooks.hold_in = point;
	task_start(&one);
	task_await_rest(&one);
	task_start(&two);
	task_await_rest(&two);
	task_release(&one);
	assert_in_range(task_join(&one), 0, count - 1);
	assert_int_equal(task_join(&two), count - 1 - (size_t)one.status);
	assert_int_equal(desk.values[one.status], SENT + two.status);
	expect_untouched_but(&desk, (size_t)one.status);
	desk_free(&desk);
	return atomic_load(&one.hooks.held);
}

static void test_selects_in_opposite_orders_meet(void **state)
{
	const size_t counts[] = {2, 3, 7};

	(void)state;
	for (size_t i = 0; i < LENGTH(counts); i++)
		for (unsigned point = 1; check_opposite_orders(point, counts[i]); point++)
			assert_true(point < MOST_POINTS);
}

/* Of many channels in an order that is not that of their addresses. */
static void test_select_of_a_hundred(void **state)
{
	(void)state;
	for (size_t winner = 0; winner < MANY; winner += 9) {
		struct desk desk;
		struct task task;

		desk_open(&desk, MANY, 0);
		for (size_t i = 0; i < MANY; i++) {
			const size_t j = i * 37 % MANY;

			desk.cases[i] = channel_case_recv(desk.channels[j], &desk.values[i]);
		}
		task = selecting(&desk);
		task_park(&task);
		send_ints(desk.channels[winner * 37 % MANY], 5, 5);
		expect_won(&desk, &task, winner, 0);
		assert_int_equal(desk.values[winner], 5);
		for (size_t i = 0; i < MANY; i++)
			assert_int_equal(
				channel_try_send(desk.channels[i], &desk.values[i]), -EAGAIN);
		desk_free(&desk);
	}
}

static void check_select_of_one(size_t capacity)
{
	struct desk desk;
	struct task task;

	desk_open(&desk, 1, capacity);
	task = selecting(&desk);
	task_park(&task);
	send_ints(desk.channels[0], 5, 5);
	expect_won(&desk, &task, 0, 0);
	assert_int_equal(desk.values[0], 5);
	task = selecting(&desk);
	task_park(&task);
	channel_close(desk.channels[0]);
	expect_won(&desk, &task, 0, -EPIPE);
	desk_free(&desk);
}

static void test_select_of_one(void **state)
{
	(void)state;
	check_select_of_one(0);
	check_select_of_one(2);
}

/* Two plain receivers, a select, and a plain one again, in the order in which they came. */
static void check_fifo_place(size_t capacity)
{
	struct desk desk;
	struct task tasks[4];

	desk_open(&desk, 3, capacity);
	for (size_t i = 0; i < 4; i++) {
		tasks[i] = (struct task){
			.operation = RECV, .channel = desk.channels[1], .value = UNTOUCHED};
		if (i == 2)
			tasks[i] = selecting(&desk);
		task_park(&tasks[i]);
	}
	send_ints(desk.channels[1], 0, 3);
	for (int i = 0; i < 4; i++)
		if (i == 2)
			expect_won(&desk, &tasks[i], 1, 0);
		else {
			assert_int_equal(task_join(&tasks[i]), 0);
			assert_int_equal(tasks[i].value, i);
		}
	assert_int_equal(desk.values[1], 2);
	desk_free(&desk);
}

static void test_parked_select_keeps_its_place(void **state)
{
	(void)state;
	check_fifo_place(0);
	check_fifo_place(2);
}

/* The same for senders. */
static void check_fifo_place_of_sender(int capacity)
{
	struct desk desk;
	struct task tasks[3];

	desk_open(&desk, 2, (size_t)capacity);
	send_ints(desk.channels[1], SENT - capacity, SENT - 1);
	desk_sends(&desk, 1);
	for (int i = 0; i < 3; i++) {
		tasks[i] = (struct task){
			.operation = SEND, .channel = desk.channels[1], .value = SENT + i};
		if (i == 1)
			tasks[i] = selecting(&desk);
		task_park(&tasks[i]);
	}
	expect_ints(desk.channels[1], SENT - capacity, SENT + 2);
	expect_empty(desk.channels[1]);
	for (int i = 0; i < 3; i++)
		assert_int_equal(task_join(&tasks[i]), i == 1 ? 1 : 0);
	desk_free(&desk);
}

static void test_parked_sending_select_keeps_its_place(void **state)
{
	(void)state;
	check_fifo_place_of_sender(0);
	check_fifo_place_of_sender(2);
}

/*
 * A select that has been claimed in one channel and has not withdrawn from the other, for its waker
 * is held before it tells: in the other, it is passed over, in favour of who comes after it.
 */
static bool check_claimed_is_passed_over(size_t capacity, unsigned point)
{
	struct desk desk;
	struct task task, waker = {.operation = SEND, .value = 1};
	struct task behind = {.operation = RECV, .value = UNTOUCHED};
	bool held;

	desk_open(&desk, 2, capacity);
	task = selecting(&desk);
	task_park(&task);
	waker.channel = desk.channels[0];
	behind.channel = desk.channels[1];
	waker.hooks.hold_in = point;
	task_start(&waker);
	held = task_await_held(&waker);
	task_park(&behind);
	send_ints(desk.channels[1], 2, 2);
	assert_int_equal(task_join(&behind), 0);
	assert_int_equal(behind.value, 2);
	task_release(&waker);
	assert_int_equal(task_join(&waker), 0);
	expect_won(&desk, &task, 0, 0);
	assert_int_equal(desk.values[0], 1);
	desk_free(&desk);
	return held;
}

/* At the first two points, before the lock and before the claim, that is yet to come. */
static void test_claimed_select_is_passed_over(void **state)
{
	(void)state;
	for (unsigned point = 3; check_claimed_is_passed_over(0, point); point++)
		assert_true(point < MOST_POINTS);
	for (unsigned point = 3; check_claimed_is_passed_over(2, point); point++)
		assert_true(point < MOST_POINTS);
}

/* Where nobody comes after it, the other sender does as if it were not there. */
static bool check_claimed_is_no_partner(size_t capacity, unsigned point)
{
	struct desk desk;
	struct task task, waker = {.operation = SEND, .value = 1};
	int value = 2;
	bool held;

	desk_open(&desk, 2, capacity);
	task = selecting(&desk);
	task_park(&task);
	waker.channel = desk.channels[0];
	waker.hooks.hold_in = point;
	task_start(&waker);
	held = task_await_held(&waker);
	if (held) {
		assert_int_equal(
			channel_try_send(desk.channels[1], &value), capacity ? 0 : -EAGAIN);
		task_release(&waker);
	}
	assert_int_equal(task_join(&waker), 0);
	expect_won(&desk, &task, 0, 0);
	assert_int_equal(desk.values[0], 1);
	if (held && capacity > 0)
		expect_ints(desk.channels[1], 2, 2);
	desk_free(&desk);
	return held;
}

static void test_claimed_select_is_no_partner(void **state)
{
	(void)state;
	for (unsigned point = 3; check_claimed_is_no_partner(0, point); point++)
		assert_true(point < MOST_POINTS);
	for (unsigned point = 3; check_claimed_is_no_partner(2, point); point++)
		assert_true(point < MOST_POINTS);
}

/* After it has returned, nothing of it is left in the other channels. */
static void check_withdraws(size_t capacity)
{
	struct desk desk;
	struct task task;
	int value = 2;

	desk_open(&desk, 4, capacity);
	desk_sends(&desk, 3);
	send_ints(desk.channels[3], 1, (int)capacity);
	task = selecting(&desk);
	task_park(&task);
	send_ints(desk.channels[1], 1, 1);
	expect_won(&desk, &task, 1, 0);
	for (size_t i = 0; i < 3; i += 2)
		assert_int_equal(
			channel_try_send(desk.channels[i], &value), capacity ? 0 : -EAGAIN);
	expect_untouched_but(&desk, 1);
	expect_ints(desk.channels[3], 1, (int)capacity);
	expect_empty(desk.channels[3]);
	desk_free(&desk);
}

static void test_other_waiters_are_withdrawn(void **state)
{
	(void)state;
	check_withdraws(0);
	check_withdraws(1);
	check_withdraws(3);
}

/* From the middle of a queue, and from its ends, the others keep their order. */
static void check_withdraws_from(size_t capacity, size_t place)
{
	struct desk desk;
	struct task tasks[3];
	int next = 0;

	desk_open(&desk, 2, capacity);
	for (size_t i = 0; i < 3; i++) {
		tasks[i] = (struct task){
			.operation = RECV, .channel = desk.channels[1], .value = UNTOUCHED};
		if (i == place)
			tasks[i] = selecting(&desk);
		task_park(&tasks[i]);
	}
	send_ints(desk.channels[0], 9, 9);
	expect_won(&desk, &tasks[place], 0, 0);
	send_ints(desk.channels[1], 0, 1);
	for (size_t i = 0; i < 3; i++)
		if (i != place) {
			assert_int_equal(task_join(&tasks[i]), 0);
			assert_int_equal(tasks[i].value, next++);
		}
	desk_free(&desk);
}

static void test_withdrawal_keeps_the_order_of_the_others(void **state)
{
	(void)state;
	for (size_t place = 0; place < 3; place++) {
		check_withdraws_from(0, place);
		check_withdraws_from(2, place);
	}
}

/* A select that is held at any point of its call, while a value comes: it is not left out. */
static bool check_comes_meanwhile(size_t capacity, size_t index, unsigned point)
{
	struct desk desk;
	struct task task, other = {.operation = SEND, .value = 5};

	desk_open(&desk, 3, capacity);
	task = selecting(&desk);
	other.channel = desk.channels[index];
	task.hooks.hold_in = point;
	task_start(&task);
	task_await_rest(&task);
	task_start(&other);
	task_await_rest(&other);
	task_release(&task);
	expect_won(&desk, &task, index, 0);
	assert_int_equal(desk.values[index], 5);
	assert_int_equal(task_join(&other), 0);
	for (size_t i = 0; i < 3; i++)
		expect_empty(desk.channels[i]);
	desk_free(&desk);
	return atomic_load(&task.hooks.held);
}

static void test_value_that_comes_meanwhile_is_seen(void **state)
{
	(void)state;
	for (size_t capacity = 0; capacity < 3; capacity++)
		for (size_t index = 0; index < 3; index++)
			for (unsigned point = 1; check_comes_meanwhile(capacity, index, point);
				point++)
				assert_true(point < MOST_POINTS);
}

/* Likewise a place, and a close. */
static bool check_place_comes_meanwhile(size_t index, unsigned point, bool closes)
{
	struct desk desk;
	struct task task, other = {.operation = closes ? CLOSE : RECV, .value = UNTOUCHED};

	desk_open(&desk, 3, 1);
	for (size_t i = 0; i < 3; i++) {
		send_ints(desk.channels[i], 1, 1);
		desk_sends(&desk, i);
	}
	task = selecting(&desk);
	other.channel = desk.channels[index];
	task.hooks.hold_in = point;
	task_start(&task);
	task_await_rest(&task);
	task_start(&other);
	task_await_rest(&other);
	task_release(&task);
	expect_won(&desk, &task, index, closes ? -EPIPE : 0);
	assert_int_equal(task_join(&other), 0);
	for (size_t i = 0; i < 3; i++) {
		if (closes || i != index)
			expect_ints(desk.channels[i], 1, 1);
		else
			expect_ints(desk.channels[i], SENT + (int)i, SENT + (int)i);
	}
	desk_free(&desk);
	return atomic_load(&task.hooks.held);
}

static void test_place_or_close_that_comes_meanwhile_is_seen(void **state)
{
	(void)state;
	for (size_t index = 0; index < 3; index++)
		for (int closes = 0; closes < 2; closes++)
			for (unsigned point = 1; check_place_comes_meanwhile(index, point, closes);
				point++)
				assert_true(point < MOST_POINTS);
}

/*
 * It comes to queue when a value is in flight, and another sender waits behind that: it waits for
 * the first, too. Its own first point is the first lock.
 */
static void test_value_in_flight_is_waited_for(void **state)
{
	struct task senders[2] = {{.operation = SEND, .value = 1}, {.operation = SEND, .value = 2}};
	struct desk desk;
	struct task task;

	(void)state;
	desk_open(&desk, 2, 1);
	task = selecting(&desk);
	task.hooks.hold_in = 1;
	task_start(&task);
	assert_true(task_await_held(&task));
	senders[0].channel = senders[1].channel = desk.channels[1];
	senders[0].hooks.hold_in = 1;
	task_start(&senders[0]);
	assert_true(task_await_held(&senders[0]));
	task_park(&senders[1]);
	task_release(&task);
	while (atomic_load(&task.hooks.sleeps) == 0 && !task_returned(&task))
		sched_yield();
	assert_false(task_returned(&task));
	task_release(&senders[0]);
	expect_won(&desk, &task, 1, 0);
	assert_int_equal(desk.values[1], 1);
	expect_ints(desk.channels[1], 2, 2);
	assert_int_equal(task_join(&senders[0]), 0);
	assert_int_equal(task_join(&senders[1]), 0);
	desk_free(&desk);
}

/*
 * Each of those that can be done has the same chance, and each call draws anew. Of 40,000 draws
 * among 4, each comes 10,000 times, with a standard deviation of 87; the bound is 7 of those, which
 * is passed once in 10^11 tries. Likewise each of 16 pairs of draws in a row, 2,500 times, 48.
 */
enum { DRAWS = 40000 };

struct tally {
	int once[4];
	int twice[4][4]; /* the draw before, and this one */
};

static void check_fair(const struct tally *tally)
{
	for (int i = 0; i < 4; i++) {
		assert_in_range(tally->once[i], 10000 - 610, 10000 + 610);
		for (int j = 0; j < 4; j++)
			assert_in_range(tally->twice[i][j], 2500 - 340, 2500 + 340);
	}
}

static void draw(struct tally *tally, struct desk *desk, const int *which, enum operation way)
{
	int before = 0;

	*tally = (struct tally){.once = {0}};
	for (int i = 0; i < DRAWS; i++) {
		const int index = select_at_once(desk->cases, desk->count, way);
		int drawn = 0;

		while (drawn < 4 && which[drawn] != index)
			drawn++;
		assert_in_range(drawn, 0, 3);
		tally->once[drawn]++;
		tally->twice[before][drawn]++;
		before = drawn;
		if (desk->cases[index].way == CHANNEL_RECV)
			send_ints(desk->channels[index], 1, 1);
		else
			expect_ints(desk->channels[index], SENT + index, SENT + index);
	}
}

static void test_each_of_several_has_the_same_chance(void **state)
{
	const int all[] = {0, 1, 2, 3};
	struct tally tally;
	struct desk desk;

	(void)state;
	desk_open(&desk, 4, 1);
	desk_sends(&desk, 1);
	desk_sends(&desk, 2);
	send_ints(desk.channels[0], 1, 1);
	send_ints(desk.channels[3], 1, 1);
	for (size_t way = 0; way < LENGTH(ways); way++) {
		draw(&tally, &desk, all, ways[way]);
		check_fair(&tally);
	}
	desk_free(&desk);
}

/* Those that cannot be done take no share, and give it to none more than to another. */
static void test_chances_where_some_cannot_be_done(void **state)
{
	const int some[] = {1, 2, 4, 5};
	struct tally tally;
	struct desk desk;

	(void)state;
	desk_open(&desk, 6, 1);
	for (size_t i = 0; i < LENGTH(some); i++)
		send_ints(desk.channels[some[i]], 1, 1);
	desk.cases[3].channel = NULL;
	draw(&tally, &desk, some, SELECT);
	check_fair(&tally);
	desk_free(&desk);
}

static void check_element_size(size_t size, size_t capacity, bool sends)
{
	struct channel *channel = open_or_fail(size, capacity), *never = open_or_fail(size, 0);
	unsigned char sent[4097], received[4097], expected[4097];
	struct channel_case cases[2];
	struct task task = {.operation = SELECT, .cases = cases, .count = 2};

	memset(sent, 0xdd, sizeof(sent));
	memset(received, 0xee, sizeof(received));
	memset(expected, 0xee, sizeof(expected));
	for (size_t i = 0; i < size; i++)
		expected[i] = sent[i] = (unsigned char)(i * 7 + i / 256);
	cases[0] = channel_case_recv(never, received);
	cases[1] = sends ? channel_case_send(channel, sent) : channel_case_recv(channel, received);
	for (size_t i = 0; sends && i < capacity; i++)
		assert_int_equal(channel_send(channel, sent), 0);
	task_park(&task);
	for (size_t i = 0; sends && i <= capacity; i++)
		assert_int_equal(channel_recv(channel, received), 0);
	if (!sends)
		assert_int_equal(channel_send(channel, sent), 0);
	assert_int_equal(task_join(&task), 1);
	assert_memory_equal(received, expected, sizeof(expected));
	channel_free(channel);
	channel_free(never);
}

static void test_element_sizes(void **state)
{
	const size_t sizes[] = {0, 1, 7, 8, 9, 13, 4096};

	(void)state;
	for (size_t i = 0; i < LENGTH(sizes); i++)
		for (size_t capacity = 0; capacity < 3; capacity++) {
			check_element_size(sizes[i], capacity, false);
			check_element_size(sizes[i], capacity, true);
		}
}

/* Channels of different sizes and capacities in one select; a token's element may be NULL. */
static void test_channels_of_different_kinds(void **state)
{
	struct channel *tokens = open_or_fail(0, 0), *bytes = open_or_fail(1, 3);
	struct channel *ints = open_or_fail(sizeof(int), 1);
	unsigned char byte = 0;
	int value = 3;
	struct channel_case cases[] = {channel_case_recv(tokens, NULL),
		channel_case_recv(bytes, &byte), channel_case_send(ints, &value)};
	struct task task = {.operation = SELECT, .cases = cases, .count = 3};

	(void)state;
	assert_int_equal(channel_select(cases, 3), 2);
	task_park(&task);
	assert_int_equal(channel_send(tokens, NULL), 0);
	assert_int_equal(task_join(&task), 0);
	byte = 4;
	assert_int_equal(channel_send(bytes, &byte), 0);
	byte = 0;
	assert_int_equal(channel_select(cases, 3), 1);
	assert_int_equal(byte, 4);
	expect_ints(ints, 3, 3);
	channel_free(tokens);
	channel_free(bytes);
	channel_free(ints);
}

/* The longest that one of its channels would spin, on a clock of the test's (channel_test.c). */
static void test_select_spins_as_its_channels_say(void **state)
{
	enum { TICK_NS = 100 };
	const int64_t policies_ns[] = {CHANNEL_PARK, 5000, 20000};

	(void)state;
	for (size_t i = 0; i < LENGTH(policies_ns); i++) {
		struct desk desk;
		struct task task;

		desk_open(&desk, 3, 0);
		for (size_t j = 0; j < 3; j++)
			channel_set_spin(desk.channels[j], CHANNEL_PARK);
		channel_set_spin(desk.channels[1], policies_ns[i]);
		task = selecting(&desk);
		task.hooks.tick_ns = TICK_NS;
		task.hooks.clock_ns = 1000;
		assert_int_equal(channel_try_select(desk.cases, 3), -EAGAIN);
		atomic_store(&task.hooks.looks, 0);
		task_park(&task);
		/* It looks at the clock a few times besides, to begin and to end, and to draw. */
		assert_in_range((int64_t)atomic_load(&task.hooks.looks) * TICK_NS, policies_ns[i],
			policies_ns[i] + 5 * TICK_NS);
		send_ints(desk.channels[2], 1, 1);
		expect_won(&desk, &task, 2, 0);
		desk_free(&desk);
	}
}

static void test_select_with_spin_never_parks(void **state)
{
	(void)state;
	for (size_t capacity = 0; capacity < 3; capacity += 2) {
		struct desk desk;
		struct task task;

		desk_open(&desk, 3, capacity);
		channel_set_spin(desk.channels[0], CHANNEL_SPIN);
		task = selecting(&desk);
		task.hooks.tick_ns = INT64_C(3600000000000);
		task_start(&task);
		while (atomic_load(&task.hooks.looks) < 1000)
			sched_yield();
		send_ints(desk.channels[2], 1, 1);
		expect_won(&desk, &task, 2, 0);
		assert_int_equal(atomic_load(&task.hooks.parks), 0);
		desk_free(&desk);
	}
}

static void select_null_element(void *channel)
{
	struct channel_case cases[] = {
		channel_case_recv(NULL, NULL), channel_case_recv(channel, NULL)};

	channel_try_select(cases, 2);
}

static void select_one_null_element(void *channel)
{
	struct channel_case one = channel_case_send(channel, NULL);

	channel_try_select(&one, 1);
}

static void timed_select_null_element(void *channel)
{
	int value = 1;
	struct channel_case cases[] = {
		channel_case_send(channel, &value), channel_case_send(channel, NULL)};

	channel_timed_select(cases, 2, &long_ago);
}

static void select_freed(void *channel)
{
	int value = 1;
	struct channel_case cases[] = {
		channel_case_recv(NULL, NULL), channel_case_recv(channel, &value)};

	channel_select(cases, 2);
}

static void free_while_a_select_waits(void *channel)
{
	int value;
	struct channel_case cases[] = {
		channel_case_recv(NULL, NULL), channel_case_recv(channel, &value)};
	struct task task = {.operation = SELECT, .cases = cases, .count = 2};

	task_park(&task);
	channel_free(channel);
}

static void test_misuse(void **state)
{
	static char memory[4096];
	struct channel *channel = NULL;

	(void)state;
	assert_int_equal(channel_open_in(&channel, memory, sizeof(memory), sizeof(int), 1), 0);
	expect_abort(select_null_element, channel);
	expect_abort(select_one_null_element, channel);
	expect_abort(timed_select_null_element, channel);
	expect_abort(free_while_a_select_waits, channel);
	channel_close(channel);
	channel_free(channel);
	expect_abort(select_freed, channel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_receives_from_the_one_that_has_a_value),
		cmocka_unit_test(test_sends_to_the_one_that_has_room),
		cmocka_unit_test(test_meets_a_partner_who_waits_without_a_buffer),
		cmocka_unit_test(test_meets_a_partner_who_waits_at_a_buffer),
		cmocka_unit_test(test_waits_until_one_can_be_done),
		cmocka_unit_test(test_spurious_wakes_end_no_select),
		cmocka_unit_test(test_try_select_says_eagain_in_place_of_a_wait),
		cmocka_unit_test(test_select_of_nothing),
		cmocka_unit_test(test_select_of_too_many),
		cmocka_unit_test(test_timed_select_refuses_bad_nanoseconds),
		cmocka_unit_test(test_timed_select_past_its_deadline),
		cmocka_unit_test(test_timed_select_waits_until_the_deadline),
		cmocka_unit_test(test_timed_select_waits_for_a_deadline_however_far),
		cmocka_unit_test(test_timed_out_select_leaves_all_queues),
		cmocka_unit_test(test_closed_channel_comes_about_with_epipe),
		cmocka_unit_test(test_closed_channel_is_drained_first),
		cmocka_unit_test(test_close_wakes_a_parked_select),
		cmocka_unit_test(test_only_the_first_close_counts),
		cmocka_unit_test(test_cases_without_a_channel_never_come_about),
		cmocka_unit_test(test_cases_may_be_used_again),
		cmocka_unit_test(test_cases_keep_what_was_set),
		cmocka_unit_test(test_never_meets_itself),
		cmocka_unit_test(test_both_ways_of_a_buffer),
		cmocka_unit_test(test_same_channel_in_several_cases),
		cmocka_unit_test(test_two_selects_meet),
		cmocka_unit_test(test_two_selects_for_both_ways_meet),
		cmocka_unit_test(test_selects_in_opposite_orders_meet),
		cmocka_unit_test(test_select_of_a_hundred),
		cmocka_unit_test(test_select_of_one),
		cmocka_unit_test(test_parked_select_keeps_its_place),
		cmocka_unit_test(test_parked_sending_select_keeps_its_place),
		cmocka_unit_test(test_claimed_select_is_passed_over),
		cmocka_unit_test(test_claimed_select_is_no_partner),
		cmocka_unit_test(test_other_waiters_are_withdrawn),
		cmocka_unit_test(test_withdrawal_keeps_the_order_of_the_others),
		cmocka_unit_test(test_value_that_comes_meanwhile_is_seen),
		cmocka_unit_test(test_place_or_close_that_comes_meanwhile_is_seen),
		cmocka_unit_test(test_value_in_flight_is_waited_for),
		cmocka_unit_test(test_each_of_several_has_the_same_chance),
		cmocka_unit_test(test_chances_where_some_cannot_be_done),
		cmocka_unit_test(test_element_sizes),
		cmocka_unit_test(test_channels_of_different_kinds),
		cmocka_unit_test(test_select_spins_as_its_channels_say),
		cmocka_unit_test(test_select_with_spin_never_parks),
		cmocka_unit_test(test_misuse),
	};

	limit_time();
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
