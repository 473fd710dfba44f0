/* gasyncqueue.c - GLib's GAsyncQueue: a list without limit under a mutex, a condition variable */
#include "fan.h"

#ifdef BATON_WITH_GLIB

#include <glib.h>

/* It signals with its mutex held: on one CPU the thread that is woken may find that taken and sleep
 * once more, which makes two switches of one. */
static int open_lanes(struct run *run)
{
	GAsyncQueue **queue = run->state;

	for (int lane = 0; lane < HANDOFF_LANES; lane++)
		queue[lane] = g_async_queue_new();
	return 0;
}

static void close_lanes(struct run *run)
{
	GAsyncQueue **queue = run->state;

	for (int lane = 0; lane < HANDOFF_LANES; lane++)
		g_async_queue_unref(queue[lane]);
}

/* The queue carries pointers, a value is as wide; but it refuses NULL. Neither a number, nor a
 * complement, nor one with a sender's name or the mark of the last (fan.h) has this bit alone. */
#define NEVER_ALONE (UINT64_C(1) << 62)

static int send_value(struct run *run, int lane, const uint64_t *value)
{
	g_async_queue_push(
		((GAsyncQueue **)run->state)[lane], (gpointer)(uintptr_t)(*value ^ NEVER_ALONE));
	return 0;
}

static int receive_value(struct run *run, int lane, uint64_t *value)
{
	*value = (uintptr_t)g_async_queue_pop(((GAsyncQueue **)run->state)[lane]) ^ NEVER_ALONE;
	return 0;
}

#else
#include "absent.h"
#endif

static int latency(struct run *run, int me)
{
	return handoff_latency(run, me, send_value, receive_value);
}

static int stream(struct run *run, int me)
{
	return handoff_stream(run, me, send_value, receive_value);
}

static int many_to_one(struct run *run, int me)
{
	return fan_in(run, me, send_value, receive_value);
}

static int one_to_many(struct run *run, int me)
{
	return fan_out(run, me, send_value, receive_value);
}

static const char *const none[] = {NULL};
static const char *const words[] = {"payload=8", NULL};
static const char *const in[] = {"payload=8;senders=2", NULL};
static const char *const out[] = {"payload=8;receivers=2", NULL};

static const struct bench bench = {
	.family = "handoff",
	.name = "gasyncqueue",
	.about = "pointers through GLib's GAsyncQueue, a list without limit under a mutex",
	.package = "libglib2.0-dev",
	.state_size = HANDOFF_LANES * sizeof(void *),
	.open = open_lanes,
	.close = close_lanes,
	.workloads =
		{
			{.shape = &handoff_latency_shape,
				.work = latency,
				.params = none,
				.more = words,
				.one_cpu = {0.95, 2.3},
				.across = {0.5, 2.3}},
			{.shape = &handoff_stream_shape,
				.work = stream,
				.params = none,
				.more = words},
			{.shape = &fan_in_shape, .work = many_to_one, .params = none, .more = in},
			{.shape = &fan_out_shape, .work = one_to_many, .params = none, .more = out},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
