/* mqueue.c - values through a POSIX message queue, one queue for each lane */
#include "fan.h"

#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>

/*
 * Without privileges a queue holds as many messages, of as many bytes, as /proc/sys/fs/mqueue lets
 * it, by default 10 and 8192: what is longer is refused there, and its rows are skipped. All have
 * the same priority, so that they come in the order in which they were sent.
 */
static int open_lanes(struct run *run)
{
	struct mq_attr limits = {
		.mq_maxmsg = run_param(run, "capacity", 1),
		.mq_msgsize = run->payload ? (long)run->payload : 1, /* a limit of 0 is refused */
	};
	mqd_t *queue = run->state;
	char name[32];

	for (int lane = 0; lane < HANDOFF_LANES; lane++)
		queue[lane] = -1;
	/* Unlinked once open: no name is left behind, however we end. */
	for (int lane = 0; lane < HANDOFF_LANES; lane++) {
		snprintf(name, sizeof(name), "/baton-%d-%d", run->tally[0].tid, lane);
		queue[lane] = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &limits);
		if (queue[lane] < 0 || mq_unlink(name))
			return -errno;
	}
	return 0;
}

static void close_lanes(struct run *run)
{
	for (int lane = 0; lane < HANDOFF_LANES; lane++)
		mq_close(((mqd_t *)run->state)[lane]);
}

static int send_value(struct run *run, int lane, const uint64_t *value)
{
	const mqd_t queue = ((const mqd_t *)run->state)[lane];

	return mq_send(queue, (const char *)value, run->payload, 0) ? -errno : 0;
}

/* The room has to be that of the longest message: a value of no bytes has it all the same. */
static int receive_value(struct run *run, int lane, uint64_t *value)
{
	const mqd_t queue = ((const mqd_t *)run->state)[lane];
	const ssize_t size =
		mq_receive(queue, (char *)value, run->payload ? run->payload : 1, NULL);

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
static const char *const word[] = {"capacity=1;payload=8", NULL};
static const char *const sizes[] = {"capacity=1;payload=0", "capacity=1;payload=512",
	"capacity=1;payload=4096", "capacity=1;payload=65536", NULL};
static const char *const streams[] = {"capacity=1;payload=8", "capacity=10;payload=8", NULL};
static const char *const in[] = {"capacity=10;payload=8;senders=2", NULL};
static const char *const out[] = {"capacity=10;payload=8;receivers=2", NULL};

static const struct bench bench = {
	.family = "handoff",
	.name = "mqueue",
	.about = "values through a POSIX message queue, one queue for each direction",
	.state_size = HANDOFF_LANES * sizeof(mqd_t),
	.open = open_lanes,
	.close = close_lanes,
	.workloads =
		{
			{.shape = &handoff_latency_shape,
				.work = latency,
				.params = none,
				.more = word,
				.one_cpu = {0.95, 1.05},
				.across = {0.5, 1.1}},
			{.shape = &handoff_latency_shape,
				.work = latency,
				.params = none,
				.more = sizes,
				.one_cpu = {0.95, 1.05},
				.across = {0, 1.1}},
			{.shape = &handoff_stream_shape,
				.work = stream,
				.params = none,
				.more = streams},
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
