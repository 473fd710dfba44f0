/* pipe.c - values written to a pipe, one pipe for each lane */
#include "fan.h"

#include <fcntl.h>
#include <unistd.h>

/*
 * A pipe carries bytes, not values: one of no bytes travels as a single byte, and one that is
 * longer than PIPE_BUF may go, or come, in parts. With many threads on a side values must stay
 * whole. A write of up to PIPE_BUF bytes does by pipe(7). A read does because the kernel takes the
 * bytes that are there under the pipe's lock (fs/pipe.c), and as all writes are of 8 bytes, there
 * are always 8 of one value.
 */
struct lane {
	int end[2]; /* to read from, to write to */
};

static int open_lanes(struct run *run)
{
	struct lane *lane = run->state;

	for (int i = 0; i < HANDOFF_LANES; i++)
		lane[i] = (struct lane){{-1, -1}};
	for (int i = 0; i < HANDOFF_LANES; i++)
		if (pipe2(lane[i].end, O_CLOEXEC))
			return -errno;
	return 0;
}

static void close_lanes(struct run *run)
{
	const struct lane *lane = run->state;

	for (int i = 0; i < 2 * HANDOFF_LANES; i++)
		close(lane[i / 2].end[i % 2]);
}

static size_t bytes(const struct run *run)
{
	return run->payload ? run->payload : 1;
}

static int send_value(struct run *run, int lane, const uint64_t *value)
{
	const int end = ((const struct lane *)run->state)[lane].end[1];
	const size_t size = bytes(run);

	for (size_t done = 0; done < size;) {
		const ssize_t part = write(end, (const char *)value + done, size - done);

		if (part < 0)
			return -errno;
		done += (size_t)part;
	}
	return 0;
}

/* Nobody closes an end before the window is over: a read of nothing does not occur. */
static int receive_value(struct run *run, int lane, uint64_t *value)
{
	const int end = ((const struct lane *)run->state)[lane].end[0];
	const size_t size = bytes(run);

	for (size_t done = 0; done < size;) {
		const ssize_t part = read(end, (char *)value + done, size - done);

		if (part <= 0)
			return part ? -errno : -EPIPE;
		done += (size_t)part;
	}
	return 0;
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
static const char *const streams[] = {
	"payload=0", "payload=8", "payload=512", "payload=4096", "payload=65536", NULL};
static const char *const in[] = {"payload=8;senders=2", NULL};
static const char *const out[] = {"payload=8;receivers=2", NULL};

static const struct bench bench = {
	.family = "handoff",
	.name = "pipe",
	.about = "values written to a pipe, one pipe for each direction",
	.state_size = HANDOFF_LANES * sizeof(struct lane),
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
			{.shape = &fan_in_shape, .work = many_to_one, .params = none, .more = in},
			{.shape = &fan_out_shape, .work = one_to_many, .params = none, .more = out},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
