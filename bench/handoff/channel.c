/* channel.c - values sent through a channel (sync/channel.h), one for each direction */
#include "handoff.h"

#include "channel.h"

struct lanes {
	struct channel *channel[HANDOFF_LANES];
};

static int64_t policy(const struct run *run)
{
	if (run_param_is(run, "policy", "park"))
		return CHANNEL_PARK;
	return run_param_is(run, "policy", "spin") ? CHANNEL_SPIN : CHANNEL_ADAPTIVE;
}

static int open_lanes(struct run *run)
{
	struct lanes *state = run->state;
	const size_t capacity = (size_t)run_param(run, "capacity", 0);
	int rc = 0;

	for (int lane = 0; lane < HANDOFF_LANES && !rc; lane++) {
		rc = channel_open(&state->channel[lane], sizeof(uint64_t), capacity);
		if (!rc)
			channel_set_spin(state->channel[lane], policy(run));
	}
	return rc;
}

static void close_lanes(struct run *run)
{
	struct lanes *state = run->state;

	for (int lane = 0; lane < HANDOFF_LANES; lane++)
		channel_free(state->channel[lane]);
}

static int send(struct run *run, int lane, uint64_t value)
{
	const struct lanes *state = run->state;

	return channel_send(state->channel[lane], &value);
}

static int receive(struct run *run, int lane, uint64_t *value)
{
	const struct lanes *state = run->state;

	return channel_recv(state->channel[lane], value);
}

static int latency(struct run *run, int me)
{
	return handoff_latency(run, me, send, receive);
}

static int stream(struct run *run, int me)
{
	return handoff_stream(run, me, send, receive);
}

#define SET(capacity, policy) "capacity=" #capacity ";payload=8;policy=" #policy

static const char *const none[] = {NULL};
static const char *const parking[] = {SET(0, park), NULL};
static const char *const parking_more[] = {SET(1, park), NULL};
static const char *const adaptive[] = {SET(0, adaptive), NULL};
static const char *const adaptive_more[] = {SET(1, adaptive), NULL};
static const char *const spinning[] = {SET(0, spin), SET(1, spin), NULL};
static const char *const streams[] = {SET(0, park), SET(0, adaptive), SET(64, adaptive), NULL};
static const char *const streams_more[] = {
	SET(1, park), SET(1, adaptive), SET(64, park), SET(1024, park), SET(1024, adaptive), NULL};

static const struct bench bench = {
	.family = "handoff",
	.name = "channel",
	.about = "values sent through a channel (sync/channel.h) whose waits park, spin or adapt",
	.state_size = sizeof(struct lanes),
	.open = open_lanes,
	.close = close_lanes,
	.workloads =
		{
			{.shape = &handoff_latency_shape,
				.work = latency,
				.params = parking,
				.more = parking_more,
				.one_cpu = {0.95, 2.1},
				.across = {0.5, 1.2}},
			/* Across CPUs it parks now and then. */
			{.shape = &handoff_latency_shape,
				.work = latency,
				.params = adaptive,
				.more = adaptive_more,
				.one_cpu = {0.95, 2.1},
				.across = {0, 1.2}},
			{.shape = &handoff_latency_shape,
				.work = latency,
				.params = none,
				.more = spinning,
				.needs = NEEDS_OWN_CPUS},
			{.shape = &handoff_stream_shape,
				.work = stream,
				.params = streams,
				.more = streams_more},
			{.shape = &handoff_stream_shape,
				.work = stream,
				.params = none,
				.more = spinning,
				.needs = NEEDS_OWN_CPUS},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
