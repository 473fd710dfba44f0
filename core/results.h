/* results.h - the files of a run (results/README.md says what is in them) */
#ifndef BATON_RESULTS_H
#define BATON_RESULTS_H

#include "histogram.h"
#include "plan.h"

struct results;

enum { SCHEMA = 1 };

/* Makes the folder, its parents included, and the files with their headers. A folder that holds a
 * run already is left alone: -EEXIST. 0 or -errno. run_id is copied. */
int results_open(struct results **out, const char *folder, const char *run_id);

/* A window, with a row for each of its threads where they differ. */
void results_sample(struct results *results, int invocation, const struct cell *cell,
	const struct sample *sample);
void results_round(struct results *results, int invocation, const struct round_facts *round);

/* A cell's stamps of single operations in an invocation. what: handoff, roundtrip, wait or hold;
 * role: whose, NULL where the histogram is of all threads. */
void results_histogram(struct results *results, int invocation, const struct cell *cell,
	const char *what, const char *role, const struct histogram *histogram);

/* How thread 0's share of a lock spread in the stamped windows of an invocation. */
void results_shares(struct results *results, int invocation, const struct cell *cell,
	const struct shares *shares);

/* A window's ownerships, by the time at which they began; `trace` is by thread. Returns how many
 * there were. */
uint64_t results_trace(struct results *results, int invocation, const struct cell *cell,
	const struct sample *sample, const struct trace *trace);

/* state: ok, absent, denied or masked; value is NA unless ok. */
void results_fact(struct results *results, const char *scope, const char *key, const char *value,
	const char *state);

/* A file of its own in the run's folder. What goes wrong is told by the next results_flush. */
void results_save(struct results *results, const char *name, const char *text);

/* Brings every row written so far to the kernel. 0, or -errno of the first write that failed. */
int results_flush(struct results *results);

/* Flushes, closes and frees. 0 or -errno as above. */
int results_close(struct results *results);

/* 2026-11-23T06:10:00.123Z; returns text. */
const char *results_utc(int64_t utc_ns, char text[32]);

#endif
