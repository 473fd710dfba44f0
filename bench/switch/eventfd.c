/* eventfd.c - a count added to an eventfd, one for each direction */
#include "pingpong.h"

#include <sys/eventfd.h>
#include <unistd.h>

static int open_fds(struct run *run)
{
	int *fd = run->state; /* by the thread that reads */

	fd[0] = eventfd(0, EFD_CLOEXEC);
	fd[1] = eventfd(0, EFD_CLOEXEC);
	return fd[0] < 0 || fd[1] < 0 ? -errno : 0;
}

static void close_fds(struct run *run)
{
	const int *fd = run->state;

	close(fd[0]);
	close(fd[1]);
}

static int pass(struct run *run, int to)
{
	const int *fd = run->state;

	return eventfd_write(fd[to], 1) ? -errno : 0;
}

static int await(struct run *run, int me)
{
	const int *fd = run->state;
	eventfd_t token;

	return eventfd_read(fd[me], &token) ? -errno : 0;
}

static int work(struct run *run, int me)
{
	return pingpong(run, me, pass, await);
}

static const struct bench bench = {
	.family = "switch",
	.name = "eventfd",
	.about = "a count added to an eventfd, one for each direction",
	.state_size = 2 * sizeof(int),
	.open = open_fds,
	.close = close_fds,
	.workloads = {{&pingpong_shape, work, .one_cpu = {0.95, 1.05}, .across = {0.5, 1.1}}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
