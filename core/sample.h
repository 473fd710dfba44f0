/* sample.h - what a window yields: one row of samples.csv, and its threads' rows */
#ifndef BATON_SAMPLE_H
#define BATON_SAMPLE_H

#include "bench.h"

#include <math.h>

/* Flags of a window; several may hold. */
enum flag {
	FLAG_SWITCHES = 1, /* switches per operation outside the declared band */
	FLAG_LOAD = 2,     /* others had the CPUs for more than 10 % of the window */
	FLAG_STEAL = 4,    /* the hypervisor had them for more than 10 % */
};

enum status {
	STATUS_OK,
	STATUS_SKIPPED,
	STATUS_CUT, /* stopped before it could tell anything: other work had the CPUs */
	STATUS_ERROR,
	STATUS_TIMEOUT, /* the team hangs */
};

struct thread_sample {
	int cpu;
	uint64_t loops, acquisitions;
	int64_t held_ns;
	int64_t waited_ns, longest_wait_ns; /* -1: not stamped */
	uint64_t longest_streak, takeovers;
	int64_t thought_ns; /* -1: nothing is done between acquisitions */
};

/* Plain data: handed from the worker to the supervisor as it is. NAN: unknown. */
struct sample {
	int cell; /* index in the plan */
	int cpu[TEAM_MAX];
	int home;
	int round, block, order;
	double value; /* in the metric's unit */
	uint64_t ops;
	int64_t wall_ns, lead_in_ns;
	int64_t cpu_ns, runqueue_wait_ns; /* summed over the team; runqueue_wait_ns -1: unknown */
	int64_t voluntary, involuntary;
	double slept;         /* share of operations that slept */
	double foreign_share; /* of the team's CPUs, taken by others */
	double dose_ns;       /* put into each operation on purpose */
	int strayed;          /* threads seen off their CPU; -1: not looked at */
	int64_t timed_ns;     /* when its timed phase began, clock_now_ns(), where it is traced */
	bool traced;          /* its ownerships lie in the plan (plan_trace) */
	unsigned flags;
	enum status status;
	char id[24];     /* of what was skipped or failed: EMSGSIZE, PLACE, EXCLUSION … */
	char reason[96]; /* in words */
	struct thread_sample thread[TEAM_MAX];
};

/* The window ended in this way, without a value; id and reason are copied, cut to fit. */
void sample_end(struct sample *sample, enum status status, const char *id, const char *reason);

#endif
