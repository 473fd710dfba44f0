/* signal.c - a signal directed at the other thread, awaited with sigwaitinfo */
#include "pingpong.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The team blocks every signal, so that each stays pending for its thread until it is awaited. */
static int pass(struct run *run, int to)
{
	return syscall(SYS_tgkill, getpid(), run->tally[to].tid, SIGUSR1) ? -errno : 0;
}

static int await(struct run *run, int me)
{
	sigset_t token;

	(void)run, (void)me;
	sigemptyset(&token);
	sigaddset(&token, SIGUSR1);
	while (sigwaitinfo(&token, NULL) != SIGUSR1)
		if (errno != EINTR) /* it comes back so from a stop and continue: signal(7) */
			return -errno;
	return 0;
}

static int work(struct run *run, int me)
{
	return pingpong(run, me, pass, await);
}

static const struct bench bench = {
	.family = "switch",
	.name = "signal",
	.about = "a signal directed at the other thread, awaited with sigwaitinfo",
	.workloads = {{&pingpong_shape, work, .one_cpu = {0.95, 1.05}, .across = {0.5, 1.1}}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
