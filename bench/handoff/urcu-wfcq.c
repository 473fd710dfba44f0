/* urcu-wfcq.c - userspace-rcu's queue with wait-free senders and one receiver, polled */
#include "fan.h"

/* The calling thread, whose nodes a send takes: it is not told who sends. */
static _Thread_local int seat;

#ifdef BATON_WITH_URCU

#include <urcu/wfcqueue.h>

/* Nodes of each sender, to be used in turn: it waits until the receiver has given the next one
 * back, which bounds the queue. A cache line each, as nodes from all over a heap would have. */
enum { NODES = 1024, LINE = 64 };

struct node {
	_Alignas(LINE) struct cds_wfcq_node link;
	_Atomic uint64_t number;
	_Atomic bool sent;
};

struct lane {
	_Alignas(OWN_LINES) struct __cds_wfcq_head head;
	_Alignas(OWN_LINES) struct cds_wfcq_tail tail;
};

struct pool {
	_Alignas(OWN_LINES) uint64_t used;
	_Alignas(OWN_LINES) struct node node[NODES];
};

struct lanes {
	struct lane lane[HANDOFF_LANES];
	struct pool pool[TEAM_MAX]; /* by sender */
};

enum { STATE_SIZE = sizeof(struct lanes) };

static int open_lanes(struct run *run)
{
	struct lanes *state = run->state;

	for (struct lane *lane = state->lane; lane < state->lane + HANDOFF_LANES; lane++)
		__cds_wfcq_init(&lane->head, &lane->tail);
	return 0;
}

static void close_lanes(struct run *run)
{
	(void)run;
}

/*
 * The library's functions, not its inline variants, which are for sources that suit its licence.
 * The queue orders what is in a node, and nothing else: release and acquire do that for what the
 * sender wrote elsewhere, and cost nothing on x86.
 */
static int send_value(struct run *run, int which, const uint64_t *value)
{
	struct lanes *state = run->state;
	struct lane *lane = &state->lane[which];
	struct pool *pool = &state->pool[seat];
	struct node *node = &pool->node[pool->used++ % NODES];

	while (atomic_load_explicit(&node->sent, memory_order_acquire))
		run_poll_again(run);
	atomic_store_explicit(&node->sent, true, memory_order_relaxed);
	atomic_store_explicit(&node->number, *value, memory_order_release);
	cds_wfcq_node_init(&node->link);
	cds_wfcq_enqueue(&lane->head, &lane->tail, &node->link);
	return 0;
}

/* A sender may be half-way through linking its node: what would block there is polled as well. */
static int receive_value(struct run *run, int which, uint64_t *value)
{
	struct lane *lane = &((struct lanes *)run->state)->lane[which];
	struct cds_wfcq_node *link;

	for (;;) {
		link = __cds_wfcq_dequeue_nonblocking(&lane->head, &lane->tail);
		if (link && link != CDS_WFCQ_WOULDBLOCK)
			break;
		run_poll_again(run);
	}
	struct node *node = caa_container_of(link, struct node, link);

	*value = atomic_load_explicit(&node->number, memory_order_acquire);
	atomic_store_explicit(&node->sent, false, memory_order_release);
	return 0;
}

#else
#include "absent.h"
enum { STATE_SIZE = 0 };
#endif

static int latency(struct run *run, int me)
{
	seat = me;
	return handoff_latency(run, me, send_value, receive_value);
}

static int stream(struct run *run, int me)
{
	seat = me;
	return handoff_stream(run, me, send_value, receive_value);
}

static int many_to_one(struct run *run, int me)
{
	seat = me;
	return fan_in(run, me, send_value, receive_value);
}

static const char *const none[] = {NULL};
static const char *const words[] = {"capacity=1024;payload=8", NULL};
static const char *const in[] = {"capacity=2048;payload=8;senders=2", NULL};

static const struct bench bench = {
	.family = "handoff",
	.name = "urcu-wfcq",
	.about = "userspace-rcu's wait-free queue, polled (on one CPU with sched_yield in between)",
	.package = "liburcu-dev",
	.state_size = STATE_SIZE,
	.open = open_lanes,
	.close = close_lanes,
	.workloads =
		{
			{.shape = &handoff_latency_shape,
				.work = latency,
				.params = none,
				.more = words},
			{.shape = &handoff_stream_shape,
				.work = stream,
				.params = none,
				.more = words},
			{.shape = &fan_in_shape, .work = many_to_one, .params = none, .more = in},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
