/* results.c - CSV: RFC 4180, LF, NA for what is unknown, never an empty field */
#include "results.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum file { SAMPLES, THREADS, ROUNDS, HISTOGRAMS, SHARES, EVENTS, CONTEXT, FILES };

static const struct {
	const char *name;
	const char *header;
} files[FILES] = {
	[SAMPLES] = {.name = "samples.csv",
		.header =
			"schema,run_id,invocation,round,block,order,family,mechanism,workload,"
			"place,"
			"cpus,home,threads,params,metric,unit,value,ops,wall_ns,lead_in_ns,cpu_ns,"
			"voluntary,involuntary,slept,runqueue_wait_ns,foreign_share,migrations,"
			"dose_ns,status,reason"},
	[THREADS] = {.name = "threads.csv",
		.header = "run_id,invocation,order,thread,role,cpu,loops,acquisitions,held_ns,"
			  "waited_ns,longest_wait_ns,longest_streak,thought_ns,takeovers"},
	[ROUNDS] = {.name = "rounds.csv",
		.header = "run_id,invocation,round,started_utc,wall_ns,steal_ns,chain_ghz"},
	[HISTOGRAMS] = {.name = "histograms.csv",
		.header = "run_id,invocation,family,mechanism,workload,place,cpus,threads,params,"
			  "what,role,lo_ns,hi_ns,count"},
	[SHARES] = {.name = "shares.csv",
		.header = "run_id,invocation,family,mechanism,workload,place,cpus,threads,params,"
			  "role,scale_ns,share_pct,count"},
	[EVENTS] = {.name = "events.csv",
		.header = "run_id,invocation,order,thread,role,wanted_ns,acquired_ns,released_ns"},
	[CONTEXT] = {.name = "context.csv", .header = "run_id,scope,key,value,state"},
};

struct results {
	FILE *file[FILES];
	char *folder;
	int error; /* 0, or the first -errno of results_save */
	char run_id[96];
};

/* One field and the separator before it, or none at the start of a row. */
static void put_text(FILE *file, const char *text)
{
	if (!text || !*text)
		text = "NA";
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, file);
		return;
	}
	fputc('"', file);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', file);
		fputc(*text, file);
	}
	fputc('"', file);
}

static void next_text(FILE *file, const char *text)
{
	fputc(',', file);
	put_text(file, text);
}

static void next_real(FILE *file, double value)
{
	if (isnan(value))
		fputs(",NA", file);
	else
		fprintf(file, ",%.9g", value);
}

/* Negative: unknown. */
static void next_count(FILE *file, int64_t value)
{
	if (value < 0)
		fputs(",NA", file);
	else
		fprintf(file, ",%lld", (long long)value);
}

static int make_folders(const char *folder)
{
	char *const path = strdup(folder);
	int rc = 0;

	if (!path)
		return -ENOMEM;
	for (char *at = path + 1; !rc; at++) {
		if (*at && *at != '/')
			continue;
		const char cut = *at;

		*at = '\0';
		if (mkdir(path, 0777) && errno != EEXIST)
			rc = -errno;
		*at = cut;
		if (!cut)
			break;
	}
	free(path);
	return rc;
}

static int open_file(struct results *results, enum file which, const char *folder)
{
	const size_t size = strlen(folder) + 32;
	char path[size];

	snprintf(path, size, "%s/%s", folder, files[which].name);
	results->file[which] = fopen(path, "wxe");
	if (!results->file[which])
		return -errno;
	fprintf(results->file[which], "%s\n", files[which].header);
	return 0;
}

int results_open(struct results **out, const char *folder, const char *run_id)
{
	struct results *results = calloc(1, sizeof(*results));
	int rc = results ? make_folders(folder) : -ENOMEM;

	if (results && !(results->folder = strdup(folder)))
		rc = -ENOMEM;
	for (int i = 0; i < FILES && !rc; i++)
		rc = open_file(results, (enum file)i, folder);
	if (!rc) {
		snprintf(results->run_id, sizeof(results->run_id), "%s", run_id);
		rc = results_flush(results);
	}
	if (rc && results)
		results_close(results);
	else if (!rc)
		*out = results;
	return rc;
}

void results_save(struct results *results, const char *name, const char *text)
{
	const size_t size = strlen(results->folder) + strlen(name) + 2;
	char path[size];

	snprintf(path, size, "%s/%s", results->folder, name);
	FILE *file = fopen(path, "wxe");
	int rc = file && fputs(text, file) != EOF ? 0 : -errno;

	if (file && fclose(file) == EOF && !rc)
		rc = -errno;
	if (!results->error)
		results->error = rc;
}

int results_flush(struct results *results)
{
	int rc = results->error;

	for (int i = 0; i < FILES; i++) {
		errno = 0;
		if (results->file[i] && (fflush(results->file[i]) || ferror(results->file[i])) &&
			!rc)
			rc = errno ? -errno : -EIO;
	}
	return rc;
}

int results_close(struct results *results)
{
	const int rc = results_flush(results);

	for (int i = 0; i < FILES; i++)
		if (results->file[i])
			fclose(results->file[i]);
	free(results->folder);
	free(results);
	return rc;
}

const char *results_utc(int64_t utc_ns, char text[32])
{
	const time_t seconds = utc_ns / NS_PER_S;
	struct tm utc;

	gmtime_r(&seconds, &utc);
	const size_t length = strftime(text, 32, "%Y-%m-%dT%H:%M:%S", &utc);

	snprintf(text + length, 32 - length, ".%03dZ", (int)(utc_ns % NS_PER_S / NS_PER_MS));
	return text;
}

static void put_flags(FILE *file, unsigned flags)
{
	static const char *const word[] = {"SWITCHES", "LOAD", "STEAL"}; /* by bit */
	const char *separator = ",flagged:";

	for (size_t bit = 0; bit < sizeof(word) / sizeof(word[0]); bit++)
		if (flags & 1u << bit) {
			fprintf(file, "%s%s", separator, word[bit]);
			separator = "+";
		}
}

/* ok, flagged:ID+ID, skipped:ID, error:ID or timeout. */
static void next_status(FILE *file, const struct sample *sample)
{
	static const char *const word[] = {
		[STATUS_OK] = "ok",
		[STATUS_SKIPPED] = "skipped",
		[STATUS_CUT] = "timeout",
		[STATUS_ERROR] = "error",
		[STATUS_TIMEOUT] = "timeout",
	};

	if (sample->status == STATUS_OK && sample->flags)
		put_flags(file, sample->flags);
	else
		fprintf(file, ",%s%s%s", word[sample->status], sample->id[0] ? ":" : "",
			sample->id);
	next_text(file, sample->reason);
}

static void put_cell(FILE *file, const struct cell *cell, const struct sample *sample)
{
	const struct bench *bench = cell_bench(cell);
	const struct shape *shape = cell_workload(cell)->shape;
	struct cell where = *cell;
	char cpus[TEAM_MAX * 6];

	memcpy(where.cpu, sample->cpu, sizeof(where.cpu));
	fprintf(file, ",%s,%s,%s,%s,%s", bench->family, bench->name, shape->name, cell->place,
		cell_cpus(&where, cpus));
	next_count(file, sample->home);
	fprintf(file, ",%d", cell->threads);
	next_text(file, cell->params);
	fprintf(file, ",%s,%s", shape->metric, shape->unit);
}

/* What was measured; where nothing was, everything is unknown. */
static void put_measures(FILE *file, const struct sample *sample)
{
	const bool known = sample->status == STATUS_OK;

	next_real(file, sample->value);
	next_count(file, known ? (int64_t)sample->ops : -1);
	next_count(file, known ? sample->wall_ns : -1);
	next_count(file, known ? sample->lead_in_ns : -1);
	next_count(file, known ? sample->cpu_ns : -1);
	next_count(file, known ? sample->voluntary : -1);
	next_count(file, known ? sample->involuntary : -1);
	next_real(file, sample->slept);
	next_count(file, known ? sample->runqueue_wait_ns : -1);
	next_real(file, sample->foreign_share);
	next_count(file, sample->strayed);
	next_real(file, sample->dose_ns);
}

static void put_threads(struct results *results, int invocation, const struct cell *cell,
	const struct sample *sample)
{
	FILE *file = results->file[THREADS];

	for (int i = 0; i < cell->threads; i++) {
		const struct thread_sample *thread = &sample->thread[i];

		fprintf(file, "%s,%d,%d,%d", results->run_id, invocation, sample->order, i);
		next_text(file, cell_workload(cell)->shape->roles[i]);
		fprintf(file, ",%d,%llu,%llu", thread->cpu, (unsigned long long)thread->loops,
			(unsigned long long)thread->acquisitions);
		next_count(file, thread->held_ns);
		next_count(file, thread->waited_ns);
		next_count(file, thread->longest_wait_ns);
		next_count(file, (int64_t)thread->longest_streak);
		next_count(file, thread->thought_ns);
		next_count(file, (int64_t)thread->takeovers);
		fputc('\n', file);
	}
}

void results_sample(struct results *results, int invocation, const struct cell *cell,
	const struct sample *sample)
{
	FILE *file = results->file[SAMPLES];

	fprintf(file, "%d,%s,%d,%d,%d,%d", SCHEMA, results->run_id, invocation, sample->round,
		sample->block, sample->order);
	put_cell(file, cell, sample);
	put_measures(file, sample);
	next_status(file, sample);
	fputc('\n', file);
	if (sample->status == STATUS_OK && cell_workload(cell)->shape->per_thread)
		put_threads(results, invocation, cell, sample);
}

void results_round(struct results *results, int invocation, const struct round_facts *round)
{
	FILE *file = results->file[ROUNDS];
	char utc[32];

	fprintf(file, "%s,%d,%d,%s", results->run_id, invocation, round->round,
		results_utc(round->started_utc_ns, utc));
	next_count(file, round->wall_ns);
	next_count(file, round->steal_ns);
	next_real(file, round->chain_ghz);
	fputc('\n', file);
}

static void put_stamped(
	struct results *results, enum file which, int invocation, const struct cell *cell)
{
	char cpus[TEAM_MAX * 6];

	fprintf(results->file[which], "%s,%d,%s,%s,%s,%s,%s,%d,%s", results->run_id, invocation,
		cell->family, cell->mechanism, cell->shape, cell->place, cell_cpus(cell, cpus),
		cell->threads, cell->params[0] ? cell->params : "NA");
}

void results_histogram(struct results *results, int invocation, const struct cell *cell,
	const char *what, const char *role, const struct histogram *histogram)
{
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		int64_t lo_ns, hi_ns;

		if (!histogram->bucket[i])
			continue;
		histogram_bounds(i, &lo_ns, &hi_ns);
		put_stamped(results, HISTOGRAMS, invocation, cell);
		fprintf(results->file[HISTOGRAMS], ",%s,%s,%lld,%lld,%llu\n", what,
			role ? role : "NA", (long long)lo_ns, (long long)hi_ns,
			(unsigned long long)histogram->bucket[i]);
	}
}

static void put_scale(struct results *results, int invocation, const struct cell *cell,
	const struct shares *shares, int scale)
{
	FILE *file = results->file[SHARES];

	for (int step = 0; step < SHARES_STEPS; step++) {
		const uint64_t count = shares->stretches[scale][step];

		if (!count)
			continue;
		put_stamped(results, SHARES, invocation, cell);
		next_text(file, cell_workload(cell)->shape->roles[0]);
		fprintf(file, ",%lld", (long long)shares_scale_ns(scale));
		next_count(file, step == SHARES_NOBODY ? -1 : step);
		next_count(file, (int64_t)count);
		fputc('\n', file);
	}
}

void results_shares(struct results *results, int invocation, const struct cell *cell,
	const struct shares *shares)
{
	for (int scale = 0; scale < SHARES_SCALES; scale++)
		put_scale(results, invocation, cell, shares, scale);
}

/* An ownership of some thread, numbered as it was. */
struct numbered {
	int thread;
	const struct ownership *own;
};

static int by_time(const void *one, const void *other)
{
	const struct ownership *a = ((const struct numbered *)one)->own;
	const struct ownership *b = ((const struct numbered *)other)->own;

	return (a->acquired_ns > b->acquired_ns) - (a->acquired_ns < b->acquired_ns);
}

/* The last ones of each thread, all in the order of time. */
static uint64_t sort_trace(const struct cell *cell, const struct sample *sample,
	const struct trace *trace, struct numbered *sorted)
{
	uint64_t count = 0;

	for (int i = 0; i < cell->threads; i++) {
		const uint64_t all = sample->thread[i].acquisitions;
		const uint64_t kept = all < TRACE_EVENTS ? all : TRACE_EVENTS;

		for (uint64_t n = all - kept; n < all; n++)
			sorted[count++] = (struct numbered){i, &trace[i].event[n % TRACE_EVENTS]};
	}
	qsort(sorted, count, sizeof(*sorted), by_time);
	return count;
}

uint64_t results_trace(struct results *results, int invocation, const struct cell *cell,
	const struct sample *sample, const struct trace *trace)
{
	const size_t most = (size_t)cell->threads * TRACE_EVENTS;
	struct numbered *sorted = calloc(most, sizeof(*sorted));
	const uint64_t count = sorted ? sort_trace(cell, sample, trace, sorted) : 0;

	if (!sorted && !results->error)
		results->error = -ENOMEM;
	for (uint64_t i = 0; i < count; i++) {
		const struct ownership *own = sorted[i].own;

		fprintf(results->file[EVENTS], "%s,%d,%d,%d,%s,%lld,%lld,%lld\n", results->run_id,
			invocation, sample->order, sorted[i].thread,
			cell_workload(cell)->shape->roles[sorted[i].thread],
			(long long)(own->wanted_ns - sample->timed_ns),
			(long long)(own->acquired_ns - sample->timed_ns),
			(long long)(own->released_ns - sample->timed_ns));
	}
	free(sorted);
	return count;
}

void results_fact(struct results *results, const char *scope, const char *key, const char *value,
	const char *state)
{
	FILE *file = results->file[CONTEXT];

	put_text(file, results->run_id);
	next_text(file, scope);
	next_text(file, key);
	next_text(file, value);
	next_text(file, state);
	fputc('\n', file);
}
