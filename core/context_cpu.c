/* context_cpu.c - which CPU it is, what it has, and how its cores differ */
#include "context.h"
#include "context_subjects.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CACHES = 32, TSC_FLAGS = 6 };

/* Vendor, family, model, stepping and microcode say which CPU it is; its MHz do not. */
static const struct {
	const char *key, *field;
} identity[] = {
	{"cpu_model", "model name"},
	{"cpu_vendor", "vendor_id"},
	{"cpu_family", "cpu family"},
	{"cpu_model_number", "model"},
	{"cpu_stepping", "stepping"},
	{"cpu_microcode", "microcode"},
};

/* The paragraph of one processor of /proc/cpuinfo, to be freed; NULL where there is none. */
static char *paragraph_of(const char *cpuinfo, int cpu)
{
	for (const char *at = cpuinfo; at; at = strstr(at, "\n\n"), at = at ? at + 2 : NULL) {
		int number;

		if (sscanf(at, "processor : %d", &number) != 1 || number != cpu)
			continue;
		const char *end = strstr(at, "\n\n");

		return end ? strndup(at, (size_t)(end - at)) : strdup(at);
	}
	return NULL;
}

static unsigned long number_of(const char *text, const char *field, bool *known)
{
	struct fact fact;

	facts_field(text, FACT_ABSENT, field, &fact);
	*known = *known && fact.state == FACT_OK;
	return strtoul(fact.text, NULL, 0);
}

/* The Main ID Register says which CPU an Arm is. Where its file is not there, cpuinfo has all its
 * parts; the architecture is always 0xf: Arm Architecture Reference Manual, MIDR_EL1. */
static void find_midr(const char *root, int cpu, const char *text, struct fact *fact)
{
	bool known = text != NULL;

	facts_line(root, fact, "/sys/devices/system/cpu/cpu%d/regs/identification/midr_el1", cpu);
	if (fact->state == FACT_OK)
		return;
	const unsigned long implementer = number_of(text, "CPU implementer", &known);
	const unsigned long variant = number_of(text, "CPU variant", &known);
	const unsigned long part = number_of(text, "CPU part", &known);
	const unsigned long revision = number_of(text, "CPU revision", &known);

	if (known)
		facts_add(fact, "", "0x%016lx",
			implementer << 24 | variant << 20 | 0xfUL << 16 | part << 4 | revision);
}

static void write_identity(
	const struct facts *facts, const struct machine *machine, int kind, int cpu)
{
	enum fact_state state;
	char *cpuinfo = facts_text(facts->root, "/proc/cpuinfo", &state);
	char *text = cpuinfo ? paragraph_of(cpuinfo, cpu) : NULL;
	struct fact fact;

	(void)machine, (void)kind;
	if (cpuinfo && !text)
		state = FACT_ABSENT;
	for (size_t i = 0; i < sizeof(identity) / sizeof(identity[0]); i++) {
		facts_field(text, state, identity[i].field, &fact);
		facts_put(facts, identity[i].key, &fact);
	}
	find_midr(facts->root, cpu, text, &fact);
	facts_put(facts, "cpu_midr", &fact);
	free(text);
	free(cpuinfo);
}

/* A level with several caches that differ has the values of each, in the same order in both. */
static void write_caches(
	const struct facts *facts, const struct machine *machine, int kind, int cpu)
{
	struct machine_cache caches[CACHES];
	const size_t count = machine_caches(machine, kind, caches, CACHES);
	char key[32];

	(void)cpu;
	for (size_t i = 0, next; i < count; i = next) {
		struct fact bytes = {.text = ""}, cpus = {.text = ""};

		for (next = i; next < count && caches[next].level == caches[i].level; next++) {
			facts_add(&bytes, "|", "%" PRIu64, caches[next].bytes);
			facts_add(&cpus, "|", "%d", caches[next].cpus);
		}
		snprintf(key, sizeof(key), "cache_l%d_bytes", caches[i].level);
		facts_put(facts, key, &bytes);
		snprintf(key, sizeof(key), "cache_l%d_cpus", caches[i].level);
		facts_put(facts, key, &cpus);
	}
}

static void write_list(const struct facts *facts, const struct machine *machine, int kind, int cpu)
{
	struct fact list = {.text = ""};

	for (size_t i = 0; kind >= 0 && i < machine_pus(machine); i++) {
		cpu = machine_cpu(machine, i);
		if (machine_kind(machine, cpu) == kind)
			facts_add(&list, ",", "%d", cpu);
	}
	if (kind >= 0)
		facts_put(facts, "cpu_list", &list);
}

static void write_counts(const struct facts *facts, const struct machine *machine)
{
	static const struct fact_file lists[] = {
		{"cpus_online", "/sys/devices/system/cpu/online"},
		{"cpus_isolated", "/sys/devices/system/cpu/isolated"},
		{"cpus_tickless", "/sys/devices/system/cpu/nohz_full"},
		{"smt", "/sys/devices/system/cpu/smt/active"},
		{"smt_control", "/sys/devices/system/cpu/smt/control"},
	};
	const struct fact untold = {.state = FACT_ABSENT};
	struct machine_counts counts;

	machine_count(machine, &counts);
	facts_say(facts, "cpus", "%d", counts.cpus);
	facts_say(facts, "cores", "%d", counts.cores);
	facts_say(facts, "packages", "%d", counts.packages);
	facts_say(facts, "numa_nodes", "%d", counts.nodes);
	if (counts.threads_per_core)
		facts_say(facts, "threads_per_core", "%d", counts.threads_per_core);
	else
		facts_put(facts, "threads_per_core", &untold);
	facts_say(facts, "cpu_kinds", "%d", machine_kinds(machine) ? machine_kinds(machine) : 1);
	facts_files(facts, lists, sizeof(lists) / sizeof(lists[0]));
}

/* Does the time stamp counter run at one rate, also while the CPU sleeps, and does the kernel trust
 * it? Only x86 has flags. */
static void write_tsc(const struct facts *facts)
{
	static const char *const telling[TSC_FLAGS] = {"constant_tsc", "nonstop_tsc",
		"tsc_reliable", "tsc_known_freq", "tsc_adjust", "rdtscp"};
	struct fact flags, kept = {.state = FACT_OK};
	enum fact_state state;
	char *cpuinfo = facts_text(facts->root, "/proc/cpuinfo", &state), *rest = flags.text, *flag;

	facts_field(cpuinfo, state, "flags", &flags);
	while ((flag = strsep(&rest, " ")))
		for (int i = 0; i < TSC_FLAGS; i++)
			if (!strcmp(flag, telling[i]))
				facts_add(&kept, " ", "%s", flag);
	facts_put(facts, "tsc_flags", flags.state == FACT_OK ? &kept : &flags);
	free(cpuinfo);
}

void context_cpu(const struct facts *facts, const struct machine *machine)
{
	context_each_kind(facts, machine, write_identity);
	context_each_kind(facts, machine, write_list);
	write_counts(facts, machine);
	context_each_kind(facts, machine, write_caches);
	write_tsc(facts);
}

const char *context_cpu_identity(char *text, size_t size)
{
	static const char *const keys[] = {
		"vendor_id", "cpu family", "model", "stepping", "CPU implementer", "CPU part"};
	enum fact_state state;
	char *cpuinfo = facts_text("", "/proc/cpuinfo", &state);
	struct fact fact;
	size_t length;

	context_cpu_model(text, size);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		facts_field(cpuinfo, state, keys[i], &fact);
		length = strlen(text);
		if (fact.state == FACT_OK)
			snprintf(text + length, size - length, ", %s %s", keys[i], fact.text);
	}
	free(cpuinfo);
	return text;
}

const char *context_cpu_model(char *text, size_t size)
{
	enum fact_state state;
	char *cpuinfo = facts_text("", "/proc/cpuinfo", &state);
	struct fact fact;

	facts_field(cpuinfo, state, "model name", &fact);
	snprintf(text, size, "%s", fact.state == FACT_OK ? fact.text : "unknown CPU");
	free(cpuinfo);
	return text;
}
