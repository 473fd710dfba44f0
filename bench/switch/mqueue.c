/* mqueue.c - one byte through a POSIX message queue, one queue for each direction */
#include "pingpong.h"

#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>

/* By the thread that reads. Unlinked once open: no name is left behind, however we end. */
static int open_queues(struct run *run)
{
	struct mq_attr limits = {.mq_maxmsg = 1, .mq_msgsize = 1};
	mqd_t *queue = run->state;
	char name[32];

	queue[1] = -1;
	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "/baton-%d-%d", run->tally[0].tid, i);
		queue[i] = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &limits);
		if (queue[i] < 0 || mq_unlink(name))
			return -errno;
	}
	return 0;
}

static void close_queues(struct run *run)
{
	for (int i = 0; i < 2; i++)
		mq_close(((mqd_t *)run->state)[i]);
}

static int pass(struct run *run, int to)
{
	return mq_send(((mqd_t *)run->state)[to], "", 1, 0) ? -errno : 0;
}

static int await(struct run *run, int me)
{
	return mq_receive(((mqd_t *)run->state)[me], (char[1]){0}, 1, NULL) == 1 ? 0 : -errno;
}

static int work(struct run *run, int me)
{
	return pingpong(run, me, pass, await);
}

static const struct bench bench = {
	.family = "switch",
	.name = "mqueue",
	.about = "one byte through a POSIX message queue, one queue for each direction",
	.state_size = 2 * sizeof(mqd_t),
	.open = open_queues,
	.close = close_queues,
	.workloads = {{&pingpong_shape, work, .one_cpu = {0.95, 1.05}, .across = {0.5, 1.1}}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
