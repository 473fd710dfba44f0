/* awake.c - threads that only keep their CPUs awake */
#include "awake.h"

#include "params.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CALLS = 16 };

/* Under SCHED_IDLE a thread may wait seconds for a CPU that others want: the end of a window does
 * not wait for that, the next beginning does. */
static const int64_t end_patience_ns = 10 * NS_PER_MS, start_patience_ns = INT64_C(5) * NS_PER_S;

struct awake {
	struct crew *idlers; /* at work; NULL: none are */
	int latency;         /* /dev/cpu_dma_latency, -1: it is not that */
	_Atomic bool over;
	_Atomic int holders; /* the window, and each thread: the last one frees it */
};

/* Acquire and release: whoever frees it comes after all that the others did with it. */
static void let_go(struct awake *awake)
{
	if (atomic_fetch_sub_explicit(&awake->holders, 1, memory_order_acq_rel) == 1)
		free(awake);
}

/* System calls all the time, for a kernel with lazy preemption lets even such a thread run on until
 * it is on its way out of one. Some of them yield: two who share the CPU and yield to each other,
 * as a team does while it meets, may come upon this one, and must not have to wait for the end of
 * its slice. */
static void keep_awake(void *arg, int me)
{
	struct awake *awake = arg;

	(void)me;
	while (!atomic_load_explicit(&awake->over, memory_order_relaxed)) {
		for (int i = 0; i < CALLS; i++)
			syscall(SYS_getppid);
		sched_yield();
	}
	let_go(awake);
}

static int distinct_cpus(const struct cell *cell, int cpu[TEAM_MAX])
{
	int count = 0;

	for (int i = 0; i < cell->threads; i++) {
		bool known = false;

		for (int j = 0; j < count; j++)
			known |= cpu[j] == cell->cpu[i];
		if (!known)
			cpu[count++] = cell->cpu[i];
	}
	return count;
}

/* The request is a binary number of microseconds, and lasts as long as the file is open. */
static int request_latency(struct awake *awake)
{
	const int32_t none_us = 0;

	awake->latency = open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC);
	if (awake->latency < 0)
		return -errno;
	if (write(awake->latency, &none_us, sizeof(none_us)) == sizeof(none_us))
		return 0;
	const int rc = -errno;

	close(awake->latency);
	return rc;
}

int awake_open(struct awake **out, const struct cell *cell)
{
	char how[PARAMS_MAX];
	struct awake *awake;
	int rc = 0;

	*out = NULL;
	if (!params_text(cell->params, "awake", how) || !strcmp(how, "0"))
		return 0;
	awake = calloc(1, sizeof(*awake));
	if (!awake)
		return -ENOMEM;
	awake->latency = -1;
	atomic_init(&awake->holders, 1);
	if (!strcmp(how, "latency"))
		rc = request_latency(awake);
	else if (strcmp(how, "1") != 0)
		rc = -EINVAL;
	if (rc)
		free(awake);
	else
		*out = awake;
	return rc;
}

/* That they are runnable is enough: whether they run or somebody else does, their CPUs do not
 * idle. */
int awake_start(struct awake *awake, struct crew *crew, const struct cell *cell)
{
	struct crew *idlers;
	int cpu[TEAM_MAX], rc;

	if (!awake || awake->latency >= 0)
		return 0;
	const int cpus = distinct_cpus(cell, cpu);

	rc = crew_idlers(crew, &idlers);
	if (!rc)
		rc = crew_wait(idlers, clock_now_ns() + start_patience_ns);
	if (rc)
		return rc;
	atomic_store_explicit(&awake->holders, cpus + 1, memory_order_relaxed);
	rc = crew_start(idlers, cpu, cpus, keep_awake, awake);
	if (rc)
		atomic_store_explicit(&awake->holders, 1, memory_order_relaxed);
	else
		awake->idlers = idlers;
	return rc;
}

bool awake_clocks(const struct awake *awake, const struct cell *cell, clockid_t clock[TEAM_MAX])
{
	if (!awake || !awake->idlers)
		return false;
	for (int i = 0; i < cell->threads; i++)
		if (crew_clock(awake->idlers, cell->cpu[i], &clock[i]))
			return false;
	return true;
}

void awake_end(struct awake *awake)
{
	if (!awake)
		return;
	if (awake->latency >= 0)
		close(awake->latency);
	atomic_store_explicit(&awake->over, true, memory_order_relaxed);
	if (awake->idlers)
		crew_wait(awake->idlers, clock_now_ns() + end_patience_ns);
	let_go(awake);
}
