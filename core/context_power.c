/* context_power.c - how fast the clock runs and how deep the CPUs sleep, and who decides */
#include "context.h"
#include "context_subjects.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct fact_file per_cpu[] = {
	{"governor", "cpufreq/scaling_governor"},
	{"cpufreq_driver", "cpufreq/scaling_driver"},
	{"cpufreq_min_khz", "cpufreq/cpuinfo_min_freq"},
	{"cpufreq_max_khz", "cpufreq/cpuinfo_max_freq"},
	{"cpufreq_base_khz", "cpufreq/base_frequency"},
	{"cpufreq_limit_min_khz", "cpufreq/scaling_min_freq"},
	{"cpufreq_limit_max_khz", "cpufreq/scaling_max_freq"},
	{"energy_preference", "cpufreq/energy_performance_preference"},
	{"energy_bias", "power/energy_perf_bias"},
};

static const struct fact_file knobs[] = {
	{"intel_pstate_status", "/sys/devices/system/cpu/intel_pstate/status"},
	{"amd_pstate_status", "/sys/devices/system/cpu/amd_pstate/status"},
	{"idle_driver", "/sys/devices/system/cpu/cpuidle/current_driver"},
	{"haltpoll_guest_ns", "/sys/module/haltpoll/parameters/guest_halt_poll_ns"},
	{"haltpoll_guest_grow_start_ns",
		"/sys/module/haltpoll/parameters/guest_halt_poll_grow_start"},
	{"haltpoll_guest_grow", "/sys/module/haltpoll/parameters/guest_halt_poll_grow"},
	{"haltpoll_guest_shrink", "/sys/module/haltpoll/parameters/guest_halt_poll_shrink"},
	{"haltpoll_guest_allow_shrink",
		"/sys/module/haltpoll/parameters/guest_halt_poll_allow_shrink"},
	{"haltpoll_host_ns", "/sys/module/kvm/parameters/halt_poll_ns"},
};

/* Intel's driver has the switch the other way round: Documentation/admin-guide/pm/intel_pstate.rst.
 */
static void write_boost(const struct facts *facts)
{
	struct fact boost, no_turbo;

	facts_line(facts->root, &boost, "/sys/devices/system/cpu/cpufreq/boost");
	facts_line(facts->root, &no_turbo, "/sys/devices/system/cpu/intel_pstate/no_turbo");
	if (boost.state != FACT_OK && no_turbo.state == FACT_OK) {
		boost = no_turbo;
		boost.text[0] = no_turbo.text[0] == '0' ? '1' : '0';
	}
	facts_put(facts, "boost", &boost);
}

/* The read-only file is the one that all kernels have. */
static void write_idle_governor(const struct facts *facts)
{
	struct fact fact;

	facts_line(facts->root, &fact, "/sys/devices/system/cpu/cpuidle/current_governor_ro");
	if (fact.state != FACT_OK)
		facts_line(facts->root, &fact, "/sys/devices/system/cpu/cpuidle/current_governor");
	facts_put(facts, "idle_governor", &fact);
}

static enum fact_state read_state(
	const char *root, int cpu, int number, const char *file, struct fact *fact)
{
	facts_line(
		root, fact, "/sys/devices/system/cpu/cpu%d/cpuidle/state%d/%s", cpu, number, file);
	return fact->state;
}

/* The kernel tells latencies in microseconds: Documentation/admin-guide/pm/cpuidle.rst. */
static void write_idle_states(
	const struct facts *facts, const struct machine *machine, int kind, int cpu)
{
	struct fact name, fact, latencies = {.text = ""}, disabled = {.text = ""};

	(void)machine, (void)kind;
	for (int i = 0; read_state(facts->root, cpu, i, "name", &name) == FACT_OK; i++) {
		if (read_state(facts->root, cpu, i, "latency", &fact) == FACT_OK)
			facts_add(&latencies, ";", "%s=%lld", name.text, 1000 * atoll(fact.text));
		else
			facts_add(&latencies, ";", "%s=NA", name.text);
		disabled.state = FACT_OK;
		if (read_state(facts->root, cpu, i, "disable", &fact) == FACT_OK &&
			fact.text[0] != '0')
			facts_add(&disabled, ";", "%s", name.text);
	}
	if (latencies.state != FACT_OK || !latencies.text[0])
		latencies.state = disabled.state = name.state;
	facts_put(facts, "idle_exit_latency_ns", &latencies);
	facts_put(facts, "idle_states_disabled", &disabled);
}

void context_power(const struct facts *facts, const struct machine *machine)
{
	for (size_t i = 0; i < sizeof(per_cpu) / sizeof(per_cpu[0]); i++)
		facts_each_cpu(facts, per_cpu[i].key, per_cpu[i].path);
	write_boost(facts);
	facts_files(facts, knobs, sizeof(knobs) / sizeof(knobs[0]));
	write_idle_governor(facts);
	context_each_kind(facts, machine, write_idle_states);
}

static int is_policy(const struct dirent *entry)
{
	return !strncmp(entry->d_name, "policy", 6);
}

static bool scales(const char *governor)
{
	return governor[0] && strcmp(governor, "performance") && strcmp(governor, "userspace");
}

bool context_governed(const char *root, char governor[CONTEXT_GOVERNOR])
{
	static const char folder[] = "/sys/devices/system/cpu/cpufreq";
	struct dirent **policies = NULL;
	char path[PATH_MAX];
	struct fact fact;
	bool governed = false;

	governor[0] = '\0';
	snprintf(path, sizeof(path), "%s%s", root, folder);
	const int count = scandir(path, &policies, is_policy, versionsort);

	for (int i = 0; i < count; i++) {
		facts_line(root, &fact, "%s/%s/scaling_governor", folder, policies[i]->d_name);
		if (!governed && (scales(fact.text) || !governor[0]))
			snprintf(governor, CONTEXT_GOVERNOR, "%.31s", fact.text);
		governed = governed || scales(fact.text);
		free(policies[i]);
	}
	free(policies);
	return governed;
}
