/* crew.h - pinned threads that outlive windows: one for each CPU and seat on it */
#ifndef BATON_CREW_H
#define BATON_CREW_H

#include "place.h"

#include <stdint.h>

struct crew;

/* A crew without members; they are hired, pinned and verified when a team first needs them, and
 * serve every place that uses their CPU. 0 or -errno. The machine must outlive the crew. */
int crew_open(struct crew **out, const struct machine *machine);

/* Ends and joins every member. None may be at work. */
void crew_close(struct crew *crew);

/* Starts job(arg, i) on a member pinned to cpu[i], for each i < threads; members that share a CPU
 * differ in seat. 0, or -errno if a member cannot be hired or pinned: then nothing was started. */
int crew_start(
	struct crew *crew, const int *cpu, int threads, void (*job)(void *arg, int me), void *arg);

/* Waits until every started job has returned: 0, or -ETIMEDOUT at deadline_ns (clock_now_ns), after
 * which one may wait again. Once for each start. */
int crew_wait(struct crew *crew, int64_t deadline_ns);

/* The open /proc/thread-self/schedstat of the member that a job runs on; -1 where there is none. */
int crew_my_schedstat(void);

#endif
