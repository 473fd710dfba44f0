/* cell.c - names and properties of cells */
#include "cell.h"

#include "catalogue.h"
#include "die.h"
#include "params.h"

#include <stdio.h>
#include <string.h>

struct cell cell_make(int bench, int workload)
{
	struct cell cell = {.bench = bench, .workload = workload};
	const struct shape *shape = cell_workload(&cell)->shape;

	snprintf(cell.family, CELL_WORD, "%s", cell_bench(&cell)->family);
	snprintf(cell.mechanism, CELL_WORD, "%s", cell_bench(&cell)->name);
	snprintf(cell.shape, CELL_WORD, "%s", shape->name);
	cell_set_params(&cell, "");
	return cell;
}

void cell_set_params(struct cell *cell, const char *params)
{
	const struct shape *shape = cell_workload(cell)->shape;

	snprintf(cell->params, sizeof(cell->params), "%s", params);
	cell->threads = shape->threads;
	if (shape->crowd)
		cell->threads += (int)params_get(params, shape->crowd, 0);
	if (cell->threads > TEAM_MAX)
		die(EXIT_UNFIT, "%s: %d threads; a team has at most %d", cell->mechanism,
			cell->threads, TEAM_MAX);
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

bool cell_stamps_waits(const struct cell *cell)
{
	char wait[PARAMS_MAX];

	return cell_workload(cell)->shape->contest &&
	       (params_get(cell->params, "stamps", 0) ||
		       (params_text(cell->params, "wait", wait) && !strcmp(wait, "sleep")));
}

int cell_cpu_count(const struct cell *cell)
{
	int count = 0;

	for (int i = 0; i < cell->threads; i++) {
		bool known = false;

		for (int j = 0; j < i && !known; j++)
			known = cell->cpu[i] == cell->cpu[j];
		count += !known;
	}
	return count;
}

bool cell_shares_cpu(const struct cell *cell)
{
	return cell_cpu_count(cell) < cell->threads;
}
