/* places.c - prints where threads can sit, as CSV or as a table that explains the names */
#include "places.h"

#include "place.h"

#include <errno.h>
#include <string.h>

struct meaning {
	const char *part, *text;
};

static const struct meaning bases[] = {
	{"same-cpu", "one CPU: the threads take turns"},
	{"smt", "two hardware threads of one core"},
	{"cluster", "two cores of a cluster inside a shared cache"},
	{"l1", "two cores that share an L1 cache"},
	{"l2", "two cores that share an L2 cache"},
	{"l3", "two cores that share an L3 cache"},
	{"l4", "two cores that share an L4 cache"},
	{"l5", "two cores that share an L5 cache"},
	{"package", "no shared cache, one package"},
	{"machine", "two packages"},
};

static const struct meaning suffixes[] = {
	{".xpkg", ", across packages"},
	{".xdie", ", across dies"},
	{".xnuma", ", across NUMA nodes"},
};

static void print_meaning(FILE *out, const char *name)
{
	size_t length = strcspn(name, ".@");
	const char *kinds = strchr(name, '@');

	for (size_t i = 0; i < sizeof bases / sizeof *bases; i++)
		if (strlen(bases[i].part) == length && !strncmp(bases[i].part, name, length))
			fputs(bases[i].text, out);
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
		if (strstr(name, suffixes[i].part))
			fputs(suffixes[i].text, out);
	if (kinds)
		fprintf(out, ", %s %s", strchr(kinds, '-') ? "kinds" : "kind", kinds + 1);
}

static void print_row(FILE *out, const struct place *place, bool csv, int width)
{
	char cpus[32];

	if (csv) {
		fprintf(out, "%s,%zu,%d,%d\n", place->name, place->pairs, place->cpu_a,
			place->cpu_b);
		return;
	}
	snprintf(cpus, sizeof cpus, "%d-%d", place->cpu_a, place->cpu_b);
	fprintf(out, "%-*s  %8zu  %-9s  ", width, place->name, place->pairs, cpus);
	print_meaning(out, place->name);
	fputc('\n', out);
}

static void print_places(FILE *out, const struct machine *m, bool csv, int width)
{
	size_t count;
	const struct place *places = machine_places(m, &count);

	for (size_t i = 0; i < count; i++)
		print_row(out, &places[i], csv, width);
}

static void print_pairs(FILE *out, const struct machine *m, bool csv, int width)
{
	for (size_t i = 0; i < machine_pus(m); i++) {
		for (size_t j = i; j < machine_pus(m); j++) {
			struct place pair = {
				.pairs = 1, .cpu_a = machine_cpu(m, i), .cpu_b = machine_cpu(m, j)};

			machine_place_of(m, pair.cpu_a, pair.cpu_b, pair.name);
			print_row(out, &pair, csv, width);
		}
	}
}

static int widest_name(const struct machine *m)
{
	size_t count, widest = strlen("place");
	const struct place *places = machine_places(m, &count);

	for (size_t i = 0; i < count; i++)
		if (strlen(places[i].name) > widest)
			widest = strlen(places[i].name);
	return (int)widest;
}

static void print_note(FILE *out, const struct machine *m)
{
	char note[PLACE_WHY];

	if (machine_note(m, note, sizeof note))
		fprintf(out, "%s\n", note);
}

int places_print(FILE *out, const struct machine *m, bool csv, const char *choice)
{
	bool pairs = choice && !strcmp(choice, "pairs");
	int width = widest_name(m);

	if (choice && !pairs && strcmp(choice, "all"))
		return -EINVAL;
	if (csv)
		fputs("place,pairs,cpu_a,cpu_b\n", out);
	else
		fprintf(out, "%-*s  %8s  %-9s  meaning\n", width, "place", "pairs", "CPUs");
	if (pairs)
		print_pairs(out, m, csv, width);
	else
		print_places(out, m, csv, width);
	if (!csv)
		print_note(out, m);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
