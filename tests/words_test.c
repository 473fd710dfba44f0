/* words_test.c - the parts that need no threads: words, numbers, order, statistics, CSV */
#include "catalogue.h"
#include "cell.h"
#include "die.h"
#include "extent.h"
#include "handoff.h"
#include "layout.h"
#include "nearest.h"
#include "paired.h"
#include "params.h"
#include "random.h"
#include "results.h"
#include "select.h"
#include "setting.h"
#include "stats.h"
#include "summary.h"
#include "table.h"
#include "units.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void nearest_word(void **state)
{
	static const char *const words[] = {"--filter", "--family", "--place", NULL};

	(void)state;
	assert_string_equal(nearest("--fliter", words), "--filter");
	assert_string_equal(nearest("--plase", words), "--place");
	assert_string_equal(nearest("--famili", words), "--family");
	assert_string_equal(nearest("", words), "--place"); /* the shortest is the fewest edits */
}

static void params_are_found_by_their_whole_key(void **state)
{
	(void)state;
	assert_int_equal(params_get("capacity=64;payload=8", "payload", 1), 8);
	assert_int_equal(params_get("capacity=64;payload=8", "capacity", 1), 64);
	assert_int_equal(params_get("capacity=64", "city", 7), 7);
	assert_int_equal(params_get("hold_ns=3;stamps=1", "hold", 7), 7);
	assert_int_equal(params_get("", "hold_ns", 7), 7);
}

static void params_stay_sorted(void **state)
{
	char params[PARAMS_MAX] = "", full[PARAMS_MAX];

	(void)state;
	assert_int_equal(params_put(params, "per_cpu", "2"), 0);
	assert_int_equal(params_put(params, "awake", "1"), 0);
	assert_int_equal(params_put(params, "senders", "4"), 0);
	assert_int_equal(params_put(params, "capacity", "64"), 0);
	assert_string_equal(params, "awake=1;capacity=64;per_cpu=2;senders=4");
	assert_int_equal(params_put(params, "senders_max", "5"), 0);
	assert_int_equal(params_put(params, "sender", "3"), 0);
	assert_string_equal(
		params, "awake=1;capacity=64;per_cpu=2;sender=3;senders=4;senders_max=5");
	memset(full, 'a', sizeof(full) - 1);
	full[sizeof(full) - 1] = '\0';
	full[sizeof(full) - 4] = '\0';
	strcpy(params, full);
	assert_int_equal(params_put(params, "b", "1"), -ENOSPC);
	assert_string_equal(params, full);
	params[sizeof(params) - 5] = '\0';
	assert_int_equal(params_put(params, "b", "1"), 0);
}

static void names_tell_cells_apart(void **state)
{
	struct cell cell = {.threads = 2, .cpu = {3, 12}};
	char name[CELL_NAME], cpus[TEAM_MAX * 6];

	(void)state;
	strcpy(cell.place, "l3");
	assert_string_equal(cell_cpus(&cell, cpus), "3-12");
	assert_non_null(strstr(cell_name(&cell, name), "/l3"));
	assert_null(strstr(name, "3-12"));
	cell.fixed = true;
	strcpy(cell.params, "k=1");
	assert_non_null(strstr(cell_name(&cell, name), "/l3/k=1/3-12"));
	assert_false(cell_shares_cpu(&cell));
	cell.cpu[1] = 3;
	assert_true(cell_shares_cpu(&cell));
}

static void the_catalogue_is_sorted(void **state)
{
	size_t count;
	const struct bench *const *all = catalogue(&count);

	(void)state;
	assert_true(count > 1);
	for (size_t i = 1; i < count; i++) {
		const int by_family = strcmp(all[i - 1]->family, all[i]->family);

		assert_true(by_family < 0 ||
			    (by_family == 0 && strcmp(all[i - 1]->name, all[i]->name) < 0));
	}
}

static void the_same_seed_gives_the_same_numbers(void **state)
{
	struct random a = random_from(42, 1, 2), b = random_from(42, 1, 2);
	struct random c = random_from(42, 1, 3), d = random_from(42, 2, 1);
	const uint64_t first = random_next(&a);

	(void)state;
	assert_true(first == random_next(&b));
	assert_true(first != random_next(&c));
	assert_true(first != random_next(&d));
}

static void draws_are_below_and_even(void **state)
{
	struct random random = random_from(7, 0, 0);
	int seen[6] = {0};

	(void)state;
	for (int i = 0; i < 60000; i++)
		seen[random_below(&random, 6)]++;
	for (int i = 0; i < 6; i++)
		assert_in_range(seen[i], 9500, 10500); /* 5 standard deviations */
}

static void a_shuffle_keeps_everything(void **state)
{
	struct random random = random_from(7, 0, 0);
	int items[50], first[50] = {0}, sum = 0;

	(void)state;
	for (int round = 0; round < 5000; round++) {
		for (int i = 0; i < 50; i++)
			items[i] = i;
		random_shuffle(&random, items, 50);
		first[items[0]]++;
	}
	for (int i = 0; i < 50; i++) {
		sum += items[i];
		assert_in_range(first[i], 50, 150); /* each is first about 100 times */
	}
	assert_int_equal(sum, 49 * 50 / 2);
}

static struct machine *elsewhere(const char *topology)
{
	struct machine *machine;
	char why[PLACE_WHY];

	assert_int_equal(machine_load(&machine, topology, why), 0);
	return machine;
}

/* A cell that is drawn, another of the same place, and one that is fixed there. */
static void place_cells(struct cell cell[3], const struct place *place)
{
	memset(cell, 0, 3 * sizeof(*cell));
	for (int i = 0; i < 3; i++) {
		cell[i].threads = 2;
		cell[i].cpu[0] = place->cpu_a;
		cell[i].cpu[1] = place->cpu_b;
		cell[i].fixed = i == 2;
		strcpy(cell[i].place, place->name);
	}
}

/* 400 draws of at most 32 ordered pairs: none is missed, and the seed is always the same. */
static void draws_reach_every_pair_of_a_place_both_ways(void **state)
{
	struct machine *machine = elsewhere("pack:2 [numa] l3:2 core:2 pu:1");
	struct random random = random_from(7, 0, 0);
	size_t places;
	const struct place *place = machine_places(machine, &places);

	(void)state;
	assert_int_equal(places, 4);
	for (size_t i = 0; i < places; i++) {
		bool seen[8][8] = {{false}};
		size_t distinct = 0;
		struct cell cell[3];
		char name[PLACE_NAME];

		place_cells(cell, &place[i]);
		for (int draw = 0; draw < 400; draw++) {
			select_draw(cell, 3, machine, &random);
			const int *cpu = cell[0].cpu;

			distinct += !seen[cpu[0]][cpu[1]];
			seen[cpu[0]][cpu[1]] = true;
			machine_place_of(machine, cpu[0], cpu[1], name);
			assert_string_equal(name, place[i].name);
			assert_int_equal(cell[0].home, machine_node(machine, cpu[0]));
			assert_memory_equal(cell[1].cpu, cpu, 2 * sizeof(*cpu));
		}
		assert_int_equal(distinct,
			strcmp(place[i].name, "same-cpu") ? 2 * place[i].pairs : place[i].pairs);
		assert_int_equal(cell[2].cpu[0], place[i].cpu_a);
		assert_int_equal(cell[2].cpu[1], place[i].cpu_b);
	}
	machine_free(machine);
}

/* Cells that the options choose on two packages of two cores; of these so many with one thread. */
static size_t chosen(const struct options *options, struct selection *selection, size_t *alone)
{
	struct machine *machine = elsewhere("pack:2 core:2 pu:1");

	*alone = 0;
	select_cells(selection, options, machine);
	machine_free(machine);
	for (size_t i = 0; i < selection->asked; i++) {
		*alone += selection->cell[i].threads == 1;
		if (selection->cell[i].threads == 1)
			assert_int_equal(selection->cell[i].cpu[0], selection->cell[i].cpu[1]);
	}
	return selection->asked;
}

static void selections_are_what_was_asked_for(void **state)
{
	static const struct {
		struct options options;
		size_t cells, alone;
		bool fixed;
	} asked[] = {
		{{.mechanisms = "forged,spin", .places = "all", .awake = "no"}, 4, 1, false},
		{{.mechanisms = "forged,spin", .places = "package,machine", .awake = "no"}, 2, 0,
			false},
		{{.mechanisms = "spin", .places = "package", .awake = "no"}, 1, 0, false},
		{{.mechanisms = "spin", .places = "pairs", .awake = "no"}, 10, 0, true},
		{{.mechanisms = "forged,spin", .places = "pairs", .awake = "no"}, 14, 4, true},
		{{.mechanisms = "late", .places = "same-cpu"}, 2, 0, false},
		{{.mechanisms = "late", .places = "same-cpu", .everything = true}, 8, 0, false},
		{{.mechanisms = "awaited", .places = "all"}, 5, 0, false},
		{{.mechanisms = "awaited", .places = "all", .everything = true}, 7, 0, false},
		{{.mechanisms = "awaited", .places = "all", .awake = "latency,no"}, 5, 0, false},
		{{.mechanisms = "awaited", .places = "package", .awake = "1"}, 1, 0, false},
		{{.mechanisms = "late", .places = "same-cpu", .filter = "hold_ns=3$"}, 1, 0, false},
		{{.mechanisms = "spin-twice", .places = "same-cpu"}, 1, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct selection selection;
		size_t alone;

		assert_int_equal(chosen(&asked[i].options, &selection, &alone), asked[i].cells);
		assert_int_equal(alone, asked[i].alone);
		for (size_t c = 0; c < selection.cells; c++)
			assert_int_equal(selection.cell[c].fixed, asked[i].fixed);
		free(selection.cell);
	}
}

static const char *const in_turn_params[] = {"contenders=2", NULL};
static const char *const in_turn_more[] = {
	"contenders=2;stamps=1", "contenders=8", "contenders=16", "contenders=32", NULL};

static const struct shape in_turn_shape = {.name = "contended",
	.metric = "acquisitions",
	.unit = "1/s",
	.crowd = "contenders",
	.most_per_cpu = 4,
	.free_running = true,
	.contest = true,
	.window_ns = 40 * NS_PER_MS,
	.params = in_turn_params,
	.more = in_turn_more};

static int never_work(struct run *run, int me)
{
	(void)run, (void)me;
	return -ENOSYS;
}

static const struct bench in_turn = {
	.family = "fake",
	.name = "in-turn",
	.about = "spins for its turn",
	.spins_in_turn = true,
	.workloads = {{.shape = &in_turn_shape, .work = never_work}},
};

static const struct bench on_request = {
	.family = "fake",
	.name = "on-request",
	.about = "is measured on request alone",
	.on_request = true,
	.workloads = {{.shape = &in_turn_shape, .work = never_work}},
};

__attribute__((constructor)) static void enlist_in_turn(void)
{
	bench_enlist(&in_turn);
	bench_enlist(&on_request);
}

/* On two packages of two cores: four threads for each make sixteen. */
static void some_cells_are_measured_on_request_alone(void **state)
{
	static const struct {
		struct options options;
		size_t cells, noted;
	} asked[] = {
		{{.mechanisms = "in-turn", .places = "all"}, 2, 0}, /* package and machine */
		{{.mechanisms = "in-turn,on-request", .places = "all"}, 2, 0},
		{{.mechanisms = "in-turn", .places = "all", .trace = true}, 4, 0},
		{{.mechanisms = "in-turn", .places = "same-cpu", .everything = true}, 4, 4},
		{{.mechanisms = "in-turn", .places = "machine", .everything = true}, 4, 2},
		{{.mechanisms = "on-request", .places = "same-cpu", .everything = true}, 4, 0},
	};
	struct selection selection;
	size_t alone;

	(void)state;
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		size_t noted = 0;

		assert_int_equal(chosen(&asked[i].options, &selection, &alone), asked[i].cells);
		for (size_t c = 0; c < selection.cells; c++) {
			noted += selection.cell[c].note[0] != '\0';
			assert_int_equal(selection.cell[c].window_ns, 40 * NS_PER_MS);
		}
		assert_int_equal(noted, asked[i].noted);
		free(selection.cell);
	}
}

static void windows_of_free_running_cells_are_as_long_as_asked_for(void **state)
{
	const struct options options = {
		.mechanisms = "in-turn,late,spin", .places = "machine", .window_ns = 2 * NS_PER_S};
	struct selection selection;
	size_t alone, long_ones = 0;

	(void)state;
	chosen(&options, &selection, &alone);
	for (size_t i = 0; i < selection.asked; i++) {
		const struct cell *cell = &selection.cell[i];

		assert_int_equal(cell->window_ns,
			cell_workload(cell)->shape->free_running ? 2 * NS_PER_S : 20 * NS_PER_MS);
		long_ones += cell_workload(cell)->shape->free_running;
	}
	assert_true(long_ones > 0);
	free(selection.cell);
}

static const char *const spinning_crowds[] = {"receivers=2", "receivers=4", NULL};
static const char *const crowds[] = {"senders=1", "senders=2", "senders=4", NULL};

static const struct shape senders_shape = {
	.name = "fan-in", .metric = "handoff", .unit = "ns", .threads = 1, .crowd = "senders"};
static const struct shape receivers_shape = {
	.name = "fan-out", .metric = "handoff", .unit = "ns", .threads = 1, .crowd = "receivers"};

static int no_work(struct run *run, int me)
{
	(void)run, (void)me;
	return -ENOSYS;
}

static const struct bench crowd = {
	.family = "fake",
	.name = "crowd",
	.about = "has teams of two, three and five",
	.workloads = {{&senders_shape, no_work, .params = crowds},
		{&receivers_shape, no_work, .params = spinning_crowds, .needs = NEEDS_OWN_CPUS}},
};

__attribute__((constructor)) static void enlist_crowd(void)
{
	bench_enlist(&crowd);
}

/* Of two packages of two cores: three threads do not fit into one of them, five nowhere. */
static void larger_teams_have_places_of_their_own(void **state)
{
	static const struct {
		const char *name;
		int cpu[5];
		const char *unfit;
	} cells[] = {{"fake/crowd/fan-in/same-cpu/senders=1", {0, 0}, ""},
		{"fake/crowd/fan-in/same-cpu/senders=2", {0, 0, 0}, ""},
		{"fake/crowd/fan-in/same-cpu/senders=4", {0, 0, 0, 0, 0}, ""},
		{"fake/crowd/fan-out/same-cpu/receivers=2", {0, 0, 0},
			"needs a CPU for each thread"},
		{"fake/crowd/fan-out/same-cpu/receivers=4", {0, 0, 0, 0, 0},
			"needs a CPU for each thread"},
		{"fake/crowd/fan-in/package/senders=1", {0, 1}, ""},
		{"fake/crowd/fan-in/machine/senders=1", {0, 2}, ""},
		{"fake/crowd/fan-in/machine/senders=2", {0, 1, 2}, ""},
		{"fake/crowd/fan-in/machine/per_cpu=2;senders=4", {0, 1, 2, 3, 0}, ""},
		{"fake/crowd/fan-out/machine/receivers=2", {0, 1, 2}, ""},
		{"fake/crowd/fan-out/machine/per_cpu=2;receivers=4", {0, 1, 2, 3, 0},
			"needs a CPU for each thread"}};
	const struct options options = {.mechanisms = "crowd", .places = "all"};
	const struct options pairs = {.mechanisms = "crowd", .places = "pairs"};
	struct selection selection;
	char name[CELL_NAME];
	size_t alone;

	(void)state;
	assert_int_equal(chosen(&options, &selection, &alone), sizeof(cells) / sizeof(cells[0]));
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		const struct cell *cell = &selection.cell[i];

		assert_string_equal(cell_name(cell, name), cells[i].name);
		assert_memory_equal(
			cell->cpu, cells[i].cpu, (size_t)cell->threads * sizeof(*cell->cpu));
		assert_string_equal(cell->unfit, cells[i].unfit);
	}
	free(selection.cell);
	assert_int_equal(chosen(&pairs, &selection, &alone), 10); /* teams of two alone */
	free(selection.cell);
}

/* Each invocation draws another PU for a team to gather round; all of a size share it. */
static void draws_move_teams(void **state)
{
	struct machine *machine = elsewhere("pack:2 l3:2 core:4 pu:1");
	struct random random = random_from(7, 0, 0);
	bool first[16] = {false};
	int distinct = 0;

	(void)state;
	for (int draw = 0; draw < 400; draw++) {
		struct cell cell[2] = {
			{.threads = 3, .place = "l3"}, {.threads = 3, .place = "l3"}};
		char name[PLACE_NAME];

		select_draw(cell, 2, machine, &random);
		assert_memory_equal(cell[0].cpu, cell[1].cpu, sizeof(cell[0].cpu));
		for (int i = 1; i < 3; i++)
			assert_string_equal(
				machine_place_of(machine, cell->cpu[0], cell->cpu[i], name), "l3");
		assert_int_equal(cell->home, machine_node(machine, cell->cpu[0]));
		distinct += !first[cell->cpu[0]];
		first[cell->cpu[0]] = true;
	}
	assert_int_equal(distinct, 16);
	machine_free(machine);
}

/* Two CPUs make one pair and two teams: now the one, now the other has the larger part of it. */
static void draws_move_teams_that_wrap_round(void **state)
{
	struct machine *machine = elsewhere("pack:1 core:2 pu:1");
	struct random random = random_from(7, 0, 0);
	int first[2] = {0};

	(void)state;
	for (int draw = 0; draw < 400; draw++) {
		struct cell cell = {.threads = 3, .place = "package"};

		select_draw(&cell, 1, machine, &random);
		assert_int_equal(cell.cpu[0], cell.cpu[2]);
		assert_int_equal(cell.cpu[1], 1 - cell.cpu[0]);
		first[cell.cpu[0]]++;
	}
	assert_in_range(first[0], 150, 250);
	machine_free(machine);
}

static void medians(void **state)
{
	double odd[] = {5, 1, 3}, even[] = {4, 1, 3, 2}, one[] = {7};

	(void)state;
	assert_true(stats_median(odd, 3) == 3);
	assert_true(stats_median(even, 4) == 2.5);
	assert_true(stats_median(one, 1) == 7);
}

/* Ranks from the binomial tables: n = 6: 1 and 6 (96.9 %); 10: 2 and 9 (97.9 %); 12: 3 and 10
 * (96.1 %); 30: 10 and 21 (95.7 %). */
static void intervals_have_the_tabled_ranks(void **state)
{
	static const struct {
		size_t count, rank;
	} tabled[] = {{6, 1}, {10, 2}, {12, 3}, {30, 10}};
	double values[30], low, high;

	(void)state;
	for (int i = 0; i < 30; i++)
		values[i] = i + 1;
	assert_false(stats_interval(values, 5, &low, &high));
	assert_false(stats_interval(values, 0, &low, &high));
	for (size_t i = 0; i < sizeof(tabled) / sizeof(tabled[0]); i++) {
		assert_true(stats_interval(values, tabled[i].count, &low, &high));
		assert_true(low == (double)tabled[i].rank);
		assert_true(high == (double)(tabled[i].count + 1 - tabled[i].rank));
	}
}

/* Ratios whose logarithms are 0.01 to 0.12: the 14th of the 78 Walsh means is 0.04 (the critical
 * values of Wilcoxon's tables: 13 for twelve pairs at 5 %, 0 for six). */
static void paired_ratios_have_the_tabled_interval(void **state)
{
	double ratios[12];
	struct stats_ratio found;

	(void)state;
	for (int i = 0; i < 12; i++)
		ratios[i] = exp(0.01 * (12 - i));
	found = stats_paired(ratios, 12);
	assert_int_equal(found.count, 12);
	assert_true(fabs(log(found.estimate) - 0.065) < 1e-12);
	assert_true(fabs(log(found.low) - 0.04) < 1e-12);
	assert_true(fabs(log(found.high) - 0.09) < 1e-12);
	assert_true(ratios[0] > ratios[1]); /* left as they were */
	found = stats_paired(ratios, 6);
	assert_true(fabs(log(found.low) - 0.07) < 1e-12 && fabs(log(found.high) - 0.12) < 1e-12);
	found = stats_paired(ratios, 5);
	assert_true(isnan(found.low) && isnan(found.high) && !isnan(found.estimate));
	assert_true(isnan(stats_paired(NULL, 0).estimate));
}

/* NA, or a logarithm. */
static void assert_logarithm(const char *text, double ratio)
{
	if (!strcmp(text, "NA"))
		assert_true(isnan(ratio));
	else
		assert_true(fabs(log(ratio) - strtod(text, NULL)) < 1e-9);
}

/* The same cases as scripts/stats.py: logarithms of ratios, their estimate and its interval. */
static void paired_ratios_are_those_of_the_scripts(void **state)
{
	FILE *file = fopen(SIGNED_RANK_CASES, "r");
	char line[4096];
	int cases = 0;

	(void)state;
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	while (fgets(line, sizeof(line), file)) {
		char values[4096], estimate[64], low[64], high[64], *rest = values, *word;
		double ratios[64];
		size_t count = 0;

		assert_int_equal(sscanf(line, "%*[^,],%4095[^,],%63[^,],%63[^,],%63[^\n]", values,
					 estimate, low, high),
			4);
		while ((word = strsep(&rest, " ")))
			ratios[count++] = exp(strtod(word, NULL));
		const struct stats_ratio found = stats_paired(ratios, count);

		assert_logarithm(estimate, found.estimate);
		assert_logarithm(low, found.low);
		assert_logarithm(high, found.high);
		cases++;
	}
	fclose(file);
	assert_true(cases > 5);
}

static void quantiles_and_needs(void **state)
{
	const double sorted[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

	(void)state;
	assert_true(stats_quantile(sorted, 10, 0.1) == 1);
	assert_true(stats_quantile(sorted, 10, 0.11) == 2);
	assert_true(stats_quantile(sorted, 10, 1) == 10);
	assert_true(stats_quantile(sorted, 1, 0.1) == 1);
	assert_int_equal(stats_needed(12, 0.10, 0.10), 0);
	assert_int_equal(stats_needed(12, 0.05, 0.10), 0);
	assert_int_equal(stats_needed(12, 0.20, 0.10), 36);
	assert_int_equal(stats_needed(12, INFINITY, 0.10), 1000000000);
	assert_int_equal(stats_needed(12, NAN, 0.10), 0);
}

static void add_to_block(struct paired *paired, int block, int order, int cell, double value)
{
	const struct sample sample = {.cell = cell,
		.block = block,
		.order = order,
		.value = value,
		.ops = 1,
		.dose_ns = cell == 1 ? 7 : NAN};

	paired_add(paired, &sample);
}

/* Base windows of 100 and 200 ns, two places apart: 150 between them, and beyond them the nearest
 * alone. A block without a base tells nothing. */
static void windows_are_held_against_their_blocks_base(void **state)
{
	struct cell cell[3] = {{.threads = 2}, {.threads = 2}, {.threads = 2}};
	const struct selection selection = {
		.cell = cell, .cells = 3, .asked = 3, .base = 0, .spike = 1};
	struct sample flagged = {.cell = 0, .block = 3, .order = 9, .value = 1, .ops = 1};
	struct paired *paired;

	(void)state;
	assert_int_equal(paired_open(&paired, &selection), 0);
	add_to_block(paired, 0, 0, 0, 100);
	add_to_block(paired, 0, 1, 2, 300); /* 2 */
	add_to_block(paired, 0, 2, 0, 200);
	add_to_block(paired, 1, 3, 2, 500); /* 5: after comes 100 alone */
	add_to_block(paired, 1, 4, 0, 100);
	add_to_block(paired, 2, 5, 0, 50);
	add_to_block(paired, 2, 6, 1, 70);
	add_to_block(paired, 2, 7, 2, 400); /* 8 */
	flagged.flags = FLAG_SWITCHES;
	paired_add(paired, &flagged);
	add_to_block(paired, 3, 10, 2, 1e9);
	paired_end_invocation(paired);
	assert_true(fabs(paired_ratio(paired, 2).estimate - 5) < 1e-9);
	assert_int_equal(paired_windows(paired, 2), 3);
	assert_true(fabs(paired_ratio(paired, 1).estimate - 1.4) < 1e-9);
	assert_true(fabs(paired_dose(paired) - 0.14) < 1e-9);
	assert_int_equal(paired_ratio(paired, 0).count, 0);
	paired_free(paired);
}

/* A round of 23 cells, the base and the spike-in among them: two idle ones have no turn. */
static void rounds_are_cut_into_blocks(void **state)
{
	enum { CELLS = 25, BASE = 4, SPIKE = 7 };
	struct random random = random_from(1, 2, 3);
	bool idle[CELLS] = {[2] = true, [9] = true};
	int seen[CELLS] = {0};
	struct plan *plan;
	struct turn *turn;
	size_t turns;
	int plan_fd;

	(void)state;
	assert_int_equal(plan_create(&plan, CELLS, &plan_fd), 0);
	plan->base = BASE;
	plan->spike = SPIKE;
	turn = calloc(layout_most(plan), sizeof(*turn));
	turns = layout_round(plan, idle, &random, turn);
	assert_int_equal(turns, CELLS - 4 + 3 * 3);
	assert_true(turns <= layout_most(plan));
	for (size_t i = 0; i < turns; i++) {
		const bool opens = i == 0 || turn[i - 1].block != turn[i].block;
		const bool closes = i + 1 == turns || turn[i + 1].block != turn[i].block;

		seen[turn[i].cell]++;
		assert_int_equal(turn[i].cell == BASE, opens || closes);
		assert_int_equal(
			turn[i].cell == SPIKE, i > 0 && turn[i - 1].cell == BASE && !opens);
	}
	for (int i = 0; i < CELLS; i++)
		assert_int_equal(seen[i], i == BASE ? 6 : i == SPIKE ? 3 : !idle[i]);
	idle[SPIKE] = true;
	assert_int_equal(layout_round(plan, idle, &random, turn), CELLS - 4 + 2 * 3);
	free(turn);
	close(plan_fd);
	plan_free(plan);
}

/* Each block has both cells side by side, the base beside the spike-in, in both orders. */
static void pairs_stand_side_by_side(void **state)
{
	struct random random = random_from(1, 2, 3);
	const bool idle[3] = {false};
	struct plan *plan;
	struct turn turn[64];
	size_t turns, base_first = 0;
	int plan_fd;

	(void)state;
	assert_int_equal(plan_create(&plan, 3, &plan_fd), 0);
	plan->pair = true;
	plan->base = 0;
	plan->spike = 2;
	turns = layout_round(plan, idle, &random, turn);
	assert_int_equal(turns % 3, 0);
	for (size_t i = 0; i < turns; i += 3) {
		const bool first = turn[i].cell == 2;

		base_first += first;
		assert_int_equal(turn[i].cell, first ? 2 : 1);
		assert_int_equal(turn[i + 1].cell, 0);
		assert_int_equal(turn[i + 2].cell, first ? 1 : 2);
		assert_true(turn[i].block == turn[i + 2].block);
	}
	assert_true(base_first > 0 && base_first < turns / 3);
	close(plan_fd);
	plan_free(plan);
}

/* What another binary makes of a plan is another plan. */
static void a_foreign_plan_is_not_taken(void **state)
{
	struct plan *plan, *mapped;
	int plan_fd;

	(void)state;
	assert_int_equal(plan_create(&plan, 1, &plan_fd), 0);
	assert_int_equal(plan_map(&mapped, plan_fd), 0);
	plan_free(mapped);
	plan->protocol++;
	assert_int_equal(plan_map(&mapped, plan_fd), -EPROTO);
	close(plan_fd);
	plan_free(plan);
}

static int refuse(struct run *run, int me)
{
	(void)run, (void)me;
	return -ENOSYS;
}

/* Two workloads of one shape: what is expected goes by the params. */
static const char *const ways_plain[] = {"capacity=1;policy=park", NULL};
static const char *const ways_other[] = {"capacity=16;policy=park", "policy=spin", NULL};
static const char *const ways_more[] = {"capacity=1", NULL};

static const struct bench two_ways = {
	.family = "fake",
	.name = "two-ways",
	.about = "has two workloads of one shape",
	.workloads = {{&handoff_latency_shape, refuse, .params = ways_plain},
		{&handoff_latency_shape, refuse, .params = ways_other, .more = ways_more}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&two_ways);
}

static void workloads_of_one_shape_are_told_apart_by_their_params(void **state)
{
	static const struct {
		const char *params;
		int workload;
	} cases[] = {{"capacity=1;policy=park", 0}, {"awake=1;capacity=1;policy=park", 0},
		{"capacity=16;policy=park", 1}, {"awake=latency;policy=spin", 1},
		{"policy=spin;dose_pct=3", 1}, {"capacity=16;per_cpu=2;policy=park", 1},
		{"capacity=1;per_cpu=3", 1}, {"capacity=1;policy=par", 0}, {"capacity=1", 1},
		{"awake=1;capacity=1", 1}, {"capacity=12", 0}, {"awake=1", 0}, {"", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cell cell = {.family = "fake", .mechanism = "two-ways", .shape = "latency"};

		strcpy(cell.params, cases[i].params);
		cell_resolve(&cell);
		assert_string_equal(cell_bench(&cell)->name, "two-ways");
		assert_int_equal(cell.workload, cases[i].workload);
	}
}

static void words_of_params_are_compared_whole(void **state)
{
	const struct run run = {.params = "capacity=1;policy=spin;signal=unlocked"};

	(void)state;
	assert_true(run_param_is(&run, "policy", "spin"));
	assert_false(run_param_is(&run, "policy", "spi"));
	assert_false(run_param_is(&run, "policy", "spins"));
	assert_false(run_param_is(&run, "olicy", "spin"));
	assert_true(run_param_is(&run, "signal", "unlocked"));
}

/* A cell is found by its words, whatever its place in the catalogue; or it cannot run. */
static void cells_are_resolved_by_their_words(void **state)
{
	size_t count;
	struct cell cell;

	(void)state;
	catalogue(&count);
	for (size_t i = 0; i < count; i++) {
		cell = cell_make((int)i, 0);
		cell.bench = cell.workload = -1;
		cell_resolve(&cell);
		assert_int_equal(cell.bench, i);
		assert_int_equal(cell.workload, 0);
		assert_string_equal(cell.unfit, "");
	}
	strcpy(cell.mechanism, "nobody");
	cell_resolve(&cell);
	assert_string_equal(cell.unfit, "this binary does not have it");
}

static void settings_are_parsed(void **state)
{
	char *words[] = {"A_B1=x y", "--sched=batch", "--before=echo 1", "--binary=/bin/sh"};
	struct setting setting, none, other;
	char text[SETTING_TEXT];

	(void)state;
	setting_parse(&setting, "A", words, 4);
	assert_int_equal(setting.policy, SCHED_BATCH);
	assert_string_equal(setting.before, "echo 1");
	assert_string_equal(setting.binary, "/bin/sh");
	assert_string_equal(setting_text(&setting, text),
		"'A_B1=x y' --sched=batch '--before=echo 1' --binary=/bin/sh");
	setting_parse(&none, "B", words, 0);
	assert_string_equal(setting_text(&none, text), "as it is");
	assert_int_equal(none.policy, -1);
	setting_parse(&other, "B", words, 4);
	assert_true(setting_same(&setting, &other) && !setting_same(&setting, &none));
}

static void quantities_are_read_by_people(void **state)
{
	char text[UNITS_TEXT];

	(void)state;
	assert_string_equal(units_quantity(2654, "ns", text), "2.65 µs");
	assert_string_equal(units_quantity(999.7, "ns", text), "1.00 µs");
	assert_string_equal(units_quantity(99.97, "ns", text), "100 ns");
	assert_string_equal(units_quantity(641000, "1/s", text), "641 k/s");
	assert_string_equal(units_quantity(NAN, "ns", text), "-");
	assert_string_equal(units_interval(2480, 2690, 2650, "ns", text), "2.48 – 2.69");
	assert_string_equal(units_interval(261, 4.8e6, 275, "1/s", text), "261 – 4.80M");
	assert_string_equal(units_interval(NAN, NAN, 1, "ns", text), "");
	assert_string_equal(units_ratio(1.0304, text), "1.030");
	assert_string_equal(units_ratio(0.00612, text), "0.00612");
	assert_string_equal(units_ratio(10.19, text), "10.19");
	assert_int_equal(units_length("µ – x"), 5);
}

static char *read_file(const char *folder, const char *name)
{
	char path[256], *text = calloc(1, 4096);
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(fread(text, 1, 4095, file) > 0);
	fclose(file);
	unlink(path);
	return text;
}

static void csv_is_quoted_and_never_empty(void **state)
{
	char folder[] = "/tmp/baton-words-XXXXXX", inner[64];
	struct results *results;
	char *text;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(inner, sizeof(inner), "%s/a/b", folder);
	assert_int_equal(results_open(&results, inner, "id"), 0);
	results_fact(results, "machine", "plain", "value", "ok");
	results_fact(results, "machine", "odd", "say \"a,b\"\nc", "ok");
	results_fact(results, "machine", "none", NULL, "absent");
	results_fact(results, "machine", "void", "", "masked");
	assert_int_equal(results_close(results), 0);
	assert_int_equal(results_open(&results, inner, "id"), -EEXIST);
	text = read_file(inner, "context.csv");
	assert_string_equal(text, "run_id,scope,key,value,state\n"
				  "id,machine,plain,value,ok\n"
				  "id,machine,odd,\"say \"\"a,b\"\"\nc\",ok\n"
				  "id,machine,none,NA,absent\n"
				  "id,machine,void,NA,masked\n");
	free(text);
	free(read_file(inner, "samples.csv"));
	free(read_file(inner, "threads.csv"));
	free(read_file(inner, "rounds.csv"));
	free(read_file(inner, "histograms.csv"));
	free(read_file(inner, "shares.csv"));
	free(read_file(inner, "events.csv"));
	rmdir(inner);
	snprintf(inner, sizeof(inner), "%s/a", folder);
	rmdir(inner);
	assert_int_equal(rmdir(folder), 0);
}

static void rows_say_what_is_known(void **state)
{
	char folder[] = "/tmp/baton-words-XXXXXX", *text;
	const struct cell cell = {.threads = 2, .place = "here"};
	struct sample sample = {.cpu = {3, 5},
		.value = 2.5,
		.ops = 10,
		.wall_ns = 25,
		.lead_in_ns = 7,
		.cpu_ns = 50,
		.runqueue_wait_ns = -1,
		.voluntary = 9,
		.involuntary = 1,
		.slept = 0.9,
		.foreign_share = NAN,
		.dose_ns = 80.5};
	struct results *results;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(results_open(&results, folder, "id"), 0);
	results_sample(results, 4, &cell, &sample);
	sample.flags = FLAG_LOAD | FLAG_SWITCHES;
	sample.dose_ns = NAN;
	results_sample(results, 4, &cell, &sample);
	sample.flags = FLAG_STEAL;
	results_sample(results, 4, &cell, &sample);
	sample = (struct sample){.cpu = {3, 5},
		.home = -1,
		.strayed = -1,
		.order = 8,
		.value = NAN,
		.slept = NAN,
		.foreign_share = NAN,
		.dose_ns = NAN,
		.status = STATUS_SKIPPED,
		.id = "ENOSPC",
		.reason = "a, b"};
	results_sample(results, 4, &cell, &sample);
	sample.status = STATUS_ERROR;
	results_sample(results, 4, &cell, &sample);
	assert_int_equal(results_close(results), 0);
	text = read_file(folder, "samples.csv");
	assert_non_null(
		strstr(text, ",here,3-5,0,2,NA,handoff,ns,2.5,10,25,7,50,9,1,0.9,NA,NA,0,80.5,"
			     "ok,NA\n"));
	assert_non_null(
		strstr(text, ",2.5,10,25,7,50,9,1,0.9,NA,NA,0,NA,flagged:SWITCHES+LOAD,NA\n"));
	assert_non_null(strstr(text, ",0,NA,flagged:STEAL,NA\n"));
	assert_non_null(strstr(text, "1,id,4,0,0,8,"));
	assert_non_null(strstr(text, ",here,3-5,NA,2,NA,handoff,ns,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,"
				     "NA,NA,skipped:ENOSPC,\"a, b\"\n"));
	assert_non_null(
		strstr(text, ",NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,error:ENOSPC,\"a, b\"\n"));
	free(text);
	free(read_file(folder, "threads.csv"));
	free(read_file(folder, "rounds.csv"));
	free(read_file(folder, "histograms.csv"));
	free(read_file(folder, "shares.csv"));
	free(read_file(folder, "events.csv"));
	free(read_file(folder, "context.csv"));
	assert_int_equal(rmdir(folder), 0);
}

/* Three cells: the second is skipped, the third is a base that nobody asked for. */
struct reckoning {
	struct cell cell[3];
	struct selection selection;
	struct summary *summary;
	struct sample sample;
};

static void begin_reckoning(struct reckoning *reckoning)
{
	memset(reckoning, 0, sizeof(*reckoning));
	for (int i = 0; i < 3; i++) {
		reckoning->cell[i].threads = 2;
		snprintf(reckoning->cell[i].place, sizeof(reckoning->cell[i].place), "p%d", i);
	}
	reckoning->selection = (struct selection){
		.cell = reckoning->cell, .cells = 3, .asked = 2, .base = 2, .spike = -1};
	assert_int_equal(summary_open(&reckoning->summary, &reckoning->selection), 0);
	reckoning->sample = (struct sample){
		.ops = 100, .voluntary = 100, .slept = 1, .cpu_ns = 50000, .dose_ns = NAN};
}

static void add_window(struct reckoning *reckoning, int cell, double value, unsigned flags)
{
	reckoning->sample.cell = cell;
	reckoning->sample.value = value;
	reckoning->sample.flags = flags;
	summary_add(reckoning->summary, &reckoning->sample);
}

static void add_refusal(struct reckoning *reckoning, int cell, enum status status)
{
	struct sample refusal = {.cell = cell, .value = NAN, .status = status, .reason = "why"};

	summary_add(reckoning->summary, &refusal);
}

static void assert_said(const struct reckoning *reckoning, bool csv, const char *words, bool said)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(table_print(reckoning->summary, out, csv), 0);
	fclose(out);
	if (said != (strstr(text, words) != NULL))
		fail_msg("%s '%s' in:\n%s", said ? "no" : "there is", words, text);
	free(text);
}

/* Invocation i has the windows i and 3 i + 1, hence the median 2 i + 0.5. */
static void summaries_are_medians_of_medians(void **state)
{
	struct reckoning reckoning;

	(void)state;
	begin_reckoning(&reckoning);
	assert_int_equal(summary_exit_code(reckoning.summary), EXIT_SKIPPED);
	add_refusal(&reckoning, 1, STATUS_SKIPPED);
	add_window(&reckoning, 2, 1e9, 0);
	assert_int_equal(summary_exit_code(reckoning.summary), EXIT_SKIPPED);
	for (int i = 1; i <= 6; i++) {
		add_window(&reckoning, 0, i, 0);
		add_window(&reckoning, 0, 3 * i + 1, 0);
		summary_end_invocation(reckoning.summary);
		if (i == 5)
			assert_said(&reckoning, true,
				",handoff,ns,6.5,NA,NA,1,2.5e-09,NA,NA,1,1,500,NA,NA,NA,"
				"NA,5,10,0,0,0,0,0\n",
				true);
	}
	/* 12 windows: the second of them is p10. 10 wide at 7.5: 6 (10 / 7.5)^2 / 0.1^2 in all. */
	assert_said(&reckoning, true,
		",p0,NA,2,NA,handoff,ns,7.5,2.5,12.5,2,2.5e-09,NA,NA,1,1,500,NA,NA,NA,NA,6,12,0,0,"
		"0,"
		"1061,0\n",
		true);
	assert_said(&reckoning, true,
		",p1,NA,2,NA,handoff,ns,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,0,0,0,0,0,0,0\n",
		true);
	assert_said(&reckoning, true, "p2", false);
	assert_said(&reckoning, false, "p1: skipped, why", true);
	assert_said(&reckoning, false, "UNSETTLED >999", true);
	assert_said(&reckoning, false, "W-LOAD", false);
	assert_int_equal(summary_exit_code(reckoning.summary), EXIT_OK);
	add_refusal(&reckoning, 0, STATUS_ERROR);
	assert_said(&reckoning, false, "p0: FAILED, why", true);
	assert_int_equal(summary_exit_code(reckoning.summary), EXIT_FAILED);
	summary_free(reckoning.summary);
}

/* Medians of e^-0.1 and e^0.1 have a spread of 0.1414 in logarithms: (1.96 * 1.2533 * 0.1414 / p)^2
 * invocations, 18.6 at 8 %, 31.0 at 6.2 %, 7.7 at 12.5 %. The other cells have no value. */
static void a_precision_needs_so_many_invocations(void **state)
{
	struct reckoning reckoning;
	size_t beyond;

	(void)state;
	begin_reckoning(&reckoning);
	for (int i = 0; i < 2; i++) {
		add_window(&reckoning, 0, exp(i ? 0.1 : -0.1), 0);
		summary_end_invocation(reckoning.summary);
	}
	assert_int_equal(extent_for_precision(reckoning.summary, 0.08, &beyond), 19);
	assert_int_equal(beyond, 0);
	assert_int_equal(extent_for_precision(reckoning.summary, 0.062, &beyond), EXTENT_MOST);
	assert_int_equal(beyond, 1);
	assert_int_equal(extent_for_precision(reckoning.summary, 0.125, &beyond), EXTENT_LEAST);
	assert_int_equal(beyond, 0);
	summary_free(reckoning.summary);
}

/* Other work that leaves a cell no window is no failure of the cell; nor is a run that has nothing
 * else a success. */
static void starved_cells_do_not_fail_a_run(void **state)
{
	struct reckoning reckoning;

	(void)state;
	begin_reckoning(&reckoning);
	add_refusal(&reckoning, 1, STATUS_CUT);
	assert_int_equal(summary_exit_code(reckoning.summary), EXIT_FAILED);
	add_window(&reckoning, 0, 1, 0);
	assert_int_equal(summary_exit_code(reckoning.summary), EXIT_OK);
	assert_said(&reckoning, false, "p1: cut off, why", true);
	summary_free(reckoning.summary);
}

/* Of eleven rounds one that is slower than the others is no change, of ten it is. */
static void one_odd_clock_rate_is_no_change(void **state)
{
	static const double odd[] = {1, 3, 3, 3, 3, 3, 3, 3, 3, 3.02}, two[] = {1, 1, 3, 3, 3};
	struct round_facts round = {.wall_ns = NS_PER_S};
	struct reckoning reckoning;

	(void)state;
	begin_reckoning(&reckoning);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		round.chain_ghz = odd[i];
		summary_round(reckoning.summary, &round);
	}
	assert_said(&reckoning, false, "W-CLOCK", true);
	round.chain_ghz = 3;
	summary_round(reckoning.summary, &round);
	assert_said(&reckoning, false, "W-CLOCK", false);
	for (size_t i = 0; i < sizeof(two) / sizeof(two[0]); i++) {
		round.chain_ghz = two[i];
		summary_round(reckoning.summary, &round);
	}
	assert_said(&reckoning, false, "W-CLOCK", true);
	round.steal_ns = INT64_C(1) << 40;
	assert_said(&reckoning, false, "W-STEAL", false);
	summary_round(reckoning.summary, &round);
	assert_said(&reckoning, false, "W-STEAL", true);
	summary_free(reckoning.summary);
}

/* Stamps of round trips are not mixed into one-way ones, and speak only where there are no others.
 */
static void round_trips_are_kept_apart(void **state)
{
	static struct histogram one_way, trips;
	struct reckoning reckoning;

	(void)state;
	begin_reckoning(&reckoning);
	histogram_note(&one_way, 1000);
	histogram_note(&trips, 2000);
	add_window(&reckoning, 0, 10, 0);
	summary_stamps(reckoning.summary, 0, &trips, true);
	assert_int_equal(summary_line(reckoning.summary, 0).stamps->max_ns, 2000);
	assert_said(&reckoning, false, "round trips", true);
	summary_stamps(reckoning.summary, 0, &one_way, false);
	assert_int_equal(summary_line(reckoning.summary, 0).stamps->max_ns, 1000);
	assert_int_equal(histogram_count(summary_line(reckoning.summary, 0).stamps), 1);
	assert_said(&reckoning, false, "round trips", false);
	summary_free(reckoning.summary);
}

/* Of 19 windows 3 outside the band are few and 1 under load is more than 5 %; of 20 it is not;
 * of 22 windows 5 are more than a fifth. */
static void summaries_leave_out_what_left_its_band(void **state)
{
	struct reckoning reckoning;

	(void)state;
	begin_reckoning(&reckoning);
	for (int i = 0; i < 15; i++) {
		reckoning.sample.block = i;
		add_window(&reckoning, 0, 10, i ? 0 : FLAG_LOAD);
	}
	for (int i = 0; i < 3; i++)
		add_window(&reckoning, 0, 1e6, FLAG_SWITCHES);
	add_window(&reckoning, 0, 10, 0);
	assert_said(&reckoning, false, "two modes", false);
	assert_said(&reckoning, false, "SWITCHES 3", true);
	assert_said(&reckoning, false, "W-LOAD", true);
	add_window(&reckoning, 0, 10, 0);
	assert_said(&reckoning, false, "W-LOAD", false);
	add_window(&reckoning, 0, 1e6, FLAG_SWITCHES);
	add_window(&reckoning, 0, 1e6, FLAG_SWITCHES | FLAG_LOAD);
	assert_said(&reckoning, false, "UNSETTLED two modes: SWITCHES 5", true);
	assert_said(&reckoning, false, "W-LOAD  other work had the CPUs in 2 of 22 windows", true);
	summary_end_invocation(reckoning.summary);
	assert_said(&reckoning, true,
		",ns,10,NA,NA,10,NA,NA,NA,1,1,500,NA,NA,NA,NA,1,22,5,2,0,0,"
		"0\n",
		true);
	summary_free(reckoning.summary);
}

static void utc_is_iso_8601(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(results_utc(1000000000123456789, text), "2001-09-09T01:46:40.123Z");
}

static void chains_are_never_empty(void **state)
{
	(void)state;
	assert_int_equal(clock_chain_length(0, 3.0), 1);
	assert_int_equal(clock_chain_length(0.01, 3.0), 1);
	assert_int_equal(clock_chain_length(3, 3.0), 9);
	assert_int_equal(clock_chain_length(3000, 2.5), 7500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nearest_word),
		cmocka_unit_test(params_are_found_by_their_whole_key),
		cmocka_unit_test(params_stay_sorted),
		cmocka_unit_test(names_tell_cells_apart),
		cmocka_unit_test(the_catalogue_is_sorted),
		cmocka_unit_test(the_same_seed_gives_the_same_numbers),
		cmocka_unit_test(draws_are_below_and_even),
		cmocka_unit_test(a_shuffle_keeps_everything),
		cmocka_unit_test(some_cells_are_measured_on_request_alone),
		cmocka_unit_test(windows_of_free_running_cells_are_as_long_as_asked_for),
		cmocka_unit_test(draws_reach_every_pair_of_a_place_both_ways),
		cmocka_unit_test(selections_are_what_was_asked_for),
		cmocka_unit_test(larger_teams_have_places_of_their_own),
		cmocka_unit_test(draws_move_teams),
		cmocka_unit_test(draws_move_teams_that_wrap_round),
		cmocka_unit_test(medians),
		cmocka_unit_test(intervals_have_the_tabled_ranks),
		cmocka_unit_test(paired_ratios_have_the_tabled_interval),
		cmocka_unit_test(paired_ratios_are_those_of_the_scripts),
		cmocka_unit_test(quantiles_and_needs),
		cmocka_unit_test(windows_are_held_against_their_blocks_base),
		cmocka_unit_test(rounds_are_cut_into_blocks),
		cmocka_unit_test(pairs_stand_side_by_side),
		cmocka_unit_test(a_foreign_plan_is_not_taken),
		cmocka_unit_test(cells_are_resolved_by_their_words),
		cmocka_unit_test(workloads_of_one_shape_are_told_apart_by_their_params),
		cmocka_unit_test(words_of_params_are_compared_whole),
		cmocka_unit_test(settings_are_parsed),
		cmocka_unit_test(quantities_are_read_by_people),
		cmocka_unit_test(csv_is_quoted_and_never_empty),
		cmocka_unit_test(rows_say_what_is_known),
		cmocka_unit_test(summaries_are_medians_of_medians),
		cmocka_unit_test(summaries_leave_out_what_left_its_band),
		cmocka_unit_test(a_precision_needs_so_many_invocations),
		cmocka_unit_test(starved_cells_do_not_fail_a_run),
		cmocka_unit_test(round_trips_are_kept_apart),
		cmocka_unit_test(one_odd_clock_rate_is_no_change),
		cmocka_unit_test(utc_is_iso_8601),
		cmocka_unit_test(chains_are_never_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
