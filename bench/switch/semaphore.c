/* semaphore.c - a POSIX semaphore for each thread */
#include "pingpong.h"

#include <semaphore.h>

struct semaphore {
	struct {
		_Alignas(OWN_LINES) sem_t token;
	} seat[2]; /* by the thread that waits */
};

static int open_semaphore(struct run *run)
{
	struct semaphore *state = run->state;

	return sem_init(&state->seat[0].token, 0, 0) || sem_init(&state->seat[1].token, 0, 0)
		       ? -errno
		       : 0;
}

static int pass(struct run *run, int to)
{
	struct semaphore *state = run->state;

	return sem_post(&state->seat[to].token) ? -errno : 0;
}

static int await(struct run *run, int me)
{
	struct semaphore *state = run->state;

	return sem_wait(&state->seat[me].token) ? -errno : 0;
}

static int work(struct run *run, int me)
{
	return pingpong(run, me, pass, await);
}

static const struct bench bench = {
	.family = "switch",
	.name = "semaphore",
	.about = "a POSIX semaphore for each thread",
	.state_size = sizeof(struct semaphore),
	.open = open_semaphore,
	.workloads = {{&pingpong_shape, work, .one_cpu = {0.95, 1.05}, .across = {0.5, 1.1}}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
