/* msg-ring.c - a word from one io_uring to another, IORING_OP_MSG_RING, one ring for each thread */
#include "handoff.h"

#ifdef BATON_WITH_URING

#include <liburing.h>

enum { ENTRIES = 4 };

struct rings {
	struct io_uring ring[HANDOFF_LANES]; /* by the lane that it sends on: by thread */
	int opened;
};

enum { STATE_SIZE = sizeof(struct rings) };

/* Linux 5.18 or later; a container may refuse io_uring as a whole. */
static int probe(struct io_uring *ring)
{
	struct io_uring_probe *found = io_uring_get_probe_ring(ring);
	const bool able = found && io_uring_opcode_supported(found, IORING_OP_MSG_RING);

	io_uring_free_probe(found);
	return able ? 0 : -EOPNOTSUPP;
}

static int open_lanes(struct run *run)
{
	struct rings *state = run->state;
	int rc = 0;

	while (state->opened < HANDOFF_LANES && !rc) {
		rc = io_uring_queue_init(ENTRIES, &state->ring[state->opened], 0);
		if (!rc)
			state->opened++;
	}
	return rc ? rc : probe(&state->ring[0]);
}

static void close_lanes(struct run *run)
{
	struct rings *state = run->state;

	while (state->opened)
		io_uring_queue_exit(&state->ring[--state->opened]);
}

/* The sender's own ring says nothing of it, unless it went wrong: then that is what the sender
 * finds where it waits for the answer. */
static int send_value(struct run *run, int lane, const uint64_t *value)
{
	struct rings *state = run->state;
	struct io_uring *from = &state->ring[lane];
	struct io_uring_sqe *entry = io_uring_get_sqe(from);

	if (!entry)
		return -EBUSY;
	io_uring_prep_msg_ring(entry, state->ring[1 - lane].ring_fd, 0, *value, 0);
	io_uring_sqe_set_flags(entry, IOSQE_CQE_SKIP_SUCCESS);
	const int rc = io_uring_submit(from);

	return rc < 0 ? rc : 0;
}

static int receive_value(struct run *run, int lane, uint64_t *value)
{
	struct io_uring *ring = &((struct rings *)run->state)->ring[1 - lane];
	struct io_uring_cqe *entry;
	int rc = io_uring_wait_cqe(ring, &entry);

	if (rc)
		return rc;
	rc = entry->res;
	*value = entry->user_data;
	io_uring_cqe_seen(ring, entry);
	return rc < 0 ? rc : 0;
}

#else
#include "absent.h"
enum { STATE_SIZE = 0 };
#endif

static int latency(struct run *run, int me)
{
	return handoff_latency(run, me, send_value, receive_value);
}

static const char *const none[] = {NULL};
static const char *const word[] = {"payload=8", NULL};

static const struct bench bench = {
	.family = "handoff",
	.name = "msg-ring",
	.about = "a word sent from one io_uring to another (IORING_OP_MSG_RING), a ring a thread",
	.package = "liburing-dev",
	.state_size = STATE_SIZE,
	.open = open_lanes,
	.close = close_lanes,
	.workloads = {{.shape = &handoff_latency_shape,
		.work = latency,
		.params = none,
		.more = word,
		.one_cpu = {0.95, 1.05},
		.across = {0.5, 1.1}}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
