/* cell.c - names and properties of cells */
#include "cell.h"

#include "catalogue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cell cell_make(int bench, int workload)
{
	struct cell cell = {.bench = bench, .workload = workload};
	const struct shape *shape = cell_workload(&cell)->shape;

	snprintf(cell.family, CELL_WORD, "%s", cell_bench(&cell)->family);
	snprintf(cell.mechanism, CELL_WORD, "%s", cell_bench(&cell)->name);
	snprintf(cell.shape, CELL_WORD, "%s", shape->name);
	cell.threads = shape->threads;
	return cell;
}

/* Whether a cell's params are that set, but for awake before and dose_pct behind it. */
static bool params_are(const char *params, const char *set)
{
	const size_t length = strlen(set);

	if (!strncmp(params, "awake=", strlen("awake="))) {
		params += strcspn(params, ";");
		params += *params == ';';
	}
	return !strncmp(params, set, length) &&
	       (!params[length] || !strncmp(params + length, ";dose_pct=", strlen(";dose_pct=")));
}

static bool offers(const struct workload *workload, const char *params)
{
	for (const char *const *set = catalogue_params(workload); *set; set++)
		if (params_are(params, *set))
			return true;
	for (const char *const *set = catalogue_more(workload); *set; set++)
		if (params_are(params, *set))
			return true;
	return false;
}

/* The workload of that shape that offers the cell's params, or else the first; -1: none. */
static int find_workload(const struct bench *bench, const struct cell *cell)
{
	int first = -1;

	for (int w = 0; w < (int)catalogue_workloads(bench); w++) {
		if (strcmp(bench->workloads[w].shape->name, cell->shape) != 0)
			continue;
		if (offers(&bench->workloads[w], cell->params))
			return w;
		if (first < 0)
			first = w;
	}
	return first;
}

void cell_resolve(struct cell *cell)
{
	size_t count;
	const struct bench *const *bench = catalogue(&count);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(bench[i]->family, cell->family) ||
			strcmp(bench[i]->name, cell->mechanism))
			continue;
		cell->bench = (int)i;
		cell->workload = find_workload(bench[i], cell);
		if (cell->workload >= 0)
			return;
	}
	cell->bench = cell->workload = 0;
	snprintf(cell->unfit, sizeof(cell->unfit), "this binary does not have it");
}

const struct bench *cell_bench(const struct cell *cell)
{
	size_t count;

	return catalogue(&count)[cell->bench];
}

const struct workload *cell_workload(const struct cell *cell)
{
	return &cell_bench(cell)->workloads[cell->workload];
}

const char *cell_cpus(const struct cell *cell, char text[TEAM_MAX * 6])
{
	size_t length = 0;

	text[0] = '\0';
	for (int i = 0; i < cell->threads; i++)
		length += (size_t)snprintf(
			text + length, TEAM_MAX * 6 - length, "%s%d", i ? "-" : "", cell->cpu[i]);
	return text;
}

const char *cell_name(const struct cell *cell, char name[CELL_NAME])
{
	const struct bench *bench = cell_bench(cell);
	char cpus[TEAM_MAX * 6];

	snprintf(name, CELL_NAME, "%s/%s/%s/%s%s%s%s%s", bench->family, bench->name,
		cell_workload(cell)->shape->name, cell->place, cell->params[0] ? "/" : "",
		cell->params, cell->fixed ? "/" : "", cell->fixed ? cell_cpus(cell, cpus) : "");
	return name;
}

double cell_dose_share(const struct cell *cell)
{
	return (double)params_get(cell->params, "dose_pct", 0) / 100;
}

bool cell_shares_cpu(const struct cell *cell)
{
	for (int i = 0; i < cell->threads; i++)
		for (int j = 0; j < i; j++)
			if (cell->cpu[i] == cell->cpu[j])
				return true;
	return false;
}

/* What follows "key=", or NULL. */
static const char *find_param(const char *params, const char *key)
{
	const size_t length = strlen(key);

	for (const char *at = params; at && *at; at = strchr(at, ';')) {
		at += *at == ';';
		if (!strncmp(at, key, length) && at[length] == '=')
			return at + length + 1;
	}
	return NULL;
}

long params_get(const char *params, const char *key, long otherwise)
{
	const char *value = find_param(params, key);

	return value ? strtol(value, NULL, 10) : otherwise;
}

const char *params_text(const char *params, const char *key, char text[PARAMS_MAX])
{
	const char *value = find_param(params, key);

	if (!value)
		return NULL;
	snprintf(text, PARAMS_MAX, "%.*s", (int)strcspn(value, ";"), value);
	return text;
}
