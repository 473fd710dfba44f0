/* catalogue.c - the registry that mechanisms enlist in before main() */
#include "catalogue.h"

#include "die.h"

#include <string.h>

enum { CATALOGUE_MAX = 256 };

static const struct bench *enlisted[CATALOGUE_MAX];
static size_t enlisted_count;

static int compare_benches(const struct bench *a, const struct bench *b)
{
	const int by_family = strcmp(a->family, b->family);

	return by_family ? by_family : strcmp(a->name, b->name);
}

/* Insertion keeps the order whatever the linker's order of constructors. */
void bench_enlist(const struct bench *bench)
{
	size_t at = enlisted_count;

	if (enlisted_count == CATALOGUE_MAX)
		die(EXIT_UNFIT, "more than %d mechanisms are linked in", CATALOGUE_MAX);
	for (; at > 0 && compare_benches(bench, enlisted[at - 1]) < 0; at--)
		enlisted[at] = enlisted[at - 1];
	enlisted[at] = bench;
	enlisted_count++;
}

const struct bench *const *catalogue(size_t *count)
{
	*count = enlisted_count;
	return enlisted;
}

size_t catalogue_workloads(const struct bench *bench)
{
	size_t count = 0;

	while (count < WORKLOADS_MAX && bench->workloads[count].work)
		count++;
	return count;
}

const char *const *catalogue_params(const struct workload *workload)
{
	static const char *const one_empty_set[] = {"", NULL};

	if (workload->params)
		return workload->params;
	return workload->shape->params ? workload->shape->params : one_empty_set;
}

const char *const *catalogue_more(const struct workload *workload)
{
	static const char *const none[] = {NULL};

	if (workload->more)
		return workload->more;
	return workload->shape->more ? workload->shape->more : none;
}
