/* context_test.c - facts of machines made of files: what is told, and in which state */
#include "context.h"
#include "context_subjects.h"
#include "topology.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

enum { NOBODY = 65534 };

/* A folder with the machine's files under root, and what was put on record about it. */
struct world {
	char folder[32], root[40], out[40];
	struct results *results;
	struct facts facts;
	char *record; /* context.csv, once read */
};

/* One core of two threads and an L2 of its own, two of one thread that share theirs. */
static const char hybrid_xml[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n"
	"<topology version=\"2.0\">\n"
	"<object type=\"Machine\" cpuset=\"0xf\" complete_cpuset=\"0xf\" allowed_cpuset=\"0xf\""
	" nodeset=\"1\" complete_nodeset=\"1\" allowed_nodeset=\"1\" gp_index=\"1\">\n"
	"<info name=\"DMIProductName\" value=\"PowerThing\"/>\n"
	"<info name=\"DMIProductSerial\" value=\"S3R14L\"/>\n"
	"<info name=\"DMIProductUUID\" value=\"UU1D\"/><info name=\"HostName\" value=\"attic\"/>\n"
	"<info name=\"DMIBoardAssetTag\" value=\"T4G &gt; x\"/>\n"
	"<info name=\"LinuxCgroup\" value=\"/user.slice\"/>\n"
	"<object type=\"Package\" os_index=\"0\" cpuset=\"0xf\" complete_cpuset=\"0xf\""
	" nodeset=\"1\" complete_nodeset=\"1\" gp_index=\"2\">\n"
	"<object type=\"NUMANode\" os_index=\"0\" cpuset=\"0xf\" complete_cpuset=\"0xf\""
	" nodeset=\"1\" complete_nodeset=\"1\" gp_index=\"3\"/>\n"
	"<object type=\"L2Cache\" cpuset=\"0x3\" complete_cpuset=\"0x3\" nodeset=\"1\""
	" complete_nodeset=\"1\" gp_index=\"4\" depth=\"2\" cache_size=\"1310720\""
	" cache_linesize=\"64\" cache_associativity=\"0\" cache_type=\"0\">\n"
	"<object type=\"Core\" os_index=\"0\" cpuset=\"0x3\" complete_cpuset=\"0x3\""
	" nodeset=\"1\" complete_nodeset=\"1\" gp_index=\"5\">\n"
	"<object type=\"PU\" os_index=\"0\" cpuset=\"1\" complete_cpuset=\"1\" nodeset=\"1\""
	" complete_nodeset=\"1\" gp_index=\"6\"/>\n"
	"<object type=\"PU\" os_index=\"1\" cpuset=\"2\" complete_cpuset=\"2\" nodeset=\"1\""
	" complete_nodeset=\"1\" gp_index=\"7\"/>\n"
	"</object>\n</object>\n"
	"<object type=\"L2Cache\" cpuset=\"0xc\" complete_cpuset=\"0xc\" nodeset=\"1\""
	" complete_nodeset=\"1\" gp_index=\"8\" depth=\"2\" cache_size=\"2097152\""
	" cache_linesize=\"64\" cache_associativity=\"0\" cache_type=\"0\">\n"
	"<object type=\"Core\" os_index=\"1\" cpuset=\"4\" complete_cpuset=\"4\" nodeset=\"1\""
	" complete_nodeset=\"1\" gp_index=\"9\">\n"
	"<object type=\"PU\" os_index=\"2\" cpuset=\"4\" complete_cpuset=\"4\" nodeset=\"1\""
	" complete_nodeset=\"1\" gp_index=\"10\"/>\n</object>\n"
	"<object type=\"Core\" os_index=\"2\" cpuset=\"8\" complete_cpuset=\"8\" nodeset=\"1\""
	" complete_nodeset=\"1\" gp_index=\"11\">\n"
	"<object type=\"PU\" os_index=\"3\" cpuset=\"8\" complete_cpuset=\"8\" nodeset=\"1\""
	" complete_nodeset=\"1\" gp_index=\"12\"/>\n</object>\n"
	"</object>\n</object>\n</object>\n"
	"<cpukind cpuset=\"0xc\"><info name=\"CoreType\" value=\"IntelAtom\"/></cpukind>\n"
	"<cpukind cpuset=\"3\"><info name=\"CoreType\" value=\"IntelCore\"/></cpukind>\n"
	"</topology>\n";

/* ---- the world ---- */

static int make_world(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	strcpy(world->folder, "/tmp/baton-context-XXXXXX");
	assert_non_null(mkdtemp(world->folder));
	assert_int_equal(chmod(world->folder, 0755), 0);
	snprintf(world->root, sizeof(world->root), "%s/root", world->folder);
	snprintf(world->out, sizeof(world->out), "%s/run", world->folder);
	assert_int_equal(mkdir(world->root, 0755), 0);
	assert_int_equal(results_open(&world->results, world->out, "id"), 0);
	world->facts = (struct facts){world->results, world->root, ""};
	*state = world;
	return 0;
}

static int delete (const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status, (void)type, (void)walk;
	return remove(path);
}

static int end_world(void **state)
{
	struct world *world = *state;

	if (world->results)
		results_close(world->results);
	assert_int_equal(nftw(world->folder, delete, 16, FTW_DEPTH | FTW_PHYS), 0);
	free(world->record);
	free(world);
	return 0;
}

static void lay(const struct world *world, const char *path, const char *text)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", world->root, path);
	for (char *at = strchr(full + strlen(world->root) + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(full, 0755);
		*at = '/';
	}
	FILE *file = fopen(full, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void lay_cpu(const struct world *world, int cpu, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/%s", cpu, file);
	lay(world, path, text);
}

static struct machine *load(const char *source)
{
	char why[PLACE_WHY] = "";
	struct machine *machine = NULL;

	if (machine_load(&machine, source, why))
		fail_msg("%s", why);
	return machine;
}

static struct machine *load_hybrid(const struct world *world)
{
	char path[64];

	lay(world, "/hybrid.xml", hybrid_xml);
	snprintf(path, sizeof(path), "%s/hybrid.xml", world->root);
	return load(path);
}

static char *read_back(const struct world *world, const char *name)
{
	enum fact_state state;
	char path[64];

	snprintf(path, sizeof(path), "/%s", name);
	return facts_text(world->out, path, &state);
}

/* The key has this value and state, and stands once. */
static void expect(struct world *world, const char *key, const char *value, const char *state)
{
	char start[128], line[512];

	if (!world->record) {
		assert_int_equal(results_flush(world->results), 0);
		world->record = read_back(world, "context.csv");
		assert_non_null(world->record);
	}
	snprintf(start, sizeof(start), "\nid,machine,%s,", key);
	snprintf(line, sizeof(line), "%s%s,%s\n", start, value, state);
	const char *found = strstr(world->record, start);

	if (!found)
		fail_msg("%s was not written", key);
	if (strncmp(found, line, strlen(line)) != 0)
		fail_msg("expected %sfound%.200s", line, found);
	assert_null(strstr(found + 1, start));
}

static void expect_none(struct world *world, const char *text)
{
	if (strstr(world->record, text))
		fail_msg("there is %s", text);
}

/* ---- bare metal ---- */

static const char hybrid_cpuinfo[] =
	"processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 151\n"
	"model name\t: Core i-Thing\nstepping\t: 2\nmicrocode\t: 0x26\n"
	"flags\t\t: fpu tsc rdtscp constant_tsc nonstop_tsc tsc_deadline_timer\n\n"
	"processor\t: 2\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 190\n"
	"model name\t: Core i-Thing\nstepping\t: 2\nmicrocode\t: 0x27\n"
	"flags\t\t: fpu tsc\n\n";

static void an_identity_for_every_kind(void **state)
{
	struct world *world = *state;
	struct machine *machine = load_hybrid(world);

	lay(world, "/proc/cpuinfo", hybrid_cpuinfo);
	lay(world, "/sys/devices/system/cpu/online", "0-3\n");
	lay(world, "/sys/devices/system/cpu/isolated", "\n");
	context_cpu(&world->facts, machine);
	expect(world, "cpu_vendor", "GenuineIntel", "ok");
	expect(world, "cpu_model", "Core i-Thing", "ok");
	expect(world, "cpu_family", "6", "ok");
	expect(world, "cpu_stepping", "2", "ok");
	expect(world, "cpu_model_number", "151", "ok");
	expect(world, "cpu_model_number_kind0", "190", "ok");
	expect(world, "cpu_model_number_kind1", "151", "ok");
	expect(world, "cpu_microcode_kind0", "0x27", "ok");
	expect(world, "cpu_list_kind0", "\"2,3\"", "ok");
	expect(world, "cpu_list_kind1", "\"0,1\"", "ok");
	expect(world, "cpu_midr", "NA", "absent");
	expect(world, "tsc_flags", "rdtscp constant_tsc nonstop_tsc", "ok");
	expect(world, "cpus_isolated", "none", "ok");
	expect(world, "cpus_tickless", "NA", "absent");
	machine_free(machine);
}

static void counts_and_caches_are_hwlocs(void **state)
{
	struct world *world = *state;
	struct machine *machine = load_hybrid(world);

	context_cpu(&world->facts, machine);
	expect(world, "cpus", "4", "ok");
	expect(world, "cores", "3", "ok");
	expect(world, "packages", "1", "ok");
	expect(world, "numa_nodes", "1", "ok");
	expect(world, "threads_per_core", "2", "ok");
	expect(world, "cpu_kinds", "2", "ok");
	expect(world, "cache_l2_bytes", "1310720|2097152", "ok");
	expect(world, "cache_l2_cpus", "2|2", "ok");
	expect(world, "cache_l2_bytes_kind0", "2097152", "ok");
	expect(world, "cache_l2_bytes_kind1", "1310720", "ok");
	expect_none(world, "cache_l3");
	machine_free(machine);
}

static void cores_that_are_alike_have_no_kinds(void **state)
{
	struct world *world = *state;
	struct machine *machine = load("pack:2 l3:1(size=4MB) core:2 pu:1");

	context_cpu(&world->facts, machine);
	expect(world, "packages", "2", "ok");
	expect(world, "threads_per_core", "1", "ok");
	expect(world, "cpu_kinds", "1", "ok");
	expect(world, "cache_l3_cpus", "2", "ok");
	expect_none(world, "_kind0");
	machine_free(machine);
}

static void lay_idle_state(const struct world *world, int number, const char *name,
	const char *latency, const char *disable)
{
	char file[64];

	snprintf(file, sizeof(file), "cpuidle/state%d/name", number);
	lay_cpu(world, 0, file, name);
	snprintf(file, sizeof(file), "cpuidle/state%d/latency", number);
	lay_cpu(world, 0, file, latency);
	snprintf(file, sizeof(file), "cpuidle/state%d/disable", number);
	lay_cpu(world, 0, file, disable);
}

static void governors_and_idle_states(void **state)
{
	struct world *world = *state;
	struct machine *machine = load_hybrid(world);

	lay(world, "/sys/devices/system/cpu/online", "0-1,3\n");
	for (int cpu = 0; cpu < 4; cpu++) {
		lay_cpu(world, cpu, "cpufreq/scaling_governor", "powersave\n");
		lay_cpu(world, cpu, "cpufreq/cpuinfo_max_freq",
			cpu < 2 ? "4800000\n" : "3600000\n");
	}
	lay_cpu(world, 0, "cpufreq/base_frequency", "2100000\n");
	lay(world, "/sys/devices/system/cpu/intel_pstate/no_turbo", "0\n");
	lay(world, "/sys/devices/system/cpu/cpuidle/current_governor_ro", "menu\n");
	lay(world, "/sys/module/haltpoll/parameters/guest_halt_poll_ns", "200000\n");
	lay_idle_state(world, 0, "POLL\n", "0\n", "0\n");
	lay_idle_state(world, 1, "C1E\n", "2\n", "0\n");
	lay_idle_state(world, 2, "C10\n", "230\n", "1\n");
	context_power(&world->facts, machine);
	expect(world, "governor", "powersave", "ok");
	expect(world, "cpufreq_max_khz", "0-1=4800000;3=3600000", "ok");
	expect(world, "cpufreq_base_khz", "0=2100000;1-3=absent", "ok");
	expect(world, "cpufreq_driver", "NA", "absent");
	expect(world, "boost", "1", "ok");
	expect(world, "idle_governor", "menu", "ok");
	expect(world, "idle_exit_latency_ns", "POLL=0;C1E=2000;C10=230000", "ok");
	expect(world, "idle_states_disabled", "C10", "ok");
	expect(world, "idle_exit_latency_ns_kind0", "NA", "absent");
	expect(world, "haltpoll_guest_ns", "200000", "ok");
	machine_free(machine);
}

static void only_some_governors_scale(void **state)
{
	struct world *world = *state;
	char governor[CONTEXT_GOVERNOR];

	assert_false(context_governed(world->root, governor));
	assert_string_equal(governor, "");
	lay(world, "/sys/devices/system/cpu/cpufreq/boost", "1\n");
	assert_false(context_governed(world->root, governor));
	lay(world, "/sys/devices/system/cpu/cpufreq/policy0/scaling_governor", "performance\n");
	lay(world, "/sys/devices/system/cpu/cpufreq/policy2/scaling_governor", "userspace\n");
	assert_false(context_governed(world->root, governor));
	assert_string_equal(governor, "performance");
	lay(world, "/sys/devices/system/cpu/cpufreq/policy10/scaling_governor", "schedutil\n");
	lay(world, "/sys/devices/system/cpu/cpufreq/policy11/scaling_governor", "performance\n");
	assert_true(context_governed(world->root, governor));
	assert_string_equal(governor, "schedutil");
}

static void the_kernel_and_its_settings(void **state)
{
	struct world *world = *state;
	const struct utsname name = {.sysname = "Linux",
		.nodename = "attic",
		.release = "6.8.0-thing",
		.version = "#7 root@attic SMP PREEMPT_DYNAMIC @0 2024",
		.machine = "x86_64"};

	lay(world, "/proc/cmdline",
		"root=/dev/attic nohz_full=1-3 ip=10.0.0.1 mitigations=off quiet -- idle=attic\n");
	lay(world, "/boot/config-6.8.0-thing",
		"# CONFIG_HZ_250 is not set\nCONFIG_HZ_1000=y\nCONFIG_HZ=1000\n"
		"# CONFIG_PREEMPT is not "
		"set\nCONFIG_PREEMPT_VOLUNTARY=y\nCONFIG_PREEMPT_NOTIFIERS=y\n");
	lay(world, "/sys/kernel/debug/sched/preempt", "none voluntary (full) lazy \n");
	lay(world, "/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
	lay(world, "/sys/devices/system/cpu/vulnerabilities/meltdown", "Mitigation: PTI\n");
	lay(world, "/sys/devices/system/cpu/vulnerabilities/l1tf", "Not affected\n");
	lay(world, "/proc/meminfo", "MemTotal:       1024 kB\nMemFree:  1 kB\n");
	context_kernel(&world->facts, &name);
	expect(world, "kernel", "Linux 6.8.0-thing", "ok");
	expect(world, "kernel_version", "#7 SMP PREEMPT_DYNAMIC @0 2024", "ok");
	expect(world, "preemption_model", "PREEMPT_DYNAMIC", "ok");
	expect(world, "preemption_mode", "full", "ok");
	expect(world, "preemption_default", "voluntary", "ok");
	expect(world, "tick_hz", "1000", "ok");
	expect(world, "kernel_command_line", "nohz_full=1-3 mitigations=off", "ok");
	expect(world, "transparent_hugepage", "madvise", "ok");
	expect(world, "vulnerabilities", "2", "ok");
	expect(world, "vulnerability_meltdown", "Mitigation: PTI", "ok");
	expect(world, "vulnerability_l1tf", "Not affected", "ok");
	expect(world, "memory_bytes", "1048576", "ok");
	expect(world, "clocksource", "NA", "absent");
	expect_none(world, "attic");
}

static void a_packed_configuration_is_unpacked(void **state)
{
	struct world *world = *state;
	const struct utsname name = {.sysname = "Linux", .release = "1", .version = "#1 SMP"};
	char path[64];

	lay(world, "/proc/config.gz", "");
	lay(world, "/boot/config-1", "CONFIG_HZ=1000\n");
	snprintf(path, sizeof(path), "%s/proc/config.gz", world->root);
	gzFile file = gzopen(path, "wb");

	assert_non_null(file);
	assert_true(gzputs(file, "CONFIG_SMP=y\nCONFIG_HZ=250\nCONFIG_PREEMPT_LAZY=y\n") > 0);
	assert_int_equal(gzclose(file), Z_OK);
	context_kernel(&world->facts, &name);
	expect(world, "tick_hz", "250", "ok");
	expect(world, "preemption_default", "lazy", "ok");
}

static void nothing_is_guessed(void **state)
{
	struct world *world = *state;
	const struct utsname name = {.sysname = "Linux", .release = "1", .version = "#1 SMP"};

	context_kernel(&world->facts, &name);
	expect(world, "tick_hz", "NA", "absent");
	expect(world, "preemption_default", "NA", "absent");
	expect(world, "preemption_mode", "NA", "absent");
	expect(world, "preemption_model", "none", "ok");
	expect(world, "vulnerabilities", "NA", "absent");
	expect(world, "kernel_command_line", "NA", "absent");
}

static void load_and_heat_have_a_moment(void **state)
{
	struct world *world = *state;

	world->facts.suffix = "_start";
	lay(world, "/proc/loadavg", "0.50 0.40 0.30 2/82 8054\n");
	lay(world, "/proc/pressure/cpu", "some avg10=1.25 avg60=0.00 avg300=0.00 total=1\n");
	lay(world, "/sys/class/thermal/thermal_zone2/temp", "41000\n");
	lay(world, "/sys/class/thermal/thermal_zone2/type", "x86_pkg_temp\n");
	lay(world, "/sys/class/thermal/thermal_zone10/temp", "38500\n");
	lay(world, "/sys/class/thermal/thermal_zone10/type", "acpitz\n");
	lay(world, "/sys/devices/system/cpu/online", "0\n");
	lay_cpu(world, 0, "thermal_throttle/core_throttle_count", "17\n");
	context_load(&world->facts);
	expect(world, "load_start", "0.50 0.40 0.30", "ok");
	expect(world, "pressure_cpu_percent_start", "1.25", "ok");
	expect(world, "temperature_millidegrees_start", "2:x86_pkg_temp=41000;10:acpitz=38500",
		"ok");
	expect(world, "throttled_core_start", "17", "ok");
	expect(world, "throttled_package_start", "NA", "absent");
}

static void bare_metal_is_told_from_a_guest(void **state)
{
	struct world *world = *state;

	lay(world, "/proc/cpuinfo", hybrid_cpuinfo);
	lay(world, "/sys/class/dmi/id/product_name", "m5.metal\n");
	lay(world, "/sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
	context_guest(&world->facts);
	expect(world, "virtualisation", "none", "ok");
	expect(world, "machine_product", "m5.metal", "ok");
	expect(world, "machine_vendor", "Amazon EC2", "ok");
	expect(world, "container", "none", "ok");
}

static void a_guest_has_the_products_name(void **state)
{
	struct world *world = *state;

	lay(world, "/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu hypervisor lm\n\n");
	lay(world, "/sys/class/dmi/id/product_name", "Standard PC\n");
	lay(world, "/.dockerenv", "");
	lay(world, "/proc/1/cgroup", "0::/\n");
	context_guest(&world->facts);
	expect(world, "virtualisation", "Standard PC", "ok");
	expect(world, "container", "docker", "ok");
}

/* ---- Arm ---- */

static void arm_without_a_vendor(void **state)
{
	struct world *world = *state;
	struct machine *machine = load("pack:1 core:2 pu:1");

	lay(world, "/proc/cpuinfo",
		"processor\t: 0\nBogoMIPS\t: 243.75\nFeatures\t: fp asimd\n"
		"CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x3\n"
		"CPU part\t: 0xd0c\nCPU revision\t: 1\n\n");
	lay(world, "/sys/class/dmi/id/product_name", "KVM Virtual Machine\n");
	lay(world, "/proc/1/cgroup", "0::/kubepods.slice/kubepods-burstable.slice/x\n");
	context_cpu(&world->facts, machine);
	context_guest(&world->facts);
	expect(world, "cpu_vendor", "NA", "absent");
	expect(world, "cpu_model", "NA", "absent");
	expect(world, "cpu_midr", "0x00000000413fd0c1", "ok");
	expect(world, "tsc_flags", "NA", "absent");
	expect(world, "virtualisation", "KVM Virtual Machine", "ok");
	expect(world, "container", "kubernetes", "ok");
	machine_free(machine);
}

static void the_midrs_own_file_comes_first(void **state)
{
	struct world *world = *state;
	struct machine *machine = load("pu:1");

	lay_cpu(world, 0, "regs/identification/midr_el1", "0x00000000410fd4f1\n");
	context_cpu(&world->facts, machine);
	context_guest(&world->facts);
	expect(world, "cpu_midr", "0x00000000410fd4f1", "ok");
	expect(world, "virtualisation", "NA", "absent");
	machine_free(machine);
}

/* ---- limits ---- */

static void lay_groups(const struct world *world, const char *groups, const char *mounts)
{
	lay(world, "/proc/self/cgroup", groups);
	lay(world, "/proc/self/mountinfo", mounts);
	lay(world, "/proc/self/status",
		"Name:\tbaton\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\n");
}

static void first_cgroups(void **state)
{
	struct world *world = *state;

	/* A container's own group is the mount's root. */
	lay_groups(world, "5:cpuset:/\n4:cpu,cpuacct:/docker/abc/inner\n0::/docker/abc\n",
		"1 1 0:1 / / rw - ext4 /dev/x rw\n"
		"2 1 0:2 /docker/abc /cg/cpu rw shared:3 - cgroup cgroup rw,cpuacct,cpu\n"
		"3 1 0:3 / /cg/cpuset rw - cgroup cgroup rw,cpuset\n"
		"4 1 0:4 / /cg/unified rw - cgroup2 cgroup2 rw\n");
	lay(world, "/cg/cpu/inner/cpu.cfs_quota_us", "150000\n");
	lay(world, "/cg/cpu/inner/cpu.cfs_period_us", "100000\n");
	lay(world, "/cg/cpu/inner/cpu.shares", "512\n");
	lay(world, "/cg/cpu/cpu.cfs_quota_us", "-1\n");
	lay(world, "/cg/cpu/cpu.cfs_period_us", "100000\n");
	lay(world, "/cg/cpuset/cpuset.effective_cpus", "0-3\n");
	context_limits(&world->facts);
	expect(world, "cpus_allowed", "0-1", "ok");
	expect(world, "cgroup_version", "1", "ok");
	expect(world, "cgroup_cpu_quota_cpus", "1.5", "ok");
	expect(world, "cgroup_cpu_period_ns", "100000000", "ok");
	expect(world, "cgroup_cpu_shares", "512", "ok");
	expect(world, "cgroup_cpu_weight", "NA", "absent");
	expect(world, "cgroup_cpuset", "0-3", "ok");
}

static void second_cgroups_are_as_tight_as_their_parents(void **state)
{
	struct world *world = *state;

	lay_groups(world, "0::/a/b/c\n", "4 1 0:4 / /cg rw - cgroup2 cgroup2 rw,nsdelegate\n");
	lay(world, "/cg/a/b/c/cpu.max", "max 100000\n");
	lay(world, "/cg/a/b/c/cpu.weight", "100\n");
	lay(world, "/cg/a/b/cpu.max", "50000 100000\n");
	lay(world, "/cg/a/cpu.max", "5000 20000\n");
	lay(world, "/cg/a/cpuset.cpus.effective", "1\n");
	lay(world, "/cg/cpuset.cpus.effective", "0-7\n");
	lay(world, "/cpu.max", "1 100000\n"); /* above the mount point: no group */
	context_limits(&world->facts);
	expect(world, "cgroup_version", "2", "ok");
	expect(world, "cgroup_cpu_quota_cpus", "0.25", "ok");
	expect(world, "cgroup_cpu_period_ns", "20000000", "ok");
	expect(world, "cgroup_cpu_weight", "100", "ok");
	expect(world, "cgroup_cpu_shares", "NA", "absent");
	expect(world, "cgroup_cpuset", "1", "ok");
}

static void no_quota_is_none_and_no_file_is_absent(void **state)
{
	struct world *world = *state;

	lay_groups(world, "0::/a\n", "4 1 0:4 / /cg rw - cgroup2 cgroup2 rw\n");
	lay(world, "/cg/a/cpu.max", "max 100000\n");
	context_limits(&world->facts);
	expect(world, "cgroup_cpu_quota_cpus", "none", "ok");
	expect(world, "cgroup_cpuset", "NA", "absent");
}

static void no_cgroups_at_all(void **state)
{
	struct world *world = *state;

	context_limits(&world->facts);
	expect(world, "cgroup_version", "NA", "absent");
	expect(world, "cgroup_cpu_quota_cpus", "NA", "absent");
	expect(world, "cpus_allowed", "NA", "absent");
}

/* ---- states ---- */

static void an_empty_file_is_masked(void **state)
{
	struct world *world = *state;
	struct machine *machine = load("pu:2");

	lay(world, "/proc/cpuinfo", "");
	lay(world, "/proc/loadavg", "");
	lay(world, "/proc/self/cgroup", "");
	lay(world, "/sys/devices/system/cpu/online", "0-1\n");
	lay_cpu(world, 0, "cpufreq/scaling_governor", "");
	lay_cpu(world, 1, "cpufreq/scaling_governor", "");
	context_cpu(&world->facts, machine);
	context_power(&world->facts, machine);
	context_guest(&world->facts);
	context_limits(&world->facts);
	context_load(&world->facts);
	expect(world, "cpu_vendor", "NA", "masked");
	expect(world, "tsc_flags", "NA", "masked");
	expect(world, "governor", "NA", "masked");
	expect(world, "virtualisation", "NA", "masked");
	expect(world, "cgroup_version", "NA", "masked");
	expect(world, "cgroup_cpu_quota_cpus", "NA", "masked");
	expect(world, "load", "NA", "masked");
	machine_free(machine);
}

static void forbid(const struct world *world, const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", world->root, path);
	assert_int_equal(chmod(full, 0), 0);
}

static void permit(const struct world *world, const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", world->root, path);
	assert_int_equal(chmod(full, 0755), 0);
}

/* Files without a permission, and folders that nobody may search; as somebody whom that stops. */
static void what_may_not_be_read_is_denied(void **state)
{
	struct world *world = *state;
	const struct utsname name = {.sysname = "Linux", .release = "1", .version = "#1"};
	const uid_t user = geteuid();
	struct machine *machine = load("pu:1");

	lay(world, "/proc/cpuinfo", hybrid_cpuinfo);
	lay(world, "/proc/config.gz", "CONFIG_HZ=100\n");
	lay(world, "/sys/kernel/debug/sched/preempt", "none (full)\n");
	lay(world, "/sys/devices/system/cpu/vulnerabilities/mds", "Not affected\n");
	lay_groups(world, "0::/a\n", "4 1 0:4 / /cg rw - cgroup2 cgroup2 rw\n");
	lay(world, "/cg/a/cpu.max", "max 100000\n");
	lay(world, "/cg/cpu.max", "1000 100000\n");
	forbid(world, "/proc/cpuinfo");
	forbid(world, "/proc/config.gz");
	forbid(world, "/sys/kernel/debug");
	forbid(world, "/sys/devices/system/cpu/vulnerabilities");
	forbid(world, "/cg/cpu.max");
	if (user == 0)
		assert_int_equal(seteuid(NOBODY), 0);
	context_cpu(&world->facts, machine);
	context_kernel(&world->facts, &name);
	context_limits(&world->facts);
	assert_int_equal(seteuid(user), 0);
	permit(world, "/sys/kernel/debug");
	permit(world, "/sys/devices/system/cpu/vulnerabilities");
	expect(world, "cpu_vendor", "NA", "denied");
	expect(world, "tsc_flags", "NA", "denied");
	expect(world, "preemption_mode", "NA", "denied");
	expect(world, "tick_hz", "NA", "denied");
	expect(world, "vulnerabilities", "NA", "denied");
	expect(world, "cgroup_cpu_quota_cpus", "NA", "denied");
	expect(world, "cgroup_version", "2", "ok");
	machine_free(machine);
}

/* ---- the topology ---- */

static void the_topology_names_no_host(void **state)
{
	static const char *const secrets[] = {"attic", "HostName", "S3R14L", "Serial", "UU1D",
		"T4G", "user.slice", "ProcessName"};
	struct world *world = *state;
	struct machine *machine = load_hybrid(world);

	assert_int_equal(topology_save(world->results, machine), 0);
	char *text = read_back(world, "topology.xml");

	assert_non_null(text);
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		assert_null(strstr(text, secrets[i]));
	assert_non_null(strstr(text, "PowerThing"));
	free(text);
	machine_free(machine);
}

static void the_topology_gives_the_same_places(void **state)
{
	struct world *world = *state;
	struct machine *machine = load_hybrid(world), *again;
	const struct place *places, *found;
	size_t count, found_count;
	char path[64];

	assert_int_equal(topology_save(world->results, machine), 0);
	assert_int_equal(results_flush(world->results), 0);
	snprintf(path, sizeof(path), "%s/topology.xml", world->out);
	again = load(path);
	places = machine_places(machine, &count);
	found = machine_places(again, &found_count);
	assert_int_equal(count, found_count);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(places[i].name, found[i].name);
		assert_int_equal(places[i].pairs, found[i].pairs);
	}
	machine_free(machine);
	machine_free(again);
}

/* As it is there already. */
static void a_file_that_cannot_be_saved_is_told(void **state)
{
	struct world *world = *state;

	results_save(world->results, "once", "text");
	assert_int_equal(results_flush(world->results), 0);
	results_save(world->results, "once", "text");
	assert_int_equal(results_flush(world->results), -EEXIST);
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_world, end_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(an_identity_for_every_kind),
		test(counts_and_caches_are_hwlocs),
		test(cores_that_are_alike_have_no_kinds),
		test(governors_and_idle_states),
		test(only_some_governors_scale),
		test(the_kernel_and_its_settings),
		test(a_packed_configuration_is_unpacked),
		test(nothing_is_guessed),
		test(load_and_heat_have_a_moment),
		test(bare_metal_is_told_from_a_guest),
		test(a_guest_has_the_products_name),
		test(arm_without_a_vendor),
		test(the_midrs_own_file_comes_first),
		test(first_cgroups),
		test(second_cgroups_are_as_tight_as_their_parents),
		test(no_quota_is_none_and_no_file_is_absent),
		test(no_cgroups_at_all),
		test(an_empty_file_is_masked),
		test(what_may_not_be_read_is_denied),
		test(the_topology_names_no_host),
		test(the_topology_gives_the_same_places),
		test(a_file_that_cannot_be_saved_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
