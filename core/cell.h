/* cell.h - one line of the result: a mechanism's workload at a place with its params */
#ifndef BATON_CELL_H
#define BATON_CELL_H

#include "bench.h"
#include "place.h"

enum { CELL_NAME = 256, CELL_WORD = 32 };

/* Plain data without pointers: a plan of cells is handed to another process as it is. */
struct cell {
	int bench;    /* index in the catalogue */
	int workload; /* index in the bench's workloads */
	/* The same in words: another binary has another catalogue (cell_resolve). */
	char family[CELL_WORD], mechanism[CELL_WORD], shape[CELL_WORD];
	char place[PLACE_NAME];
	char params[PARAMS_MAX]; /* sorted k=v;k=v, or empty */
	int threads;
	int cpu[TEAM_MAX]; /* OS indexes, by thread */
	int home;          /* NUMA node of the shared state, -1 unknown */
	bool fixed;        /* this very pair, not one drawn afresh in each invocation */
	int64_t window_ns; /* nominal length */
	uint64_t ops;      /* lockstep: operations that last about window_ns; 0: not calibrated */
	double dose_ns;    /* spike-in: nominal time to put into each operation; 0 elsewhere */
	bool dosed;        /* the spike-in, or the base that it is held against: the same code */
	bool roundtrip;    /* its CPUs' clocks do not agree: no one-way stamps */
	bool hangs;        /* its team did not come back: not tried again in this run */
	char unfit[64];    /* why it cannot run at this place; empty: it can */
	char note[64];     /* what to know of its values; empty: nothing */
};

/* A cell of this catalogue, without a place or params. */
struct cell cell_make(int bench, int workload);

/* Gives it params, and as many threads as they ask for. */
void cell_set_params(struct cell *cell, const char *params);

/* Finds the cell's words in this process's catalogue; one that it has not becomes unfit. */
void cell_resolve(struct cell *cell);

const struct bench *cell_bench(const struct cell *cell);
const struct workload *cell_workload(const struct cell *cell);

/* family/mechanism/workload/place[/params][/cpus if fixed]: what --filter matches. Returns name. */
const char *cell_name(const struct cell *cell, char name[CELL_NAME]);

/* OS indexes of the team joined by '-'. Returns text. */
const char *cell_cpus(const struct cell *cell, char text[TEAM_MAX * 6]);

/* Of the spike-in: the share of the base's time that is put into each operation; 0 elsewhere. */
double cell_dose_share(const struct cell *cell);

/* Whether single waits and holds of its lock are timed. */
bool cell_stamps_waits(const struct cell *cell);

/* On how many CPUs the team sits. */
int cell_cpu_count(const struct cell *cell);

/* Whether two of the team sit on one CPU. */
bool cell_shares_cpu(const struct cell *cell);

#endif
