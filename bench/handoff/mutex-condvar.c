/* mutex-condvar.c - a buffer guarded by a mutex, with condition variables for those who wait */
#include "fan.h"

#include <pthread.h>

/*
 * The textbook's bounded buffer, for any number of senders and receivers. Capacity 0 is the same
 * with one place, and a sender that also waits until its value has been taken.
 *
 * The textbook signals with the mutex held. On one CPU the thread that is woken then preempts the
 * signaller, finds the mutex taken and sleeps once more. signal=unlocked is the careful version,
 * and the peer to be held against: it signals after the unlock.
 */
struct lane {
	_Alignas(OWN_LINES) pthread_mutex_t mutex;
	pthread_cond_t filled, emptied, taken;
	uint64_t in, out; /* values that were put in and taken out so far */
	uint64_t places;  /* a power of two */
	size_t size;      /* of a value, bytes */
	bool rendezvous, careful;
	_Alignas(OWN_LINES) unsigned char place[HANDOFF_PAYLOAD_MAX]; /* for all values together */
};

static int open_lanes(struct run *run)
{
	const long capacity = run_param(run, "capacity", 1);
	struct lane *lanes = run->state;

	for (struct lane *lane = lanes; lane < lanes + HANDOFF_LANES; lane++) {
		pthread_mutex_init(&lane->mutex, NULL);
		pthread_cond_init(&lane->filled, NULL);
		pthread_cond_init(&lane->emptied, NULL);
		pthread_cond_init(&lane->taken, NULL);
		lane->places = capacity ? (uint64_t)capacity : 1;
		lane->size = run->payload;
		lane->rendezvous = capacity == 0;
		lane->careful = run_param_is(run, "signal", "unlocked");
	}
	return 0;
}

static void *place(struct lane *lane, uint64_t number)
{
	return lane->place + (number & (lane->places - 1)) * lane->size;
}

static void unlock_and_signal(struct lane *lane, pthread_cond_t *whom)
{
	if (!lane->careful)
		pthread_cond_signal(whom);
	pthread_mutex_unlock(&lane->mutex);
	if (lane->careful)
		pthread_cond_signal(whom);
}

/* Returns with the mutex held again. */
static void signal_filled(struct lane *lane)
{
	if (lane->careful)
		pthread_mutex_unlock(&lane->mutex);
	pthread_cond_signal(&lane->filled);
	if (lane->careful)
		pthread_mutex_lock(&lane->mutex);
}

static int send(struct run *run, int which, const uint64_t *value)
{
	struct lane *lane = (struct lane *)run->state + which;

	pthread_mutex_lock(&lane->mutex);
	while (lane->in - lane->out == lane->places)
		pthread_cond_wait(&lane->emptied, &lane->mutex);
	handoff_copy(place(lane, lane->in), value, lane->size);
	const uint64_t mine = ++lane->in;

	if (!lane->rendezvous) {
		unlock_and_signal(lane, &lane->filled);
		return 0;
	}
	signal_filled(lane);
	while (lane->out < mine)
		pthread_cond_wait(&lane->taken, &lane->mutex);
	unlock_and_signal(lane, &lane->emptied);
	return 0;
}

static int receive(struct run *run, int which, uint64_t *value)
{
	struct lane *lane = (struct lane *)run->state + which;

	pthread_mutex_lock(&lane->mutex);
	while (lane->in == lane->out)
		pthread_cond_wait(&lane->filled, &lane->mutex);
	handoff_copy(value, place(lane, lane->out++), lane->size);
	unlock_and_signal(lane, lane->rendezvous ? &lane->taken : &lane->emptied);
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

static int many_to_one(struct run *run, int me)
{
	return fan_in(run, me, send, receive);
}

static int one_to_many(struct run *run, int me)
{
	return fan_out(run, me, send, receive);
}

#define CAREFUL ";signal=unlocked"

static const char *const none[] = {NULL};
static const char *const one[] = {"capacity=1;payload=8", NULL};
static const char *const rendezvous[] = {"capacity=0;payload=8", NULL};
static const char *const careful[] = {
	"capacity=0;payload=8" CAREFUL, "capacity=1;payload=8" CAREFUL, NULL};
static const char *const sizes[] = {"capacity=1;payload=0" CAREFUL,
	"capacity=1;payload=512" CAREFUL, "capacity=1;payload=4096" CAREFUL,
	"capacity=1;payload=65536" CAREFUL, NULL};
static const char *const streams[] = {
	"capacity=0;payload=8" CAREFUL, "capacity=64;payload=8" CAREFUL, NULL};
static const char *const streams_more[] = {"capacity=1;payload=8", "capacity=0;payload=8",
	"capacity=1;payload=8" CAREFUL, "capacity=1024;payload=8" CAREFUL,
	"capacity=0;payload=0" CAREFUL, NULL};
static const char *const in_more[] = {
	"capacity=64;payload=8;senders=2" CAREFUL, "capacity=64;payload=8;senders=4" CAREFUL, NULL};
static const char *const out_more[] = {"capacity=64;payload=8;receivers=2" CAREFUL,
	"capacity=64;payload=8;receivers=4" CAREFUL, NULL};

static const struct bench bench = {
	.family = "handoff",
	.name = "mutex-condvar",
	.about = "a buffer guarded by a mutex, with condition variables for those who wait",
	.state_size = HANDOFF_LANES * sizeof(struct lane),
	.open = open_lanes,
	.workloads =
		{
			{.shape = &handoff_latency_shape,
				.work = latency,
				.params = one,
				.more = careful,
				.one_cpu = {0.95, 2.3},
				.across = {0.5, 2.3}},
			{.shape = &handoff_latency_shape,
				.work = latency,
				.params = none,
				.more = rendezvous,
				.one_cpu = {0.95, 5.5},
				.across = {0.5, 2.3}},
			{.shape = &handoff_latency_shape,
				.work = latency,
				.params = none,
				.more = sizes,
				.one_cpu = {0.95, 2.3},
				.across = {0, 2.3}},
			{.shape = &handoff_stream_shape,
				.work = stream,
				.params = streams,
				.more = streams_more},
			{.shape = &handoff_stream_shape,
				.work = stream,
				.params = none,
				.more = sizes},
			{.shape = &fan_in_shape,
				.work = many_to_one,
				.params = none,
				.more = in_more},
			{.shape = &fan_out_shape,
				.work = one_to_many,
				.params = none,
				.more = out_more},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
