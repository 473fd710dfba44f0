/* semaphore.c - a ring guarded by two semaphores, one counts its free places, one its values */
#include "handoff.h"

#include <semaphore.h>

/*
 * The textbook's bounded buffer without its mutex: with one sender and one receiver for a lane each
 * of the two counters has one owner, and the semaphores order what the places hold.
 */
struct lane {
	_Alignas(OWN_LINES) sem_t free;
	_Alignas(OWN_LINES) sem_t filled;
	_Alignas(OWN_LINES) uint64_t in;                              /* the sender's */
	_Alignas(OWN_LINES) uint64_t out;                             /* the receiver's */
	_Alignas(OWN_LINES) uint64_t places;                          /* a power of two */
	size_t size;                                                  /* of a value, bytes */
	_Alignas(OWN_LINES) unsigned char place[HANDOFF_PAYLOAD_MAX]; /* for all values together */
};

static int open_lanes(struct run *run)
{
	const unsigned capacity = (unsigned)run_param(run, "capacity", 1);
	struct lane *lanes = run->state;

	for (struct lane *lane = lanes; lane < lanes + HANDOFF_LANES; lane++) {
		if (sem_init(&lane->free, 0, capacity) || sem_init(&lane->filled, 0, 0))
			return -errno;
		lane->places = capacity;
		lane->size = run->payload;
	}
	return 0;
}

static void *place(struct lane *lane, uint64_t number)
{
	return lane->place + (number & (lane->places - 1)) * lane->size;
}

static int send_value(struct run *run, int which, const uint64_t *value)
{
	struct lane *lane = (struct lane *)run->state + which;

	if (sem_wait(&lane->free))
		return -errno;
	handoff_copy(place(lane, lane->in++), value, lane->size);
	return sem_post(&lane->filled) ? -errno : 0;
}

static int receive_value(struct run *run, int which, uint64_t *value)
{
	struct lane *lane = (struct lane *)run->state + which;

	if (sem_wait(&lane->filled))
		return -errno;
	handoff_copy(value, place(lane, lane->out++), lane->size);
	return sem_post(&lane->free) ? -errno : 0;
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
static const char *const streams[] = {
	"capacity=1;payload=8", "capacity=64;payload=8", "capacity=1024;payload=8", NULL};

static const struct bench bench = {
	.family = "handoff",
	.name = "semaphore",
	.about = "a ring guarded by two POSIX semaphores, one counts its free places, one its "
		 "values",
	.state_size = HANDOFF_LANES * sizeof(struct lane),
	.open = open_lanes,
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
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
