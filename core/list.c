/* list.c - the catalogue as a table and as CSV */
#include "list.h"

#include "catalogue.h"

#include <string.h>

static void print_sets(const struct bench *bench, const struct workload *workload,
	const char *const *sets, const char *name, FILE *out)
{
	for (const char *const *set = sets; *set; set++)
		fprintf(out, "%s,%s,%s,%s,%s,\"%s\"\n", bench->family, bench->name,
			workload->shape->name, **set ? *set : "NA", name, bench->about);
}

static void print_csv(const struct bench *bench, FILE *out)
{
	for (size_t w = 0; w < catalogue_workloads(bench); w++) {
		const struct workload *workload = &bench->workloads[w];

		print_sets(bench, workload, catalogue_params(workload),
			bench->on_request ? "all" : "headline", out);
		print_sets(bench, workload, catalogue_more(workload), "all", out);
	}
}

static void print_line(const struct bench *bench, FILE *out)
{
	char workloads[128] = "";
	size_t length = 0;

	for (size_t w = 0; w < catalogue_workloads(bench) && length < sizeof(workloads); w++)
		if (!w || bench->workloads[w].shape != bench->workloads[w - 1].shape)
			length += (size_t)snprintf(workloads + length, sizeof(workloads) - length,
				"%s%s", w ? ", " : "", bench->workloads[w].shape->name);
	fprintf(out, "%s/%-*s  %-26s  %s\n", bench->family, (int)(24 - strlen(bench->family)),
		bench->name, workloads, bench->about);
}

int list_print(FILE *out, bool csv)
{
	size_t count;
	const struct bench *const *bench = catalogue(&count);

	if (csv)
		fputs("family,mechanism,workload,params,set,about\n", out);
	for (size_t i = 0; i < count; i++) {
		if (csv)
			print_csv(bench[i], out);
		else
			print_line(bench[i], out);
	}
	return fflush(out) || ferror(out) ? -EIO : 0;
}
