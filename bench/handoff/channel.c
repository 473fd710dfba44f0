/* channel.c - values sent through a channel (sync/channel.h), one for each direction */
#include "fan.h"
#include "guard.h"

#include "channel.h"

/* As many as there are threads: each may want its own answers. */
struct lanes {
	struct channel *channel[TEAM_MAX];
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

	for (int lane = 0; lane < run->threads && !rc; lane++) {
		rc = channel_open(&state->channel[lane], run->payload, capacity);
		if (!rc)
			channel_set_spin(state->channel[lane], policy(run));
	}
	return rc;
}

static void close_lanes(struct run *run)
{
	struct lanes *state = run->state;

	for (int lane = 0; lane < run->threads; lane++)
		channel_free(state->channel[lane]);
}

static int send(struct run *run, int lane, const uint64_t *value)
{
	const struct lanes *state = run->state;

	return channel_send(state->channel[lane], value);
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

static int many_to_one(struct run *run, int me)
{
	return fan_in(run, me, send, receive);
}

static int one_to_many(struct run *run, int me)
{
	return fan_out(run, me, send, receive);
}

static int guard(struct run *run, int me)
{
	return guard_owned(run, me, send, receive);
}

#define SET(capacity, policy) SIZED(capacity, 8, policy)
#define SIZED(capacity, payload, policy)                                                           \
	"capacity=" #capacity ";payload=" #payload ";policy=" #policy
#define FAN(capacity, policy, crowd, threads)                                                      \
	"capacity=" #capacity ";payload=8;policy=" #policy ";" #crowd "=" #threads
#define GUARD(answer, capacity, policy, updaters, work_ns)                                         \
	"answer=" #answer ";capacity=" #capacity ";policy=" #policy ";updaters=" #updaters         \
	";work_ns=" #work_ns

static const char *const none[] = {NULL};
static const char *const parking[] = {SET(0, park), NULL};
static const char *const parking_more[] = {SET(1, park), NULL};
static const char *const adaptive[] = {SET(0, adaptive), NULL};
static const char *const adaptive_more[] = {SET(1, adaptive), NULL};
static const char *const spinning[] = {SET(0, spin), SET(1, spin), NULL};
/* The first is the notes' own benchmark: tokens through a channel without a buffer. */
static const char *const streams[] = {SIZED(0, 0, adaptive), SET(0, park), SET(64, adaptive), NULL};
static const char *const streams_more[] = {SET(0, adaptive), SIZED(0, 0, park), SET(1, park),
	SET(1, adaptive), SET(64, park), SET(1024, park), SET(1024, adaptive),
	SIZED(1, 512, adaptive), SIZED(1, 4096, adaptive), SIZED(1, 65536, adaptive), NULL};
static const char *const sizes[] = {
	SIZED(0, 0, park), SIZED(1, 512, park), SIZED(1, 4096, park), SIZED(1, 65536, park), NULL};
static const char *const in_more[] = {FAN(64, adaptive, senders, 2), FAN(64, park, senders, 2),
	FAN(64, adaptive, senders, 4), FAN(0, adaptive, senders, 2), NULL};
static const char *const out_more[] = {FAN(64, adaptive, receivers, 2), FAN(64, park, receivers, 2),
	FAN(64, adaptive, receivers, 4), FAN(0, adaptive, receivers, 2), NULL};
static const char *const guards[] = {
	GUARD(await, 0, adaptive, 2, 0), GUARD(await, 0, adaptive, 2, 10000), NULL};
#define SWEEP(answer, capacity)                                                                    \
	GUARD(answer, capacity, adaptive, 2, 100), GUARD(answer, capacity, adaptive, 2, 300),      \
		GUARD(answer, capacity, adaptive, 2, 3000),                                        \
		GUARD(answer, capacity, adaptive, 2, 30000),                                       \
		GUARD(answer, capacity, adaptive, 2, 100000),                                      \
		GUARD(answer, capacity, adaptive, 4, 0),                                           \
		GUARD(answer, capacity, adaptive, 4, 1000),                                        \
		GUARD(answer, capacity, adaptive, 4, 10000),                                       \
		GUARD(answer, capacity, adaptive, 4, 100000),                                      \
		GUARD(answer, capacity, adaptive, 8, 0),                                           \
		GUARD(answer, capacity, adaptive, 8, 1000),                                        \
		GUARD(answer, capacity, adaptive, 8, 10000),                                       \
		GUARD(answer, capacity, adaptive, 8, 100000)

static const char *const guards_more[] = {SWEEP(await, 0), SWEEP(none, 64),
	GUARD(none, 64, adaptive, 2, 0), GUARD(none, 64, adaptive, 2, 10000),
	GUARD(await, 0, adaptive, 2, 1000), GUARD(none, 64, adaptive, 2, 1000),
	GUARD(await, 0, park, 2, 0), GUARD(await, 0, park, 2, 1000),
	GUARD(await, 0, park, 2, 10000), NULL};

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
				.more = sizes,
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
			{.shape = &fan_in_shape,
				.work = many_to_one,
				.params = none,
				.more = in_more},
			{.shape = &fan_out_shape,
				.work = one_to_many,
				.params = none,
				.more = out_more},
			{.shape = &guard_owned_shape,
				.work = guard,
				.params = guards,
				.more = guards_more},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
