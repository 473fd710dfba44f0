/* socketpair.c - one byte through a pair of connected Unix stream sockets */
#include "pingpong.h"

#include <sys/socket.h>
#include <unistd.h>

struct socketpair {
	int end[2]; /* by thread */
};

static int open_socketpair(struct run *run)
{
	struct socketpair *state = run->state;

	*state = (struct socketpair){{-1, -1}};
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, state->end) ? -errno : 0;
}

static void close_socketpair(struct run *run)
{
	struct socketpair *state = run->state;

	close(state->end[0]);
	close(state->end[1]);
}

static int pass(struct run *run, int to)
{
	const struct socketpair *state = run->state;

	return write(state->end[1 - to], "", 1) == 1 ? 0 : -errno;
}

static int await(struct run *run, int me)
{
	const struct socketpair *state = run->state;
	char token;

	return read(state->end[me], &token, 1) == 1 ? 0 : -errno;
}

static int work(struct run *run, int me)
{
	return pingpong(run, me, pass, await);
}

static const struct bench bench = {
	.family = "switch",
	.name = "socketpair",
	.about = "one byte through a pair of connected Unix stream sockets",
	.state_size = sizeof(struct socketpair),
	.open = open_socketpair,
	.close = close_socketpair,
	.workloads = {{&pingpong_shape, work, .one_cpu = {0.95, 1.4}, .across = {0.5, 1.4}}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
