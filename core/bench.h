/* bench.h - the one header a mechanism needs: how it describes itself, what a window lends it */
#ifndef BATON_BENCH_H
#define BATON_BENCH_H

#include "arch.h"
#include "clock.h"
#include "histogram.h"
#include "ownership.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	/* Two cache lines: x86 prefetches them in pairs, some Arm cores have lines this long. */
	OWN_LINES = 128,
	TEAM_MAX = 64,
	WORKLOADS_MAX = 12,
	PARAMS_MAX = 128,
};

/* What the scheduler charged one thread with during the timed stretch. getrusage(2),
 * clock_gettime(2), Documentation/scheduler/sched-stats.rst. */
struct usage {
	int64_t cpu_ns;
	int64_t runqueue_wait_ns; /* runnable, but not running */
	int64_t voluntary;        /* switches because it slept */
	int64_t involuntary;      /* switches because it was preempted */
	int64_t idler_ns;         /* CPU time of the thread that keeps its CPU awake; 0: none */
};

/* One thread's account of a window, on lines of its own: nobody else writes here. */
struct tally {
	_Alignas(OWN_LINES) int64_t begin_ns;
	int64_t end_ns;
	uint64_t ops;              /* operations that this thread counts */
	uint64_t hops;             /* pingpong under verify: so far */
	uint64_t loops;            /* locks: turns of the worker's own loop */
	uint64_t acquisitions;     /* locks: in the timed stretch */
	uint64_t all_acquisitions; /* locks: exclusive ones, the lead-in and the way out as well */
	uint64_t takeovers;        /* locks: acquisitions before which another thread had it */
	int64_t held_ns;
	int64_t thought_ns;      /* spun between acquisitions; -1 where nothing is */
	int64_t waited_ns;       /* -1 where nobody stamped */
	int64_t longest_wait_ns; /* -1 where nobody stamped */
	uint64_t longest_streak; /* most acquisitions in a row with no other owner between */
	struct usage usage;
	int schedstat_fd;
	pid_t tid;
};

/* One thread's stamps of single operations, on lines of its own. */
struct stamps {
	_Alignas(OWN_LINES) struct histogram ways; /* hand-offs */
	struct histogram waits, holds;             /* of a lock */
};

enum phase { PHASE_LEAD_IN, PHASE_TIMED, PHASE_OVER };

/* What a lock protects: written under the lock alone, without atomics, so that a lock that lets
 * two in shows as a lost count. */
struct guarded {
	_Alignas(OWN_LINES) uint64_t count;
	int owner;
};

/* One window of one cell, as its team sees it. Lives on the home node (first touched there). */
struct run {
	/* Read by everybody during the window, written when a phase changes. */
	/* Free-running shapes; in streams and fans that of the thread that counts. */
	_Alignas(OWN_LINES) _Atomic int phase;
	int64_t timed_ns;  /* free-running: when the timed phase began */
	_Atomic bool stop; /* lockstep: end with the next operation; how streams and fan-ins end */
	_Atomic bool last; /* pingpong: the token being passed is the last */
	_Atomic uint64_t last_value; /* handoff: the number of the last value to come */
	bool verify;                 /* baton check: prove every hop */
	bool shares_cpu;             /* some CPU has two of the team */
	bool roundtrip;              /* stamps are of round trips (stamp.h) */
	int threads;
	size_t payload;       /* bytes of a value handed over */
	uint64_t ops;         /* lockstep: operations of the timed stretch */
	uint64_t lead_ops;    /* lockstep: operations before it */
	uint64_t stamp_every; /* one of so many round trips is stamped; 0: none (stamp.h) */
	double value;   /* what the mechanism itself measured; NAN: time per operation counts */
	double dose_ns; /* what was put into each operation on purpose; NAN: nothing */
	uint64_t dose;  /* the same as a chain of additions; 0: nothing */
	bool dosed;     /* runs the loop that puts the dose in, be it nothing */
	const struct shape *shape;
	const char *params;
	const clockid_t *idler; /* CPU-time clocks of those who keep CPUs awake; NULL: none do */
	void *state;            /* the mechanism's own, zeroed, page-aligned */
	struct tally *tally;
	struct stamps *stamps; /* by thread; NULL where nothing is stamped */
	uint32_t *slot;        /* stamped locks: by thread, `slots` each (ownership.h); or NULL */
	size_t slots;
	struct trace *trace; /* by thread; NULL where nothing is traced */

	/* pingpong under verify: hops so far; fan-out: values received, and their numbers' sum */
	_Alignas(OWN_LINES) _Atomic uint64_t token;
	_Atomic uint64_t token_sum;
	_Atomic int64_t departed_ns; /* of the token under way, where its trip is stamped */
	/* free-running: threads that got in once; fan-out: that got their last value */
	_Alignas(OWN_LINES) _Atomic int contending;
	struct guarded guarded;
};

enum { EVERYBODY = -1 };

/* A shape: the loop that a workload of one kind runs, whatever the mechanism. Two kinds:
 * lockstep (a calibrated count of operations) and free-running (time and a stop flag). */
struct shape {
	const char *name; /* the workload's name */
	const char *metric;
	const char *unit;
	int threads;       /* but for those of the crowd */
	const char *crowd; /* the param that says how many more there are; NULL: none */
	int most_per_cpu; /* teams with more threads than that many per CPU are left out; 0: none */
	bool free_running;
	bool rate;       /* its value is operations per second: more is better */
	bool per_thread; /* its threads differ: rows in threads.csv */
	bool can_stamp;  /* single hand-offs, where they take long enough (stamp.h) */
	bool contest;    /* its threads contend for a lock (lock.h) */
	bool dosable;    /* its loop puts run->dose into each operation */
	int timekeeper;  /* the thread whose stretch is the window's; EVERYBODY: first begin to last
			    end */
	int64_t window_ns; /* 0: the run's default */
	const char *roles[TEAM_MAX];
	const char *const *params; /* sets of k=v;k=v, sorted, ended by NULL; NULL: one empty set */
	const char *const *more;   /* sets that --set=all adds */
};

/* Switches per operation that the audit accepts; both 0: nothing is promised. */
struct band {
	double low, high;
};

enum needs {
	NEEDS_NOTHING,
	NEEDS_OWN_CPUS, /* those who spin on one CPU only burn time slices */
	NEEDS_ONE_CPU,
};

/* Param sets of one shape that need or promise other things are workloads of their own. */
struct workload {
	const struct shape *shape;
	int (*work)(struct run *run, int me); /* every thread; 0 or -errno */
	const char *const *params;            /* instead of the shape's */
	const char *const *more;              /* param sets that --set=all adds */
	enum needs needs;
	struct band one_cpu, across;
};

/* A mechanism: one per file under bench/, name = file name, family = folder. Static and const. */
struct bench {
	const char *family;
	const char *name;
	const char *about;   /* one sentence */
	const char *package; /* the library that it needs, where that is optional: Debian's name */
	bool base;           /* the one mechanism whose windows open and close each block */
	bool on_request;     /* all its cells are --set=all's */
	/* Its threads spin for their turns: one without a CPU holds up all behind it. Where a team
	 * shares CPUs its cells are --set=all's, and say so. */
	bool spins_in_turn;
	size_t state_size;
	/* Thread 0, before the window: 0, or -errno: the row is skipped. -ENOPKG: the package was
	 * not there when this was built (absent.h). */
	int (*open)(struct run *run);
	/* Thread 0, after everybody left, also if open failed half-way. */
	void (*close)(struct run *run);
	struct workload workloads[WORKLOADS_MAX];
};

/* Adds a mechanism to the catalogue. Call it from a constructor in the mechanism's file. */
void bench_enlist(const struct bench *bench);

/* The value of `key` in this window's params, or `otherwise`. Not for timed code. */
long run_param(const struct run *run, const char *key, long otherwise);

/* Whether the value of `key` is this word. Not for timed code. */
bool run_param_is(const struct run *run, const char *key, const char *word);

/* Open and close the calling thread's timed stretch: the usage is read outside the two stamps. */
void run_begin(struct run *run, int me);
void run_end(struct run *run, int me);

/* Across CPUs: lets the partner fall asleep before the first hand-off, or the two may pass the
 * token awake for the whole window (docs/method.md). On one CPU it cannot matter. */
void run_let_partner_sleep(const struct run *run);

/* To be called when a poll found nothing: on a shared CPU only the partner can change that. */
static inline void run_poll_again(const struct run *run)
{
	if (run->shares_cpu)
		sched_yield();
	else
		cpu_relax();
}

static inline bool run_stopped(const struct run *run)
{
	return atomic_load_explicit(&run->stop, memory_order_relaxed);
}

#endif
