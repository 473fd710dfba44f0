/* select.c - the cells of a run, and the CPUs that an invocation draws for them */
#include "select.h"

#include "catalogue.h"
#include "die.h"
#include "nearest.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_NS = 20 * NS_PER_MS, CELLS_MAX = 1 << 18, WORDS_MAX = 512 };

/* What is under way while cells are picked. */
struct picker {
	const struct options *options;
	const struct machine *machine;
	regex_t filter;
	struct selection *selection;
	size_t room;
};

static bool in_list(const char *list, const char *word)
{
	const size_t length = strlen(word);

	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, word, length) && (at[length] == ',' || !at[length]))
			return true;
	}
	return false;
}

/* Dies unless every word of the list is among the valid ones. */
static void check_words(const char *option, const char *list, const char *const *valid)
{
	char *const copy = strdup(list);
	char *rest = copy;
	const char *word;

	if (!copy)
		die(EXIT_UNFIT, "out of memory");
	while ((word = strsep(&rest, ","))) {
		bool known = false;

		for (int i = 0; valid[i] && !known; i++)
			known = !strcmp(word, valid[i]);
		if (!known)
			die(EXIT_USAGE, "%s: there is no '%s' here; the nearest is '%s'", option,
				word, nearest(word, valid));
	}
	free(copy);
}

static void check_names(const struct options *options)
{
	const char *families[WORDS_MAX] = {NULL}, *mechanisms[WORDS_MAX] = {NULL};
	size_t count, distinct = 0;
	const struct bench *const *bench = catalogue(&count);

	for (size_t i = 0; i < count; i++) {
		mechanisms[i] = bench[i]->name;
		if (!i || strcmp(bench[i]->family, bench[i - 1]->family) != 0)
			families[distinct++] = bench[i]->family;
	}
	if (options->families)
		check_words("--family", options->families, families);
	if (options->mechanisms)
		check_words("--mechanism", options->mechanisms, mechanisms);
}

static void check_places(const struct options *options, const struct machine *machine)
{
	size_t count;
	const struct place *place = machine_places(machine, &count);
	const char *valid[WORDS_MAX] = {"all", "pairs"};

	for (size_t i = 0; i < count && i + 3 < WORDS_MAX; i++)
		valid[i + 2] = place[i].name;
	check_words("--place", options->places, valid);
	if (in_list(options->places, "pairs") && strcmp(options->places, "pairs") != 0)
		die(EXIT_USAGE, "--place=%s: pairs stands alone", options->places);
}

static bool same_cpu(const char *place)
{
	return !strncmp(place, "same-cpu", strlen("same-cpu"));
}

static void note_unfitness(struct cell *cell)
{
	const enum needs needs = cell_bench(cell)->needs;

	if (needs == NEEDS_TWO_CPUS && same_cpu(cell->place))
		snprintf(cell->unfit, sizeof(cell->unfit), "needs two CPUs");
	if (needs == NEEDS_ONE_CPU && !same_cpu(cell->place))
		snprintf(cell->unfit, sizeof(cell->unfit), "means something on one CPU only");
}

static void append(struct picker *picker, const struct cell *cell)
{
	struct selection *selection = picker->selection;

	if (selection->cells == CELLS_MAX)
		die(EXIT_USAGE, "more than %d cells: choose fewer with --filter or --place",
			CELLS_MAX);
	if (selection->cells == picker->room) {
		picker->room = picker->room ? 2 * picker->room : 64;
		selection->cell = realloc(selection->cell, picker->room * sizeof(*selection->cell));
		if (!selection->cell)
			die(EXIT_UNFIT, "out of memory for %zu cells", picker->room);
	}
	selection->cell[selection->cells++] = *cell;
}

/* One cell for each param set, if the filter lets it through. */
static void pick_params(struct picker *picker, struct cell *cell)
{
	const struct workload *workload = cell_workload(cell);
	char name[CELL_NAME];

	for (const char *const *params = catalogue_params(workload); *params; params++) {
		snprintf(cell->params, sizeof(cell->params), "%s", *params);
		cell_name(cell, name);
		if (picker->options->filter && regexec(&picker->filter, name, 0, NULL, 0))
			continue;
		append(picker, cell);
	}
}

static void pick_at(struct picker *picker, const char *place, const int cpu[2], bool fixed)
{
	const struct options *options = picker->options;
	size_t count;
	const struct bench *const *bench = catalogue(&count);

	for (size_t i = 0; i < count; i++) {
		if (options->families && !in_list(options->families, bench[i]->family))
			continue;
		if (options->mechanisms && !in_list(options->mechanisms, bench[i]->name))
			continue;
		for (size_t w = 0; w < catalogue_workloads(bench[i]); w++) {
			const struct shape *shape = bench[i]->workloads[w].shape;
			struct cell cell = {.bench = (int)i,
				.workload = (int)w,
				.threads = shape->threads,
				.cpu = {cpu[0], cpu[1]},
				.fixed = fixed};

			if (cell.threads == 1 && !same_cpu(place))
				continue;
			snprintf(cell.place, sizeof(cell.place), "%s", place);
			cell.home = machine_node(picker->machine, cpu[0]);
			cell.window_ns = shape->window_ns ? shape->window_ns : WINDOW_NS;
			note_unfitness(&cell);
			pick_params(picker, &cell);
		}
	}
}

static void pick_pairs(struct picker *picker)
{
	const struct machine *machine = picker->machine;
	const size_t pus = machine_pus(machine);
	char place[PLACE_NAME];

	for (size_t i = 0; i < pus; i++)
		for (size_t j = i; j < pus; j++) {
			const int cpu[2] = {machine_cpu(machine, i), machine_cpu(machine, j)};

			pick_at(picker, machine_place_of(machine, cpu[0], cpu[1], place), cpu,
				true);
		}
}

static void pick_places(struct picker *picker)
{
	const char *places = picker->options->places;
	size_t count;
	const struct place *place = machine_places(picker->machine, &count);

	for (size_t i = 0; i < count; i++)
		if (in_list(places, "all") || in_list(places, place[i].name))
			pick_at(picker, place[i].name,
				(const int[2]){place[i].cpu_a, place[i].cpu_b}, false);
}

static bool is_base(const struct cell *cell)
{
	return cell_bench(cell)->base && same_cpu(cell->place) && !cell->fixed;
}

/* The base is measured whether it was asked for or not: every block is held against it. */
static void ensure_base(struct picker *picker)
{
	struct selection *selection = picker->selection;
	struct options for_base = {.places = "all"};
	struct selection all = {0};
	struct picker base_picker = {&for_base, picker->machine, .selection = &all};

	for (size_t i = 0; i < selection->cells; i++)
		if (is_base(&selection->cell[i])) {
			selection->base = (int)i;
			return;
		}
	pick_places(&base_picker);
	for (size_t i = 0; i < all.cells; i++)
		if (is_base(&all.cell[i])) {
			selection->base = (int)selection->cells;
			append(picker, &all.cell[i]);
			break;
		}
	free(all.cell);
}

static void compile_filter(struct picker *picker)
{
	const char *filter = picker->options->filter;
	char why[128];
	const int rc = filter ? regcomp(&picker->filter, filter, REG_EXTENDED | REG_NOSUB) : 0;

	if (!rc)
		return;
	regerror(rc, &picker->filter, why, sizeof(why));
	die(EXIT_USAGE,
		"--filter=%s: %s; valid is a POSIX extended expression such as "
		"'switch/(pipe|futex)'",
		filter, why);
}

void select_cells(
	struct selection *selection, const struct options *options, const struct machine *machine)
{
	struct picker picker = {options, machine, .selection = selection};

	*selection = (struct selection){0};
	check_names(options);
	check_places(options, machine);
	compile_filter(&picker);
	if (in_list(options->places, "pairs"))
		pick_pairs(&picker);
	else
		pick_places(&picker);
	if (!selection->cells)
		die(EXIT_NO_MATCH, "no cell matches%s%s (baton list shows the mechanisms)",
			options->filter ? " --filter=" : "",
			options->filter ? options->filter : " this choice");
	selection->asked = selection->cells;
	ensure_base(&picker);
	if (options->filter)
		regfree(&picker.filter);
}

static void put(struct cell *cell, const struct machine *machine, const int cpu[2])
{
	cell->cpu[0] = cpu[0];
	cell->cpu[1] = cpu[1];
	cell->home = machine_node(machine, cpu[0]);
}

void select_draw(
	struct cell *cell, size_t cells, const struct machine *machine, struct random *random)
{
	size_t count;
	const struct place *place = machine_places(machine, &count);

	for (size_t i = 0; i < count; i++) {
		const bool swapped = random_next(random) & 1;
		int cpu[2];

		machine_pair(machine, place[i].name, random_below(random, place[i].pairs), cpu);
		const int drawn[2] = {cpu[swapped], cpu[!swapped]};

		for (size_t c = 0; c < cells; c++)
			if (!cell[c].fixed && !strcmp(cell[c].place, place[i].name))
				put(&cell[c], machine, drawn);
	}
}
