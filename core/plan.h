/* plan.h - what the supervisor hands to an invocation, and the journal it gets back */
#ifndef BATON_PLAN_H
#define BATON_PLAN_H

#include "agree.h"
#include "cell.h"
#include "record.h"
#include "sample.h"

#include <stdatomic.h>

enum { JOURNAL_MAX = 256, BLOCK_CELLS = 10 };

/* To be raised whenever a plan or a word comes to mean something else: supervisor and worker can
 * be different binaries (baton ab). */
enum { PLAN_PROTOCOL = 2, PLAN_STAMPED_MAX = 4096 };

struct round_facts {
	int round;
	int64_t started_utc_ns;
	int64_t wall_ns;
	int64_t steal_ns; /* -1: unknown */
	double chain_ghz;
};

/* Shared memory of supervisor and worker. The worker writes each sample into the journal as soon
 * as its window has ended, so that none is lost with the worker. When the journal is full or a
 * round is over it sends a byte and waits for one: in between the supervisor owns the journal. */
struct plan {
	uint64_t protocol; /* of its maker; see plan_map */
	uint64_t seed;
	int invocation; /* from 0 */
	bool calibrate; /* only fill in the cells' ops */
	int rounds;
	int64_t lead_in_ns;
	int policy; /* of the measuring threads, SCHED_… */
	int base;   /* index of the base cell */
	int spike;  /* of the spike-in, -1: none */
	bool pair;  /* two cells and the spike-in alone, in adjacent windows */
	bool trace; /* keep the ownerships of stamped locks, in the first round */
	size_t cells;
	size_t size; /* bytes of the mapping */

	struct round_facts round; /* of the round that has ended */
	_Atomic size_t sampled;   /* rows in the journal */
	struct sample journal[JOURNAL_MAX];
	struct agreement clocks; /* of the pair of CPUs that knows least, as far as looked at */
	struct cell cell[];
	/* Then what one window traces, plan_trace(), and a record for each cell, plan_record(). */
};

/* What the two say to each other, one byte each. */
enum word {
	WORD_JOURNAL = 'j', /* worker: take the journal */
	WORD_ROUND = 'r',   /* worker: take the journal and the round's facts */
	WORD_DONE = 'd',    /* worker: the invocation is over */
	WORD_GO = 'g',      /* supervisor: taken, go on */
	WORD_STOP = 's',    /* supervisor: end with the window in progress */
};

/* A plan in a memory file that an exec'ed child can map: 0 and *fd, or -errno. */
int plan_create(struct plan **out, size_t cells, int *fd);

/* Maps a plan that this or another binary has made. -EPROTO: a binary whose plans are others. */
int plan_map(struct plan **out, int fd);

/* The stamps of a cell in this invocation; NULL in a plan of more cells than PLAN_STAMPED_MAX, a
 * matrix of all pairs of a large machine: they would fill the memory. */
struct record *plan_record(struct plan *plan, size_t cell);

/* The ownerships of the last traced window, by thread: it is the last one in the journal. */
struct trace *plan_trace(struct plan *plan);
void plan_free(struct plan *plan);

#endif
