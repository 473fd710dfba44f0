/* words_test.c - the parts that need no threads: words, numbers, order, statistics, CSV */
#include "catalogue.h"
#include "cell.h"
#include "nearest.h"
#include "random.h"
#include "results.h"
#include "stats.h"

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
	rmdir(inner);
	snprintf(inner, sizeof(inner), "%s/a", folder);
	rmdir(inner);
	assert_int_equal(rmdir(folder), 0);
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
		cmocka_unit_test(names_tell_cells_apart),
		cmocka_unit_test(the_catalogue_is_sorted),
		cmocka_unit_test(the_same_seed_gives_the_same_numbers),
		cmocka_unit_test(draws_are_below_and_even),
		cmocka_unit_test(a_shuffle_keeps_everything),
		cmocka_unit_test(medians),
		cmocka_unit_test(intervals_have_the_tabled_ranks),
		cmocka_unit_test(csv_is_quoted_and_never_empty),
		cmocka_unit_test(utc_is_iso_8601),
		cmocka_unit_test(chains_are_never_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
