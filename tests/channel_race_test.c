/* channel_race_test.c - two operations at once, one held up at each delicate point of its way */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "task.h"

static const struct timespec far_away = {.tv_sec = INT64_MAX / 1000000000 - 1, .tv_nsec = 1};

enum { MOST_POINTS = 60 };

/* What a thread does to the channel. A select has a second case, which never comes about. */
struct role {
	enum operation operation;
	bool sends; /* for a select */
};

static const struct role roles[] = {{SEND, true}, {RECV, false}, {TRY_SEND, true},
	{TRY_RECV, false}, {TIMED_SEND, true}, {TIMED_RECV, false}, {SELECT, true}, {SELECT, false},
	{TRY_SELECT, true}, {TRY_SELECT, false}, {TIMED_SELECT, true}, {TIMED_SELECT, false},
	{CLOSE, false}};

struct actor {
	struct role role;
	struct task task;
	struct channel_case cases[2];
};

static bool role_selects(struct role role)
{
	return role.operation == SELECT || role.operation == TRY_SELECT ||
	       role.operation == TIMED_SELECT;
}

static bool role_tries(struct role role)
{
	return role.operation == TRY_SEND || role.operation == TRY_RECV ||
	       role.operation == TRY_SELECT;
}

static bool role_waits(struct role role)
{
	return role.operation == SEND || role.operation == RECV || role.operation == SELECT;
}

static bool role_receives(struct role role)
{
	return !role.sends && role.operation != CLOSE;
}

static bool role_is_timed(struct role role)
{
	return role.operation == TIMED_SEND || role.operation == TIMED_RECV ||
	       role.operation == TIMED_SELECT;
}

static void actor_make(struct actor *actor, struct role role, struct channel *channel,
	struct channel *never, int value)
{
	*actor = (struct actor){.role = role,
		.task = {.operation = role.operation,
			.channel = channel,
			.value = role.sends ? value : UNTOUCHED,
			.deadline = far_away,
			.cases = actor->cases,
			.count = 2}};
	actor->task.hooks.expires = role_is_timed(role);
	actor->cases[0] = role.sends ? channel_case_send(channel, &actor->task.value)
				     : channel_case_recv(channel, &actor->task.value);
	actor->cases[1] = channel_case_recv(never, &actor->task.value);
}

static int actor_status(const struct actor *actor)
{
	if (!role_selects(actor->role) || actor->task.status < 0)
		return actor->task.status;
	assert_int_equal(actor->task.status, 0);
	return actor->cases[0].status;
}

/* One scene: the values 1 to fill lie in the buffer, and the actors act. */
struct scene {
	struct channel *channel;
	struct channel *never;
	size_t capacity;
	int fill;
	struct actor actors[3];
	int count;     /* of actors */
	int seen[128]; /* how often each value was received */
	int newest;    /* of those of the buffer that an actor has received */
};

enum { FIRST_SENT = 100 };

static void scene_open(struct scene *scene, size_t capacity, int fill)
{
	*scene = (struct scene){.channel = open_or_fail(sizeof(int), capacity),
		.never = open_or_fail(sizeof(int), 1),
		.capacity = capacity,
		.fill = fill};
	send_ints(scene->channel, 1, fill);
}

static struct task *scene_add(struct scene *scene, struct role role)
{
	struct actor *actor = &scene->actors[scene->count];

	actor_make(actor, role, scene->channel, scene->never, FIRST_SENT + scene->count);
	scene->count++;
	return &actor->task;
}

static void see(struct scene *scene, int value)
{
	assert_in_range(value, 1, FIRST_SENT + scene->count);
	scene->seen[value]++;
}

/* What an actor may be told, and what it received. */
static void check_actor(struct scene *scene, const struct actor *actor)
{
	const struct role role = actor->role;
	const int status = actor_status(actor);

	assert_true(status == 0 || status == -EPIPE || (status == -EAGAIN && role_tries(role)) ||
		    (status == -ETIMEDOUT && role_is_timed(role)));
	if (!role_receives(role))
		return;
	if (status == 0) {
		see(scene, actor->task.value);
		if (actor->task.value <= scene->fill && actor->task.value > scene->newest)
			scene->newest = actor->task.value;
	} else
		assert_int_equal(actor->task.value, UNTOUCHED);
}

/* The rest of the buffer, in order, and behind all of it that was received. */
static void drain(struct scene *scene)
{
	int value, status;

	while ((status = channel_try_recv(scene->channel, &value)) == 0) {
		see(scene, value);
		if (value <= scene->fill) {
			assert_true(value > scene->newest);
			scene->newest = value;
		}
	}
	assert_int_equal(status, -EPIPE);
}

/* The promise: what was sent is received once, what was not never. */
static void scene_end(struct scene *scene)
{
	for (int i = 0; i < scene->count; i++)
		check_actor(scene, &scene->actors[i]);
	drain(scene);
	for (int value = 1; value <= scene->fill; value++)
		assert_int_equal(scene->seen[value], 1);
	for (int i = 0; i < scene->count; i++) {
		const bool sent =
			scene->actors[i].role.sends && actor_status(&scene->actors[i]) == 0;

		assert_int_equal(scene->seen[FIRST_SENT + i], sent);
	}
	channel_free(scene->channel);
	channel_free(scene->never);
}

static bool scene_closes(const struct scene *scene)
{
	for (int i = 0; i < scene->count; i++)
		if (scene->actors[i].role.operation == CLOSE)
			return true;
	return false;
}

/* All have done what they could do; who waits still, waits for ever: the close ends it. Where there
 * was one already, it must have ended all waits. */
static void scene_close(struct scene *scene)
{
	for (int i = 0; i < scene->count; i++)
		task_await_park(&scene->actors[i].task);
	if (!scene_closes(scene))
		channel_close(scene->channel);
	for (int i = 0; i < scene->count; i++)
		task_join(&scene->actors[i].task);
}

/* The first is held at that point, or parks before it, while the second goes as far as it can. */
static bool interleave(struct task *first, unsigned point, struct task *second)
{
	task_expire(first);
	task_expire(second);
	atomic_store(&first->hooks.hold_in, point);
	task_start(first);
	task_await_rest(first);
	task_start(second);
	task_await_rest(second);
	task_release(first);
	task_await_park(first);
	task_await_park(second);
	return atomic_load(&first->hooks.held);
}

/* What cannot have been impossible was done. */
static void check_possible(const struct scene *scene, const struct actor *actor, struct role other)
{
	const bool room = scene->fill < (int)scene->capacity;

	if (other.operation == CLOSE)
		return;
	if (role_receives(actor->role) && scene->fill > 0 && !role_receives(other))
		assert_int_equal(actor_status(actor), 0);
	if (actor->role.sends && room && !other.sends)
		assert_int_equal(actor_status(actor), 0);
	if (role_waits(actor->role) && role_waits(other) && actor->role.sends != other.sends)
		assert_int_equal(actor_status(actor), 0);
}

/* True: the first has more points yet. */
static bool check_pair(
	struct role first, unsigned point, struct role second, size_t capacity, int fill)
{
	struct scene scene;
	struct task *one, *two;
	bool held;

	scene_open(&scene, capacity, fill);
	one = scene_add(&scene, first);
	two = scene_add(&scene, second);
	held = interleave(one, point, two);
	scene_close(&scene);
	check_possible(&scene, &scene.actors[0], second);
	check_possible(&scene, &scene.actors[1], first);
	scene_end(&scene);
	return held;
}

static void check_pairs(size_t capacity, int fill)
{
	for (size_t i = 0; i < LENGTH(roles); i++)
		for (size_t j = 0; j < LENGTH(roles); j++)
			for (unsigned point = 1;
				check_pair(roles[i], point, roles[j], capacity, fill); point++)
				assert_true(point < MOST_POINTS);
}

static void test_two_at_once_without_a_buffer(void **state)
{
	(void)state;
	check_pairs(0, 0);
}

static void test_two_at_once_with_a_buffer(void **state)
{
	(void)state;
	check_pairs(1, 0);
	check_pairs(1, 1);
	check_pairs(3, 1);
}

/* A third waits already. */
static bool check_triple(
	struct role waits, struct role first, unsigned point, struct role second, size_t capacity)
{
	struct scene scene;
	struct task *one, *two;
	bool held;

	scene_open(&scene, capacity, waits.sends ? (int)capacity : 0);
	task_park(scene_add(&scene, waits));
	one = scene_add(&scene, first);
	two = scene_add(&scene, second);
	held = interleave(one, point, two);
	scene_close(&scene);
	scene_end(&scene);
	return held;
}

/* Four that stand for the others, which the pairs have tried. */
static void check_triples(struct role waits, size_t capacity)
{
	const struct role seconds[] = {
		{SEND, true}, {RECV, false}, {SELECT, false}, {CLOSE, false}};

	for (size_t i = 0; i < LENGTH(roles); i++)
		for (size_t j = 0; j < LENGTH(seconds); j++)
			for (unsigned point = 1;
				check_triple(waits, roles[i], point, seconds[j], capacity); point++)
				assert_true(point < MOST_POINTS);
}

static void test_two_at_once_while_a_third_waits(void **state)
{
	const struct role waiting[] = {
		{SEND, true}, {RECV, false}, {SELECT, true}, {SELECT, false}};

	(void)state;
	for (size_t i = 0; i < LENGTH(waiting); i++) {
		check_triples(waiting[i], 0);
		check_triples(waiting[i], 1);
	}
}

/* The deadline passes, and the one who waited is held at a point of its way out. */
static bool check_leaver_is_held(
	struct role timed, unsigned point, struct role second, size_t capacity)
{
	struct scene scene;
	struct task *leaver, *other;
	bool held;

	scene_open(&scene, capacity, timed.sends ? (int)capacity : 0);
	leaver = scene_add(&scene, timed);
	other = scene_add(&scene, second);
	task_park(leaver);
	atomic_store(&leaver->hooks.hold_in, point);
	task_expire(leaver);
	while (!atomic_load(&leaver->hooks.held) && !task_returned(leaver))
		sched_yield();
	task_expire(other);
	task_start(other);
	task_await_rest(other);
	task_release(leaver);
	scene_close(&scene);
	held = atomic_load(&leaver->hooks.held);
	scene_end(&scene);
	return held;
}

static const struct role timed_roles[] = {
	{TIMED_SEND, true}, {TIMED_RECV, false}, {TIMED_SELECT, true}, {TIMED_SELECT, false}};

static void test_partner_comes_while_the_timed_out_leaves(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(timed_roles); i++)
		for (size_t j = 0; j < LENGTH(roles); j++)
			for (size_t capacity = 0; capacity < 3; capacity++)
				for (unsigned point = 1; check_leaver_is_held(
					     timed_roles[i], point, roles[j], capacity);
					point++)
					assert_true(point < MOST_POINTS);
}

/* The partner is held at a point of its way, and there the deadline of the one who waits passes. */
static bool check_partner_is_held(
	struct role timed, unsigned point, struct role second, size_t capacity, int *outcome)
{
	struct scene scene;
	struct task *leaver, *other;
	bool held;

	scene_open(&scene, capacity, timed.sends ? (int)capacity : 0);
	leaver = scene_add(&scene, timed);
	other = scene_add(&scene, second);
	task_park(leaver);
	atomic_store(&other->hooks.hold_in, point);
	task_expire(other);
	task_start(other);
	task_await_rest(other);
	task_expire(leaver);
	while (atomic_load(&leaver->hooks.sleeps) < 2 && !task_returned(leaver))
		sched_yield();
	task_release(other);
	scene_close(&scene);
	*outcome = actor_status(&scene.actors[0]);
	if (capacity == 0 && second.operation != CLOSE && second.sends != timed.sends)
		assert_int_equal(*outcome == 0, actor_status(&scene.actors[1]) == 0);
	held = atomic_load(&other->hooks.held);
	scene_end(&scene);
	return held;
}

/* Once it was claimed, its deadline is past: it has the value. Before, it is out of time. */
static void check_deadline_against(struct role timed, struct role second, size_t capacity)
{
	int served = 0, outcome;

	for (unsigned point = 1; check_partner_is_held(timed, point, second, capacity, &outcome);
		point++) {
		served += outcome != -ETIMEDOUT;
		assert_true(point < MOST_POINTS);
	}
	if (second.operation == CLOSE || second.sends != timed.sends)
		assert_true(served > 0);
}

static void test_deadline_passes_while_a_partner_comes(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(timed_roles); i++)
		for (size_t j = 0; j < LENGTH(roles); j++)
			check_deadline_against(timed_roles[i], roles[j], 0);
}

/*
 * At capacity n, there is nothing to say about who would have come too late: a value that is not
 * handed over lies in the buffer.
 */
static void test_deadline_passes_while_a_partner_comes_to_a_buffer(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(timed_roles); i++)
		for (size_t j = 0; j < LENGTH(roles); j++) {
			int outcome;

			for (unsigned point = 1;
				check_partner_is_held(timed_roles[i], point, roles[j], 1, &outcome);
				point++)
				assert_true(point < MOST_POINTS);
		}
}

/* Three wait, and one of them has a deadline, which passes at a point of the close. */
static bool check_deadline_in_close(struct role timed, int index, unsigned point, size_t capacity)
{
	const struct role plain = {timed.sends ? SEND : RECV, timed.sends};
	struct task closer = {.operation = CLOSE};
	struct scene scene;
	struct task *leaver;

	scene_open(&scene, capacity, timed.sends ? (int)capacity : 0);
	for (int i = 0; i < 3; i++)
		task_park(scene_add(&scene, i == index ? timed : plain));
	leaver = &scene.actors[index].task;
	closer.channel = scene.channel;
	closer.hooks.hold_in = point;
	task_start(&closer);
	task_await_rest(&closer);
	task_expire(leaver);
	while (atomic_load(&leaver->hooks.sleeps) < 2 && !task_returned(leaver))
		sched_yield();
	task_release(&closer);
	task_join(&closer);
	scene_close(&scene);
	for (int i = 0; i < 3; i++)
		if (i != index)
			assert_int_equal(actor_status(&scene.actors[i]), -EPIPE);
	scene_end(&scene);
	return atomic_load(&closer.hooks.held);
}

static void test_deadline_passes_in_the_middle_of_a_close(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(timed_roles); i++)
		for (int index = 0; index < 3; index++)
			for (size_t capacity = 0; capacity < 2; capacity++)
				for (unsigned point = 1; check_deadline_in_close(
					     timed_roles[i], index, point, capacity);
					point++)
					assert_true(point < MOST_POINTS);
}

/*
 * A thread that has seen the other's effect frees the channel, while the other is inside its call:
 * at each of its delicate points. The channel's pages are gone then, and whoever touches them ends
 * the program.
 */
static bool check_may_free(
	enum operation first, unsigned point, enum operation second, size_t capacity, int fill)
{
	struct pages pages;
	struct channel *channel = pages_open(&pages, sizeof(int), capacity);
	struct task one = {.channel = channel, .operation = first, .value = 9};
	struct task two = {.channel = channel, .operation = second, .value = 9, .grave = &pages};
	const bool sends = first == SEND || first == TIMED_SEND;

	two.times = (unsigned)fill + 1;
	one.deadline = far_away;
	one.hooks.expires = true;
	send_ints(channel, 1, fill);
	one.hooks.hold_in = point;
	task_start(&one);
	task_await_rest(&one);
	task_start(&two);
	task_await_rest(&two);
	task_release(&one);
	assert_int_equal(task_join(&one), 0);
	assert_int_equal(task_join(&two), 0);
	assert_int_equal(sends ? two.value : one.value, 9);
	pages_unmap(&pages);
	return atomic_load(&one.hooks.held);
}

static void check_may_free_at_all_points(
	enum operation first, enum operation second, size_t capacity, int fill)
{
	for (unsigned point = 1; check_may_free(first, point, second, capacity, fill); point++)
		assert_true(point < MOST_POINTS);
}

static void test_receiver_of_the_last_value_may_free(void **state)
{
	(void)state;
	for (int capacity = 0; capacity < 4; capacity++)
		for (int fill = 0; fill <= capacity; fill++) {
			check_may_free_at_all_points(SEND, RECV, (size_t)capacity, fill);
			check_may_free_at_all_points(TIMED_SEND, RECV, (size_t)capacity, fill);
		}
}

static void test_sender_of_the_last_value_may_free_a_rendezvous(void **state)
{
	(void)state;
	check_may_free_at_all_points(RECV, SEND, 0, 0);
	check_may_free_at_all_points(TIMED_RECV, SEND, 0, 0);
}

/* The same for one whose deadline has passed, but who was served before it could leave. */
static bool check_served_late_may_be_freed(enum operation timed, unsigned point, size_t capacity)
{
	const enum operation other = timed == TIMED_SEND ? RECV : SEND;
	struct pages pages;
	struct channel *channel = pages_open(&pages, sizeof(int), capacity);
	struct task one = {.channel = channel, .operation = timed, .value = 9};
	struct task two = {.channel = channel, .operation = other, .value = 9};

	one.deadline = far_away;
	one.hooks.expires = true;
	two.times = (unsigned)capacity + 1;
	two.grave = &pages;
	send_ints(channel, 1, timed == TIMED_SEND ? (int)capacity : 0);
	task_park(&one);
	one.hooks.hold_in = point;
	task_expire(&one);
	while (!atomic_load(&one.hooks.held) && !task_returned(&one))
		sched_yield();
	task_start(&two);
	task_await_rest(&two);
	task_release(&one);
	task_await_park(&two);
	if (task_returned(&two))
		assert_int_equal(task_join(&one), 0);
	else {
		assert_int_equal(task_join(&one), -ETIMEDOUT);
		channel_close(channel);
	}
	if (task_join(&two) != 0)
		channel_free(channel);
	pages_unmap(&pages);
	return atomic_load(&one.hooks.held);
}

static void test_who_was_served_at_its_deadline_is_out(void **state)
{
	(void)state;
	for (unsigned point = 1; check_served_late_may_be_freed(TIMED_SEND, point, 0); point++)
		assert_true(point < MOST_POINTS);
	for (unsigned point = 1; check_served_late_may_be_freed(TIMED_SEND, point, 2); point++)
		assert_true(point < MOST_POINTS);
	for (unsigned point = 1; check_served_late_may_be_freed(TIMED_RECV, point, 0); point++)
		assert_true(point < MOST_POINTS);
}

/* A sender finds the buffer full, and is held before its lock; then there is room, and it is held
 * at a point from there. */
static bool check_may_free_who_found_room_late(unsigned point)
{
	struct pages pages;
	struct channel *channel = pages_open(&pages, sizeof(int), 1);
	struct task sender = {.channel = channel, .operation = SEND, .value = 9};
	struct task receiver = {.channel = channel, .operation = RECV, .grave = &pages};

	send_ints(channel, 1, 1);
	sender.hooks.hold_in = 1;
	task_start(&sender);
	assert_true(task_await_held(&sender));
	expect_ints(channel, 1, 1);
	task_release_until(&sender, point);
	task_await_rest(&sender);
	task_start(&receiver);
	task_await_rest(&receiver);
	task_release(&sender);
	assert_int_equal(task_join(&sender), 0);
	assert_int_equal(task_join(&receiver), 0);
	assert_int_equal(receiver.value, 9);
	pages_unmap(&pages);
	return atomic_load(&sender.hooks.held);
}

static void test_receiver_may_free_where_the_sender_found_room_late(void **state)
{
	(void)state;
	for (unsigned point = 1; check_may_free_who_found_room_late(point); point++)
		assert_true(point < MOST_POINTS);
}

/* The first looks at its word without ever sleeping, and is woken by nobody. */
static void test_who_saw_the_effect_without_sleep_may_free(void **state)
{
	(void)state;
	for (int sends = 0; sends < 2; sends++)
		for (unsigned point = 1; point < 8; point++) {
			struct pages pages;
			struct channel *channel = pages_open(&pages, sizeof(int), 0);
			struct task second = {
				.channel = channel, .operation = sends ? RECV : SEND, .value = 9};
			struct task first = {.channel = channel,
				.operation = sends ? SEND : RECV,
				.value = 9,
				.grave = &pages};

			first.hooks.spurious_wakes = UINT32_MAX;
			second.hooks.hold_in = point;
			task_start(&first);
			while (atomic_load(&first.hooks.sleeps) == 0)
				sched_yield();
			task_start(&second);
			task_await_rest(&second);
			while (atomic_load(&first.hooks.sleeps) < 100 && !task_returned(&first))
				sched_yield();
			task_release(&second);
			assert_int_equal(task_join(&first), 0);
			assert_int_equal(task_join(&second), 0);
			assert_int_equal(first.value, 9);
			assert_int_equal(second.value, 9);
			pages_unmap(&pages);
		}
}

/* A sender that is interrupted in the middle of its copy holds up who comes to that place. */
static void test_value_in_flight_is_waited_for(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 2);
	struct task first = {.channel = channel, .operation = SEND, .value = 1};
	struct task late = {.channel = channel, .operation = SEND, .value = 3};
	struct task receiver = {.channel = channel, .operation = TRY_RECV, .value = UNTOUCHED};

	(void)state;
	first.hooks.hold_in = 1;
	task_start(&first);
	assert_true(task_await_held(&first));
	send_ints(channel, 2, 2);
	task_park(&late);
	task_start(&receiver);
	task_await_rest(&receiver);
	assert_false(task_returned(&receiver));
	task_release(&first);
	assert_int_equal(task_join(&receiver), 0);
	assert_int_equal(receiver.value, 1);
	expect_ints(channel, 2, 3);
	assert_int_equal(task_join(&first), 0);
	assert_int_equal(task_join(&late), 0);
	channel_free(channel);
}

/* Close does not wait for it, and it is received: its send had entered before. */
static void test_value_in_flight_at_close_is_received(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 2);
	struct task sender = {.channel = channel, .operation = SEND, .value = 1};
	struct task receiver = {.channel = channel, .operation = RECV, .value = UNTOUCHED};

	(void)state;
	sender.hooks.hold_in = 1;
	task_start(&sender);
	assert_true(task_await_held(&sender));
	channel_close(channel);
	task_start(&receiver);
	task_await_rest(&receiver);
	assert_false(task_returned(&receiver));
	task_release(&sender);
	assert_int_equal(task_join(&sender), 0);
	assert_int_equal(task_join(&receiver), 0);
	assert_int_equal(receiver.value, 1);
	expect_drained(channel);
	channel_free(channel);
}

/* A receiver in the middle of its copy still has the place. */
static void test_place_in_flight_is_waited_for(void **state)
{
	struct channel *channel = open_or_fail(sizeof(int), 1);
	struct task receiver = {.channel = channel, .operation = RECV, .value = UNTOUCHED};
	struct task sender = {.channel = channel, .operation = TRY_SEND, .value = 2};

	(void)state;
	send_ints(channel, 1, 1);
	receiver.hooks.hold_in = 1;
	task_start(&receiver);
	assert_true(task_await_held(&receiver));
	task_start(&sender);
	task_await_rest(&sender);
	assert_false(task_returned(&sender));
	task_release(&receiver);
	assert_int_equal(task_join(&receiver), 0);
	assert_int_equal(receiver.value, 1);
	assert_int_equal(task_join(&sender), 0);
	expect_ints(channel, 2, 2);
	channel_free(channel);
}

/*
 * What a thread wrote, in no atomic way, before it acted, another reads after it has seen that.
 * Nothing but the channel orders the two (hooks are relaxed): ThreadSanitizer checks it.
 */
struct writer {
	struct hooks hooks;
	struct channel *channel;
	enum operation operation;
	int written;
	int value;
	int status;
	pthread_t thread;
};

static void *writer_main(void *argument)
{
	struct writer *writer = argument;

	hooks = &writer->hooks;
	writer->written = 1;
	if (writer->operation == SEND)
		writer->status = channel_send(writer->channel, &writer->value);
	else if (writer->operation == RECV)
		writer->status = channel_recv(writer->channel, &writer->value);
	else
		channel_close(writer->channel);
	return NULL;
}

static void writer_start(struct writer *writer, bool parks)
{
	assert_int_equal(pthread_create(&writer->thread, NULL, writer_main, writer), 0);
	while (parks && atomic_load_explicit(&writer->hooks.parks, memory_order_relaxed) == 0)
		sched_yield();
}

static void writer_end(struct writer *writer)
{
	assert_int_equal(writer->written, 1);
	assert_int_equal(pthread_join(writer->thread, NULL), 0);
	assert_int_equal(writer->status, 0);
	channel_free(writer->channel);
}

static void spin_until(struct channel *channel, enum operation operation, int expected)
{
	int value = 0, status;

	do
		status = operation == TRY_SEND ? channel_try_send(channel, &value)
					       : channel_try_recv(channel, &value);
	while (status != expected);
}

static void test_receiver_sees_what_the_sender_did(void **state)
{
	(void)state;
	for (size_t capacity = 0; capacity < 2; capacity++) {
		struct writer writer = {.operation = SEND};

		writer.channel = open_or_fail(sizeof(int), capacity);
		writer_start(&writer, false);
		spin_until(writer.channel, TRY_RECV, 0);
		writer_end(&writer);
	}
}

static void test_receiver_sees_what_a_parked_sender_did(void **state)
{
	(void)state;
	for (int capacity = 0; capacity < 3; capacity++) {
		struct writer writer = {.operation = SEND, .value = capacity};

		writer.channel = open_or_fail(sizeof(int), (size_t)capacity);
		send_ints(writer.channel, 0, capacity - 1);
		writer_start(&writer, true);
		expect_ints(writer.channel, 0, capacity);
		writer_end(&writer);
	}
}

/* By the place that the receiver leaves; at capacity 0, by the hand-over itself. */
static void test_sender_sees_what_the_receiver_did(void **state)
{
	(void)state;
	for (size_t capacity = 0; capacity < 2; capacity++) {
		struct writer writer = {.operation = RECV};

		writer.channel = open_or_fail(sizeof(int), capacity);
		send_ints(writer.channel, 1, (int)capacity);
		writer_start(&writer, capacity == 0);
		if (capacity == 0)
			send_ints(writer.channel, 1, 1);
		else
			spin_until(writer.channel, TRY_SEND, 0);
		writer_end(&writer);
	}
}

/* The sender, here, waits, and the writer receives. */
static void test_parked_sender_sees_what_the_receiver_did(void **state)
{
	(void)state;
	for (size_t capacity = 0; capacity < 2; capacity++) {
		struct writer writer = {.operation = RECV};
		int value = 2;

		writer.channel = open_or_fail(sizeof(int), capacity);
		send_ints(writer.channel, 1, (int)capacity);
		writer_start(&writer, false);
		assert_int_equal(channel_send(writer.channel, &value), 0);
		writer_end(&writer);
	}
}

static void test_who_is_told_epipe_sees_what_the_closer_did(void **state)
{
	(void)state;
	for (size_t capacity = 0; capacity < 2; capacity++)
		for (int parks = 0; parks < 2; parks++) {
			struct writer writer = {.operation = CLOSE};
			int value;

			writer.channel = open_or_fail(sizeof(int), capacity);
			writer_start(&writer, false);
			if (parks)
				assert_int_equal(channel_recv(writer.channel, &value), -EPIPE);
			else
				spin_until(writer.channel, TRY_RECV, -EPIPE);
			writer_end(&writer);
		}
}

/* The sender finds the channel closed where there is room, and where it waits for some. */
static void test_sender_that_is_told_epipe_sees_what_the_closer_did(void **state)
{
	(void)state;
	for (int capacity = 0; capacity < 3; capacity++)
		for (int drains = 0; drains < 2; drains++) {
			struct writer writer = {.operation = CLOSE};
			int value = 1;

			writer.channel = open_or_fail(sizeof(int), (size_t)capacity);
			writer_start(&writer, false);
			while (channel_send(writer.channel, &value) == 0)
				if (drains)
					assert_int_equal(channel_recv(writer.channel, &value), 0);
			writer_end(&writer);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_at_once_without_a_buffer),
		cmocka_unit_test(test_two_at_once_with_a_buffer),
		cmocka_unit_test(test_two_at_once_while_a_third_waits),
		cmocka_unit_test(test_partner_comes_while_the_timed_out_leaves),
		cmocka_unit_test(test_deadline_passes_while_a_partner_comes),
		cmocka_unit_test(test_deadline_passes_while_a_partner_comes_to_a_buffer),
		cmocka_unit_test(test_deadline_passes_in_the_middle_of_a_close),
		cmocka_unit_test(test_receiver_of_the_last_value_may_free),
		cmocka_unit_test(test_sender_of_the_last_value_may_free_a_rendezvous),
		cmocka_unit_test(test_who_was_served_at_its_deadline_is_out),
		cmocka_unit_test(test_receiver_may_free_where_the_sender_found_room_late),
		cmocka_unit_test(test_who_saw_the_effect_without_sleep_may_free),
		cmocka_unit_test(test_value_in_flight_is_waited_for),
		cmocka_unit_test(test_value_in_flight_at_close_is_received),
		cmocka_unit_test(test_place_in_flight_is_waited_for),
		cmocka_unit_test(test_receiver_sees_what_the_sender_did),
		cmocka_unit_test(test_receiver_sees_what_a_parked_sender_did),
		cmocka_unit_test(test_sender_sees_what_the_receiver_did),
		cmocka_unit_test(test_parked_sender_sees_what_the_receiver_did),
		cmocka_unit_test(test_who_is_told_epipe_sees_what_the_closer_did),
		cmocka_unit_test(test_sender_that_is_told_epipe_sees_what_the_closer_did),
	};

	limit_time();
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
