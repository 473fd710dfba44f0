/* mutex-condvar.c - a slot guarded by a mutex, with a condition variable for each side */
#include "handoff.h"

#include <pthread.h>

struct slot {
	_Alignas(OWN_LINES) pthread_mutex_t mutex;
	pthread_cond_t filled, emptied;
	bool full;
	uint64_t value;
};

static int open_slots(struct run *run)
{
	struct slot *slot = run->state;

	for (int lane = 0; lane < HANDOFF_LANES; lane++) {
		pthread_mutex_init(&slot[lane].mutex, NULL);
		pthread_cond_init(&slot[lane].filled, NULL);
		pthread_cond_init(&slot[lane].emptied, NULL);
	}
	return 0;
}

static int send(struct run *run, int lane, uint64_t value)
{
	struct slot *slot = (struct slot *)run->state + lane;

	pthread_mutex_lock(&slot->mutex);
	while (slot->full)
		pthread_cond_wait(&slot->emptied, &slot->mutex);
	slot->value = value;
	slot->full = true;
	pthread_cond_signal(&slot->filled);
	pthread_mutex_unlock(&slot->mutex);
	return 0;
}

static int receive(struct run *run, int lane, uint64_t *value)
{
	struct slot *slot = (struct slot *)run->state + lane;

	pthread_mutex_lock(&slot->mutex);
	while (!slot->full)
		pthread_cond_wait(&slot->filled, &slot->mutex);
	*value = slot->value;
	slot->full = false;
	pthread_cond_signal(&slot->emptied);
	pthread_mutex_unlock(&slot->mutex);
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
	.name = "mutex-condvar",
	.about = "a slot guarded by a mutex, with a condition variable for each side",
	.state_size = HANDOFF_LANES * sizeof(struct slot),
	.open = open_slots,
	.workloads =
		{
			{.shape = &handoff_latency_shape,
				.work = latency,
				.params = params,
				.one_cpu = {0.95, 2.3},
				.across = {0.5, 2.3}},
			{.shape = &handoff_stream_shape, .work = stream, .params = params},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
