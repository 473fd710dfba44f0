/* place_test.c - places of described machines and of this one, and pinning to it */
#include "place.h"
#include "places.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Two packages under one L3, a Group within it; three hwloc kinds of which two differ in capacity
 * alone. None of this can be said in a synthetic description. */
static const char hybrid_xml[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n"
	"<topology version=\"2.0\">\n"
	"<object type=\"Machine\" cpuset=\"0xf\" complete_cpuset=\"0xf\" allowed_cpuset=\"0xf\""
	" nodeset=\"1\" complete_nodeset=\"1\" allowed_nodeset=\"1\" gp_index=\"1\">\n"
	"<object type=\"NUMANode\" os_index=\"0\" cpuset=\"0xf\" complete_cpuset=\"0xf\""
	" nodeset=\"1\" complete_nodeset=\"1\" gp_index=\"2\"/>\n"
	"<object type=\"L3Cache\" cpuset=\"0xf\" complete_cpuset=\"0xf\" nodeset=\"1\""
	" complete_nodeset=\"1\" gp_index=\"3\" depth=\"3\" cache_size=\"1024\""
	" cache_linesize=\"64\" cache_associativity=\"0\" cache_type=\"0\">\n"
	"<object type=\"Package\" os_index=\"0\" cpuset=\"3\" complete_cpuset=\"3\" nodeset=\"1\""
	" complete_nodeset=\"1\" gp_index=\"4\">\n"
	"<object type=\"PU\" os_index=\"0\" cpuset=\"1\" complete_cpuset=\"1\" nodeset=\"1\""
	" complete_nodeset=\"1\" gp_index=\"10\"/>\n"
	"<object type=\"PU\" os_index=\"1\" cpuset=\"2\" complete_cpuset=\"2\" nodeset=\"1\""
	" complete_nodeset=\"1\" gp_index=\"11\"/>\n"
	"</object>\n"
	"<object type=\"Package\" os_index=\"1\" cpuset=\"0xc\" complete_cpuset=\"0xc\""
	" nodeset=\"1\" complete_nodeset=\"1\" gp_index=\"5\">\n"
	"<object type=\"PU\" os_index=\"2\" cpuset=\"4\" complete_cpuset=\"4\" nodeset=\"1\""
	" complete_nodeset=\"1\" gp_index=\"12\"/>\n"
	"<object type=\"PU\" os_index=\"3\" cpuset=\"8\" complete_cpuset=\"8\" nodeset=\"1\""
	" complete_nodeset=\"1\" gp_index=\"13\"/>\n"
	"</object>\n</object>\n</object>\n"
	"<cpukind cpuset=\"3\"><info name=\"FrequencyMaxMHz\" value=\"2000\"/></cpukind>\n"
	"<cpukind cpuset=\"4\"><info name=\"FrequencyMaxMHz\" value=\"3000\"/>"
	"<info name=\"LinuxCapacity\" value=\"1000\"/></cpukind>\n"
	"<cpukind cpuset=\"%s\"><info name=\"FrequencyMaxMHz\" value=\"3000\"/>"
	"<info name=\"LinuxCapacity\" value=\"1024\"/></cpukind>\n"
	"</topology>\n";

/* Loads without an error in hwloc 2.9, and its PU is lost: the package has an empty set. */
static const char no_pu_xml[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n"
	"<topology version=\"2.0\">\n"
	"<object type=\"Machine\" cpuset=\"1\" complete_cpuset=\"1\" allowed_cpuset=\"1\""
	" nodeset=\"1\" complete_nodeset=\"1\" allowed_nodeset=\"1\" gp_index=\"1\">\n"
	"<object type=\"Package\" os_index=\"0\" cpuset=\"0\" complete_cpuset=\"1\""
	" nodeset=\"1\" complete_nodeset=\"1\" gp_index=\"2\">\n"
	"<object type=\"NUMANode\" os_index=\"0\" cpuset=\"1\" complete_cpuset=\"1\""
	" nodeset=\"1\" complete_nodeset=\"1\" gp_index=\"3\"/>\n"
	"<object type=\"PU\" os_index=\"0\" cpuset=\"1\" complete_cpuset=\"1\" nodeset=\"1\""
	" complete_nodeset=\"1\" gp_index=\"4\"/>\n"
	"</object>\n</object>\n</topology>\n";

/* How the kernel lies, for one test in a child: a CPU that is not there, a larger mask than
 * glibc's, and a pinning that says 0 and does nothing. */
static int invented_cpu = -1;
static size_t kernel_mask_bytes;
static bool pins_nothing;

/* These two stand before libc's, also for hwloc. */
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
	long bytes = syscall(SYS_sched_getaffinity, pid, size, set);

	if (bytes < 0)
		return -1;
	if (size < kernel_mask_bytes) {
		errno = EINVAL;
		return -1;
	}
	memset((char *)set + bytes, 0, size - (size_t)bytes);
	if (invented_cpu >= 0)
		CPU_SET_S((size_t)invented_cpu, size, set);
	return 0;
}

int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set)
{
	return pins_nothing ? 0 : (int)syscall(SYS_sched_setaffinity, pid, size, set);
}

struct golden {
	const char *source, *rows;
};

/* The sizes are worked out by hand: k groups of n PUs have k*n*(n-1)/2 pairs within. */
static const struct golden goldens[] = {
	{"pu:1", "same-cpu,1,0,0\n"},
	{"pu:4", "same-cpu,4,0,0\npackage,6,0,1\n"},
	{"pack:1 core:2 pu:1", "same-cpu,2,0,0\npackage,1,0,1\n"},
	{"pack:2 core:2 pu:2", "same-cpu,8,0,0\nsmt,4,0,1\npackage,8,0,2\nmachine,16,0,4\n"},
	{"pack:1 l3:2 l2:2 core:2 l1:1 pu:2",
		"same-cpu,16,0,0\nsmt,8,0,1\nl2,16,0,2\nl3,32,0,4\npackage,64,0,8\n"},
	{"pack:1 l1:2 pu:2", "same-cpu,4,0,0\nl1,2,0,1\npackage,4,0,2\n"},
	{"pack:1 core:2 l1:2 pu:2", "same-cpu,8,0,0\nsmt,12,0,1\npackage,16,0,4\n"},
	{"pack:1 l4:1 core:3 pu:1", "same-cpu,3,0,0\nl4,3,0,1\n"},
	{"pack:1 l3:1 group:2 core:2 pu:1", "same-cpu,4,0,0\ncluster,2,0,1\nl3,4,0,2\n"},
	{"pack:1 group:2 core:2 pu:1", "same-cpu,4,0,0\npackage,6,0,1\n"},
	{"pack:1 die:2 l3:1 core:2 pu:1", "same-cpu,4,0,0\nl3,2,0,1\npackage.xdie,4,0,2\n"},
	{"pack:2 numa:2 core:2 pu:1",
		"same-cpu,8,0,0\npackage,4,0,1\npackage.xnuma,8,0,2\nmachine.xnuma,16,0,4\n"},
	{"pack:1 die:2 numa:1 core:1 pu:1", "same-cpu,2,0,0\npackage.xdie.xnuma,1,0,1\n"},
	{"pack:1 core:2 pu:2(indexes=0,2,1,3)", "same-cpu,4,0,0\nsmt,2,0,2\npackage,4,0,1\n"},
};

static struct machine *load(const char *source)
{
	char why[PLACE_WHY] = "";
	struct machine *m = NULL;

	if (machine_load(&m, source, why))
		fail_msg("%s: %s", source ? source : "this machine", why);
	return m;
}

/* A file in memory, for as long as the process lives; path holds its name. */
static const char *file_with(const char *text, char path[64])
{
	int fd = memfd_create("topology", 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return path;
}

static char *printed(const struct machine *m, bool csv, const char *choice)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(places_print(out, m, csv, choice), 0);
	fclose(out);
	return text;
}

static void expect_rows(struct machine *m, const char *choice, const char *rows)
{
	const char *header = "place,pairs,cpu_a,cpu_b\n";
	char *text = printed(m, true, choice);

	assert_memory_equal(text, header, strlen(header));
	assert_string_equal(text + strlen(header), rows);
	free(text);
}

static void names_and_counts_are_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++) {
		struct machine *m = load(goldens[i].source);

		expect_rows(m, NULL, goldens[i].rows);
		expect_rows(m, "all", goldens[i].rows);
		machine_free(m);
	}
}

static void expect_hybrid(const char *last_kind, const char *rows)
{
	char text[sizeof hybrid_xml + 16], path[64];

	snprintf(text, sizeof text, hybrid_xml, last_kind);
	struct machine *m = load(file_with(text, path));
	expect_rows(m, NULL, rows);
	machine_free(m);
}

static void kinds_and_shared_packages_are_told(void **state)
{
	(void)state;
	expect_hybrid("8", "same-cpu@0,2,0,0\nl3@0,1,0,1\nl3.xpkg@1-0,4,0,2\n"
			   "same-cpu@1,2,2,2\nl3@1,1,2,3\n");
	/* CPU 3 without a kind: no suffix for anybody */
	expect_hybrid("4", "same-cpu,4,0,0\nl3,2,0,1\nl3.xpkg,4,0,2\n");
}

static size_t sum_of_pairs(const struct machine *m)
{
	size_t count, sum = 0;
	const struct place *places = machine_places(m, &count);

	for (size_t i = 0; i < count; i++)
		sum += places[i].pairs;
	return sum;
}

static void every_pair_has_one_place(void **state)
{
	static const char *const sources[] = {
		"pu:1", "pack:2 l3:12 core:8 pu:2", "pack:8 l3:8 core:8 pu:2", NULL};

	(void)state;
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
		struct machine *m = load(sources[i]);
		size_t n = machine_pus(m);

		assert_int_equal(sum_of_pairs(m), n * (n + 1) / 2);
		machine_free(m);
	}
}

/* In logical order, and OS indexes equal logical ones here, so each pair lies after the last. */
static void enumerate(const struct machine *m, const struct place *place)
{
	int cpu[2], previous = -1, n = (int)machine_pus(m);
	char name[PLACE_NAME];

	for (size_t k = 0; k < place->pairs; k++) {
		assert_int_equal(machine_pair(m, place->name, k, cpu), 0);
		assert_true(cpu[0] <= cpu[1]);
		assert_true(cpu[0] * n + cpu[1] > previous);
		previous = cpu[0] * n + cpu[1];
		assert_string_equal(machine_place_of(m, cpu[0], cpu[1], name), place->name);
		assert_string_equal(machine_place_of(m, cpu[1], cpu[0], name), place->name);
		if (!k) {
			assert_int_equal(cpu[0], place->cpu_a);
			assert_int_equal(cpu[1], place->cpu_b);
		}
	}
	assert_int_equal(machine_pair(m, place->name, place->pairs, cpu), -ERANGE);
}

static void pairs_of_a_place_are_its_own(void **state)
{
	struct machine *m = load("pack:2 die:2 numa:1 l3:1 core:3 pu:2");
	size_t count;
	const struct place *places = machine_places(m, &count);

	(void)state;
	assert_int_equal(count, 5);
	for (size_t i = 0; i < count; i++)
		enumerate(m, &places[i]);
	machine_free(m);
}

static void unknown_names_and_cpus_are_refused(void **state)
{
	struct machine *m = load("pack:2 core:2 pu:1");
	char name[PLACE_NAME] = "untouched";
	int cpu[2];

	(void)state;
	assert_int_equal(machine_pair(m, "l3", 0, cpu), -ENOENT);
	assert_int_equal(machine_pair(m, "pack", 0, cpu), -ENOENT);
	assert_null(machine_place_of(m, 0, 4, name));
	assert_null(machine_place_of(m, -1, 0, name));
	assert_string_equal(name, "untouched");
	assert_int_equal(machine_node(m, 4), -1);
	machine_free(m);
}

/* Four caches of two cores of two threads, in two packages; OS indexes equal logical ones. */
static void teams_are_compact(void **state)
{
	static const struct {
		const char *place;
		int threads;
		size_t k;
		int cpu[9];
	} teams[] = {{"smt", 2, 0, {0, 1}}, {"smt", 2, 5, {5, 4}}, {"l3", 3, 0, {0, 1, 2}},
		{"l3", 3, 3, {3, 2, 0}}, {"l3", 4, 14, {14, 15, 12, 13}},
		{"l3", 4, 16, {0, 1, 2, 3}}, /* modulo */
		{"package", 5, 6, {6, 7, 4, 5, 0}},
		{"package", 8, 9, {9, 8, 10, 11, 12, 13, 14, 15}},
		{"machine", 9, 15, {15, 14, 12, 13, 8, 9, 10, 11, 0}}, {"same-cpu", 1, 7, {7}},
		{"same-cpu", 4, 7, {7, 7, 7, 7}}};
	static const struct {
		const char *place;
		int threads;
	} none[] = {{"smt", 3}, {"l3", 2}, {"l3", 5}, {"package", 4}, {"package", 9},
		{"machine", 8}, {"l2", 3}, {"l3", 0}, {"machine", MACHINE_TEAM_MAX + 1}};
	struct machine *m = load("pack:2 l3:2 core:2 pu:2");
	int cpu[MACHINE_TEAM_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof teams / sizeof *teams; i++) {
		assert_int_equal(
			machine_team(m, teams[i].place, teams[i].threads, teams[i].k, cpu), 0);
		assert_memory_equal(cpu, teams[i].cpu, (size_t)teams[i].threads * sizeof *cpu);
	}
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_int_equal(machine_team(m, none[i].place, none[i].threads, 0, cpu), -ENOENT);
	machine_free(m);
}

static void large_teams_wrap_round(void **state)
{
	struct machine *m = load("pack:1 l3:1 core:3 pu:1"), *one = load("pu:1");
	static const int wrapped[] = {1, 0, 2, 1, 0, 2, 1}, alone[] = {0, 0, 0};
	int cpu[MACHINE_TEAM_MAX];

	(void)state;
	assert_int_equal(machine_team(m, "l3", 7, 1, cpu), 0);
	assert_memory_equal(cpu, wrapped, sizeof wrapped);
	assert_int_equal(machine_team(one, "same-cpu", 3, 5, cpu), 0);
	assert_memory_equal(cpu, alone, sizeof alone);
	machine_free(m);
	machine_free(one);
}

/* What is crossed counts only where what is shared is the same. */
static void a_team_bears_the_name_of_its_widest_pair(void **state)
{
	static const char *const sources[] = {"pack:2 die:2 numa:1 l3:1 core:3 pu:2",
		"pack:2 [numa(memory=1GB)] l3:2 [numa(memory=1GB)] core:2 pu:1",
		"pack:3 l3:2 core:3 pu:2", NULL};
	char name[PLACE_NAME];
	size_t count, teams, widest;
	int cpu[MACHINE_TEAM_MAX];

	(void)state;
	for (const char *const *source = sources; *source; source++)
		for (int threads = 2; threads <= 9; threads++) {
			struct machine *m = load(*source);
			const struct place *place = machine_places(m, &count);

			teams = 0;
			for (size_t i = 1; i < count; i++) {
				if (machine_team(m, place[i].name, threads, 0, cpu))
					continue;
				teams++;
				widest = 0;
				for (int a = 0; a < threads; a++)
					for (int b = 0; b < a; b++)
						widest += !strcmp(
							machine_place_of(m, cpu[a], cpu[b], name),
							place[i].name);
				assert_true(widest > 0);
			}
			assert_int_equal(teams, 1); /* alike from wherever one starts */
			machine_free(m);
		}
}

static void nearest_node_is_the_narrowest(void **state)
{
	struct machine *m = load("pack:2 [numa(memory=1GB)] l3:2 [numa(memory=1GB)] core:2 pu:1");
	struct machine *plain = load("pack:2 numa:2 core:1 pu:1");
	char name[PLACE_NAME];

	(void)state;
	for (int cpu = 0; cpu < 4; cpu++)
		assert_int_equal(machine_node(plain, cpu), cpu);
	assert_int_equal(machine_node(m, 0), machine_node(m, 1));
	assert_int_not_equal(machine_node(m, 0), machine_node(m, 2));
	assert_string_equal(machine_place_of(m, 0, 2, name), "package.xnuma");
	machine_free(m);
	machine_free(plain);
}

struct bad {
	const char *source;
	int error;
	const char *why;
};

static void expect_bad(const struct bad *bad)
{
	char why[PLACE_WHY] = "";
	struct machine *m = NULL;

	assert_int_equal(machine_load(&m, bad->source, why), bad->error);
	assert_null(m);
	assert_non_null(strstr(why, bad->why));
	assert_null(strchr(why, '\n'));
	assert_true(strlen(why) < PLACE_WHY - 1);
}

static void expect_all_bad(void)
{
	char truncated[64], wrong[64], empty[64], lost[64], text[sizeof hybrid_xml];

	snprintf(text, sizeof text, "%.900s", hybrid_xml);
	const struct bad bads[] = {
		{"/nowhere/machine", -ENOENT, "/nowhere/machine"},
		{"nowhere.xml", -ENOENT, "nowhere.xml"},
		{"/", -EINVAL, "damaged"},
		{"pack:2 spam:3", -EINVAL, "synthetic"},
		{"", -EINVAL, "synthetic"},
		{"pu:0", -EINVAL, "synthetic"},
		{"pack:90 core:100 pu:1", -EINVAL, "9000 CPUs"},
		{file_with(text, truncated), -EINVAL, "damaged"},
		{file_with("<other></other>\n", wrong), -EINVAL, "damaged"},
		{file_with("", empty), -EINVAL, "damaged"},
		{file_with(no_pu_xml, lost), -EINVAL, "no CPU"},
	};

	for (size_t i = 0; i < sizeof bads / sizeof *bads; i++)
		expect_bad(&bads[i]);
}

static void bad_sources_get_one_line_and_no_noise(void **state)
{
	int noise = memfd_create("stderr", 0), kept = dup(STDERR_FILENO);
	char long_name[2 * PLACE_WHY];

	(void)state;
	memset(long_name, 'x', sizeof long_name);
	long_name[sizeof long_name - 1] = '\0';
	dup2(noise, STDERR_FILENO);
	expect_all_bad();
	expect_bad(&(struct bad){long_name, -EINVAL, "xxx"});
	dup2(kept, STDERR_FILENO);
	assert_int_equal(lseek(noise, 0, SEEK_END), 0);
	assert_null(getenv("HWLOC_HIDE_ERRORS"));
	close(noise);
	close(kept);
}

/* ---- this machine ---- */

/* Asserts of cmocka would jump into the parent's tests: a body returns 0, or which step failed. */
static int in_child(int (*body)(void))
{
	int status = 0;
	pid_t child = fork();

	if (!child)
		_exit(body());
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static cpu_set_t own_mask(void)
{
	cpu_set_t mask;

	CPU_ZERO(&mask);
	sched_getaffinity(0, sizeof mask, &mask);
	return mask;
}

static cpu_set_t mask_of(int cpu)
{
	cpu_set_t mask;

	CPU_ZERO(&mask);
	CPU_SET((size_t)cpu, &mask);
	return mask;
}

static bool has(const cpu_set_t *mask, int cpu)
{
	return CPU_ISSET((size_t)cpu, mask);
}

static int last_allowed(void)
{
	cpu_set_t mask = own_mask();
	int cpu = CPU_SETSIZE - 1;

	while (cpu > 0 && !has(&mask, cpu))
		cpu--;
	return cpu;
}

static void this_machine_is_the_mask(void **state)
{
	cpu_set_t before = own_mask();
	struct machine *m = load(NULL);
	cpu_set_t after = own_mask();

	(void)state;
	assert_true(CPU_EQUAL(&before, &after));
	assert_int_equal(machine_pus(m), CPU_COUNT(&before));
	for (size_t i = 0; i < machine_pus(m); i++)
		assert_true(has(&before, machine_cpu(m, i)));
	machine_free(m);
}

static int restrict_to_one(void)
{
	char why[PLACE_WHY], note[PLACE_WHY], on_cpu[32];
	struct machine *m = NULL;
	size_t count = 0;
	int cpu = last_allowed();
	cpu_set_t one = mask_of(cpu);

	if (sched_setaffinity(0, sizeof one, &one) || machine_load(&m, NULL, why))
		return 1;
	const struct place *place = machine_places(m, &count);
	if (count != 1 || strncmp(place->name, "same-cpu", 8) || place->pairs != 1)
		return 2;
	if (place->cpu_a != cpu || place->cpu_b != cpu || machine_cpu(m, 0) != cpu)
		return 3;
	snprintf(on_cpu, sizeof on_cpu, "same-cpu on CPU %d", cpu);
	if (machine_note(m, note, sizeof note) != strlen(note) || !strstr(note, on_cpu))
		return 4;
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1 && !strstr(note, "affinity mask"))
		return 5;
	machine_free(m);
	return 0;
}

static void affinity_mask_is_honoured(void **state)
{
	(void)state;
	assert_int_equal(in_child(restrict_to_one), 0);
}

static void note_says_what_withholds(void **state)
{
	const char *full = "the machine has one CPU: only same-cpu on CPU 0";
	char note[PLACE_WHY] = "old";
	struct machine *one = load("pu:1"), *many = load("pu:4");

	(void)state;
	assert_int_equal(machine_note(many, note, sizeof note), 0);
	assert_string_equal(note, "");
	assert_int_equal(machine_note(one, note, sizeof note), strlen(full));
	assert_string_equal(note, full);
	assert_int_equal(machine_note(one, note, 5), strlen(full));
	assert_string_equal(note, "the ");
	machine_free(one);
	machine_free(many);
}

static int pin_to_each(void)
{
	struct machine *m = NULL;
	char why[PLACE_WHY];

	if (machine_load(&m, NULL, why))
		return 1;
	for (size_t i = 0; i < machine_pus(m); i++) {
		int cpu = machine_cpu(m, i);

		if (machine_pin(m, cpu))
			return 2;
		cpu_set_t mask = own_mask();
		if (CPU_COUNT(&mask) != 1 || !has(&mask, cpu) || sched_getcpu() != cpu)
			return 3;
	}
	cpu_set_t before = own_mask();
	if (machine_pin(m, -1) != -EINVAL || machine_pin(m, 1 << 20) != -EINVAL)
		return 4;
	cpu_set_t after = own_mask();
	machine_free(m);
	return CPU_EQUAL(&before, &after) ? 0 : 5;
}

static void pin_moves_the_thread_and_no_other_cpu_will_do(void **state)
{
	(void)state;
	assert_int_equal(in_child(pin_to_each), 0);
}

/* The CPUs are there, but the mask at loading withheld all but one: pinning keeps to the plan. */
static int pin_outside_the_mask(void)
{
	struct machine *m = NULL;
	char why[PLACE_WHY];
	int cpu = last_allowed();
	cpu_set_t all = own_mask(), one = mask_of(cpu);

	if (sched_setaffinity(0, sizeof one, &one) || machine_load(&m, NULL, why))
		return 1;
	for (int other = 0; other < CPU_SETSIZE; other++)
		if (other != cpu && has(&all, other) && machine_pin(m, other) != -EINVAL)
			return 2;
	machine_free(m);
	return 0;
}

static void pin_keeps_to_the_allowed(void **state)
{
	(void)state;
	assert_int_equal(in_child(pin_outside_the_mask), 0);
}

static int pin_that_does_nothing(void)
{
	struct machine *m = NULL;
	char why[PLACE_WHY];

	if (machine_load(&m, NULL, why))
		return 1;
	int expected = machine_pus(m) > 1 ? -EXDEV : 0, error;
	pins_nothing = true;
	error = machine_pin(m, last_allowed());
	machine_free(m);
	return error == expected ? 0 : 2;
}

static void pin_is_read_back(void **state)
{
	(void)state;
	assert_int_equal(in_child(pin_that_does_nothing), 0);
}

static int kernel_with_an_unknown_cpu(void)
{
	struct machine *m = NULL;
	char why[PLACE_WHY];

	kernel_mask_bytes = 512;
	if (machine_load(&m, NULL, why))
		return 1;
	machine_free(m);
	invented_cpu = 4000;
	return machine_load(&m, NULL, why) == -EXDEV && strstr(why, "CPU 4000") ? 0 : 2;
}

static void hwloc_is_held_against_the_kernel(void **state)
{
	(void)state;
	assert_int_equal(in_child(kernel_with_an_unknown_cpu), 0);
}

struct pinner {
	const struct machine *m;
	int cpu, error;
};

static void *pin_often(void *argument)
{
	struct pinner *p = argument;

	for (int i = 0; i < 100 && !p->error; i++) {
		p->error = machine_pin(p->m, p->cpu);
		if (!p->error && sched_getcpu() != p->cpu)
			p->error = -EXDEV;
	}
	return NULL;
}

static void many_threads_pin_at_once(void **state)
{
	struct machine *m = load(NULL);
	pthread_t threads[8];
	struct pinner pinners[8];

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		pinners[i] = (struct pinner){m, machine_cpu(m, i % machine_pus(m)), 0};
		assert_int_equal(pthread_create(&threads[i], NULL, pin_often, &pinners[i]), 0);
	}
	for (size_t i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(pinners[i].error, 0);
	}
	machine_free(m);
}

static void described_machines_are_not_pinned_to(void **state)
{
	struct machine *m = load("pu:2");

	(void)state;
	assert_int_equal(machine_pin(m, 0), -EXDEV);
	machine_free(m);
}

/* ---- an environment that makes hwloc describe something else ---- */

static int foreign_synthetic(void)
{
	struct machine *m = NULL;
	char why[PLACE_WHY];

	setenv("HWLOC_SYNTHETIC", "pack:2 core:3 pu:1", 1);
	const char *name = machine_foreign_environment();
	if (!name || strcmp(name, "HWLOC_SYNTHETIC") || machine_load(&m, NULL, why))
		return 1;
	cpu_set_t before = own_mask();
	if (machine_pus(m) != 6 || machine_pin(m, 0) != -EXDEV)
		return 2;
	cpu_set_t after = own_mask();
	machine_free(m);
	return CPU_EQUAL(&before, &after) ? 0 : 3;
}

static int foreign_file_missing(void)
{
	struct machine *m = NULL;
	char why[PLACE_WHY];

	setenv("HWLOC_XMLFILE", "/nowhere.xml", 1);
	return machine_load(&m, NULL, why) == -ENOENT && strstr(why, "/nowhere.xml") ? 0 : 1;
}

/* Even where the thread already is on that CPU, so that reading back would be content. */
static int foreign_flag(void)
{
	cpu_set_t one = mask_of(last_allowed());
	struct machine *m = NULL;
	char why[PLACE_WHY];

	setenv("HWLOC_THISSYSTEM", "0", 1);
	if (sched_setaffinity(0, sizeof one, &one) || machine_load(&m, NULL, why))
		return 1;
	int error = machine_pin(m, last_allowed());
	machine_free(m);
	return error == -EXDEV ? 0 : 2;
}

/* hwloc 2.9 complains on stderr, by default, that it has no file for this component. */
static int foreign_component(void)
{
	int noise = memfd_create("stderr", 0);
	struct machine *m = NULL;
	char why[PLACE_WHY];

	setenv("HWLOC_COMPONENTS", "xml", 1);
	dup2(noise, STDERR_FILENO);
	if (machine_load(&m, NULL, why))
		return 1;
	machine_free(m);
	return lseek(noise, 0, SEEK_END) == 0 ? 0 : 2;
}

static void foreign_environments_are_shown_but_not_pinned_to(void **state)
{
	(void)state;
	assert_int_equal(in_child(foreign_synthetic), 0);
	assert_int_equal(in_child(foreign_file_missing), 0);
	assert_int_equal(in_child(foreign_flag), 0);
	assert_int_equal(in_child(foreign_component), 0);
}

struct setting {
	const char *name, *value;
	bool foreign;
};

static void foreign_variables_are_known(void **state)
{
	static const struct setting settings[] = {
		{"HWLOC_XMLFILE", "some.xml", true},
		{"HWLOC_XMLFILE", "", false},
		{"HWLOC_SYNTHETIC", "pu:2", true},
		{"HWLOC_FSROOT", "/elsewhere", true},
		{"HWLOC_CPUID_PATH", "/elsewhere", true},
		{"HWLOC_THISSYSTEM", "0", true},
		{"HWLOC_THISSYSTEM", "1", true},
		{"HWLOC_COMPONENTS", "linux,xml", true},
		{"HWLOC_COMPONENTS", "synthetic", true},
		{"HWLOC_COMPONENTS", "-xml,-synthetic,linux", false},
		{"HWLOC_HIDE_ERRORS", "1", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		const char *found, *wanted = settings[i].foreign ? settings[i].name : "none";

		setenv(settings[i].name, settings[i].value, 1);
		found = machine_foreign_environment();
		unsetenv(settings[i].name);
		assert_string_equal(found ? found : "none", wanted);
	}
}

/* ---- printing ---- */

static void every_pair_is_listed(void **state)
{
	struct machine *m = load("pack:1 core:2 pu:2(indexes=0,2,1,3)");

	(void)state;
	expect_rows(m, "pairs",
		"same-cpu,1,0,0\nsmt,1,0,2\npackage,1,0,1\npackage,1,0,3\nsame-cpu,1,2,2\n"
		"package,1,2,1\npackage,1,2,3\nsame-cpu,1,1,1\nsmt,1,1,3\nsame-cpu,1,3,3\n");
	machine_free(m);
}

static void table_explains_the_names(void **state)
{
	struct machine *m = load("pack:1 die:2 numa:1 core:1 pu:1"), *one = load("pu:1");
	char *text = printed(m, false, NULL), *note = printed(one, false, NULL);

	(void)state;
	assert_string_equal(text,
		"place                  pairs  CPUs       meaning\n"
		"same-cpu                   2  0-0        one CPU: the threads take turns\n"
		"package.xdie.xnuma         1  0-1        no shared cache, one package, "
		"across dies, across NUMA nodes\n");
	assert_non_null(strstr(note, "\nthe machine has one CPU"));
	free(text);
	free(note);
	machine_free(m);
	machine_free(one);
}

static void failed_streams_and_choices_are_told(void **state)
{
	struct machine *m = load("pu:4");
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	assert_int_equal(places_print(full, m, true, NULL), -EIO);
	assert_int_equal(places_print(full, m, true, "l3"), -EINVAL);
	fclose(full);
	machine_free(m);
}

static void forget_environment(void)
{
	static const char *const names[] = {"HWLOC_XMLFILE", "HWLOC_SYNTHETIC", "HWLOC_FSROOT",
		"HWLOC_CPUID_PATH", "HWLOC_THISSYSTEM", "HWLOC_COMPONENTS", "HWLOC_HIDE_ERRORS"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unsetenv(names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_counts_are_right),
		cmocka_unit_test(kinds_and_shared_packages_are_told),
		cmocka_unit_test(every_pair_has_one_place),
		cmocka_unit_test(pairs_of_a_place_are_its_own),
		cmocka_unit_test(unknown_names_and_cpus_are_refused),
		cmocka_unit_test(teams_are_compact),
		cmocka_unit_test(large_teams_wrap_round),
		cmocka_unit_test(a_team_bears_the_name_of_its_widest_pair),
		cmocka_unit_test(nearest_node_is_the_narrowest),
		cmocka_unit_test(bad_sources_get_one_line_and_no_noise),
		cmocka_unit_test(this_machine_is_the_mask),
		cmocka_unit_test(affinity_mask_is_honoured),
		cmocka_unit_test(note_says_what_withholds),
		cmocka_unit_test(pin_moves_the_thread_and_no_other_cpu_will_do),
		cmocka_unit_test(pin_keeps_to_the_allowed),
		cmocka_unit_test(pin_is_read_back),
		cmocka_unit_test(hwloc_is_held_against_the_kernel),
		cmocka_unit_test(many_threads_pin_at_once),
		cmocka_unit_test(described_machines_are_not_pinned_to),
		cmocka_unit_test(foreign_environments_are_shown_but_not_pinned_to),
		cmocka_unit_test(foreign_variables_are_known),
		cmocka_unit_test(every_pair_is_listed),
		cmocka_unit_test(table_explains_the_names),
		cmocka_unit_test(failed_streams_and_choices_are_told),
	};

	forget_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
