/* pipe.c - one byte written to a pipe, one pipe for each direction */
#include "pingpong.h"

#include <fcntl.h>
#include <unistd.h>

struct pipe {
	int ends[2][2]; /* by the thread that reads */
};

static int open_pipe(struct run *run)
{
	struct pipe *state = run->state;

	*state = (struct pipe){{{-1, -1}, {-1, -1}}};
	return pipe2(state->ends[0], O_CLOEXEC) || pipe2(state->ends[1], O_CLOEXEC) ? -errno : 0;
}

static void close_pipe(struct run *run)
{
	struct pipe *state = run->state;

	for (int i = 0; i < 4; i++)
		close(state->ends[i / 2][i % 2]);
}

static int pass(struct run *run, int to)
{
	const struct pipe *state = run->state;

	return write(state->ends[to][1], "", 1) == 1 ? 0 : -errno;
}

static int await(struct run *run, int me)
{
	const struct pipe *state = run->state;
	char token;

	return read(state->ends[me][0], &token, 1) == 1 ? 0 : -errno;
}

static int work(struct run *run, int me)
{
	return pingpong(run, me, pass, await);
}

static const struct bench bench = {
	.family = "switch",
	.name = "pipe",
	.about = "one byte written to a pipe, one pipe for each direction",
	.state_size = sizeof(struct pipe),
	.open = open_pipe,
	.close = close_pipe,
	.workloads = {{&pingpong_shape, work, .one_cpu = {0.95, 1.05}, .across = {0.5, 1.1}}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
