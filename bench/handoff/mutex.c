/* mutex.c - a slot guarded by a mutex, polled */
#include "fan.h"

#include <pthread.h>

struct slot {
	_Alignas(OWN_LINES) pthread_mutex_t mutex;
	bool full;
	uint64_t value[HANDOFF_PAYLOAD_MAX / sizeof(uint64_t)];
};

static int open_slots(struct run *run)
{
	struct slot *slot = run->state;

	for (int lane = 0; lane < HANDOFF_LANES; lane++)
		pthread_mutex_init(&slot[lane].mutex, NULL);
	return 0;
}

/* Both sides poll: the slot's mutex is held for the look and the copy alone. */
static bool try_move(struct slot *slot, bool when_full, void *to, const void *from, size_t size)
{
	bool moved = false;

	pthread_mutex_lock(&slot->mutex);
	if (slot->full == when_full) {
		handoff_copy(to, from, size);
		slot->full = !when_full;
		moved = true;
	}
	pthread_mutex_unlock(&slot->mutex);
	return moved;
}

static int send(struct run *run, int lane, const uint64_t *value)
{
	struct slot *slot = (struct slot *)run->state + lane;

	while (!try_move(slot, false, slot->value, value, run->payload))
		run_poll_again(run);
	return 0;
}

static int receive(struct run *run, int lane, uint64_t *value)
{
	struct slot *slot = (struct slot *)run->state + lane;

	while (!try_move(slot, true, value, slot->value, run->payload))
		run_poll_again(run);
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
static const char *const params[] = {"capacity=1;payload=8", NULL};
static const char *const more[] = {"capacity=1;payload=0", "capacity=1;payload=512",
	"capacity=1;payload=4096", "capacity=1;payload=65536", NULL};
static const char *const in_more[] = {"capacity=1;payload=8;senders=2", NULL};
static const char *const out_more[] = {"capacity=1;payload=8;receivers=2", NULL};

static const struct bench bench = {
	.family = "handoff",
	.name = "mutex",
	.about = "a slot guarded by a mutex, polled (on one CPU with sched_yield in between)",
	.state_size = HANDOFF_LANES * sizeof(struct slot),
	.open = open_slots,
	.workloads =
		{
			{.shape = &handoff_latency_shape,
				.work = latency,
				.params = params,
				.more = more},
			{.shape = &handoff_stream_shape,
				.work = stream,
				.params = params,
				.more = more},
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
