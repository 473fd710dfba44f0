/* mutex.c - a slot guarded by a mutex, polled */
#include "handoff.h"

#include <pthread.h>

struct slot {
	_Alignas(OWN_LINES) pthread_mutex_t mutex;
	bool full;
	uint64_t value;
};

static int open_slots(struct run *run)
{
	struct slot *slot = run->state;

	for (int lane = 0; lane < HANDOFF_LANES; lane++)
		pthread_mutex_init(&slot[lane].mutex, NULL);
	return 0;
}

/* Both sides poll: the slot's mutex is held for the look and the copy alone. */
static bool try_move(struct slot *slot, bool when_full, uint64_t *to, const uint64_t *from)
{
	bool moved = false;

	pthread_mutex_lock(&slot->mutex);
	if (slot->full == when_full) {
		*to = *from;
		slot->full = !when_full;
		moved = true;
	}
	pthread_mutex_unlock(&slot->mutex);
	return moved;
}

static int send(struct run *run, int lane, uint64_t value)
{
	struct slot *slot = (struct slot *)run->state + lane;

	while (!try_move(slot, false, &slot->value, &value))
		run_poll_again(run);
	return 0;
}

static int receive(struct run *run, int lane, uint64_t *value)
{
	struct slot *slot = (struct slot *)run->state + lane;

	while (!try_move(slot, true, value, &slot->value))
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

static const char *const params[] = {"capacity=1;payload=8", NULL};

static const struct bench bench = {
	.family = "handoff",
	.name = "mutex",
	.about = "a slot guarded by a mutex, polled (on one CPU with sched_yield in between)",
	.state_size = HANDOFF_LANES * sizeof(struct slot),
	.open = open_slots,
	.workloads =
		{
			{.shape = &handoff_latency_shape, .work = latency, .params = params},
			{.shape = &handoff_stream_shape, .work = stream, .params = params},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
