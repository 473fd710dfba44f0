/* socketpair.c - values through a pair of connected Unix sockets that keep them apart */
#include "fan.h"

#include <sys/socket.h>
#include <unistd.h>

/*
 * SOCK_SEQPACKET: one message is one value. None goes or comes in parts, one of no bytes is a
 * message too, and any number of threads may share an end, which on a stream of bytes nothing
 * promises. One pair is enough: it carries one lane in each direction.
 */
struct pair {
	int end[HANDOFF_LANES]; /* by the lane that it sends on */
};

static int open_lanes(struct run *run)
{
	struct pair *state = run->state;

	*state = (struct pair){{-1, -1}};
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, state->end) ? -errno : 0;
}

static void close_lanes(struct run *run)
{
	const struct pair *state = run->state;

	close(state->end[0]);
	close(state->end[1]);
}

static int send_value(struct run *run, int lane, const uint64_t *value)
{
	const struct pair *state = run->state;

	return send(state->end[lane], value, run->payload, 0) < 0 ? -errno : 0;
}

/* MSG_TRUNC: the length is that of the message, be it longer than what there is room for. */
static int receive_value(struct run *run, int lane, uint64_t *value)
{
	const struct pair *state = run->state;
	const ssize_t size = recv(state->end[1 - lane], value, run->payload, MSG_TRUNC);

	if (size < 0)
		return -errno;
	return (size_t)size == run->payload ? 0 : -EMSGSIZE;
}

static int latency(struct run *run, int me)
{
	return handoff_latency(run, me, send_value, receive_value);
}

static int stream(struct run *run, int me)
{
	return handoff_stream(run, me, send_value, receive_value);
}

static int many_to_one(struct run *run, int me)
{
	return fan_in(run, me, send_value, receive_value);
}

static int one_to_many(struct run *run, int me)
{
	return fan_out(run, me, send_value, receive_value);
}

static const char *const none[] = {NULL};
static const char *const word[] = {"payload=8", NULL};
static const char *const sizes[] = {
	"payload=0", "payload=512", "payload=4096", "payload=65536", NULL};
static const char *const in[] = {"payload=8;senders=2", NULL};
static const char *const out[] = {"payload=8;receivers=2", NULL};

static const struct bench bench = {
	.family = "handoff",
	.name = "socketpair",
	.about = "values through a pair of connected Unix sockets, each a message (SOCK_SEQPACKET)",
	.state_size = sizeof(struct pair),
	.open = open_lanes,
	.close = close_lanes,
	.workloads =
		{
			{.shape = &handoff_latency_shape,
				.work = latency,
				.params = none,
				.more = word,
				.one_cpu = {0.95, 1.4},
				.across = {0.5, 1.4}},
			{.shape = &handoff_latency_shape,
				.work = latency,
				.params = none,
				.more = sizes,
				.one_cpu = {0.95, 1.4},
				.across = {0, 1.4}},
			{.shape = &handoff_stream_shape,
				.work = stream,
				.params = none,
				.more = word},
			{.shape = &handoff_stream_shape,
				.work = stream,
				.params = none,
				.more = sizes},
			{.shape = &fan_in_shape, .work = many_to_one, .params = none, .more = in},
			{.shape = &fan_out_shape, .work = one_to_many, .params = none, .more = out},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
