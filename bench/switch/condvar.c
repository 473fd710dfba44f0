/* condvar.c - a turn under a mutex, a condition variable for each thread */
#include "pingpong.h"

#include <pthread.h>

struct condvar {
	pthread_mutex_t mutex;
	pthread_cond_t turned[2]; /* by the thread that waits */
	int turn;
};

static int open_condvar(struct run *run)
{
	struct condvar *state = run->state;

	*state = (struct condvar){PTHREAD_MUTEX_INITIALIZER,
		{PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER}, .turn = 0};
	return 0;
}

static int pass(struct run *run, int to)
{
	struct condvar *state = run->state;

	pthread_mutex_lock(&state->mutex);
	state->turn = to;
	pthread_cond_signal(&state->turned[to]);
	pthread_mutex_unlock(&state->mutex);
	return 0;
}

static int await(struct run *run, int me)
{
	struct condvar *state = run->state;

	pthread_mutex_lock(&state->mutex);
	while (state->turn != me)
		pthread_cond_wait(&state->turned[me], &state->mutex);
	pthread_mutex_unlock(&state->mutex);
	return 0;
}

static int work(struct run *run, int me)
{
	return pingpong(run, me, pass, await);
}

static const struct bench bench = {
	.family = "switch",
	.name = "condvar",
	.about = "a turn under a mutex, a condition variable for each thread",
	.state_size = sizeof(struct condvar),
	.open = open_condvar,
	.workloads = {{&pingpong_shape, work, .one_cpu = {0.95, 2.3}, .across = {0.5, 2.3}}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
