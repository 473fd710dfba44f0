/* zeromq.c - ZeroMQ's messages between the threads of one process: a pair of inproc sockets */
#include "handoff.h"

struct pair {
	void *context;
	void *end[HANDOFF_LANES]; /* by the lane that it sends on: one pair is both lanes */
};

#ifdef BATON_WITH_ZMQ

#include <zmq.h>

#ifdef BATON_TSAN
/* The library comes without ThreadSanitizer, which sees it call memcpy() and free(), but not the
 * atomics that order them: what is called from there it is to leave alone. What arrives is checked
 * byte for byte all the same. */
const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
	return "called_from_lib:libzmq.so";
}
#endif

static int failed(void)
{
	return -zmq_errno();
}

/* What may wait on its way is the sum of both ends' limits. After each half of that the receiver
 * tells the sender, who may be woken by it: with 64, one switch more for 32 hand-offs was seen.
 * There is no network to serve. */
static int set_up(struct pair *state, int capacity)
{
	if (zmq_ctx_set(state->context, ZMQ_IO_THREADS, 0))
		return failed();
	for (int i = 0; i < HANDOFF_LANES; i++) {
		state->end[i] = zmq_socket(state->context, ZMQ_PAIR);
		if (!state->end[i] ||
			zmq_setsockopt(state->end[i], ZMQ_LINGER, &(int){0}, sizeof(int)) ||
			zmq_setsockopt(
				state->end[i], ZMQ_SNDHWM, &(int){capacity / 2}, sizeof(int)) ||
			zmq_setsockopt(
				state->end[i], ZMQ_RCVHWM, &(int){capacity / 2}, sizeof(int)))
			return failed();
	}
	return zmq_bind(state->end[0], "inproc://lanes") ||
			       zmq_connect(state->end[1], "inproc://lanes")
		       ? failed()
		       : 0;
}

/*
 * Thread 0 opens and closes both ends, but each is used by one thread at a time. A socket may move
 * to another thread behind a full fence, says zmq_socket(3): the team meets between the opening and
 * the first use, and between the last and the closing, and who has met has seen all that the others
 * did before (release and acquire), which is what such a fence is for.
 */
static int open_lanes(struct run *run)
{
	struct pair *state = run->state;

	state->context = zmq_ctx_new();
	return state->context ? set_up(state, (int)run_param(run, "capacity", 0)) : failed();
}

static void close_lanes(struct run *run)
{
	struct pair *state = run->state;

	for (int i = 0; i < HANDOFF_LANES; i++)
		if (state->end[i])
			zmq_close(state->end[i]);
	if (state->context)
		zmq_ctx_term(state->context);
}

static int send_value(struct run *run, int lane, const uint64_t *value)
{
	const struct pair *state = run->state;

	return zmq_send(state->end[lane], value, run->payload, 0) < 0 ? failed() : 0;
}

/* What it returns is the length of the message, be it longer than what there is room for. */
static int receive_value(struct run *run, int lane, uint64_t *value)
{
	const struct pair *state = run->state;
	const int size = zmq_recv(state->end[1 - lane], value, run->payload, 0);

	if (size < 0)
		return failed();
	return (size_t)size == run->payload ? 0 : -EMSGSIZE;
}

#else
#include "absent.h"
#endif

static int latency(struct run *run, int me)
{
	return handoff_latency(run, me, send_value, receive_value);
}

static int stream(struct run *run, int me)
{
	return handoff_stream(run, me, send_value, receive_value);
}

static const char *const none[] = {NULL};
static const char *const word[] = {"capacity=64;payload=8", NULL};
static const char *const sizes[] = {"capacity=64;payload=0", "capacity=64;payload=512",
	"capacity=64;payload=4096", "capacity=64;payload=65536", NULL};
/* 2000 is what two sockets have by default. */
static const char *const streams[] = {"capacity=64;payload=8", "capacity=2000;payload=8", NULL};

static const struct bench bench = {
	.family = "handoff",
	.name = "zeromq",
	.about = "messages through a pair of ZeroMQ's inproc sockets",
	.package = "libzmq3-dev",
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
