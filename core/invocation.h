/* invocation.h - one fresh process that measures a plan, as its supervisor sees it */
#ifndef BATON_INVOCATION_H
#define BATON_INVOCATION_H

#include "plan.h"
#include "setting.h"

/* What the supervisor does while an invocation is under way. */
struct watch {
	int signals; /* a signalfd of those that end a run */
	int signal;  /* the one that came, or 0 */
	/* Takes what the journal holds, and the round's facts if one has ended. 0 or -errno: the
	 * run ends. */
	int (*take)(void *arg, struct plan *plan, bool round_ended);
	void *arg;
};

/* How an invocation ended. */
struct ending {
	bool whole; /* all was measured, or it was told to stop */
	int status; /* of waitpid(2) */
	int error;  /* of take() */
};

/*
 * Starts a worker under the setting, hands it the plan behind plan_fd, and returns when it is gone;
 * all that it measured has been taken by then. The plan stays the caller's. A worker that falls
 * silent is killed. Ends the program with EXIT_UNFIT where no process can be started.
 */
struct ending invocation_run(
	struct plan *plan, int plan_fd, const struct setting *setting, struct watch *watch);

/* Runs the setting's command, if it has one, and waits for it, at most a minute. 0, its exit code,
 * 128 + the signal that ended it, or -errno; a signal that ends the run ends the command as well.
 */
int invocation_prepare(const struct setting *setting, struct watch *watch);

#endif
