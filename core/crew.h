/* crew.h - pinned threads that outlive windows: one for each CPU and seat on it */
#ifndef BATON_CREW_H
#define BATON_CREW_H

#include "place.h"

#include <stdint.h>
#include <time.h>

struct crew;

/* A crew without members; they are hired, pinned and verified when a team first needs them, and
 * serve every place that uses their CPU. Each sets its own policy: SCHED_OTHER, SCHED_BATCH,
 * SCHED_IDLE (priority 0) or SCHED_FIFO (priority 1 to the highest but one, which is for the thread
 * that conducts). sched_setscheduler(2), sched(7). 0 or -errno: -EINVAL for another policy or
 * priority. The machine must outlive the crew. */
int crew_open(struct crew **out, const struct machine *machine, int policy, int priority);

/* Ends and joins every member, its idlers too. None may be at work. */
void crew_close(struct crew *crew);

/* Starts job(arg, i) on a member pinned to cpu[i], for each i < threads, at most TEAM_MAX
 * (bench.h); members that share a CPU differ in seat. 0, or -errno if a member cannot be hired,
 * pinned or given its policy (-EPERM): then nothing was started. */
int crew_start(
	struct crew *crew, const int *cpu, int threads, void (*job)(void *arg, int me), void *arg);

/* Waits until every started job has returned: 0, also where none was started since the last wait;
 * or -ETIMEDOUT at deadline_ns (clock_now_ns), after which one has to wait again before the next
 * start. */
int crew_wait(struct crew *crew, int64_t deadline_ns);

/* A crew under SCHED_IDLE on the same machine, opened when it is first asked for, and closed with
 * this one: for threads that run where nobody else wants to. 0 or -errno. */
int crew_idlers(struct crew *crew, struct crew **out);

/* Under SCHED_FIFO a team that spins on every CPU would keep out the thread that has to tell it to
 * stop: raises the calling thread to one above the team until crew_step_down, which gives it back
 * what it had. With another policy neither does anything. Before crew_start: afterwards the team
 * may already be in the way. 0 or -errno. One thread at a time conducts a crew. A team that hangs
 * is a reason not to step down. */
int crew_step_up(struct crew *crew);
void crew_step_down(struct crew *crew);

/* The CPU-time clock of the member that has the first seat on a CPU: 0, -ENOENT if there is none
 * yet, or -errno. It lives as long as the crew. pthread_getcpuclockid(3). */
int crew_clock(const struct crew *crew, int cpu, clockid_t *out);

/* The open /proc/thread-self/schedstat of the member that a job runs on; -1 where there is none. */
int crew_my_schedstat(void);

#endif
