/* recording.h - a run on its way into its folder: one side of what a supervisor measures */
#ifndef BATON_RECORDING_H
#define BATON_RECORDING_H

#include "extent.h"
#include "invocation.h"
#include "results.h"
#include "select.h"
#include "summary.h"

enum { RECORDING_FOLDER = 512 };

struct recording {
	const struct options *options;
	const struct machine *machine;
	const struct setting *setting;
	struct selection selection; /* its own cells, with the counts found for its setting */
	struct extent extent;
	struct results *results;
	struct summary *summary;
	char folder[RECORDING_FOLDER];
	struct agreement clocks; /* of the pair of CPUs that knows least */
	uint64_t owned, traced;  /* ownerships in traced windows, and those of them on file */
	bool incomplete;         /* a worker ended early */
	int unfit;               /* exit code of a worker that could not even start; 0: none */
	int write_error;         /* 0 or -errno: results cannot be written any more */
};

/* Fills in the rest of a recording whose first five members and folder are set, and makes its
 * files. A folder that cannot be written ends the program with EXIT_UNWRITABLE. */
void recording_open(struct recording *recording, const char *run_id);

/* A fact about the run. */
void recording_fact(struct recording *recording, const char *key, const char *value);
void recording_number(struct recording *recording, const char *key, double value);

/* Takes rows, and the facts of a round that has ended, out of the plan. 0 or -errno. */
int recording_take(struct recording *recording, struct plan *plan, bool round_ended);

/*
 * One fresh process of this side, or with `calibrate` one that only counts how many operations
 * fill a window. watch->take is called for each of its reports. The words for stderr, without a
 * newline, of what went wrong into why, which stays empty if nothing did. Returns 0, or an
 * exit code that ends the run.
 */
int recording_invoke(struct recording *recording, int number, bool calibrate, struct watch *watch,
	char why[256]);

/* Cells that are known to hang. */
size_t recording_hanging(const struct recording *recording);

/* Writes how the run ended, closes the files, frees all but the summary and the selection, which
 * recording_free() does. */
void recording_close(struct recording *recording, const char *end);
void recording_free(struct recording *recording);

#endif
