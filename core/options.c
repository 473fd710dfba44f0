/* options.c - from argv to options */
#include "options.h"

#include "clock.h"
#include "die.h"
#include "nearest.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	INVOCATIONS = 12,
	ROUNDS = 8,
	QUICK_INVOCATIONS = 6, /* the fewest that have a 95 % interval at all */
	QUICK_ROUNDS = 2,
	/* Of an A/B comparison: many short processes, for the two of a pair should be near each
	 * other. */
	AB_INVOCATIONS = 48,
	AB_QUICK_INVOCATIONS = 12,
	AB_ROUNDS = 2,
	AB_QUICK_ROUNDS = 1,
	LEAD_IN_MAX_MS = 10 * 1000,
	WINDOW_MAX_MS = 100 * 1000,
	OUT_MAX = 400,
};

static const char usage[] =
	"usage: baton [COMMAND] [OPTION…]\n"
	"What does it cost threads to pass the baton: the CPU, a value, a lock?\n"
	"\n"
	"commands\n"
	"  run      measure (the default)\n"
	"  list     the mechanisms and their workloads\n"
	"  places   where on this machine threads can sit\n"
	"  check    prove that every mechanism does what it says; no timing\n"
	"  ab       two settings against each other, invocation by invocation\n"
	"\n"
	"what to measure\n"
	"  --filter=REGEX         cells whose name family/mechanism/workload/place/params matches\n"
	"  --family=LIST          floor, handoff, lock, switch; separated by commas\n"
	"  --mechanism=LIST       as in `baton list`\n"
	"  --place=LIST           as in `baton places`; all (default), or pairs: every pair of "
	"CPUs\n"
	"  --awake=LIST           across CPUs, how the sleeper's CPU is kept from idling: no, 1 "
	"(a\n"
	"                         spinner on it), latency (/dev/cpu_dma_latency); default no,1\n"
	"  --set=headline|all     the cells that `make bench` measures (default), or all there "
	"are\n"
	"  --base=CELL            the cell that each block is held against (default\n"
	"                         switch/futex/pingpong/same-cpu)\n"
	"  --pair=A,B             two cells alone, in adjacent windows: the ratio to quote; not "
	"ab\n"
	"\n"
	"how\n"
	"  --quick                fewer rounds and invocations: wide intervals\n"
	"  --invocations=N        fresh processes (default 12; with --quick 6; ab: 48 and 12 "
	"pairs)\n"
	"  --budget=SECONDS       as many invocations as fit, 10 to 30 (ab: to 120 pairs)\n"
	"  --precision=PERCENT    as many, 10 to 30, as bring the intervals' half-width down to "
	"this; not ab\n"
	"  --rounds=N             windows of each cell in an invocation (default 8; with --quick "
	"2;\n"
	"                         ab: 2 and 1)\n"
	"  --lead-in=MS           untimed, before each window (default 1; 96 where a governor "
	"scales\n"
	"                         the clock)\n"
	"  --window=MS            length of the windows of locks and guards (default 40 and 20)\n"
	"  --trace                keep who held each lock when, in events.csv: stamped cells, "
	"first\n"
	"                         round of each invocation; not ab\n"
	"  --sched=other|batch|fifo  policy of the measuring threads\n"
	"  --seed=N               of the order and of the CPUs drawn; it is in context.csv\n"
	"  --out=DIR              the run's folder (default results/<UTC time>-<label>)\n"
	"  --label=NAME           what to call this machine (default: its CPU)\n"
	"  --topology=WHAT        places: another machine, an XML file or a synthetic description\n"
	"  --format=table|csv     run: of the summary; list, places: of the table\n"
	"  --benchmark_…          one plain Google Benchmark process with its console and its "
	"JSON\n"
	"  --help, --version\n"
	"\n"
	"baton ab [OPTION…] -- A -- B\n"
	"  alternates fresh processes of two settings in random order. Each of A and B is a list "
	"of\n"
	"  NAME=VALUE (environment), --binary=PATH (another baton), --sched=POLICY and\n"
	"  --before=COMMAND (run by sh before each process); an empty one is things as they are.\n"
	"\n"
	"exit codes: 0 ok, 1 a cell failed, 2 usage, 3 unfit machine, 4 nothing matched, 5 "
	"something\n"
	"missing, 6 results cannot be written, 77 everything skipped, 128+n interrupted by signal "
	"n\n";

static const char *const commands[] = {"run", "list", "places", "check", "ab", NULL};

enum key {
	KEY_FILTER,
	KEY_FAMILY,
	KEY_MECHANISM,
	KEY_PLACE,
	KEY_AWAKE,
	KEY_SET,
	KEY_BASE,
	KEY_PAIR,
	KEY_QUICK,
	KEY_INVOCATIONS,
	KEY_BUDGET,
	KEY_PRECISION,
	KEY_ROUNDS,
	KEY_LEAD_IN,
	KEY_WINDOW,
	KEY_TRACE,
	KEY_SCHED,
	KEY_SEED,
	KEY_OUT,
	KEY_LABEL,
	KEY_TOPOLOGY,
	KEY_FORMAT,
	KEY_HELP,
	KEY_VERSION,
};

/* In the order of enum key. */
static const char *const keys[] = {"--filter", "--family", "--mechanism", "--place", "--awake",
	"--set", "--base", "--pair", "--quick", "--invocations", "--budget", "--precision",
	"--rounds", "--lead-in", "--window", "--trace", "--sched", "--seed", "--out", "--label",
	"--topology", "--format", "--help", "--version", NULL};

/* What each command heeds, in the order of enum command; --help and --version go anywhere. */
static const unsigned heeded[] = {
	[COMMAND_RUN] = ~(1u << KEY_TOPOLOGY),
	[COMMAND_LIST] = 1u << KEY_FORMAT,
	[COMMAND_PLACES] = 1u << KEY_PLACE | 1u << KEY_TOPOLOGY | 1u << KEY_FORMAT,
	[COMMAND_CHECK] = 1u << KEY_FILTER | 1u << KEY_FAMILY | 1u << KEY_MECHANISM |
			  1u << KEY_PLACE | 1u << KEY_SET | 1u << KEY_AWAKE,
	[COMMAND_AB] =
		~(1u << KEY_TOPOLOGY | 1u << KEY_PAIR | 1u << KEY_PRECISION | 1u << KEY_TRACE),
};

/* Two of these contradict each other. */
static const enum key contradictions[][2] = {
	{KEY_OUT, KEY_LABEL},
	{KEY_INVOCATIONS, KEY_BUDGET},
	{KEY_INVOCATIONS, KEY_PRECISION},
	{KEY_BUDGET, KEY_PRECISION},
	{KEY_QUICK, KEY_BUDGET},
	{KEY_QUICK, KEY_PRECISION},
	{KEY_PAIR, KEY_BASE},
	{KEY_PAIR, KEY_FILTER},
	{KEY_PAIR, KEY_FAMILY},
	{KEY_PAIR, KEY_MECHANISM},
	{KEY_PAIR, KEY_PLACE},
	{KEY_PAIR, KEY_SET},
	{KEY_PAIR, KEY_AWAKE},
};

static bool takes_value(enum key key)
{
	return key != KEY_QUICK && key != KEY_TRACE && key != KEY_HELP && key != KEY_VERSION;
}

static uint64_t parse_number(const char *key, const char *value, uint64_t least, uint64_t most)
{
	char *end;

	errno = 0;
	const unsigned long long number = strtoull(value, &end, 0);

	if (errno || *end || end == value || value[0] == '-' || number < least || number > most)
		die(EXIT_USAGE, "%s=%s: not a whole number from %llu to %llu", key, value,
			(unsigned long long)least, (unsigned long long)most);
	return number;
}

/* A number above 0 and at most `most`, fractions allowed. */
static double parse_real(const char *key, const char *value, double most)
{
	char *end;
	const double number = strtod(value, &end);

	if (*end || end == value || !(number > 0 && number <= most))
		die(EXIT_USAGE, "%s=%s: not a number above 0 and up to %g", key, value, most);
	return number;
}

/* Whether the value is the second of two valid words. */
static bool parse_either(const char *key, const char *value, const char *one, const char *other)
{
	if (strcmp(value, one) != 0 && strcmp(value, other) != 0)
		die(EXIT_USAGE, "%s=%s: valid are %s and %s", key, value, one, other);
	return !strcmp(value, other);
}

static int parse_policy(const char *value)
{
	const int policy = setting_policy(value);

	if (policy < 0)
		die(EXIT_USAGE, "--sched=%s: valid are other, batch and fifo", value);
	return policy;
}

static void print_and_exit(const char *text)
{
	fputs(text, stdout);
	exit(fflush(stdout) ? EXIT_UNWRITABLE : EXIT_OK);
}

/* Where the text of an option goes as it is; NULL: it has to be understood first. */
static const char **text_of(struct options *options, enum key key)
{
	switch (key) {
	case KEY_FILTER:
		return &options->filter;
	case KEY_FAMILY:
		return &options->families;
	case KEY_MECHANISM:
		return &options->mechanisms;
	case KEY_PLACE:
		return &options->places;
	case KEY_AWAKE:
		return &options->awake;
	case KEY_BASE:
		return &options->base;
	case KEY_PAIR:
		return &options->pair;
	case KEY_OUT:
		return &options->out;
	case KEY_LABEL:
		return &options->label;
	case KEY_TOPOLOGY:
		return &options->topology;
	default:
		return NULL;
	}
}

static int64_t parse_ms(const char *key, const char *value, double most_ms)
{
	return (int64_t)(parse_real(key, value, most_ms) * NS_PER_MS);
}

static void set_option(struct options *options, enum key key, const char *value)
{
	const char **const text = text_of(options, key);

	if (text) {
		*text = value;
		return;
	}
	switch (key) {
	case KEY_SET:
		options->everything = parse_either(keys[key], value, "headline", "all");
		break;
	case KEY_QUICK:
		options->quick = true;
		break;
	case KEY_INVOCATIONS:
		options->invocations = (int)parse_number(keys[key], value, 1, 1000);
		break;
	case KEY_BUDGET:
		options->budget_s = (int)parse_number(keys[key], value, 1, 1000000);
		break;
	case KEY_PRECISION:
		options->precision = parse_real(keys[key], value, 100) / 100;
		break;
	case KEY_ROUNDS:
		options->rounds = (int)parse_number(keys[key], value, 1, 1000);
		break;
	case KEY_LEAD_IN:
		options->lead_in_ns = parse_ms(keys[key], value, LEAD_IN_MAX_MS);
		break;
	case KEY_WINDOW:
		options->window_ns = parse_ms(keys[key], value, WINDOW_MAX_MS);
		break;
	case KEY_TRACE:
		options->trace = true;
		break;
	case KEY_SCHED:
		options->policy = parse_policy(value);
		break;
	case KEY_SEED:
		options->seed = parse_number(keys[key], value, 0, UINT64_MAX);
		break;
	case KEY_FORMAT:
		options->csv = parse_either(keys[key], value, "table", "csv");
		break;
	case KEY_HELP:
		print_and_exit(usage);
		break;
	case KEY_VERSION:
		print_and_exit("baton " BATON_VERSION "\n");
		break;
	default: /* a text */
		break;
	}
}

static void parse_option(struct options *options, const char *argument)
{
	const size_t length = strcspn(argument, "=");
	const char *value = argument[length] ? argument + length + 1 : NULL;
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)(length < 63 ? length : 63), argument);
	for (enum key key = 0; keys[key]; key++) {
		if (strcmp(name, keys[key]) != 0)
			continue;
		if (takes_value(key) && (!value || !*value))
			die(EXIT_USAGE, "%s needs a value: %s=…", name, name);
		if (!takes_value(key) && value)
			die(EXIT_USAGE, "%s takes no value", name);
		set_option(options, key, value);
		options->given |= 1u << key;
		return;
	}
	die(EXIT_USAGE, "unknown option %s; the nearest is %s (baton --help lists all)", name,
		nearest(name, keys));
}

static enum command parse_command(const char *word)
{
	for (int i = 0; commands[i]; i++)
		if (!strcmp(word, commands[i]))
			return (enum command)i;
	die(EXIT_USAGE, "unknown command %s; the nearest is %s (baton --help lists all)", word,
		nearest(word, commands));
}

/* The first command that an option means something to. */
static enum command heeds(enum key key)
{
	enum command command = COMMAND_RUN;

	while (!(heeded[command] & 1u << key))
		command++;
	return command;
}

static void check_combination(const struct options *options)
{
	for (enum key key = 0; keys[key]; key++)
		if (options->given & ~heeded[options->command] & 1u << key)
			die(EXIT_USAGE, "%s goes with `baton %s`, not with `baton %s`", keys[key],
				commands[heeds(key)], commands[options->command]);
	if (options->out && strlen(options->out) > OUT_MAX)
		die(EXIT_USAGE, "--out: longer than %d bytes", OUT_MAX);
	if (options->plain && options->command != COMMAND_RUN)
		die(EXIT_USAGE, "--benchmark_… flags go with `baton run` alone");
	for (size_t i = 0; i < sizeof(contradictions) / sizeof(contradictions[0]); i++) {
		const enum key *key = contradictions[i];

		if (options->given & 1u << key[0] && options->given & 1u << key[1])
			die(EXIT_USAGE, "%s and %s contradict each other: give one of them",
				keys[key[0]], keys[key[1]]);
	}
}

static uint64_t fresh_seed(void)
{
	uint32_t seed = 0;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = 1;
	return seed;
}

/* -- A -- B, to the end of the line. */
static void parse_sides(struct options *options, int words, char **word)
{
	int second = 1;

	while (second < words && strcmp(word[second], "--") != 0)
		second++;
	for (int i = second + 1; i < words; i++)
		if (!strcmp(word[i], "--"))
			die(EXIT_USAGE, "a third --: `baton ab` takes two settings, -- A -- B");
	if (second == words)
		return;
	setting_parse(&options->setting[0], "A", word + 1, second - 1);
	setting_parse(&options->setting[1], "B", word + second + 1, words - second - 1);
	options->sides = 2;
}

static void set_defaults(struct options *options)
{
	static const int invocations[2][2] = {
		{INVOCATIONS, QUICK_INVOCATIONS}, {AB_INVOCATIONS, AB_QUICK_INVOCATIONS}};
	static const int rounds[2][2] = {{ROUNDS, QUICK_ROUNDS}, {AB_ROUNDS, AB_QUICK_ROUNDS}};
	const bool ab = options->command == COMMAND_AB;

	if (!options->invocations)
		options->invocations = invocations[ab][options->quick];
	if (!options->rounds)
		options->rounds = rounds[ab][options->quick];
}

void options_parse(struct options *options, int argc, char **argv)
{
	*options = (struct options){.places = "all",
		.seed = fresh_seed(),
		.lead_in_ns = -1,
		.sides = 1,
		.setting = {{.policy = -1}, {.policy = -1}},
		.argv = argv};
	options->argc = 1;
	for (int i = 1; i < argc; i++) {
		if (options->command == COMMAND_AB && !strcmp(argv[i], "--")) {
			parse_sides(options, argc - i, argv + i);
			break;
		}
		if (!strncmp(argv[i], "--benchmark_", strlen("--benchmark_")))
			argv[options->argc++] = argv[i];
		else if (argv[i][0] == '-')
			parse_option(options, argv[i]);
		else if (i == 1)
			options->command = parse_command(argv[i]);
		else
			die(EXIT_USAGE, "%s: an option was expected here, as in --filter=%s",
				argv[i], argv[i]);
	}
	if (options->command == COMMAND_AB && options->sides != 2)
		die(EXIT_USAGE, "baton ab needs two settings: baton ab [OPTION…] -- A -- B");
	options->plain = options->argc > 1;
	if (options->command == COMMAND_CHECK && !(options->given & 1u << KEY_SET))
		options->everything = true; /* what is not timed costs little */
	set_defaults(options);
	check_combination(options);
}
