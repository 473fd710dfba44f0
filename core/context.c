/* context.c - facts, each with a state: ok, absent, denied or masked */
#include "context.h"

#include <ctype.h>
#include <errno.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { FACT = 4096 };

static const char *state_of(int error)
{
	if (error == EACCES || error == EPERM)
		return "denied";
	return "absent";
}

/* The first line of a file into text. Its state; a file that opens and is empty is masked. */
static const char *read_line(const char *path, char text[FACT])
{
	FILE *file = fopen(path, "re");

	text[0] = '\0';
	if (!file)
		return state_of(errno);
	const bool got = fgets(text, FACT, file) != NULL;

	fclose(file);
	text[strcspn(text, "\n")] = '\0';
	return got && text[0] ? "ok" : "masked";
}

static void machine_fact(
	struct results *results, const char *key, const char *value, const char *state)
{
	results_fact(results, "machine", key, strcmp(state, "ok") ? NULL : value, state);
}

static void file_fact(struct results *results, const char *key, const char *path)
{
	char text[FACT];
	const char *state = read_line(path, text);

	machine_fact(results, key, text, state);
}

/* "key : value" of the first processor in /proc/cpuinfo; proc(5). */
static const char *cpuinfo(const char *key, char *text, size_t size)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	const size_t length = strlen(key);
	char line[FACT];
	bool found = false;

	if (!file)
		return state_of(errno);
	while (!found && fgets(line, sizeof(line), file)) {
		const char *colon = strchr(line, ':');

		if (!colon || strncmp(line, key, length) != 0 ||
			!isspace((unsigned char)line[length]))
			continue;
		snprintf(text, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
		found = true;
	}
	fclose(file);
	return found ? "ok" : "absent";
}

const char *context_cpu_model(char *text, size_t size)
{
	if (strcmp(cpuinfo("model name", text, size), "ok") != 0)
		snprintf(text, size, "unknown CPU");
	return text;
}

/* Vendor, family, model, stepping and microcode say which CPU it is; its MHz do not. On Arm the
 * MIDR does. */
static void write_cpu(struct results *results)
{
	static const char *const facts[][2] = {
		{"cpu_model", "model name"},
		{"cpu_vendor", "vendor_id"},
		{"cpu_family", "cpu family"},
		{"cpu_model_number", "model"},
		{"cpu_stepping", "stepping"},
		{"cpu_microcode", "microcode"},
	};
	char text[FACT];

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		const char *state = cpuinfo(facts[i][1], text, sizeof(text));

		machine_fact(results, facts[i][0], text, state);
	}
	file_fact(results, "cpu_midr", "/sys/devices/system/cpu/cpu0/regs/identification/midr_el1");
	file_fact(results, "cpus_online", "/sys/devices/system/cpu/online");
}

/* Of the kernel's command line what bears on timing, and nothing else: the rest may name hosts,
 * disks and addresses. */
static void write_command_line(struct results *results)
{
	static const char *const telling[] = {"mitigations", "nohz", "isolcpus", "rcu_nocbs",
		"idle", "nosmt", "preempt", "threadirqs", "tsc", "clocksource", "skew_tick",
		"haltpoll", "cpuidle", "processor.", "intel_idle", "intel_pstate", "amd_pstate",
		"transparent_hugepage", "numa_balancing", "spec", "pti", "nopti", "sched"};
	char line[FACT], kept[FACT] = "";
	const char *state = read_line("/proc/cmdline", line);
	char *rest = line;
	const char *word;

	while ((word = strsep(&rest, " ")))
		for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]); i++)
			if (!strncmp(word, telling[i], strlen(telling[i]))) {
				strncat(kept, kept[0] ? " " : "", sizeof(kept) - strlen(kept) - 1);
				strncat(kept, word, sizeof(kept) - strlen(kept) - 1);
				break;
			}
	machine_fact(results, "kernel_command_line", kept[0] ? kept : "none that bears on timing",
		state);
}

static void write_kernel(struct results *results)
{
	struct utsname name;
	char text[FACT];

	uname(&name);
	snprintf(text, sizeof(text), "%s %s", name.sysname, name.release);
	machine_fact(results, "kernel", text, "ok");
	machine_fact(results, "architecture", name.machine, "ok");
	write_command_line(results);
	file_fact(results, "clocksource",
		"/sys/devices/system/clocksource/clocksource0/current_clocksource");
	file_fact(results, "governor", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
	file_fact(results, "idle_driver", "/sys/devices/system/cpu/cpuidle/current_driver");
	file_fact(results, "smt", "/sys/devices/system/cpu/smt/active");
}

/* The hypervisor's bit in the CPU's flags, with the product's name where DMI has one. */
static void write_virtualisation(struct results *results)
{
	char flags[FACT] = "", product[FACT];
	const char *state = cpuinfo("flags", flags, sizeof(flags));
	const bool guest = strstr(flags, " hypervisor") != NULL;

	if (strcmp(state, "ok") != 0) {
		machine_fact(results, "virtualisation", NULL, state);
		return;
	}
	read_line("/sys/class/dmi/id/product_name", product);
	machine_fact(results, "virtualisation",
		!guest       ? "none"
		: product[0] ? product
			     : "guest",
		"ok");
}

static void write_affinity(struct results *results)
{
	char text[FACT] = "";
	const char *state = "absent";
	FILE *file = fopen("/proc/self/status", "re");

	while (file && fgets(text, sizeof(text), file))
		if (!strncmp(text, "Cpus_allowed_list:", 18)) {
			text[strcspn(text, "\n")] = '\0';
			state = "ok";
			break;
		}
	if (file)
		fclose(file);
	machine_fact(results, "cpus_allowed", text + strcspn(text, "0123456789"), state);
}

static void write_build(struct results *results)
{
	results_fact(results, "build", "baton_version", BATON_VERSION, "ok");
	results_fact(results, "build", "build_type", BATON_BUILD_TYPE, "ok");
	results_fact(results, "build", "compiler", BATON_COMPILER, "ok");
	results_fact(results, "build", "compiler_flags", BATON_FLAGS, "ok");
	results_fact(results, "build", "benchmark_version", BATON_BENCHMARK_VERSION, "ok");
	results_fact(results, "build", "hwloc_version", BATON_HWLOC_VERSION, "ok");
	results_fact(results, "build", "libc", gnu_get_libc_version(), "ok");
}

void context_write(struct results *results)
{
	write_cpu(results);
	write_kernel(results);
	write_virtualisation(results);
	write_affinity(results);
	write_build(results);
}
