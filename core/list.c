/* list.c - the catalogue as a table and as CSV */
#include "list.h"

#include "catalogue.h"

#include <string.h>

static void print_csv(const struct bench *bench, FILE *out)
{
	for (size_t w = 0; w < catalogue_workloads(bench); w++) {
		const struct workload *workload = &bench->workloads[w];

		for (const char *const *params = catalogue_params(workload); *params; params++)
			fprintf(out, "%s,%s,%s,%s,\"%s\"\n", bench->family, bench->name,
				workload->shape->name, **params ? *params : "NA", bench->about);
	}
}

static void print_line(const struct bench *bench, FILE *out)
{
	char workloads[128] = "";
	size_t length = 0;

	for (size_t w = 0; w < catalogue_workloads(bench) && length < sizeof(workloads); w++)
		length += (size_t)snprintf(workloads + length, sizeof(workloads) - length, "%s%s",
			w ? ", " : "", bench->workloads[w].shape->name);
	fprintf(out, "%s/%-*s  %-26s  %s\n", bench->family, (int)(24 - strlen(bench->family)),
		bench->name, workloads, bench->about);
}

int list_print(FILE *out, bool csv)
{
	size_t count;
	const struct bench *const *bench = catalogue(&count);

	if (csv)
		fputs("family,mechanism,workload,params,about\n", out);
	for (size_t i = 0; i < count; i++) {
		if (csv)
			print_csv(bench[i], out);
		else
			print_line(bench[i], out);
	}
	return fflush(out) || ferror(out) ? -EIO : 0;
}
