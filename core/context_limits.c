/* context_limits.c - how much of the machine this process may have: cgroups and affinity */
#include "context_subjects.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The cgroup that limits this process for one controller: its folder, and how much of that is the
 * mount point, above which nothing can be seen. */
struct group {
	int version; /* 0: none found */
	char folder[2 * PATH_MAX];
	size_t top;
};

/* Where to look: proc(5), cgroups(7). */
struct tables {
	char *groups, *mounts; /* /proc/self/cgroup and mountinfo, NULL where not to be read */
	enum fact_state state; /* why, if one is not */
};

/* Is the word one of a list with commas? */
static bool lists(const char *list, size_t length, const char *word)
{
	while (length) {
		const size_t comma = strcspn(list, ","), one = comma < length ? comma : length;

		if (one == strlen(word) && !strncmp(list, word, one))
			return true;
		list += one + (one < length);
		length -= one + (one < length);
	}
	return false;
}

/* "7:cpu,cpuacct:/path"; the second version's line has number 0 and no controller. */
static bool is_of(const char *line, const char *controller, int version)
{
	const char *list = strchr(line, ':');

	if (!list)
		return false;
	if (version == 2)
		return !strncmp(line, "0::", 3);
	return lists(list + 1, strcspn(list + 1, ":"), controller);
}

/* The path within the hierarchy; false where it has none. */
static bool find_path(const char *groups, const char *controller, int version, char path[PATH_MAX])
{
	for (const char *line = groups; line && *line; line = strchr(line, '\n'), line += !!line)
		if (is_of(line, controller, version)) {
			const char *at = strchr(strchr(line, ':') + 1, ':');

			if (!at)
				return false;
			snprintf(path, PATH_MAX, "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
			return true;
		}
	return false;
}

/* A line of mountinfo: "31 23 0:28 /root /point options … - type source options". */
static bool is_mount(const char *line, const char *controller, int version, char root[PATH_MAX],
	char point[PATH_MAX])
{
	char type[32], options[PATH_MAX];
	const char *rest = strstr(line, " - ");

	if (!rest || rest > line + strcspn(line, "\n") ||
		sscanf(line, "%*s %*s %*s %4095s %4095s", root, point) != 2 ||
		sscanf(rest, " - %31s %*s %4095s", type, options) != 2)
		return false;
	if (version == 2)
		return !strcmp(type, "cgroup2");
	return !strcmp(type, "cgroup") && lists(options, strlen(options), controller);
}

/* A container may see its group's folder as the mount point; what lies above is out of sight. */
static const char *below(const char *path, const char *root)
{
	const size_t length = strcmp(root, "/") ? strlen(root) : 0;

	if (strncmp(path, root, length) || (path[length] && path[length] != '/') ||
		strstr(path, "/.."))
		return "";
	return strcmp(path + length, "/") ? path + length : "";
}

static void find_in(
	const struct tables *tables, const char *controller, int version, struct group *group)
{
	char path[PATH_MAX], root[PATH_MAX], point[PATH_MAX];

	if (!find_path(tables->groups, controller, version, path))
		return;
	for (const char *line = tables->mounts; line && *line;
		line = strchr(line, '\n'), line += !!line)
		if (is_mount(line, controller, version, root, point)) {
			group->version = version;
			group->top = strlen(point);
			snprintf(group->folder, sizeof(group->folder), "%s%s", point,
				below(path, root));
			return;
		}
}

/* A controller is in one hierarchy alone, and the first version's names its controllers. */
static struct group find_group(const struct tables *tables, const char *controller)
{
	struct group group = {.version = 0};

	find_in(tables, controller, 1, &group);
	if (!group.version)
		find_in(tables, controller, 2, &group);
	return group;
}

/* To the group above; false at the mount point. */
static bool go_up(struct group *group)
{
	if (strlen(group->folder) <= group->top)
		return false;
	*strrchr(group->folder, '/') = '\0';
	return true;
}

/* ---- quota ---- */

struct quota {
	enum fact_state state; /* ok: some group tells, and all that are there may be read */
	double cpus;           /* 0: none */
	long period_us;
};

/* "max 100000" or "50000 100000"; in the first version -1 is no quota. */
static void read_quota(const char *root, const struct group *group, struct quota *tightest)
{
	struct fact quota, period;
	double share;

	if (group->version == 2) {
		facts_line(root, &quota, "%s/cpu.max", group->folder);
		period = quota;
		period.text[0] = '\0';
		if (strchr(quota.text, ' '))
			strcpy(period.text, strchr(quota.text, ' '));
	} else {
		facts_line(root, &quota, "%s/cpu.cfs_quota_us", group->folder);
		facts_line(root, &period, "%s/cpu.cfs_period_us", group->folder);
	}
	if (tightest->state == FACT_ABSENT ||
		(tightest->state == FACT_OK && quota.state != FACT_ABSENT))
		tightest->state = quota.state;
	share = atol(period.text) > 0 ? atof(quota.text) / (double)atol(period.text) : 0;
	if (share > 0 && (tightest->cpus <= 0 || share < tightest->cpus)) {
		tightest->cpus = share;
		tightest->period_us = atol(period.text);
	}
}

/* Every group on the way up limits those below. */
static void write_quota(const struct facts *facts, struct group group, enum fact_state state)
{
	struct quota tightest = {.state = state};

	if (group.version)
		do
			read_quota(facts->root, &group, &tightest);
		while (go_up(&group));
	struct fact cpus = {.state = tightest.state}, period = {.state = tightest.state};

	if (tightest.cpus > 0) {
		facts_add(&cpus, "", "%.6g", tightest.cpus);
		facts_add(&period, "", "%ld", 1000 * tightest.period_us);
	}
	facts_put(facts, "cgroup_cpu_quota_cpus", &cpus);
	facts_put(facts, "cgroup_cpu_period_ns", &period);
}

/* ---- the rest ---- */

/* A file's name in either version; NULL where that has none. */
static const struct {
	const char *key, *controller, *name[3];
} rest[] = {
	{"cgroup_cpuset", "cpuset", {NULL, "cpuset.effective_cpus", "cpuset.cpus.effective"}},
	{"cgroup_cpu_weight", "cpu", {NULL, NULL, "cpu.weight"}},
	{"cgroup_cpu_shares", "cpu", {NULL, "cpu.shares", NULL}},
	{"cgroup_cpu_idle", "cpu", {NULL, "cpu.idle", "cpu.idle"}},
};

/* Where a controller is not handed down to a group, the nearest above that has it decides. */
static void find_nearest(const char *root, struct group group, const char *name, struct fact *fact)
{
	do
		facts_line(root, fact, "%s/%s", group.folder, name);
	while (fact->state == FACT_ABSENT && go_up(&group));
}

static void write_rest(const struct facts *facts, const struct tables *tables)
{
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
		const struct group group = find_group(tables, rest[i].controller);
		const char *name = rest[i].name[group.version];
		struct fact fact = {.state = tables->state};

		if (name)
			find_nearest(facts->root, group, name, &fact);
		facts_put(facts, rest[i].key, &fact);
	}
}

static void write_groups(const struct facts *facts)
{
	enum fact_state groups, mounts;
	struct tables tables = {
		.groups = facts_text(facts->root, "/proc/self/cgroup", &groups),
		.mounts = facts_text(facts->root, "/proc/self/mountinfo", &mounts),
	};

	tables.state = groups != FACT_OK ? groups : mounts != FACT_OK ? mounts : FACT_ABSENT;
	const struct group group = find_group(&tables, "cpu");
	struct fact version = {.state = tables.state};

	if (group.version)
		facts_add(&version, "", "%d", group.version);
	facts_put(facts, "cgroup_version", &version);
	write_quota(facts, group, tables.state);
	write_rest(facts, &tables);
	free(tables.groups);
	free(tables.mounts);
}

static void write_affinity(const struct facts *facts)
{
	enum fact_state state;
	char *status = facts_text(facts->root, "/proc/self/status", &state);
	struct fact fact;

	facts_field(status, state, "Cpus_allowed_list", &fact);
	facts_put(facts, "cpus_allowed", &fact);
	free(status);
}

void context_limits(const struct facts *facts)
{
	write_affinity(facts);
	write_groups(facts);
}
