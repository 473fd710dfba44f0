/* channel_test.c - what the channel promises, one promise a test */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "task.h"

static const size_t capacities[] = {1, 2, 3, 5, 64};
static const size_t element_sizes[] = {0, 1, 7, 8, 9, 13, 4096};

static const struct timespec long_ago = {.tv_sec = 0, .tv_nsec = 1};

static void test_open_refuses_what_does_not_fit(void **state)
{
	struct channel *channel = NULL;

	(void)state;
	assert_int_equal(channel_open(&channel, SIZE_MAX, 2), -EOVERFLOW);
	assert_int_equal(channel_open(&channel, SIZE_MAX, 0), -EOVERFLOW);
	assert_int_equal(channel_open(&channel, 2, SIZE_MAX), -EOVERFLOW);
	assert_int_equal(channel_open(&channel, 1, SIZE_MAX), -EOVERFLOW);
	assert_int_equal(channel_open(&channel, 0, SIZE_MAX), -EOVERFLOW);
	assert_int_equal(channel_open(&channel, 8, SIZE_MAX / 16 + 1), -EOVERFLOW);
	assert_int_equal(channel_open(&channel, 8, SIZE_MAX / 16), -EOVERFLOW);
	assert_int_equal(channel_open(&channel, 1, SIZE_MAX / 64), -ENOMEM);
	assert_null(channel);
	channel_free(NULL);
}

/* 8 bytes and the element, rounded up to 8, for each place. */
static void test_footprint(void **state)
{
	(void)state;
	assert_int_equal(channel_footprint(SIZE_MAX, 2), 0);
	assert_int_equal(channel_footprint(0, SIZE_MAX), 0);
	assert_int_equal(channel_footprint(8, SIZE_MAX / 16), 0);
	assert_true(channel_footprint(8, 0) > 0);
	for (size_t i = 0; i < LENGTH(element_sizes); i++) {
		const size_t place = 8 + (element_sizes[i] + 7) / 8 * 8;
		const size_t one = channel_footprint(element_sizes[i], 1);

		assert_int_equal(channel_footprint(element_sizes[i], 2), one + place);
		assert_int_equal(channel_footprint(element_sizes[i], 101), one + 100 * place);
	}
}

/* Elements that fill the last place to its last byte. */
static void fill_and_drain_wholly(struct channel *channel, size_t capacity)
{
	uint64_t value = UINT64_MAX;

	for (size_t i = 0; i < capacity; i++)
		assert_int_equal(channel_try_send(channel, &value), 0);
	assert_int_equal(channel_try_send(channel, &value), -EAGAIN);
	for (size_t i = 0; i < capacity; i++) {
		value = i;
		assert_int_equal(channel_try_recv(channel, &value), 0);
		assert_true(value == UINT64_MAX);
	}
}

/* What lies around the memory is 0xee, and stays so. */
static void check_open_in(unsigned char *arena, size_t offset, size_t capacity)
{
	const size_t size = channel_footprint(8, capacity);
	unsigned char *memory = arena + 128 + offset;
	struct channel *channel = NULL;

	memset(arena, 0xee, size + 384);
	assert_int_equal(channel_open_in(&channel, memory, size - 1, 8, capacity), -ENOSPC);
	assert_null(channel);
	assert_int_equal(channel_open_in(&channel, memory, size, 8, capacity), 0);
	assert_true((unsigned char *)channel >= memory && (unsigned char *)channel < memory + size);
	fill_and_drain_wholly(channel, capacity);
	channel_free(channel);
	for (size_t i = 0; i < size + 384; i++)
		if (i < 128 + offset || i >= 128 + offset + size)
			assert_int_equal(arena[i], 0xee);
	memset(memory, 0, size);
}

/* The arena has malloc's alignment, 16; with 0 to 127 more there is every residue. */
static void test_any_memory_of_the_footprint_is_enough(void **state)
{
	const size_t some[] = {0, 1, 3};

	(void)state;
	for (size_t i = 0; i < LENGTH(some); i++) {
		unsigned char *arena = malloc(channel_footprint(8, some[i]) + 384);

		assert_non_null(arena);
		for (size_t offset = 0; offset < 128; offset++)
			check_open_in(arena, offset, some[i]);
		free(arena);
	}
}

/* A heap block of just the footprint: AddressSanitizer sees what the guard bytes do not. */
static void test_caller_memory_is_the_callers_again(void **state)
{
	const size_t size = channel_footprint(13, 5);
	struct channel *channel = NULL;
	char *memory = malloc(size);
	char element[13] = "twelve bytes";

	(void)state;
	assert_non_null(memory);
	for (int round = 0; round < 3; round++) {
		memset(memory, 0x5a, size);
		assert_int_equal(channel_open_in(&channel, memory, size, 13, 5), 0);
		for (int i = 0; i < 5; i++)
			assert_int_equal(channel_send(channel, element), 0);
		channel_free(channel);
	}
	free(memory);
}

static void test_open_in_refuses_what_does_not_fit(void **state)
{
	struct channel *channel = NULL;
	char memory[64];

	(void)state;
	assert_int_equal(channel_open_in(&channel, memory, SIZE_MAX, SIZE_MAX, 2), -EOVERFLOW);
	assert_int_equal(channel_open_in(&channel, memory, SIZE_MAX, 0, SIZE_MAX), -EOVERFLOW);
	assert_int_equal(channel_open_in(&channel, memory, 0, 4, 0), -ENOSPC);
	assert_int_equal(channel_open_in(&channel, memory, sizeof(memory), 4, 1), -ENOSPC);
	assert_null(channel);
}

static void test_buffer_fills_without_waiting_and_is_fifo(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(capacities); i++) {
		const int capacity = (int)capacities[i];
		struct channel *channel = open_or_fail(sizeof(int), capacities[i]);

		send_ints(channel, 1, capacity);
		expect_ints(channel, 1, capacity);
		channel_free(channel);
	}
}

/* The buffer holds as many as was said, not one more, wherever its start has come to. */
static void test_buffer_holds_its_capacity(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(capacities); i++) {
		const int capacity = (int)capacities[i];
		struct channel *channel = open_or_fail(sizeof(int), capacities[i]);
		int surplus = -1;

		for (int start = 0; start < 2 * capacity + 1; start++) {
			send_ints(channel, 1, capacity);
			assert_int_equal(channel_try_send(channel, &surplus), -EAGAIN);
			expect_ints(channel, 1, capacity);
			expect_empty(channel);
			send_ints(channel, 0, 0);
			expect_ints(channel, 0, 0);
		}
		channel_free(channel);
	}
}

/* The ring's start moves through every place, at every fill, over several laps. */
static void check_wrap(int capacity)
{
	struct channel *channel = open_or_fail(sizeof(int), (size_t)capacity);

	for (int fill = 1; fill <= capacity; fill++)
		for (int start = 0; start < 3 * capacity + 1; start++) {
			send_ints(channel, start, start + fill - 1);
			expect_ints(channel, start, start + fill - 1);
			send_ints(channel, 0, 0);
			expect_ints(channel, 0, 0);
		}
	channel_free(channel);
}

static void test_ring_wraps(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(capacities); i++)
		check_wrap((int)capacities[i]);
}

/* Never full and never empty, so that the values travel round and round. */
static void test_half_full_ring_stays_fifo(void **state)
{
	(void)state;
	for (size_t i = 1; i < LENGTH(capacities); i++) {
		const int fill = (int)capacities[i] / 2;
		struct channel *channel = open_or_fail(sizeof(int), capacities[i]);

		send_ints(channel, 0, fill - 1);
		for (int value = 0; value < 500; value++) {
			send_ints(channel, value + fill, value + fill);
			expect_ints(channel, value, value);
		}
		channel_free(channel);
	}
}

static void test_full_buffer_makes_the_sender_wait(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(capacities); i++) {
		const int capacity = (int)capacities[i];
		struct channel *channel = open_or_fail(sizeof(int), capacities[i]);
		struct task sender = {.channel = channel, .operation = SEND, .value = capacity + 1};

		send_ints(channel, 1, capacity);
		task_park(&sender);
		expect_ints(channel, 1, 1);
		assert_int_equal(task_join(&sender), 0);
		expect_ints(channel, 2, capacity + 1);
		channel_free(channel);
	}
}

static void test_empty_buffer_makes_the_receiver_wait(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(capacities); i++) {
		struct channel *channel = open_or_fail(sizeof(int), capacities[i]);
		struct task receiver = {.channel = channel, .operation = RECV, .value = UNTOUCHED};

		task_park(&receiver);
		send_ints(channel, 4, 4);
		assert_int_equal(task_join(&receiver), 0);
		assert_int_equal(receiver.value, 4);
		expect_empty(channel);
		fill_and_drain(channel, capacities[i]);
		channel_free(channel);
	}
}

/* Parking leaves no trace: afterwards the ring goes on at whichever place it was. */
static void test_ring_goes_on_after_every_wait(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 3);

	(void)state;
	for (int round = 0; round < 8; round++) {
		struct task receiver = {.channel = channel, .operation = RECV, .value = UNTOUCHED};
		struct task sender = {.channel = channel, .operation = SEND, .value = 4};

		task_park(&receiver);
		send_ints(channel, 0, 0);
		assert_int_equal(task_join(&receiver), 0);
		assert_int_equal(receiver.value, 0);
		send_ints(channel, 1, 3);
		task_park(&sender);
		expect_ints(channel, 1, 4);
		assert_int_equal(task_join(&sender), 0);
	}
	channel_free(channel);
}

static void test_close_drains_then_epipe(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(capacities); i++)
		for (int fill = 0; fill <= (int)capacities[i]; fill++) {
			struct channel *channel = open_or_fail(sizeof(int), capacities[i]);
			int value = -1;

			send_ints(channel, 1, fill);
			channel_close(channel);
			channel_close(channel);
			assert_int_equal(channel_send(channel, &value), -EPIPE);
			expect_ints(channel, 1, fill);
			expect_drained(channel);
			channel_close(channel);
			expect_drained(channel);
			assert_int_equal(channel_send(channel, &value), -EPIPE);
			channel_free(channel);
		}
}

static void test_closed_rendezvous(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 0);
	int value = 1;

	(void)state;
	channel_close(channel);
	channel_close(channel);
	assert_int_equal(channel_send(channel, &value), -EPIPE);
	expect_drained(channel);
	channel_free(channel);
}

static void test_values_left_are_freed(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 3);

	(void)state;
	send_ints(channel, 1, 3);
	channel_free(channel);
	channel = open_or_fail(sizeof(int), 3);
	send_ints(channel, 1, 2);
	channel_close(channel);
	channel_free(channel);
}

/* An element of which not one byte more may be read or written. */
struct element {
	size_t size;
	unsigned char bytes[4096 + 1];
};

static void element_fill(struct element *element, size_t size, unsigned seed)
{
	element->size = size;
	memset(element->bytes, 0xee, sizeof(element->bytes));
	for (size_t i = 0; i < size; i++)
		element->bytes[i] = (unsigned char)(i * 7 + i / 256 + seed);
}

static void expect_element(const struct element *received, size_t size, unsigned seed)
{
	struct element expected;

	element_fill(&expected, size, seed);
	assert_memory_equal(received->bytes, expected.bytes, sizeof(expected.bytes));
}

static struct element element_blank(void)
{
	struct element element;

	element_fill(&element, 0, 0);
	return element;
}

static void check_element_size(size_t size, size_t capacity)
{
	struct channel *channel = open_or_fail(size, capacity);

	for (unsigned round = 0; round < 2 * capacity + 1; round++) {
		struct element sent, received = element_blank();

		for (unsigned i = 0; i < capacity; i++) {
			element_fill(&sent, size, round + i);
			assert_int_equal(channel_send(channel, sent.bytes), 0);
			memset(sent.bytes, 0xdd, sizeof(sent.bytes));
		}
		for (unsigned i = 0; i < capacity; i++) {
			assert_int_equal(channel_recv(channel, received.bytes), 0);
			expect_element(&received, size, round + i);
		}
	}
	channel_free(channel);
}

static void test_element_sizes(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(element_sizes); i++)
		for (size_t j = 0; j < LENGTH(capacities) - 1; j++)
			check_element_size(element_sizes[i], capacities[j]);
}

/* A thread that sends or receives an element of any size. */
struct porter {
	struct hooks hooks;
	struct channel *channel;
	struct element element;
	bool sends;
	pthread_t thread;
	int status;
};

static void *porter_main(void *argument)
{
	struct porter *porter = argument;

	hooks = &porter->hooks;
	porter->status = porter->sends ? channel_send(porter->channel, porter->element.bytes)
				       : channel_recv(porter->channel, porter->element.bytes);
	return NULL;
}

static void porter_park(struct porter *porter)
{
	assert_int_equal(pthread_create(&porter->thread, NULL, porter_main, porter), 0);
	while (atomic_load(&porter->hooks.parks) == 0)
		sched_yield();
}

static void porter_join(struct porter *porter)
{
	assert_int_equal(pthread_join(porter->thread, NULL), 0);
	assert_int_equal(porter->status, 0);
}

static void check_hand_over_to_receiver(size_t size, size_t capacity)
{
	struct channel *channel = open_or_fail(size, capacity);
	struct porter receiver = {.channel = channel, .element = element_blank()};
	struct element sent;

	porter_park(&receiver);
	element_fill(&sent, size, 3);
	assert_int_equal(channel_send(channel, sent.bytes), 0);
	memset(sent.bytes, 0xdd, sizeof(sent.bytes));
	porter_join(&receiver);
	expect_element(&receiver.element, size, 3);
	channel_free(channel);
}

static void check_hand_over_from_sender(size_t size, size_t capacity)
{
	struct channel *channel = open_or_fail(size, capacity);
	struct porter sender = {.channel = channel, .sends = true};
	struct element sent, received = element_blank();

	for (unsigned i = 0; i < capacity; i++) {
		element_fill(&sent, size, i);
		assert_int_equal(channel_send(channel, sent.bytes), 0);
	}
	element_fill(&sender.element, size, (unsigned)capacity);
	porter_park(&sender);
	for (unsigned i = 0; i <= capacity; i++) {
		assert_int_equal(channel_recv(channel, received.bytes), 0);
		expect_element(&received, size, i);
		if (i == 0)
			porter_join(&sender);
	}
	channel_free(channel);
}

static void test_element_sizes_from_hand_to_hand(void **state)
{
	const size_t some[] = {0, 1, 3};

	(void)state;
	for (size_t i = 0; i < LENGTH(element_sizes); i++)
		for (size_t j = 0; j < LENGTH(some); j++) {
			check_hand_over_to_receiver(element_sizes[i], some[j]);
			check_hand_over_from_sender(element_sizes[i], some[j]);
		}
}

/* Tokens need no pointer. */
static void test_tokens(void **state)
{
	struct channel *channel = open_or_fail(0, 5);

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(channel_send(channel, NULL), 0);
	assert_int_equal(channel_try_send(channel, NULL), -EAGAIN);
	assert_int_equal(channel_timed_send(channel, NULL, &long_ago), -ETIMEDOUT);
	channel_close(channel);
	for (int i = 0; i < 5; i++)
		assert_int_equal(channel_recv(channel, NULL), 0);
	assert_int_equal(channel_recv(channel, NULL), -EPIPE);
	channel_free(channel);
}

/* There is no bound to capacity but memory. */
static void test_many_tokens(void **state)
{
	enum { MANY = 100003 };
	struct channel *channel = open_or_fail(0, MANY);

	(void)state;
	for (int lap = 0; lap < 2; lap++) {
		for (int i = 0; i < MANY; i++)
			assert_int_equal(channel_try_send(channel, NULL), 0);
		assert_int_equal(channel_try_send(channel, NULL), -EAGAIN);
		for (int i = 0; i < MANY; i++)
			assert_int_equal(channel_try_recv(channel, NULL), 0);
		assert_int_equal(channel_try_recv(channel, NULL), -EAGAIN);
	}
	channel_free(channel);
}

static void test_rendezvous_sender_waits_for_receiver(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 0);
	struct task sender = {.channel = channel, .operation = SEND, .value = 5};

	(void)state;
	task_park(&sender);
	expect_ints(channel, 5, 5);
	assert_int_equal(task_join(&sender), 0);
	channel_free(channel);
}

/* The receiver may not have run again, but the value is its own, whatever comes then. */
static void test_rendezvous_send_returns_with_value_delivered(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 0);
	struct task receiver = {.channel = channel, .operation = RECV, .value = UNTOUCHED};

	(void)state;
	task_park(&receiver);
	send_ints(channel, 6, 6);
	channel_close(channel);
	assert_int_equal(task_join(&receiver), 0);
	assert_int_equal(receiver.value, 6);
	channel_free(channel);
}

static void check_spurious_wakes(size_t capacity)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	struct task sender = {.channel = channel, .operation = SEND, .value = (int)capacity + 1};
	struct task receiver = {.channel = channel, .operation = RECV, .value = UNTOUCHED};

	send_ints(channel, 1, (int)capacity);
	sender.hooks.spurious_wakes = 3;
	task_park(&sender);
	expect_ints(channel, 1, (int)capacity + 1);
	assert_int_equal(task_join(&sender), 0);
	receiver.hooks.spurious_wakes = 3;
	task_park(&receiver);
	send_ints(channel, 8, 8);
	assert_int_equal(task_join(&receiver), 0);
	assert_int_equal(receiver.value, 8);
	channel_free(channel);
}

static void test_spurious_wakes_end_no_wait(void **state)
{
	(void)state;
	check_spurious_wakes(0);
	check_spurious_wakes(2);
}

static void check_parked_senders_fifo(size_t capacity)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	struct task senders[4];

	send_ints(channel, 1, (int)capacity);
	park_all(senders, LENGTH(senders), channel, SEND, (int)capacity + 1);
	expect_ints(channel, 1, (int)(capacity + LENGTH(senders)));
	for (size_t i = 0; i < LENGTH(senders); i++)
		assert_int_equal(task_join(&senders[i]), 0);
	fill_and_drain(channel, capacity);
	channel_free(channel);
}

static void test_parked_senders_are_served_in_order(void **state)
{
	(void)state;
	check_parked_senders_fifo(0);
	for (size_t i = 0; i < LENGTH(capacities); i++)
		check_parked_senders_fifo(capacities[i]);
}

static void check_parked_receivers_fifo(size_t capacity)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	struct task receivers[4];

	park_all(receivers, LENGTH(receivers), channel, RECV, 0);
	send_ints(channel, 0, LENGTH(receivers) - 1);
	for (size_t i = 0; i < LENGTH(receivers); i++) {
		assert_int_equal(task_join(&receivers[i]), 0);
		assert_int_equal(receivers[i].value, i);
	}
	fill_and_drain(channel, capacity);
	channel_free(channel);
}

static void test_parked_receivers_are_served_in_order(void **state)
{
	(void)state;
	check_parked_receivers_fifo(0);
	for (size_t i = 0; i < LENGTH(capacities); i++)
		check_parked_receivers_fifo(capacities[i]);
}

/* What was sent is for those who wait: a newcomer finds nothing, or goes to the end. */
static void check_newcomer_takes_no_value(size_t capacity)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	struct task receivers[2], late;

	park_all(receivers, 2, channel, RECV, 0);
	expect_empty(channel);
	send_ints(channel, 0, 0);
	expect_empty(channel);
	park_all(&late, 1, channel, RECV, 0);
	send_ints(channel, 1, 2);
	expect_empty(channel);
	assert_int_equal(task_join(&late), 0);
	assert_int_equal(late.value, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(task_join(&receivers[i]), 0);
		assert_int_equal(receivers[i].value, i);
	}
	channel_free(channel);
}

static void test_newcomer_takes_no_value_of_those_who_wait(void **state)
{
	(void)state;
	check_newcomer_takes_no_value(0);
	for (size_t i = 0; i < LENGTH(capacities); i++)
		check_newcomer_takes_no_value(capacities[i]);
}

/* A place that becomes free is for those who wait, and their values come first. */
static void check_newcomer_takes_no_place(int capacity)
{
	struct channel *channel = open_or_fail(sizeof(int), (size_t)capacity);
	struct task senders[2], late;
	int value = -1;

	send_ints(channel, 1, capacity);
	park_all(senders, 2, channel, SEND, capacity + 1);
	expect_ints(channel, 1, 1);
	assert_int_equal(channel_try_send(channel, &value), -EAGAIN);
	assert_int_equal(channel_timed_send(channel, &value, &long_ago), -ETIMEDOUT);
	park_all(&late, 1, channel, SEND, capacity + 3);
	expect_ints(channel, 2, 3);
	assert_int_equal(channel_try_send(channel, &value), -EAGAIN);
	expect_ints(channel, 4, capacity + 3);
	expect_empty(channel);
	assert_int_equal(task_join(&senders[0]), 0);
	assert_int_equal(task_join(&senders[1]), 0);
	assert_int_equal(task_join(&late), 0);
	channel_free(channel);
}

static void test_newcomer_takes_no_place_of_those_who_wait(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(capacities); i++)
		check_newcomer_takes_no_place((int)capacities[i]);
}

static void check_close_wakes_senders(size_t capacity)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	struct task senders[3];

	send_ints(channel, 1, (int)capacity);
	park_all(senders, LENGTH(senders), channel, SEND, 99);
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
	for (size_t i = 0; i < LENGTH(capacities); i++)
		check_close_wakes_senders(capacities[i]);
}

static void check_close_wakes_receivers(size_t capacity)
{
	struct channel *channel = open_or_fail(sizeof(int), capacity);
	struct task receivers[3];
	int value = 1;

	park_all(receivers, LENGTH(receivers), channel, RECV, 0);
	channel_close(channel);
	for (size_t i = 0; i < LENGTH(receivers); i++) {
		assert_int_equal(task_join(&receivers[i]), -EPIPE);
		assert_int_equal(receivers[i].value, UNTOUCHED);
	}
	assert_int_equal(channel_send(channel, &value), -EPIPE);
	channel_free(channel);
}

static void test_close_wakes_receivers(void **state)
{
	(void)state;
	check_close_wakes_receivers(0);
	for (size_t i = 0; i < LENGTH(capacities); i++)
		check_close_wakes_receivers(capacities[i]);
}

static void send_null(void *channel)
{
	channel_send(channel, NULL);
}

static void recv_null(void *channel)
{
	channel_recv(channel, NULL);
}

static void try_send_null(void *channel)
{
	channel_try_send(channel, NULL);
}

static void try_recv_null(void *channel)
{
	channel_try_recv(channel, NULL);
}

static void timed_send_null(void *channel)
{
	channel_timed_send(channel, NULL, &long_ago);
}

static void timed_recv_null(void *channel)
{
	channel_timed_recv(channel, NULL, &long_ago);
}

static void test_null_element_is_misuse(void **state)
{
	void (*const misuses[])(void *) = {send_null, recv_null, try_send_null, try_recv_null,
		timed_send_null, timed_recv_null};

	(void)state;
	for (size_t i = 0; i < LENGTH(misuses); i++)
		for (size_t capacity = 0; capacity < 2; capacity++) {
			struct channel *channel = open_or_fail(sizeof(int), capacity);

			channel_close(channel);
			expect_abort(misuses[i], channel);
			channel_free(channel);
		}
}

static int some_value;

static void use_send(void *channel)
{
	channel_send(channel, &some_value);
}

static void use_recv(void *channel)
{
	channel_recv(channel, &some_value);
}

static void use_try_send(void *channel)
{
	channel_try_send(channel, &some_value);
}

static void use_try_recv(void *channel)
{
	channel_try_recv(channel, &some_value);
}

static void use_timed_send(void *channel)
{
	channel_timed_send(channel, &some_value, &long_ago);
}

static void use_timed_recv(void *channel)
{
	channel_timed_recv(channel, &some_value, &long_ago);
}

static void use_close(void *channel)
{
	channel_close(channel);
}

static void use_set_spin(void *channel)
{
	channel_set_spin(channel, CHANNEL_PARK);
}

static void use_free(void *channel)
{
	channel_free(channel);
}

static void (*const uses[])(void *) = {use_send, use_recv, use_try_send, use_try_recv,
	use_timed_send, use_timed_recv, use_close, use_set_spin, use_free};

static void test_null_channel_is_misuse(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(uses); i++)
		if (uses[i] != use_free)
			expect_abort(uses[i], NULL);
}

/* In the caller's memory, so that a look at what was freed is none at what malloc owns. */
static void test_freed_channel_is_misuse(void **state)
{
	static char memory[4096];
	struct channel *channel = NULL;

	(void)state;
	for (size_t i = 0; i < LENGTH(uses); i++) {
		assert_int_equal(
			channel_open_in(&channel, memory, sizeof(memory), sizeof(int), 3), 0);
		channel_close(channel);
		channel_free(channel);
		expect_abort(uses[i], channel);
	}
}

static void open_without_memory(void *unused)
{
	struct channel *channel = unused;

	channel_open_in(&channel, NULL, 4096, 4, 4);
}

static void open_to_nowhere(void *unused)
{
	(void)unused;
	channel_open(NULL, 4, 4);
}

static void test_null_in_open_is_misuse(void **state)
{
	(void)state;
	expect_abort(open_without_memory, NULL);
	expect_abort(open_to_nowhere, NULL);
}

static void free_with_a_receiver(void *channel)
{
	struct task receiver = {.channel = channel, .operation = RECV};

	task_park(&receiver);
	channel_free(channel);
}

static void free_with_a_sender(void *channel)
{
	struct task sender = {.channel = channel, .operation = SEND};

	task_park(&sender);
	channel_free(channel);
}

/* The child has threads of its own; the parent has none, so that the fork is sound. */
static void test_free_while_somebody_waits_is_misuse(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 0);

	(void)state;
	expect_abort(free_with_a_receiver, channel);
	expect_abort(free_with_a_sender, channel);
	channel_free(channel);
	channel = open_or_fail(sizeof(int), 1);
	expect_abort(free_with_a_receiver, channel);
	send_ints(channel, 1, 1);
	expect_abort(free_with_a_sender, channel);
	channel_free(channel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_refuses_what_does_not_fit),
		cmocka_unit_test(test_footprint),
		cmocka_unit_test(test_any_memory_of_the_footprint_is_enough),
		cmocka_unit_test(test_caller_memory_is_the_callers_again),
		cmocka_unit_test(test_open_in_refuses_what_does_not_fit),
		cmocka_unit_test(test_buffer_fills_without_waiting_and_is_fifo),
		cmocka_unit_test(test_buffer_holds_its_capacity),
		cmocka_unit_test(test_ring_wraps),
		cmocka_unit_test(test_half_full_ring_stays_fifo),
		cmocka_unit_test(test_full_buffer_makes_the_sender_wait),
		cmocka_unit_test(test_empty_buffer_makes_the_receiver_wait),
		cmocka_unit_test(test_ring_goes_on_after_every_wait),
		cmocka_unit_test(test_close_drains_then_epipe),
		cmocka_unit_test(test_closed_rendezvous),
		cmocka_unit_test(test_values_left_are_freed),
		cmocka_unit_test(test_element_sizes),
		cmocka_unit_test(test_element_sizes_from_hand_to_hand),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_many_tokens),
		cmocka_unit_test(test_rendezvous_sender_waits_for_receiver),
		cmocka_unit_test(test_rendezvous_send_returns_with_value_delivered),
		cmocka_unit_test(test_spurious_wakes_end_no_wait),
		cmocka_unit_test(test_parked_senders_are_served_in_order),
		cmocka_unit_test(test_parked_receivers_are_served_in_order),
		cmocka_unit_test(test_newcomer_takes_no_value_of_those_who_wait),
		cmocka_unit_test(test_newcomer_takes_no_place_of_those_who_wait),
		cmocka_unit_test(test_close_wakes_senders_unsent),
		cmocka_unit_test(test_close_wakes_receivers),
		cmocka_unit_test(test_null_element_is_misuse),
		cmocka_unit_test(test_null_channel_is_misuse),
		cmocka_unit_test(test_freed_channel_is_misuse),
		cmocka_unit_test(test_null_in_open_is_misuse),
		cmocka_unit_test(test_free_while_somebody_waits_is_misuse),
	};

	limit_time();
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
