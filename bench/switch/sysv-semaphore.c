/* sysv-semaphore.c - a System V semaphore set, one semaphore for each thread */
#include "pingpong.h"

#include <sys/sem.h>

static int open_set(struct run *run)
{
	int *set = run->state;

	*set = semget(IPC_PRIVATE, 2, 0600);
	return *set < 0 ? -errno : 0;
}

static void close_set(struct run *run)
{
	const int *set = run->state;

	semctl(*set, 0, IPC_RMID);
}

static int add(const int *set, int thread, short count)
{
	struct sembuf operation = {.sem_num = (unsigned short)thread, .sem_op = count};

	while (semop(*set, &operation, 1))
		if (errno != EINTR) /* it comes back so from a stop and continue: signal(7) */
			return -errno;
	return 0;
}

static int pass(struct run *run, int to)
{
	return add(run->state, to, 1);
}

static int await(struct run *run, int me)
{
	return add(run->state, me, -1);
}

static int work(struct run *run, int me)
{
	return pingpong(run, me, pass, await);
}

static const struct bench bench = {
	.family = "switch",
	.name = "sysv-semaphore",
	.about = "a System V semaphore set, one semaphore for each thread",
	.state_size = sizeof(int),
	.open = open_set,
	.close = close_set,
	.workloads = {{&pingpong_shape, work, .one_cpu = {0.95, 1.05}, .across = {0.5, 1.1}}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
