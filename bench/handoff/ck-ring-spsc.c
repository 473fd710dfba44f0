/* ck-ring-spsc.c - Concurrency Kit's ring for one sender and one receiver, polled */
#include "handoff.h"

#include <ck_ring.h>

enum { CAPACITY_MAX = 1024 };

/* One place of the ring always stays free, so that of 1024 places 1023 hold values. */
struct lane {
	_Alignas(OWN_LINES) ck_ring_t ring;
	_Alignas(OWN_LINES) ck_ring_buffer_t place[CAPACITY_MAX];
};

static int open_lanes(struct run *run)
{
	struct lane *lane = run->state;

	for (int i = 0; i < HANDOFF_LANES; i++)
		ck_ring_init(&lane[i].ring, (unsigned)run_param(run, "capacity", CAPACITY_MAX));
	return 0;
}

/* The ring carries pointers; a value is as wide. */
static int send_value(struct run *run, int which, const uint64_t *value)
{
	struct lane *lane = (struct lane *)run->state + which;

	while (!ck_ring_enqueue_spsc(&lane->ring, lane->place, (const void *)(uintptr_t)*value))
		run_poll_again(run);
	return 0;
}

static int receive_value(struct run *run, int which, uint64_t *value)
{
	struct lane *lane = (struct lane *)run->state + which;
	void *taken;

	tsan_ignore_reads();
	while (!ck_ring_dequeue_spsc(&lane->ring, lane->place, &taken))
		run_poll_again(run);
	tsan_heed_reads();
	*value = (uintptr_t)taken;
	return 0;
}

static int latency(struct run *run, int me)
{
	return handoff_latency(run, me, send_value, receive_value);
}

static int stream(struct run *run, int me)
{
	return handoff_stream(run, me, send_value, receive_value);
}

static const char *const params[] = {"capacity=64;payload=8", NULL};
static const char *const more[] = {"capacity=1024;payload=8", NULL};

static const struct bench bench = {
	.family = "handoff",
	.name = "ck-ring-spsc",
	.about = "Concurrency Kit's ring for two, polled (on one CPU with sched_yield in between)",
	.state_size = HANDOFF_LANES * sizeof(struct lane),
	.open = open_lanes,
	.workloads =
		{
			{.shape = &handoff_latency_shape, .work = latency, .params = params},
			{.shape = &handoff_stream_shape,
				.work = stream,
				.params = params,
				.more = more},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
