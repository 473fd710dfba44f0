/* channel.c - values sent through a channel (sync/channel.h), one for each direction */
#include "handoff.h"

#include "channel.h"

struct lanes {
	struct channel *channel[HANDOFF_LANES];
};

static int open_lanes(struct run *run)
{
	struct lanes *state = run->state;
	const size_t capacity = (size_t)run_param(run, "capacity", 0);
	int rc = 0;

	for (int lane = 0; lane < HANDOFF_LANES && !rc; lane++)
		rc = channel_open(&state->channel[lane], sizeof(uint64_t), capacity);
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

static const char *const latency_params[] = {"capacity=0;payload=8", "capacity=1;payload=8", NULL};
static const char *const stream_params[] = {
	"capacity=0;payload=8", "capacity=1;payload=8", "capacity=64;payload=8", NULL};

static const struct bench bench = {
	.family = "handoff",
	.name = "channel",
	.about = "values sent through a channel that parks at once (sync/channel.h)",
	.state_size = sizeof(struct lanes),
	.open = open_lanes,
	.close = close_lanes,
	.workloads =
		{
			{.shape = &handoff_latency_shape,
				.work = latency,
				.params = latency_params,
				.one_cpu = {0.95, 2.1},
				.across = {0.5, 1.2}},
			{.shape = &handoff_stream_shape, .work = stream, .params = stream_params},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
