/* shim.h - Google Benchmark for C programs */
#ifndef SHIM_H
#define SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The caller owns the threads, the number of operations and the clock; Google Benchmark sees one
 * thread and one batch with a manual time, and gives the flags, the console and the JSON:
 *
 *	static int body(struct shim_state *s, void *arg)
 *	{
 *		while (shim_batch(s, 1000))
 *			shim_set_ns(s, time_of_1000_operations(arg));
 *		return 0;
 *	}
 *
 *	shim_init(&argc, argv, why);
 *	shim_register("pipe/pingpong", body, NULL);
 *	shim_run(NULL, NULL, NULL, why);
 *
 * Errors are returned as -errno. Texts are copied on the way in; a text handed to a callback lives
 * until that callback returns. Nothing here is thread-safe: call it all from one thread, and a
 * shim_state only from the thread, and during the call, of the body that got it. The library
 * behind keeps its flags in globals, so there is one set of benchmarks per process.
 *
 * https://github.com/google/benchmark/blob/main/docs/user_guide.md
 */

enum { SHIM_WHY = 256 }; /* bytes of a message, its NUL included; longer ones are cut */

struct shim_state; /* one repetition in progress */

/* How a counter's value is turned into what is reported. */
enum shim_counter {
	SHIM_PLAIN,  /* as it is */
	SHIM_RATE,   /* divided by the repetition's time: per second */
	SHIM_PER_OP, /* divided by the repetition's operations */
};

enum shim_status { SHIM_OK, SHIM_SKIPPED, SHIM_FAILED };

/* One repetition of one benchmark, never an aggregate of several. */
struct shim_report {
	const char *name;        /* as registered */
	int repetition;          /* from 0 */
	enum shim_status status; /* unless SHIM_OK, no figures */
	uint64_t ops;            /* operations run, else 0 */
	double ns_per_op;        /* the time set, per operation; else NaN */
	const char *reason;      /* why it was skipped or failed, else "" */
	const char *label;       /* "" if none was set */
};

/*
 * Takes the --benchmark_* flags out of argv, up to a "--", and leaves all else (--help too) alone.
 * Flags and their values, and the BENCHMARK_* variables that stand for them, are checked here,
 * because the library ignores some bad ones and ends the process at others, with exit code 0.
 * Call it once, before shim_run; argv[0] must outlive the last run.
 *
 * Returns 0, with why empty, or
 *  -EINVAL	why names the flag and what would be valid; argv is untouched and a new try is fine
 *  -EACCES	the file of --benchmark_out cannot be written; likewise
 *  -EALREADY	it has succeeded before
 *  -ENOMEM
 */
int shim_init(int *argc, char **argv, char why[SHIM_WHY]);

/*
 * Adds a benchmark to the end of the list. Several may bear one name; arg is handed to the body
 * and stays the caller's. shim_run calls the body exactly once per repetition; it returns 0 or
 * -errno, and any other end than 0 after a finished loop with a time set is an error of this
 * benchmark, reported as such, and leaves the others alone. Where the first repetition is skipped
 * or fails, the others are not called and bear its reason. A body must not add, clear or run.
 *
 * Returns 0, -EINVAL (no name or no body, or a name starting with DISABLED_, which the library
 * would leave out without a word), or -ENOMEM.
 */
int shim_register(const char *name, int (*body)(struct shim_state *, void *), void *arg);

/*
 * while (shim_batch(s, ops)) { run them }: true the first time, false the second. The loop must
 * not be left in another way. False at once, and an error unless shim_skip was called before, if
 * ops is 0 or above INT64_MAX.
 *
 * In the console and the JSON the first repetition's ops stand in `iterations` of every repetition
 * (the library's statistics need one number); times per operation are of each one's own ops.
 */
bool shim_batch(struct shim_state *s, uint64_t ops);

/* The time that all operations of the batch took together, in ns; without one, or with one that is
 * not positive and finite, the repetition has failed. */
void shim_set_ns(struct shim_state *s, double ns);

/* The number of operations that were run in the end, where a batch bounded by time made another one
 * than asked for; 0 is an error. */
void shim_set_ops(struct shim_state *s, uint64_t ops);

/* A figure to stand beside the time under this name; set twice, the last one counts. */
void shim_counter(struct shim_state *s, const char *name, double value, enum shim_counter kind);

/* A remark on this repetition, printed behind its figures. */
void shim_label(struct shim_state *s, const char *text);

/* This repetition cannot run here, and why. Not an error: the row carries the reason. Then return
 * 0, from before the loop, out of it or after it. */
void shim_skip(struct shim_state *s, const char *reason);

/* This repetition has failed, and why, in place of errno's words. Then return, as after a skip. */
void shim_fail(struct shim_state *s, const char *reason);

/* A fact for the context block of console and JSON. Returns 0, -EINVAL before shim_init or without
 * a key or a value, -EEXIST if the key is taken (facts cannot be changed), or -ENOMEM. */
int shim_context(const char *key, const char *value);

/*
 * Runs what --benchmark_filter lets through, in the order of registration, and reports it: to
 * `report`, called with `arg` after all repetitions of each benchmark (nothing is printed then;
 * under --benchmark_report_aggregates_only it hears of no repeated benchmark), or, if that is NULL,
 * to the console. --benchmark_out is written anew by each run. --benchmark_list_tests prints the
 * names instead. The filter sees the names as registered. The list stays for a next run. `report`
 * must not add, clear or run.
 *
 * Returns 0, with why empty, or, with why in words,
 *  -EINVAL	shim_init has not succeeded
 *  -ENOENT	nothing matched
 *  -EACCES	results could not be written
 *  -EIO	a benchmark failed; all others have run nevertheless
 *  -ENOMEM
 * and, unless ran is NULL, the number of benchmarks that ran, skipped and failed ones included.
 */
int shim_run(void (*report)(const struct shim_report *, void *), void *arg, size_t *ran,
	char why[SHIM_WHY]);

/* Empties the list of benchmarks: the way to the next round. */
void shim_clear(void);

#ifdef __cplusplus
}
#endif

#endif
