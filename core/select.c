/* select.c - the cells of a run, and the CPUs that an invocation draws for them */
#include "select.h"

#include "catalogue.h"
#include "die.h"
#include "nearest.h"
#include "params.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_NS = 20 * NS_PER_MS, CELLS_MAX = 1 << 18, WORDS_MAX = 512, SPIKE_PCT = 3 };

/* What is under way while cells are picked. */
struct picker {
	const struct options *options;
	const struct machine *machine;
	regex_t filter;
	struct selection *selection;
	size_t room;
};

static const char *awake_ways(const struct options *options)
{
	if (options->awake)
		return options->awake;
	return options->everything ? "no,1,latency" : "no,1";
}

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
	static const char *const ways[] = {"no", "1", "latency", NULL};
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
	if (options->awake)
		check_words("--awake", options->awake, ways);
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

/* Whether it says so itself: a set of which only --set=all, or --trace, has the stamped ones. */
static bool stamped(const char *params)
{
	return params_get(params, "stamps", 0) != 0;
}

static bool same_cpu(const char *place)
{
	return !strncmp(place, "same-cpu", strlen("same-cpu"));
}

static void note_unfitness(struct cell *cell)
{
	const enum needs needs = cell_workload(cell)->needs;

	if (needs == NEEDS_OWN_CPUS && cell_shares_cpu(cell))
		snprintf(cell->unfit, sizeof(cell->unfit), "needs %s",
			cell->threads == 2 ? "two CPUs" : "a CPU for each thread");
	if (needs == NEEDS_ONE_CPU && !same_cpu(cell->place))
		snprintf(cell->unfit, sizeof(cell->unfit), "means something on one CPU only");
	if (cell_bench(cell)->spins_in_turn && cell_shares_cpu(cell))
		snprintf(cell->note, sizeof(cell->note),
			"in turn, and without a CPU for each: it waits for time slices");
}

/* Whether a cell that is settled is worth its time here. */
static bool left_out(const struct picker *picker, const struct cell *cell)
{
	const int most = cell_workload(cell)->shape->most_per_cpu;

	return (cell->note[0] && !picker->options->everything) ||
	       (most && (size_t)cell->threads > (size_t)most * machine_pus(picker->machine));
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

static void pick_one(struct picker *picker, const struct cell *cell)
{
	char name[CELL_NAME];

	cell_name(cell, name);
	if (!picker->options->filter || !regexec(&picker->filter, name, 0, NULL, 0))
		append(picker, cell);
}

/* Adds a param to those of the catalogue, which leave room for it (a test sees to that). */
static void add_param(struct cell *cell, const char *key, const char *value)
{
	if (params_put(cell->params, key, value))
		die(EXIT_UNFIT, "%s: its params leave no room for %s", cell->mechanism, key);
}

/* Whether its partner sleeps until the token comes, on a CPU that may have gone idle by then. */
static bool wakes_a_cpu(const struct cell *cell)
{
	return !same_cpu(cell->place) && cell_workload(cell)->across.low > 0;
}

/* The cell with its CPUs left alone and kept awake. */
static void pick_awake(struct picker *picker, const struct cell *cell)
{
	const char *const ways = awake_ways(picker->options);

	if (!wakes_a_cpu(cell) || in_list(ways, "no"))
		pick_one(picker, cell);
	for (const char *const *way = (const char *const[]){"1", "latency", NULL};
		wakes_a_cpu(cell) && *way; way++) {
		struct cell awake = *cell;

		if (!in_list(ways, *way))
			continue;
		add_param(&awake, "awake", *way);
		pick_one(picker, &awake);
	}
}

/* Where cells are about to be put: one draw for all teams of a size. */
struct site {
	const char *place;
	int pair[2];
	bool fixed; /* this very pair */
	size_t draw;
	enum { UNKNOWN, ABSENT, PRESENT } known[TEAM_MAX + 1];
	int team[TEAM_MAX + 1][TEAM_MAX]; /* by their number of threads, from 3 */
};

/* The team's CPUs, or NULL where it has no such place: more than two on a pair, or wider or
 * narrower together than the place is. On a large machine that takes a while to find out. */
static const int *team_at(struct site *site, const struct machine *machine, int threads)
{
	if (site->fixed)
		return NULL;
	if (site->known[threads] == UNKNOWN)
		site->known[threads] =
			machine_team(machine, site->place, threads, site->draw, site->team[threads])
				? ABSENT
				: PRESENT;
	return site->known[threads] == PRESENT ? site->team[threads] : NULL;
}

/* More threads than CPUs say how many sit on one, where the place does not say it. */
static void note_wrapping(struct cell *cell)
{
	const int cpus = cell_cpu_count(cell);
	char text[16];

	if (cell->threads <= 2 || cpus == cell->threads || same_cpu(cell->place))
		return;
	snprintf(text, sizeof(text), "%d", (cell->threads + cpus - 1) / cpus);
	add_param(cell, "per_cpu", text);
}

/* Puts the cell there, where its team has such a place: one thread is alone on its CPU. */
static bool settle(struct cell *cell, const struct machine *machine, struct site *site)
{
	const int *cpu = cell->threads <= 2 ? site->pair : team_at(site, machine, cell->threads);

	if (!cpu || (cell->threads == 1 && !same_cpu(site->place)))
		return false;
	memcpy(cell->cpu, cpu, (size_t)(cell->threads < 2 ? 2 : cell->threads) * sizeof(*cpu));
	cell->home = machine_node(machine, cell->cpu[0]);
	return true;
}

static void pick_set(struct picker *picker, struct cell cell, const char *params, struct site *site)
{
	cell_set_params(&cell, params);
	snprintf(cell.place, sizeof(cell.place), "%s", site->place);
	cell.fixed = site->fixed;
	if (!settle(&cell, picker->machine, site))
		return;
	note_wrapping(&cell);
	note_unfitness(&cell);
	if (!left_out(picker, &cell))
		pick_awake(picker, &cell);
}

static int64_t window_ns(const struct options *options, const struct shape *shape)
{
	if (shape->free_running && options->window_ns)
		return options->window_ns;
	return shape->window_ns ? shape->window_ns : WINDOW_NS;
}

static void pick_workload(struct picker *picker, int bench, int w, struct site *site)
{
	const struct options *options = picker->options;
	struct cell cell = cell_make(bench, w);
	const struct workload *workload = cell_workload(&cell);
	const bool headline = options->everything || !cell_bench(&cell)->on_request;

	cell.window_ns = window_ns(options, workload->shape);
	for (const char *const *set = catalogue_params(workload); headline && *set; set++)
		pick_set(picker, cell, *set, site);
	for (const char *const *set = catalogue_more(workload); *set; set++)
		if (options->everything || (headline && options->trace && stamped(*set)))
			pick_set(picker, cell, *set, site);
}

static void pick_at(struct picker *picker, struct site *site)
{
	const struct options *options = picker->options;
	size_t count;
	const struct bench *const *bench = catalogue(&count);

	for (size_t i = 0; i < count; i++) {
		if (options->families && !in_list(options->families, bench[i]->family))
			continue;
		if (options->mechanisms && !in_list(options->mechanisms, bench[i]->name))
			continue;
		for (size_t w = 0; w < catalogue_workloads(bench[i]); w++)
			pick_workload(picker, (int)i, (int)w, site);
	}
}

static void pick_pairs(struct picker *picker)
{
	const struct machine *machine = picker->machine;
	const size_t pus = machine_pus(machine);
	char place[PLACE_NAME];

	for (size_t i = 0; i < pus; i++)
		for (size_t j = i; j < pus; j++) {
			const int a = machine_cpu(machine, i), b = machine_cpu(machine, j);

			machine_place_of(machine, a, b, place);
			pick_at(picker,
				&(struct site){.place = place, .pair = {a, b}, .fixed = true});
		}
}

static void pick_places(struct picker *picker)
{
	const char *places = picker->options->places;
	size_t count;
	const struct place *place = machine_places(picker->machine, &count);

	for (size_t i = 0; i < count; i++)
		if (in_list(places, "all") || in_list(places, place[i].name))
			pick_at(picker, &(struct site){.place = place[i].name,
						.pair = {place[i].cpu_a, place[i].cpu_b}});
}

static bool is_base(const struct cell *cell)
{
	return cell_bench(cell)->base && same_cpu(cell->place) && !cell->fixed;
}

/* Every cell that there is on this machine. */
static struct selection pick_everything(const struct options *asked, const struct machine *machine)
{
	const struct options options = {
		.places = "all", .everything = true, .window_ns = asked->window_ns};
	struct selection all = {0};
	struct picker picker = {&options, machine, .selection = &all};

	pick_places(&picker);
	return all;
}

static int find_base(const struct selection *selection)
{
	for (size_t i = 0; i < selection->cells; i++)
		if (is_base(&selection->cell[i]))
			return (int)i;
	return -1;
}

static int find_name(const struct selection *selection, const char *name)
{
	char own[CELL_NAME];

	for (size_t i = 0; i < selection->cells; i++)
		if (!strcmp(cell_name(&selection->cell[i], own), name))
			return (int)i;
	return -1;
}

/* The index of a cell of `all`, which is appended if it is not in the selection yet. */
static int ensure(struct picker *picker, const struct selection *all, int which)
{
	struct selection *selection = picker->selection;
	char name[CELL_NAME];
	int found;

	found = find_name(selection, cell_name(&all->cell[which], name));
	if (found >= 0)
		return found;
	append(picker, &all->cell[which]);
	return (int)selection->cells - 1;
}

static _Noreturn void die_of_name(const struct selection *all, const char *option, const char *name)
{
	char(*names)[CELL_NAME] = calloc(all->cells, sizeof(*names));
	const char **list = calloc(all->cells + 1, sizeof(*list));

	if (!names || !list)
		die(EXIT_UNFIT, "out of memory");
	for (size_t i = 0; i < all->cells; i++)
		list[i] = cell_name(&all->cell[i], names[i]);
	die(EXIT_USAGE, "%s: there is no cell '%s' here; the nearest is '%s'", option, name,
		nearest(name, list));
}

static int find_or_die(const struct selection *all, const char *option, const char *name)
{
	const int found = find_name(all, name);

	if (found < 0)
		die_of_name(all, option, name);
	if (all->cell[found].unfit[0])
		die(EXIT_USAGE, "%s: %s cannot run: it %s", option, name, all->cell[found].unfit);
	return found;
}

/* The base once more with a dose of SPIKE_PCT of its own time in each operation: by what is seen
 * of it a run proves what it can tell. */
static void add_spike(struct picker *picker)
{
	struct selection *selection = picker->selection;
	struct cell spike = selection->cell[selection->base];
	char text[16];

	selection->spike = -1;
	if (!cell_workload(&spike)->shape->dosable)
		return;
	snprintf(text, sizeof(text), "%d", SPIKE_PCT);
	add_param(&spike, "dose_pct", text);
	spike.dosed = selection->cell[selection->base].dosed = true;
	selection->spike = (int)selection->cells;
	append(picker, &spike);
}

/* The base is measured whether it was asked for or not: every block is held against it. */
static void ensure_base(struct picker *picker)
{
	const char *name = picker->options->base;
	struct selection *selection = picker->selection;
	struct selection all = pick_everything(picker->options, picker->machine);

	const int which = name ? find_or_die(&all, "--base", name) : find_base(&all);

	/* A catalogue without a base (there is one in the tests) is held against its first cell. */
	selection->base = which < 0 ? 0 : ensure(picker, &all, which);
	free(all.cell);
}

static void pick_pair(struct picker *picker)
{
	struct selection *selection = picker->selection;
	struct selection all = pick_everything(picker->options, picker->machine);
	char *const copy = strdup(picker->options->pair);
	char *second = copy ? strchr(copy, ',') : NULL;

	if (!second)
		die(EXIT_USAGE,
			"--pair=%s: two cells, please, as in "
			"--pair=switch/futex/pingpong/same-cpu,switch/pipe/pingpong/same-cpu",
			picker->options->pair);
	*second++ = '\0';
	if (!strcmp(copy, second))
		die(EXIT_USAGE, "--pair: a cell against itself has no ratio; baton ab -- -- holds "
				"a setting against itself");
	append(picker, &all.cell[find_or_die(&all, "--pair", copy)]);
	append(picker, &all.cell[find_or_die(&all, "--pair", second)]);
	selection->asked = 2;
	selection->pair = true;
	free(copy);
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

/* How many the set that was not asked for would have had. */
static size_t matches_in_all(const struct picker *picker)
{
	struct options options = *picker->options;
	struct selection all = {0};
	struct picker wider = {&options, picker->machine, picker->filter, &all, 0};

	options.everything = true;
	pick_places(&wider);
	free(all.cell);
	return all.cells;
}

static _Noreturn void die_of_no_match(const struct picker *picker)
{
	const char *filter = picker->options->filter;
	const size_t more = picker->options->everything ? 0 : matches_in_all(picker);

	if (more)
		die(EXIT_NO_MATCH, "no cell of the headline set matches, %zu of --set=all do",
			more);
	die(EXIT_NO_MATCH, "no cell matches%s%s (baton list shows the mechanisms)",
		filter ? " --filter=" : "", filter ? filter : " this choice");
}

static void pick_asked(struct picker *picker)
{
	compile_filter(picker);
	if (in_list(picker->options->places, "pairs"))
		pick_pairs(picker);
	else
		pick_places(picker);
	if (!picker->selection->cells)
		die_of_no_match(picker);
	picker->selection->asked = picker->selection->cells;
	ensure_base(picker);
	if (picker->options->filter)
		regfree(&picker->filter);
}

static void check_trace(const struct selection *selection)
{
	for (size_t i = 0; i < selection->asked; i++)
		if (cell_stamps_waits(&selection->cell[i]))
			return;
	die(EXIT_USAGE, "--trace: none of these cells has a lock whose waits are stamped; as in "
			"--filter='lock/mutex/greedy-polite'");
}

void select_cells(
	struct selection *selection, const struct options *options, const struct machine *machine)
{
	struct picker picker = {options, machine, .selection = selection};

	*selection = (struct selection){0};
	check_names(options);
	check_places(options, machine);
	if (options->pair)
		pick_pair(&picker);
	else
		pick_asked(&picker);
	if (options->trace)
		check_trace(selection);
	add_spike(&picker);
}

struct selection select_copy(const struct selection *selection)
{
	struct selection copy = *selection;

	copy.cell = malloc(copy.cells * sizeof(*copy.cell));
	if (!copy.cell)
		die(EXIT_UNFIT, "out of memory for %zu cells", copy.cells);
	memcpy(copy.cell, selection->cell, copy.cells * sizeof(*copy.cell));
	return copy;
}

void select_draw(
	struct cell *cell, size_t cells, const struct machine *machine, struct random *random)
{
	size_t count;
	const struct place *place = machine_places(machine, &count);

	for (size_t i = 0; i < count; i++) {
		struct site site = {.place = place[i].name};
		int cpu[2];

		const bool swapped = random_next(random) & 1;

		site.draw =
			random_next(random) >> 32; /* of teams there are not as many as of pairs */
		machine_pair(machine, site.place, random_below(random, place[i].pairs), cpu);
		site.pair[0] = cpu[swapped];
		site.pair[1] = cpu[!swapped];
		for (size_t c = 0; c < cells; c++)
			if (!cell[c].fixed && !strcmp(cell[c].place, site.place))
				settle(&cell[c], machine, &site);
	}
}
