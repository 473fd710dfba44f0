/* syscall.c - the cheapest system call (getppid) */
#include "repeat.h"

#include <sys/syscall.h>
#include <unistd.h>

static void call(struct run *run)
{
	(void)run;
	syscall(SYS_getppid);
}

static int work(struct run *run, int me)
{
	return repeat(run, me, call);
}

static const struct bench bench = {
	.family = "floor",
	.name = "syscall",
	.about = "the cheapest system call (getppid)",
	.workloads = {{.shape = &repeat_shape, .work = work}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
