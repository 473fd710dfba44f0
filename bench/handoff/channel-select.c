/* channel-select.c - values through a channel, each send and receive made as a select */
#include "handoff.h"

#include "channel.h"

/*
 * cases=1: a select over the lane alone: what it costs over the plain send or receive. cases=2: it
 * also listens to a channel on which nothing ever comes, as those do who can be told to quit.
 */
struct lanes {
	struct channel *channel[HANDOFF_LANES];
	struct channel *quit;
	size_t cases;
};

enum { CAPACITY_OF_QUIT = 0 };

static int open_lanes(struct run *run)
{
	struct lanes *state = run->state;
	const size_t capacity = (size_t)run_param(run, "capacity", 0);
	const int64_t policy =
		run_param_is(run, "policy", "park") ? CHANNEL_PARK : CHANNEL_ADAPTIVE;
	int rc = channel_open(&state->quit, sizeof(uint64_t), CAPACITY_OF_QUIT);

	state->cases = (size_t)run_param(run, "cases", 1);
	for (int lane = 0; lane < HANDOFF_LANES && !rc; lane++) {
		rc = channel_open(&state->channel[lane], sizeof(uint64_t), capacity);
		if (!rc)
			channel_set_spin(state->channel[lane], policy);
	}
	if (!rc)
		channel_set_spin(state->quit, policy);
	return rc;
}

static void close_lanes(struct run *run)
{
	struct lanes *state = run->state;

	for (int lane = 0; lane < HANDOFF_LANES; lane++)
		channel_free(state->channel[lane]);
	channel_free(state->quit);
}

static int select_with(const struct lanes *state, struct channel_case lane)
{
	uint64_t nothing;
	struct channel_case cases[] = {lane, channel_case_recv(state->quit, &nothing)};
	const int chosen = channel_select(cases, state->cases);

	return chosen > 0 ? -EBADMSG : chosen < 0 ? chosen : cases[0].status;
}

static int send(struct run *run, int lane, const uint64_t *value)
{
	const struct lanes *state = run->state;

	return select_with(state, channel_case_send(state->channel[lane], value));
}

static int receive(struct run *run, int lane, uint64_t *value)
{
	const struct lanes *state = run->state;

	return select_with(state, channel_case_recv(state->channel[lane], value));
}

static int latency(struct run *run, int me)
{
	return handoff_latency(run, me, send, receive);
}

static int stream(struct run *run, int me)
{
	return handoff_stream(run, me, send, receive);
}

#define SET(capacity, cases, policy)                                                               \
	"capacity=" #capacity ";cases=" #cases ";payload=8;policy=" #policy

static const char *const none[] = {NULL};
static const char *const parking[] = {SET(0, 1, park), SET(0, 2, park), NULL};
static const char *const adaptive[] = {SET(0, 1, adaptive), SET(0, 2, adaptive), NULL};
static const char *const streams[] = {SET(0, 1, park), SET(0, 1, adaptive), SET(0, 2, park),
	SET(0, 2, adaptive), SET(1024, 1, adaptive), SET(1024, 2, adaptive), NULL};

static const struct bench bench = {
	.family = "handoff",
	.name = "channel-select",
	.about = "values sent through a channel, each send and receive made as a select",
	.state_size = sizeof(struct lanes),
	.open = open_lanes,
	.close = close_lanes,
	.workloads =
		{
			{.shape = &handoff_latency_shape,
				.work = latency,
				.params = none,
				.more = parking,
				.one_cpu = {0.95, 2.1},
				.across = {0.5, 1.2}},
			{.shape = &handoff_latency_shape,
				.work = latency,
				.params = none,
				.more = adaptive,
				.one_cpu = {0.95, 2.1},
				.across = {0, 1.2}},
			{.shape = &handoff_stream_shape,
				.work = stream,
				.params = none,
				.more = streams},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
