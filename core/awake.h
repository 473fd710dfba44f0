/* awake.h - keeps the CPUs of a window from idling, where its cell asks for it */
#ifndef BATON_AWAKE_H
#define BATON_AWAKE_H

#include "cell.h"
#include "crew.h"

/*
 * The parameter `awake` of a cell:
 * awake=1: a thread under SCHED_IDLE is runnable on each of the team's CPUs, so that none enters an
 * idle state. The exit from idle is traded for the preemption of that thread, which the kernel
 * grants to any other at once. sched(7).
 * awake=latency: /dev/cpu_dma_latency is held open with a request for 0 us, which keeps all CPUs of
 * the machine in the idle state that is left at once. Documentation/power/pm_qos_interface.rst.
 */
struct awake;

/* What the cell asks for, not begun yet but for the latency request: 0 and *out, which is NULL
 * where it does not ask; otherwise -errno: this machine does not grant the request (-EACCES,
 * -ENOENT …), or -EINVAL: another value. */
int awake_open(struct awake **out, const struct cell *cell);

/* Before the team meets. The threads are idlers of the crew: hired when they are first needed, they
 * outlive the window, asleep. 0, -ETIMEDOUT (other work has the CPUs so much that those of an
 * earlier window have not got one to stop on) or the -errno of hiring them. NULL is welcome. */
int awake_start(struct awake *awake, struct crew *crew, const struct cell *cell);

/* The CPU-time clocks of the threads on the team's CPUs, by thread of the team, once they have been
 * started: true; false where there are none. */
bool awake_clocks(const struct awake *awake, const struct cell *cell, clockid_t clock[TEAM_MAX]);

/* After the team has left, or hangs: ends the request, or tells the threads to stop and waits until
 * they have, but not for long: one that cannot run stops as soon as it can. NULL is welcome. */
void awake_end(struct awake *awake);

#endif
