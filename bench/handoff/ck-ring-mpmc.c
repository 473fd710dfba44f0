/* ck-ring-mpmc.c - Concurrency Kit's ring for any number of senders and receivers, polled */
#include "fan.h"

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
static int send(struct run *run, int which, const uint64_t *value)
{
	struct lane *lane = (struct lane *)run->state + which;

	tsan_ignore_writes();
	while (!ck_ring_enqueue_mpmc(&lane->ring, lane->place, (const void *)(uintptr_t)*value))
		run_poll_again(run);
	tsan_heed_writes();
	return 0;
}

static int receive(struct run *run, int which, uint64_t *value)
{
	struct lane *lane = (struct lane *)run->state + which;
	void *taken;

	tsan_ignore_reads();
	while (!ck_ring_dequeue_mpmc(&lane->ring, lane->place, &taken))
		run_poll_again(run);
	tsan_heed_reads();
	*value = (uintptr_t)taken;
	return 0;
}

static int latency(struct run *run, int me)
{
	return handoff_latency(run, me, send, receive);
}

static int stream(struct run *run, int me)
{
	return handoff_stream(run, me, send, receive);
}

static int many_to_one(struct run *run, int me)
{
	return fan_in(run, me, send, receive);
}

static int one_to_many(struct run *run, int me)
{
	return fan_out(run, me, send, receive);
}

static const char *const none[] = {NULL};
static const char *const latency_more[] = {"capacity=64;payload=8", NULL};
static const char *const stream_more[] = {"capacity=64;payload=8", "capacity=1024;payload=8", NULL};
static const char *const in_more[] = {
	"capacity=64;payload=8;senders=2", "capacity=64;payload=8;senders=4", NULL};
static const char *const out_more[] = {
	"capacity=64;payload=8;receivers=2", "capacity=64;payload=8;receivers=4", NULL};

static const struct bench bench = {
	.family = "handoff",
	.name = "ck-ring-mpmc",
	.about = "Concurrency Kit's ring for many, polled (on one CPU with sched_yield in between)",
	.state_size = HANDOFF_LANES * sizeof(struct lane),
	.open = open_lanes,
	.workloads =
		{
			{.shape = &handoff_latency_shape,
				.work = latency,
				.params = none,
				.more = latency_more},
			{.shape = &handoff_stream_shape,
				.work = stream,
				.params = none,
				.more = stream_more},
			{.shape = &fan_in_shape,
				.work = many_to_one,
				.params = none,
				.more = in_more},
			{.shape = &fan_out_shape,
				.work = one_to_many,
				.params = none,
				.more = out_more},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
