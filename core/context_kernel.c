/* context_kernel.c - which kernel runs, and how it was told to schedule, tick, wait and protect */
#include "context_subjects.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static const struct fact_file knobs[] = {
	{"clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource"},
	{"clocksources_available",
		"/sys/devices/system/clocksource/clocksource0/available_clocksource"},
	{"aslr", "/proc/sys/kernel/randomize_va_space"},
	{"numa_balancing", "/proc/sys/kernel/numa_balancing"},
	{"sched_autogroup", "/proc/sys/kernel/sched_autogroup_enabled"},
	{"sched_base_slice_ns", "/sys/kernel/debug/sched/base_slice_ns"},
	{"sched_min_granularity_ns", "/sys/kernel/debug/sched/min_granularity_ns"},
	{"sched_wakeup_granularity_ns", "/sys/kernel/debug/sched/wakeup_granularity_ns"},
	{"timer_slack_ns", "/proc/self/timerslack_ns"},
};

/* Of several, the one in force is marked. */
static const struct fact_file choices[] = {
	{"preemption_mode", "/sys/kernel/debug/sched/preempt"},
	{"transparent_hugepage", "/sys/kernel/mm/transparent_hugepage/enabled"},
	{"transparent_hugepage_defrag", "/sys/kernel/mm/transparent_hugepage/defrag"},
};

/* Of the kernel's command line what bears on timing, and nothing else: the rest may name hosts,
 * disks and addresses. */
static const char *const telling[] = {"mitigations", "nohz", "isolcpus", "rcu_nocb", "rcutree",
	"idle", "nosmt", "nosmp", "maxcpus", "nr_cpus", "preempt", "threadirqs", "irqaffinity",
	"tsc", "clocksource", "skew_tick", "haltpoll", "cpuidle", "cpufreq", "processor.",
	"intel_idle", "intel_pstate", "amd_pstate", "transparent_hugepage", "numa_balancing",
	"spec", "pti", "nopti", "kpti", "l1tf", "mds", "retbleed", "srso", "sched", "psi",
	"nowatchdog", "nmi_watchdog"};

static bool bears_on_timing(const char *word)
{
	for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]); i++)
		if (!strncmp(word, telling[i], strlen(telling[i])))
			return true;
	return false;
}

/* What follows "--" is for init. */
static void write_command_line(const struct facts *facts)
{
	struct fact line, kept = {.state = FACT_OK};
	char *rest = line.text;
	const char *word;

	facts_line(facts->root, &line, "/proc/cmdline");
	while ((word = strsep(&rest, " ")) && strcmp(word, "--") != 0)
		if (bears_on_timing(word))
			facts_add(&kept, " ", "%s", word);
	if (!kept.text[0])
		facts_add(&kept, "", "none that bears on timing");
	facts_put(facts, "kernel_command_line", line.state == FACT_OK ? &kept : &line);
}

/* As uname -v has it, without user@host, should somebody's build have put that in. */
static void write_version(const struct facts *facts, const char *version)
{
	char words[sizeof(((struct utsname *)0)->version)], *rest = words;
	struct fact kept = {.state = FACT_OK}, model = {.state = FACT_OK};
	const char *word;

	snprintf(words, sizeof(words), "%s", version);
	while ((word = strsep(&rest, " "))) {
		const char *at = strchr(word, '@');

		if (!at || at == word || !at[1])
			facts_add(&kept, " ", "%s", word);
		if (!strncmp(word, "PREEMPT", 7))
			facts_add(&model, " ", "%s", word);
	}
	facts_put(facts, "kernel_version", &kept);
	facts_put(facts, "preemption_model", &model);
}

/* A gzip file or a plain one, to be freed; NULL and why. */
static char *unpack(int fd, enum fact_state *state)
{
	enum { CONFIG_MAX = 4 << 20 };
	gzFile file = gzdopen(fd, "rb");
	char *text = file ? malloc(CONFIG_MAX + 1) : NULL;
	const int got = text ? gzread(file, text, CONFIG_MAX) : -1;

	if (file)
		gzclose(file);
	else
		close(fd);
	*state = got > 0 ? FACT_OK : got ? FACT_ABSENT : FACT_MASKED;
	if (got > 0) {
		text[got] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

static char *read_config(const char *root, const char *release, enum fact_state *state)
{
	char path[PATH_MAX];
	const int packed = facts_open(root, "/proc/config.gz");

	if (packed >= 0)
		return unpack(packed, state);
	snprintf(path, sizeof(path), "/boot/config-%s", release);
	const int plain = facts_open(root, path);

	if (plain >= 0)
		return unpack(plain, state);
	*state = facts_state(plain == -ENOENT ? packed : plain);
	return NULL;
}

static bool has_line(const char *text, const char *line)
{
	const size_t length = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at += length)
		if ((at == text || at[-1] == '\n') && (at[length] == '\n' || !at[length]))
			return true;
	return false;
}

/* How the kernel was built to tick and to preempt; preempt= on its command line may say otherwise,
 * and preemption_mode has what is in force. */
static void write_config(const struct facts *facts, const char *release)
{
	static const char *const models[][2] = {{"none", "CONFIG_PREEMPT_NONE=y"},
		{"voluntary", "CONFIG_PREEMPT_VOLUNTARY=y"}, {"full", "CONFIG_PREEMPT=y"},
		{"lazy", "CONFIG_PREEMPT_LAZY=y"}, {"rt", "CONFIG_PREEMPT_RT=y"}};
	enum fact_state state;
	char *config = read_config(facts->root, release, &state);
	const char *hz = config ? strstr(config, "\nCONFIG_HZ=") : NULL;
	struct fact tick = {.state = config ? FACT_ABSENT : state}, model = tick;

	if (hz)
		facts_add(&tick, "", "%d", atoi(hz + strlen("\nCONFIG_HZ=")));
	for (size_t i = 0; config && i < sizeof(models) / sizeof(models[0]); i++)
		if (has_line(config, models[i][1]))
			facts_add(&model, " ", "%s", models[i][0]);
	facts_put(facts, "tick_hz", &tick);
	facts_put(facts, "preemption_default", &model);
	free(config);
}

static void write_choices(const struct facts *facts)
{
	struct fact fact;

	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		facts_line(facts->root, &fact, "%s", choices[i].path);
		facts_marked(&fact);
		facts_put(facts, choices[i].key, &fact);
	}
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void write_mitigations(const struct facts *facts)
{
	static const char folder[] = "/sys/devices/system/cpu/vulnerabilities";
	char path[PATH_MAX], key[NAME_MAX + 32];
	struct dirent **names = NULL;

	snprintf(path, sizeof(path), "%s%s", facts->root, folder);
	const int count = scandir(path, &names, not_hidden, alphasort);
	const struct fact none = {.state = facts_state(-errno)};

	if (count < 0)
		facts_put(facts, "vulnerabilities", &none);
	else
		facts_say(facts, "vulnerabilities", "%d", count);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		snprintf(key, sizeof(key), "vulnerability_%s", names[i]->d_name);
		facts_file(facts, key, path);
		free(names[i]);
	}
	free(names);
}

static void write_memory(const struct facts *facts)
{
	enum fact_state state;
	char *meminfo = facts_text(facts->root, "/proc/meminfo", &state);
	struct fact fact;

	facts_field(meminfo, state, "MemTotal", &fact);
	if (fact.state == FACT_OK) /* in kB, which are KiB: proc(5) */
		snprintf(fact.text, sizeof(fact.text), "%lld", 1024 * atoll(fact.text));
	facts_put(facts, "memory_bytes", &fact);
	facts_say(facts, "page_bytes", "%ld", sysconf(_SC_PAGESIZE));
	free(meminfo);
}

void context_kernel(const struct facts *facts, const struct utsname *name)
{
	facts_say(facts, "kernel", "%s %s", name->sysname, name->release);
	facts_say(facts, "architecture", "%s", name->machine);
	write_version(facts, name->version);
	write_config(facts, name->release);
	write_command_line(facts);
	write_choices(facts);
	facts_files(facts, knobs, sizeof(knobs) / sizeof(knobs[0]));
	write_mitigations(facts);
	write_memory(facts);
}
