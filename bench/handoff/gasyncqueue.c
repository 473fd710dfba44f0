/* gasyncqueue.c - GLib's GAsyncQueue: a list without limit under a mutex, a condition variable */
#include "handoff.h"

/*
 * The list has no limit, and a sender that is never made to wait fills memory with nodes that its
 * receiver then finds ready. So a sender here has credit for CREDIT values, and polls once it has
 * used that up; the receiver gives back what it has taken. One sender and one receiver for each
 * lane.
 */
enum { CREDIT = 1024 };

struct lane {
	void *queue;
	_Alignas(OWN_LINES) uint64_t sent;
	uint64_t known_taken;
	_Alignas(OWN_LINES) _Atomic uint64_t taken;
};

#ifdef BATON_WITH_GLIB

#include <glib.h>

/* It signals with its mutex held: on one CPU the thread that is woken may find that taken and sleep
 * once more, which makes two switches of one. */
static int open_lanes(struct run *run)
{
	struct lane *lane = run->state;

	for (int i = 0; i < HANDOFF_LANES; i++)
		lane[i].queue = g_async_queue_new();
	return 0;
}

static void close_lanes(struct run *run)
{
	struct lane *lane = run->state;

	for (int i = 0; i < HANDOFF_LANES; i++)
		g_async_queue_unref(lane[i].queue);
}

/* The queue carries pointers, a value is as wide; but it refuses NULL. Neither a number nor a
 * complement has this bit alone. */
#define NEVER_ALONE (UINT64_C(1) << 62)

/* Relaxed: the count of those taken orders nothing, the queue does. */
static int send_value(struct run *run, int which, const uint64_t *value)
{
	struct lane *lane = (struct lane *)run->state + which;

	while (lane->sent - lane->known_taken == CREDIT) {
		lane->known_taken = atomic_load_explicit(&lane->taken, memory_order_relaxed);
		if (lane->sent - lane->known_taken == CREDIT)
			run_poll_again(run);
	}
	lane->sent++;
	g_async_queue_push(lane->queue, (gpointer)(uintptr_t)(*value ^ NEVER_ALONE));
	return 0;
}

static int receive_value(struct run *run, int which, uint64_t *value)
{
	struct lane *lane = (struct lane *)run->state + which;

	*value = (uintptr_t)g_async_queue_pop(lane->queue) ^ NEVER_ALONE;
	atomic_store_explicit(&lane->taken,
		atomic_load_explicit(&lane->taken, memory_order_relaxed) + 1, memory_order_relaxed);
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

static const char *const none[] = {NULL};
static const char *const word[] = {"capacity=1024;payload=8", NULL};

static const struct bench bench = {
	.family = "handoff",
	.name = "gasyncqueue",
	.about = "pointers through GLib's GAsyncQueue, a list without limit under a mutex",
	.package = "libglib2.0-dev",
	.state_size = HANDOFF_LANES * sizeof(struct lane),
	.open = open_lanes,
	.close = close_lanes,
	.workloads =
		{
			{.shape = &handoff_latency_shape,
				.work = latency,
				.params = none,
				.more = word,
				.one_cpu = {0.95, 2.3},
				.across = {0.5, 2.3}},
			{.shape = &handoff_stream_shape,
				.work = stream,
				.params = none,
				.more = word},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
