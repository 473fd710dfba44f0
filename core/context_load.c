/* context_load.c - what changes during a run: load, pressure, temperature, throttling */
#include "context_subjects.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "0.50 0.40 0.30 2/82 8054": the means over 1, 5 and 15 minutes, then tasks: proc(5). */
static void write_load(const struct facts *facts)
{
	struct fact fact;
	char *end = fact.text;

	facts_line(facts->root, &fact, "/proc/loadavg");
	for (int i = 0; i < 3 && end; i++)
		end = strchr(end + (i > 0), ' ');
	if (end)
		*end = '\0';
	facts_put(facts, "load", &fact);
}

/* Share of the last 10 s, in per cent, in which some task waited for a CPU:
 * Documentation/accounting/psi.rst. */
static void write_pressure(const struct facts *facts)
{
	struct fact fact;
	char share[32];

	facts_line(facts->root, &fact, "/proc/pressure/cpu");
	if (fact.state == FACT_OK && sscanf(fact.text, "some avg10=%31s", share) == 1)
		snprintf(fact.text, sizeof(fact.text), "%s", share);
	else if (fact.state == FACT_OK)
		fact = (struct fact){.state = FACT_ABSENT};
	facts_put(facts, "pressure_cpu_percent", &fact);
}

static int is_zone(const struct dirent *entry)
{
	return !strncmp(entry->d_name, "thermal_zone", 12);
}

static void add_zone(const char *root, const char *folder, const char *zone, struct fact *all)
{
	struct fact type, degrees;

	facts_line(root, &degrees, "%s/%s/temp", folder, zone);
	facts_line(root, &type, "%s/%s/type", folder, zone);
	if (degrees.state == FACT_OK)
		facts_add(all, ";", "%s:%.64s=%.32s", zone + strlen("thermal_zone"), type.text,
			degrees.text);
	else if (all->state == FACT_ABSENT)
		all->state = degrees.state;
}

/* In thousandths of a degree Celsius: Documentation/driver-api/thermal/sysfs-api.rst. */
static void write_temperature(const struct facts *facts)
{
	static const char folder[] = "/sys/class/thermal";
	struct fact all = {.state = FACT_ABSENT};
	struct dirent **zones = NULL;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", facts->root, folder);
	const int count = scandir(path, &zones, is_zone, versionsort);

	if (count < 0)
		all.state = facts_state(-errno);
	for (int i = 0; i < count; i++) {
		add_zone(facts->root, folder, zones[i]->d_name, &all);
		free(zones[i]);
	}
	free(zones);
	facts_put(facts, "temperature_millidegrees", &all);
}

/* How often the CPUs were slowed down because of heat, since the machine started: only x86 tells.
 * All CPUs of a package tell the package's count, so neither adds up. */
static void write_throttling(const struct facts *facts)
{
	facts_each_cpu(facts, "throttled_core", "thermal_throttle/core_throttle_count");
	facts_each_cpu(facts, "throttled_package", "thermal_throttle/package_throttle_count");
}

void context_load(const struct facts *facts)
{
	write_load(facts);
	write_pressure(facts);
	write_temperature(facts);
	write_throttling(facts);
}
