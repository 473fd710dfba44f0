/* guard.c - the shapes of a guarded structure */
#include "guard.h"

#define SET(updaters, work_ns) "updaters=" #updaters ";work_ns=" #work_ns

static const char *const locked_params[] = {SET(2, 0), SET(2, 10000), NULL};
static const char *const locked_more[] = {SET(2, 100), SET(2, 300), SET(2, 1000), SET(2, 3000),
	SET(2, 30000), SET(2, 100000), SET(4, 0), SET(4, 1000), SET(4, 10000), SET(4, 100000),
	SET(8, 0), SET(8, 1000), SET(8, 10000), SET(8, 100000), NULL};

const struct shape guard_locked_shape = {
	.name = "guard",
	.metric = "cost",
	.unit = "ns",
	.crowd = "updaters",
	.free_running = true,
	.per_thread = true,
	.timekeeper = EVERYBODY,
	.roles = {[0 ... TEAM_MAX - 1] = "updater"},
	.params = locked_params,
	.more = locked_more,
};

/* The owner keeps the time, for it alone does what is counted. */
const struct shape guard_owned_shape = {
	.name = "guard",
	.metric = "cost",
	.unit = "ns",
	.threads = 1,
	.crowd = "updaters",
	.free_running = true,
	.per_thread = true,
	.timekeeper = 0,
	.roles = {"owner", [1 ... TEAM_MAX - 1] = "updater"},
};

struct lock_habit guard_work(const struct run *run)
{
	return (struct lock_habit){
		.turns = 1, .hold = lock_spin_for((double)run_param(run, "work_ns", 0))};
}
