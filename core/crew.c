/* crew.c - pinned threads that wait for jobs */
#include "crew.h"

#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

struct member {
	struct member *next;
	struct crew *crew;
	pthread_t thread;
	sem_t go;
	int cpu;
	int seat; /* 0 for the first of a team on this CPU, 1 for the second … */
	int fit;  /* pinned, with the crew's policy: 0 or -errno, known once it has reported */
	bool dismissed;
	int me;
	void (*job)(void *arg, int me);
	void *arg;
};

struct crew {
	const struct machine *machine;
	int policy, priority;
	struct member *members;
	struct crew *idlers; /* NULL until asked for */
	sem_t report;        /* one post per new member, pinned or not */
	sem_t done;          /* one post per team, by the last job to return */
	_Atomic int at_work;
	struct member *team[TEAM_MAX]; /* at work, or the last that was */
	int threads;
	bool awaited;                 /* a team was started, and nobody has seen it return */
	struct sched_param conductor; /* while it has stepped up: what it had before */
	int conductor_policy;
};

static _Thread_local int my_schedstat = -1;

int crew_my_schedstat(void)
{
	return my_schedstat;
}

static void wait_for(sem_t *semaphore)
{
	while (sem_wait(semaphore) && errno == EINTR)
		;
}

/* Release and acquire: what every job wrote is there for whoever waited for the last one. */
static void return_from_work(struct crew *crew)
{
	if (atomic_fetch_sub_explicit(&crew->at_work, 1, memory_order_acq_rel) == 1)
		sem_post(&crew->done);
}

/* A thread inherits its policy. One that cannot have the crew's must not measure under another. */
static int take_policy(const struct crew *crew)
{
	const struct sched_param param = {.sched_priority = crew->priority};
	struct sched_param inherited;

	if ((sched_getscheduler(0) & ~SCHED_RESET_ON_FORK) == crew->policy &&
		!sched_getparam(0, &inherited) && inherited.sched_priority == crew->priority)
		return 0;
	return sched_setscheduler(0, crew->policy, &param) ? -errno : 0;
}

/*
 * Thread 0 wakes the others. Whoever starts the team is pinned nowhere and may sit on a CPU of
 * theirs: the first that it woke there would put it off its CPU, and spin for one that nobody had
 * woken yet until its slice was over (seen: 3 to 5 ms). Those under SCHED_IDLE put nobody off, but
 * may have to wait for a CPU themselves: each is woken by the one who starts them.
 */
static bool first_wakes_the_others(const struct crew *crew)
{
	return crew->policy != SCHED_IDLE;
}

static void wake(struct crew *crew, int from, int to)
{
	for (int i = from; i < to; i++)
		sem_post(&crew->team[i]->go);
}

static void *member_life(void *arg)
{
	struct member *member = arg;

	my_schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	member->fit = machine_pin(member->crew->machine, member->cpu);
	if (!member->fit)
		member->fit = take_policy(member->crew);
	sem_post(&member->crew->report);
	for (;;) {
		wait_for(&member->go);
		if (member->dismissed)
			break;
		if (member->me == 0 && first_wakes_the_others(member->crew))
			wake(member->crew, 1, member->crew->threads);
		member->job(member->arg, member->me);
		return_from_work(member->crew);
	}
	if (my_schedstat >= 0)
		close(my_schedstat);
	return NULL;
}

/* With every signal blocked: signals are the supervisor's business, and the signal mechanism
 * awaits its own with sigwaitinfo, which needs it blocked. */
static int start_thread(struct member *member)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&member->thread, NULL, member_life, member);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -rc;
}

static void dismiss(struct member *member)
{
	member->dismissed = true;
	sem_post(&member->go);
	pthread_join(member->thread, NULL);
	sem_destroy(&member->go);
	free(member);
}

static int hire(struct crew *crew, int cpu, int seat, struct member **out)
{
	struct member *member = calloc(1, sizeof(*member));
	int rc;

	if (!member)
		return -ENOMEM;
	member->crew = crew;
	member->cpu = cpu;
	member->seat = seat;
	sem_init(&member->go, 0, 0);
	rc = start_thread(member);
	if (rc) {
		sem_destroy(&member->go);
		free(member);
		return rc;
	}
	wait_for(&crew->report);
	rc = member->fit;
	if (rc) {
		dismiss(member);
		return rc;
	}
	member->next = crew->members;
	crew->members = member;
	*out = member;
	return 0;
}

static int find_or_hire(struct crew *crew, int cpu, int seat, struct member **out)
{
	for (struct member *member = crew->members; member; member = member->next)
		if (member->cpu == cpu && member->seat == seat) {
			*out = member;
			return 0;
		}
	return hire(crew, cpu, seat, out);
}

static int seat_of(const int *cpu, int i)
{
	int seat = 0;

	for (int j = 0; j < i; j++)
		seat += cpu[j] == cpu[i];
	return seat;
}

static bool policy_is_known(int policy, int priority)
{
	if (policy == SCHED_FIFO)
		return priority >= sched_get_priority_min(policy) &&
		       priority < sched_get_priority_max(policy);
	return priority == 0 &&
	       (policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE);
}

int crew_open(struct crew **out, const struct machine *machine, int policy, int priority)
{
	struct crew *crew;

	if (!policy_is_known(policy, priority))
		return -EINVAL;
	crew = calloc(1, sizeof(*crew));
	if (!crew)
		return -ENOMEM;
	crew->machine = machine;
	crew->policy = policy;
	crew->priority = priority;
	sem_init(&crew->report, 0, 0);
	sem_init(&crew->done, 0, 0);
	*out = crew;
	return 0;
}

int crew_idlers(struct crew *crew, struct crew **out)
{
	const int rc = crew->idlers ? 0 : crew_open(&crew->idlers, crew->machine, SCHED_IDLE, 0);

	*out = crew->idlers;
	return rc;
}

int crew_clock(const struct crew *crew, int cpu, clockid_t *out)
{
	for (const struct member *member = crew->members; member; member = member->next)
		if (member->cpu == cpu && member->seat == 0)
			return -pthread_getcpuclockid(member->thread, out);
	return -ENOENT;
}

void crew_close(struct crew *crew)
{
	if (crew->idlers)
		crew_close(crew->idlers);
	while (crew->members) {
		struct member *member = crew->members;

		crew->members = member->next;
		dismiss(member);
	}
	sem_destroy(&crew->done);
	sem_destroy(&crew->report);
	free(crew);
}

int crew_start(
	struct crew *crew, const int *cpu, int threads, void (*job)(void *arg, int me), void *arg)
{
	for (int i = 0; i < threads; i++) {
		const int rc = find_or_hire(crew, cpu[i], seat_of(cpu, i), &crew->team[i]);

		if (rc)
			return rc;
		crew->team[i]->me = i;
		crew->team[i]->job = job;
		crew->team[i]->arg = arg;
	}
	atomic_store_explicit(&crew->at_work, threads, memory_order_relaxed); /* sem_post orders */
	crew->awaited = true;
	crew->threads = threads;
	wake(crew, 0, first_wakes_the_others(crew) ? 1 : threads);
	return 0;
}

int crew_wait(struct crew *crew, int64_t deadline_ns)
{
	const struct timespec deadline = {
		.tv_sec = deadline_ns / NS_PER_S, .tv_nsec = deadline_ns % NS_PER_S};

	if (!crew->awaited)
		return 0;
	while (sem_clockwait(&crew->done, CLOCK_MONOTONIC, &deadline))
		if (errno != EINTR)
			return -errno;
	crew->awaited = false;
	/* For its ordering, which ThreadSanitizer does not see in the wait above. */
	(void)atomic_load_explicit(&crew->at_work, memory_order_acquire);
	return 0;
}

int crew_step_up(struct crew *crew)
{
	const struct sched_param above = {.sched_priority = crew->priority + 1};

	if (crew->policy != SCHED_FIFO)
		return 0;
	crew->conductor_policy = sched_getscheduler(0);
	if (crew->conductor_policy < 0 || sched_getparam(0, &crew->conductor))
		return -errno;
	return sched_setscheduler(0, SCHED_FIFO, &above) ? -errno : 0;
}

void crew_step_down(struct crew *crew)
{
	if (crew->policy == SCHED_FIFO)
		sched_setscheduler(0, crew->conductor_policy, &crew->conductor);
}
