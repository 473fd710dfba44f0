/* eventfd.c - a slot in memory, one eventfd counts that it is filled, one that it is free */
#include "handoff.h"

#include <sys/eventfd.h>
#include <unistd.h>

/* For one sender and one receiver. The slot is ordered by the lock that the kernel takes for either
 * count. */
struct lane {
	int free, filled;
	_Alignas(OWN_LINES) uint64_t slot[HANDOFF_PAYLOAD_MAX / sizeof(uint64_t)];
};

static int open_lanes(struct run *run)
{
	struct lane *lane = run->state;

	for (int i = 0; i < HANDOFF_LANES; i++)
		lane[i].free = lane[i].filled = -1;
	for (int i = 0; i < HANDOFF_LANES; i++) {
		lane[i].free = eventfd(1, EFD_SEMAPHORE | EFD_CLOEXEC);
		lane[i].filled = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC);
		if (lane[i].free < 0 || lane[i].filled < 0)
			return -errno;
	}
	return 0;
}

static void close_lanes(struct run *run)
{
	const struct lane *lane = run->state;

	for (int i = 0; i < HANDOFF_LANES; i++) {
		close(lane[i].free);
		close(lane[i].filled);
	}
}

/* Not eventfd_read() and eventfd_write(): ThreadSanitizer knows the plain calls alone. */
static int take(int fd)
{
	eventfd_t one;

	return read(fd, &one, sizeof(one)) < 0 ? -errno : 0;
}

static int add(int fd)
{
	const eventfd_t one = 1;

	return write(fd, &one, sizeof(one)) < 0 ? -errno : 0;
}

static int send_value(struct run *run, int which, const uint64_t *value)
{
	struct lane *lane = (struct lane *)run->state + which;
	const int rc = take(lane->free);

	if (rc)
		return rc;
	handoff_copy(lane->slot, value, run->payload);
	return add(lane->filled);
}

static int receive_value(struct run *run, int which, uint64_t *value)
{
	struct lane *lane = (struct lane *)run->state + which;
	const int rc = take(lane->filled);

	if (rc)
		return rc;
	handoff_copy(value, lane->slot, run->payload);
	return add(lane->free);
}

static int latency(struct run *run, int me)
{
	return handoff_latency(run, me, send_value, receive_value);
}

static int stream(struct run *run, int me)
{
	return handoff_stream(run, me, send_value, receive_value);
}

static const char *const none[] = {NULL};
static const char *const word[] = {"capacity=1;payload=8", NULL};
static const char *const sizes[] = {"capacity=1;payload=0", "capacity=1;payload=512",
	"capacity=1;payload=4096", "capacity=1;payload=65536", NULL};

static const struct bench bench = {
	.family = "handoff",
	.name = "eventfd",
	.about = "a slot in memory, one eventfd counts that it is filled, another that it is free",
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
				.more = word},
			{.shape = &handoff_stream_shape,
				.work = stream,
				.params = none,
				.more = sizes},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
