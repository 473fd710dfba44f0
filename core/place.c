/* place.c - asks hwloc what each pair of CPUs shares, names it, and pins threads */
#include "place.h"

#include <errno.h>
#include <hwloc.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	CACHE_LEVELS = 5,
	SHARED_MAX = 16, /* nested caches, clusters and a core above one PU */
	PUS_MAX = 8192,  /* the largest NR_CPUS of Linux; pairs are counted in O(n^2) */
	MASK_BITS_MAX = 1 << 20
};

/* The nearest thing that two PUs share, nearest first. */
enum nearest { SAME_CPU, SMT, CLUSTER, L1, L2, L3, L4, L5, PACKAGE, MACHINE };

static const char *const nearest_names[] = {
	"same-cpu", "smt", "cluster", "l1", "l2", "l3", "l4", "l5", "package", "machine"};

/* What a place's name says; two pairs are of one place when these are equal. */
struct relation {
	enum nearest nearest;
	bool xpkg, xdie, xnuma;
	int kind_high, kind_low; /* -1: no kinds here */
};

/* All that is needed of one PU to relate it to another. */
struct pu {
	hwloc_obj_t obj, package, die;
	int cpu, kind;
	int node, node_width; /* nearest NUMA node, and how many PUs it serves */
	size_t depth;
	hwloc_obj_t shared[SHARED_MAX]; /* what others may share with it, outermost first */
};

struct machine {
	hwloc_topology_t topology;
	bool foreign; /* described by a file, a string or the environment: not to be bound to */
	size_t pu_count, place_count;
	int kinds;          /* of core; 0: all alike */
	size_t described;   /* CPUs online, or for a foreign machine all that it describes */
	struct pu *pus;     /* in logical order */
	struct pu **by_cpu; /* the same, by OS index */
	struct place *places;
	struct relation *relations; /* of each place */
};

static int fail(char why[PLACE_WHY], int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(char why[PLACE_WHY], int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, PLACE_WHY, format, args);
	va_end(args);
	return error;
}

static int fail_memory(char why[PLACE_WHY])
{
	return fail(why, -ENOMEM, "not enough memory to describe the machine");
}

/* ---- the kernel's view: affinity masks ---- */

struct mask {
	cpu_set_t *set;
	size_t bytes;
};

/* The kernel answers EINVAL while the set is smaller than its own (sched_getaffinity(2)). */
static int mask_read(struct mask *mask)
{
	for (size_t bits = CPU_SETSIZE; bits <= MASK_BITS_MAX; bits *= 2) {
		mask->bytes = CPU_ALLOC_SIZE(bits);
		mask->set = CPU_ALLOC(bits);
		if (!mask->set)
			return -ENOMEM;
		if (!sched_getaffinity(0, mask->bytes, mask->set))
			return 0;
		int error = errno;
		CPU_FREE(mask->set);
		mask->set = NULL;
		if (error != EINVAL)
			return -error;
	}
	return -EINVAL;
}

static bool mask_has(const struct mask *mask, unsigned cpu)
{
	return CPU_ISSET_S(cpu, mask->bytes, mask->set);
}

/* Is the calling thread on this CPU, and allowed nowhere else? */
static int check_pinned(int cpu)
{
	struct mask mask;
	int error = mask_read(&mask);

	if (error)
		return error;
	bool alone = CPU_COUNT_S(mask.bytes, mask.set) == 1 && mask_has(&mask, (unsigned)cpu);
	CPU_FREE(mask.set);
	return alone && sched_getcpu() == cpu ? 0 : -EXDEV;
}

/* ---- where the description comes from ---- */

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static bool forces_a_description(const char *components)
{
	while (components && *components) {
		size_t length = strcspn(components, ",");

		if ((length == 3 && !strncmp(components, "xml", 3)) ||
			(length == 9 && !strncmp(components, "synthetic", 9)))
			return true;
		components += length + (components[length] == ',');
	}
	return false;
}

/* hwloc ignores the first two when empty, and obeys the others even so. */
const char *machine_foreign_environment(void)
{
	static const char *const described[] = {"HWLOC_SYNTHETIC", "HWLOC_XMLFILE"};
	static const char *const distorted[] = {
		"HWLOC_FSROOT", "HWLOC_CPUID_PATH", "HWLOC_THISSYSTEM"};

	for (size_t i = 0; i < sizeof described / sizeof *described; i++)
		if (variable(described[i]))
			return described[i];
	for (size_t i = 0; i < sizeof distorted / sizeof *distorted; i++)
		if (getenv(distorted[i]))
			return distorted[i];
	return forces_a_description(getenv("HWLOC_COMPONENTS")) ? "HWLOC_COMPONENTS" : NULL;
}

static bool names_a_file(const char *source)
{
	size_t length = strlen(source);

	return strchr(source, '/') || (length > 4 && !strcmp(source + length - 4, ".xml")) ||
	       !access(source, F_OK);
}

static int fail_source(char why[PLACE_WHY], const char *source)
{
	if (names_a_file(source))
		return fail(why, -EINVAL,
			"topology file '%.120s': damaged, or not an export of hwloc", source);
	return fail(why, -EINVAL,
		"topology '%.120s': no XML file, and not synthetic (as 'pack:2 l3:4 core:8 pu:2')",
		source);
}

static int check_readable(const char *source, char why[PLACE_WHY])
{
	if (!source || !names_a_file(source) || !access(source, R_OK))
		return 0;
	return fail(why, errno == ENOENT ? -ENOENT : -EINVAL, "topology file '%.120s': %s", source,
		strerror(errno));
}

static int set_source(hwloc_topology_t topology, const char *source)
{
	if (!source)
		return 0;
	if (names_a_file(source))
		return hwloc_topology_set_xml(topology, source);
	return hwloc_topology_set_synthetic(topology, source);
}

static int discover(struct machine *m, const char *source, char why[PLACE_WHY])
{
	if (hwloc_topology_init(&m->topology)) {
		m->topology = NULL;
		return fail_memory(why);
	}
	/* hwloc's defaults leave out I/O and instruction caches, and keep Groups of use. */
	hwloc_topology_set_type_filter(m->topology, HWLOC_OBJ_MISC, HWLOC_TYPE_FILTER_KEEP_NONE);
	errno = EINVAL;
	if (!set_source(m->topology, source) && !hwloc_topology_load(m->topology))
		return 0;
	if (source)
		return fail_source(why, source);
	return fail(why, -errno, "hwloc cannot describe this machine: %s", strerror(errno));
}

/* hwloc reads how much to hide from the environment alone; a child must not inherit our answer. */
static int discover_quietly(struct machine *m, const char *source, char why[PLACE_WHY])
{
	bool ours = !getenv("HWLOC_HIDE_ERRORS") && !setenv("HWLOC_HIDE_ERRORS", "2", 0);
	int error = discover(m, source, why);

	if (ours)
		unsetenv("HWLOC_HIDE_ERRORS");
	return error;
}

/* ---- the allowed PUs ---- */

/* A hwloc that does not know a CPU which the kernel offers describes something else. */
static int check_known(const struct machine *m, const struct mask *mask, char why[PLACE_WHY])
{
	hwloc_const_bitmap_t known = hwloc_topology_get_complete_cpuset(m->topology);

	for (unsigned cpu = 0; mask->set && cpu < mask->bytes * 8; cpu++)
		if (mask_has(mask, cpu) && !hwloc_bitmap_isset(known, cpu))
			return fail(why, -EXDEV,
				"CPU %u is in the affinity mask, but hwloc does not know it: "
				"it describes another machine",
				cpu);
	return 0;
}

/* Appends what obj's PU may share, outermost first; inside a core all is smt. */
static int add_shared(struct pu *pu, hwloc_obj_t obj)
{
	if (!obj)
		return 0;
	int error = add_shared(pu, obj->parent);
	bool in_cache = pu->depth > 0;
	bool in_core = in_cache && pu->shared[pu->depth - 1]->type == HWLOC_OBJ_CORE;
	bool counts = obj->type == HWLOC_OBJ_CORE || hwloc_obj_type_is_dcache(obj->type) ||
		      (obj->type == HWLOC_OBJ_GROUP && in_cache);

	if (error || in_core || !counts)
		return error;
	if (pu->depth == SHARED_MAX)
		return -EINVAL;
	pu->shared[pu->depth++] = obj;
	return 0;
}

static int add_pu(struct machine *m, hwloc_obj_t obj)
{
	struct pu *pu = &m->pus[m->pu_count++];

	*pu = (struct pu){.obj = obj, .cpu = (int)obj->os_index, .kind = -1, .node = -1};
	pu->package = hwloc_get_ancestor_obj_by_type(m->topology, HWLOC_OBJ_PACKAGE, obj);
	pu->die = hwloc_get_ancestor_obj_by_type(m->topology, HWLOC_OBJ_DIE, obj);
	return add_shared(pu, obj);
}

static int by_os_index(const void *left, const void *right)
{
	const struct pu *a = *(struct pu *const *)left, *b = *(struct pu *const *)right;

	return (a->cpu > b->cpu) - (a->cpu < b->cpu);
}

static void index_pus(struct machine *m)
{
	for (size_t i = 0; i < m->pu_count; i++)
		m->by_cpu[i] = &m->pus[i];
	qsort(m->by_cpu, m->pu_count, sizeof *m->by_cpu, by_os_index);
}

static int allocate_pus(struct machine *m, char why[PLACE_WHY])
{
	int count = hwloc_get_nbobjs_by_type(m->topology, HWLOC_OBJ_PU);

	if (count < 1)
		return fail(why, -EINVAL, "the topology describes no CPU: damaged");
	if (count > PUS_MAX)
		return fail(why, -EINVAL, "the topology has %d CPUs, more than %d", count, PUS_MAX);
	m->pus = calloc((size_t)count, sizeof *m->pus);
	m->by_cpu = calloc((size_t)count, sizeof *m->by_cpu);
	return m->pus && m->by_cpu ? 0 : fail_memory(why);
}

/* mask: what the process may use, or an empty one (set == NULL) for a foreign machine. */
static int collect_pus(struct machine *m, const struct mask *mask, char why[PLACE_WHY])
{
	hwloc_obj_t obj = NULL;
	int error = allocate_pus(m, why);

	if (!error)
		error = check_known(m, mask, why);
	if (error)
		return error;
	while ((obj = hwloc_get_next_obj_by_type(m->topology, HWLOC_OBJ_PU, obj)))
		if ((!mask->set || mask_has(mask, obj->os_index)) && add_pu(m, obj))
			return fail(
				why, -EINVAL, "the topology nests more than %d caches", SHARED_MAX);
	if (!m->pu_count)
		return fail(why, -EXDEV, "hwloc allows none of the CPUs in the affinity mask");
	index_pus(m);
	return 0;
}

static const struct pu *find_pu(const struct machine *m, int cpu)
{
	struct pu wanted = {.cpu = cpu}, *key = &wanted;
	struct pu **found = bsearch(&key, m->by_cpu, m->pu_count, sizeof *m->by_cpu, by_os_index);

	return found ? *found : NULL;
}

static void locate_nodes(struct machine *m)
{
	hwloc_obj_t node = NULL;

	while ((node = hwloc_get_next_obj_by_type(m->topology, HWLOC_OBJ_NUMANODE, node))) {
		int width = hwloc_bitmap_weight(node->cpuset);

		for (struct pu *pu = m->pus; pu < m->pus + m->pu_count; pu++) {
			if (!hwloc_bitmap_isset(node->cpuset, (unsigned)pu->cpu))
				continue;
			if (pu->node >= 0 && pu->node_width <= width)
				continue;
			pu->node = (int)node->os_index;
			pu->node_width = width;
		}
	}
}

/* ---- kinds of core ---- */

struct kind {
	hwloc_bitmap_t cpus;
	const char *core_type, *frequency;
	int number;
};

static const char *info_named(const struct hwloc_info_s *infos, unsigned count, const char *name)
{
	for (unsigned i = 0; i < count; i++)
		if (!strcmp(infos[i].name, name))
			return infos[i].value;
	return "";
}

static int read_kind(struct kind *kind, hwloc_topology_t topology, unsigned index)
{
	struct hwloc_info_s *infos;
	unsigned count;
	int efficiency;

	kind->cpus = hwloc_bitmap_alloc();
	if (!kind->cpus)
		return -ENOMEM;
	if (hwloc_cpukinds_get_info(topology, index, kind->cpus, &efficiency, &count, &infos, 0))
		return -errno;
	kind->core_type = info_named(infos, count, "CoreType");
	kind->frequency = info_named(infos, count, "FrequencyMaxMHz");
	return 0;
}

/* Cores that differ in capacity alone (favoured ones) are of one kind; returns how many there are.
 */
static int number_kinds(struct kind *kinds, int count)
{
	int numbers = 0;

	for (int i = 0; i < count; i++) {
		kinds[i].number = -1;
		for (int j = 0; j < i && kinds[i].number < 0; j++)
			if (!strcmp(kinds[i].core_type, kinds[j].core_type) &&
				!strcmp(kinds[i].frequency, kinds[j].frequency))
				kinds[i].number = kinds[j].number;
		if (kinds[i].number < 0)
			kinds[i].number = numbers++;
	}
	return numbers;
}

static int kind_of(const struct kind *kinds, int count, int cpu)
{
	for (int i = 0; i < count; i++)
		if (hwloc_bitmap_isset(kinds[i].cpus, (unsigned)cpu))
			return kinds[i].number;
	return -1;
}

/* All PUs have a kind, or none has: a name with half a suffix would compare unlike pairs. */
static void give_kinds(struct machine *m, const struct kind *kinds, int count, int numbers)
{
	for (size_t i = 0; i < m->pu_count; i++)
		if (kind_of(kinds, count, m->pus[i].cpu) < 0)
			return;
	for (size_t i = 0; i < m->pu_count; i++)
		m->pus[i].kind = kind_of(kinds, count, m->pus[i].cpu);
	m->kinds = numbers;
}

static int locate_kinds(struct machine *m)
{
	int count = hwloc_cpukinds_get_nr(m->topology, 0), error = 0;

	if (count < 2)
		return 0;
	struct kind *kinds = calloc((size_t)count, sizeof *kinds);
	if (!kinds)
		return -ENOMEM;
	for (int i = 0; i < count && !error; i++)
		error = read_kind(&kinds[i], m->topology, (unsigned)i);
	const int numbers = error ? 0 : number_kinds(kinds, count);

	if (numbers > 1)
		give_kinds(m, kinds, count, numbers);
	for (int i = 0; i < count; i++)
		hwloc_bitmap_free(kinds[i].cpus);
	free(kinds);
	return error;
}

/* ---- pairs and places ---- */

static enum nearest nearest_of(const struct pu *a, const struct pu *b)
{
	size_t common = 0;

	if (a == b)
		return SAME_CPU;
	while (common < a->depth && common < b->depth && a->shared[common] == b->shared[common])
		common++;
	if (!common)
		return a->package == b->package ? PACKAGE : MACHINE;
	hwloc_obj_t shared = a->shared[common - 1];
	if (shared->type == HWLOC_OBJ_CORE)
		return SMT;
	if (shared->type == HWLOC_OBJ_GROUP)
		return CLUSTER;
	return (enum nearest)(L1 + (int)(shared->type - HWLOC_OBJ_L1CACHE));
}

static struct relation relate(const struct pu *a, const struct pu *b)
{
	enum nearest nearest = nearest_of(a, b);
	bool one_package = a->package == b->package;

	return (struct relation){
		.nearest = nearest,
		.xpkg = !one_package && nearest != MACHINE,
		.xdie = one_package && a->die && b->die && a->die != b->die,
		.xnuma = a->node != b->node,
		.kind_high = a->kind > b->kind ? a->kind : b->kind,
		.kind_low = a->kind < b->kind ? a->kind : b->kind,
	};
}

static bool same_relation(const struct relation *a, const struct relation *b)
{
	return a->nearest == b->nearest && a->xpkg == b->xpkg && a->xdie == b->xdie &&
	       a->xnuma == b->xnuma && a->kind_high == b->kind_high && a->kind_low == b->kind_low;
}

static void name_relation(char name[PLACE_NAME], const struct relation *r)
{
	char kinds[PLACE_NAME] = "";

	if (r->kind_high > r->kind_low)
		snprintf(kinds, sizeof kinds, "@%d-%d", r->kind_high, r->kind_low);
	else if (r->kind_high >= 0)
		snprintf(kinds, sizeof kinds, "@%d", r->kind_high);
	snprintf(name, PLACE_NAME, "%s%s%s%s%s", nearest_names[r->nearest], r->xpkg ? ".xpkg" : "",
		r->xdie ? ".xdie" : "", r->xnuma ? ".xnuma" : "", kinds);
}

/* Its index, or place_count where there is none yet. */
static size_t find_relation(const struct machine *m, const struct relation *relation)
{
	size_t i = 0;

	while (i < m->place_count && !same_relation(&m->relations[i], relation))
		i++;
	return i;
}

static int grow_places(struct machine *m)
{
	size_t count = m->place_count + 1;
	struct place *places = realloc(m->places, count * sizeof *places);

	if (!places)
		return -ENOMEM;
	m->places = places;
	struct relation *relations = realloc(m->relations, count * sizeof *relations);
	if (!relations)
		return -ENOMEM;
	m->relations = relations;
	m->place_count = count;
	return 0;
}

static int count_pair(struct machine *m, const struct pu *a, const struct pu *b)
{
	struct relation relation = relate(a, b);
	size_t i = find_relation(m, &relation);

	if (i == m->place_count) {
		if (grow_places(m))
			return -ENOMEM;
		m->relations[i] = relation;
		m->places[i] = (struct place){.cpu_a = a->cpu, .cpu_b = b->cpu};
		name_relation(m->places[i].name, &relation);
	}
	m->places[i].pairs++;
	return 0;
}

static int count_pairs(struct machine *m)
{
	for (size_t i = 0; i < m->pu_count; i++)
		for (size_t j = i; j < m->pu_count; j++)
			if (count_pair(m, &m->pus[i], &m->pus[j]))
				return -ENOMEM;
	return 0;
}

/* ---- loading ---- */

static size_t count_described(const struct machine *m)
{
	long count = m->foreign
			     ? hwloc_bitmap_weight(hwloc_topology_get_complete_cpuset(m->topology))
			     : sysconf(_SC_NPROCESSORS_ONLN);

	return count > 0 && (size_t)count > m->pu_count ? (size_t)count : m->pu_count;
}

static int describe(struct machine *m, const char *source, char why[PLACE_WHY])
{
	struct mask mask = {NULL, 0};
	/* Before discovery: hwloc's x86 component moves this thread from CPU to CPU and back. */
	int error = m->foreign ? 0 : mask_read(&mask);

	if (error)
		return fail(why, error, "the affinity mask cannot be read: %s", strerror(-error));
	error = discover_quietly(m, source, why);
	if (!error)
		error = collect_pus(m, &mask, why);
	CPU_FREE(mask.set);
	if (error)
		return error;
	locate_nodes(m);
	m->described = count_described(m);
	return locate_kinds(m) || count_pairs(m) ? fail_memory(why) : 0;
}

int machine_load(struct machine **out, const char *source, char why[PLACE_WHY])
{
	struct machine *m = calloc(1, sizeof *m);

	if (!m)
		return fail_memory(why);
	m->foreign = source || machine_foreign_environment();
	/* Not left to hwloc: where it cannot read what these name, it describes this machine. */
	if (!source)
		source = variable("HWLOC_SYNTHETIC");
	if (!source)
		source = variable("HWLOC_XMLFILE");
	int error = check_readable(source, why);
	if (!error)
		error = describe(m, source, why);
	if (error)
		machine_free(m);
	else
		*out = m;
	return error;
}

void machine_free(struct machine *m)
{
	if (!m)
		return;
	if (m->topology)
		hwloc_topology_destroy(m->topology);
	free(m->pus);
	free(m->by_cpu);
	free(m->places);
	free(m->relations);
	free(m);
}

/* ---- questions ---- */

size_t machine_pus(const struct machine *m)
{
	return m->pu_count;
}

int machine_cpu(const struct machine *m, size_t i)
{
	return m->pus[i].cpu;
}

int machine_node(const struct machine *m, int cpu)
{
	const struct pu *pu = find_pu(m, cpu);

	return pu ? pu->node : -1;
}

int machine_kinds(const struct machine *m)
{
	return m->kinds;
}

int machine_kind(const struct machine *m, int cpu)
{
	const struct pu *pu = find_pu(m, cpu);

	return pu ? pu->kind : -1;
}

void machine_count(const struct machine *m, struct machine_counts *counts)
{
	hwloc_obj_t core = NULL;

	*counts = (struct machine_counts){
		.cpus = hwloc_get_nbobjs_by_type(m->topology, HWLOC_OBJ_PU),
		.cores = hwloc_get_nbobjs_by_type(m->topology, HWLOC_OBJ_CORE),
		.packages = hwloc_get_nbobjs_by_type(m->topology, HWLOC_OBJ_PACKAGE),
		.nodes = hwloc_get_nbobjs_by_type(m->topology, HWLOC_OBJ_NUMANODE),
	};
	while ((core = hwloc_get_next_obj_by_type(m->topology, HWLOC_OBJ_CORE, core))) {
		int threads = hwloc_bitmap_weight(core->cpuset);

		if (threads > counts->threads_per_core)
			counts->threads_per_core = threads;
	}
}

static bool is_listed(const struct machine_cache *caches, size_t count, struct machine_cache cache)
{
	for (size_t i = 0; i < count; i++)
		if (caches[i].level == cache.level && caches[i].bytes == cache.bytes &&
			caches[i].cpus == cache.cpus)
			return true;
	return false;
}

static const struct machine_cache *cache_of(
	const struct pu *pu, int level, struct machine_cache *cache)
{
	for (hwloc_obj_t obj = pu->obj; obj; obj = obj->parent) {
		if (!hwloc_obj_type_is_dcache(obj->type) || (int)obj->attr->cache.depth != level)
			continue;
		*cache = (struct machine_cache){.level = level,
			.bytes = obj->attr->cache.size,
			.cpus = hwloc_bitmap_weight(obj->cpuset)};
		return cache;
	}
	return NULL;
}

size_t machine_caches(const struct machine *m, int kind, struct machine_cache *caches, size_t max)
{
	struct machine_cache cache;
	size_t count = 0;

	for (int level = 1; level <= CACHE_LEVELS; level++)
		for (const struct pu *pu = m->pus; pu < m->pus + m->pu_count; pu++)
			if ((kind < 0 || pu->kind == kind) && cache_of(pu, level, &cache) &&
				count < max && !is_listed(caches, count, cache))
				caches[count++] = cache;
	return count;
}

int machine_export(const struct machine *m, char **xml)
{
	char *text;
	int length;

	if (hwloc_topology_export_xmlbuffer(m->topology, &text, &length, 0))
		return errno ? -errno : -EINVAL;
	*xml = strdup(text);
	hwloc_free_xmlbuffer(m->topology, text);
	return *xml ? 0 : -ENOMEM;
}

const struct place *machine_places(const struct machine *m, size_t *count)
{
	*count = m->place_count;
	return m->places;
}

const char *machine_place_of(const struct machine *m, int cpu_a, int cpu_b, char name[PLACE_NAME])
{
	const struct pu *a = find_pu(m, cpu_a), *b = find_pu(m, cpu_b);

	if (!a || !b)
		return NULL;
	struct relation relation = relate(a, b);
	return strcpy(name, m->places[find_relation(m, &relation)].name);
}

static void find_pair(const struct machine *m, const struct relation *wanted, size_t k, int cpu[2])
{
	for (size_t i = 0; i < m->pu_count; i++) {
		for (size_t j = i; j < m->pu_count; j++) {
			struct relation relation = relate(&m->pus[i], &m->pus[j]);

			if (!same_relation(&relation, wanted) || k--)
				continue;
			cpu[0] = m->pus[i].cpu;
			cpu[1] = m->pus[j].cpu;
			return;
		}
	}
}

int machine_pair(const struct machine *m, const char *place, size_t k, int cpu[2])
{
	size_t i = 0;

	while (i < m->place_count && strcmp(m->places[i].name, place))
		i++;
	if (i == m->place_count)
		return -ENOENT;
	if (k >= m->places[i].pairs)
		return -ERANGE;
	find_pair(m, &m->relations[i], k, cpu);
	return 0;
}

/* ---- teams ---- */

/* The wider of two relations has the larger one: what is shared comes first, then what is crossed.
 */
static int width(const struct relation *r)
{
	const int mixed = r->kind_high != r->kind_low;

	return (int)r->nearest << 4 | r->xpkg << 3 | r->xnuma << 2 | r->xdie << 1 | mixed;
}

/* Writes the PUs nearest to the first, itself included, and returns how many: at most `most`. */
static size_t nearest_to(
	const struct machine *m, const struct pu *first, size_t most, const struct pu **team)
{
	int widths[MACHINE_TEAM_MAX];
	size_t count = 0;

	for (const struct pu *pu = m->pus; pu < m->pus + m->pu_count; pu++) {
		const struct relation relation = relate(first, pu);
		const int wide = width(&relation);
		size_t at = count;

		if (count == most && wide >= widths[count - 1])
			continue;
		count += count < most;
		for (at = at < most ? at : most - 1; at > 0 && wide < widths[at - 1]; at--) {
			widths[at] = widths[at - 1];
			team[at] = team[at - 1];
		}
		widths[at] = wide;
		team[at] = pu;
	}
	return count;
}

static struct relation widest_pair(const struct pu *const *team, size_t count)
{
	struct relation widest = relate(team[0], team[0]);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++) {
			const struct relation relation = relate(team[i], team[j]);

			if (width(&relation) > width(&widest))
				widest = relation;
		}
	return widest;
}

/* The PUs that a team round this one has at a place of that relation; 0: it has none there. */
static size_t assemble(const struct machine *m, const struct pu *first,
	const struct relation *wanted, size_t most, const struct pu **team)
{
	const size_t count = nearest_to(m, first, wanted->nearest == SAME_CPU ? 1 : most, team);
	const struct relation widest = widest_pair(team, count);

	return same_relation(&widest, wanted) ? count : 0;
}

static const struct relation *relation_named(const struct machine *m, const char *place)
{
	for (size_t i = 0; i < m->place_count; i++)
		if (!strcmp(m->places[i].name, place))
			return &m->relations[i];
	return NULL;
}

int machine_team(const struct machine *m, const char *place, int threads, size_t k, int *cpu)
{
	const struct relation *wanted = relation_named(m, place);
	const struct pu *team[MACHINE_TEAM_MAX];
	size_t there = 0, count;

	if (!wanted || threads < 1 || threads > MACHINE_TEAM_MAX)
		return -ENOENT;
	for (size_t i = 0; i < m->pu_count; i++)
		there += assemble(m, &m->pus[i], wanted, (size_t)threads, team) > 0;
	if (!there)
		return -ENOENT;
	k %= there;
	for (const struct pu *pu = m->pus;; pu++) {
		count = assemble(m, pu, wanted, (size_t)threads, team);
		if (count && !k--)
			break;
	}
	for (size_t i = 0; i < (size_t)threads; i++)
		cpu[i] = team[i % count]->cpu;
	return 0;
}

size_t machine_note(const struct machine *m, char *text, size_t size)
{
	char only[64] = "";
	int length = 0;

	if (size)
		*text = '\0';
	if (m->pu_count == 1)
		snprintf(only, sizeof only, ": only same-cpu on CPU %d", m->pus[0].cpu);
	if (m->described > m->pu_count)
		length = snprintf(text, size, "%zu of %zu %s%s", m->pu_count, m->described,
			m->foreign ? "described CPUs allowed (the rest is offline or withheld)"
				   : "online CPUs allowed by the affinity mask (taskset or cpuset)",
			only);
	else if (m->pu_count == 1)
		length = snprintf(text, size, "the machine has one CPU%s", only);
	return length > 0 ? (size_t)length : 0;
}

/* ---- pinning ---- */

int machine_pin(const struct machine *m, int cpu)
{
	const struct pu *pu = find_pu(m, cpu);

	if (m->foreign)
		return -EXDEV;
	if (!pu)
		return -EINVAL;
	/* hwloc widens a set that covers all allowed PUs to all there are: so read back. */
	if (hwloc_set_cpubind(
		    m->topology, pu->obj->cpuset, HWLOC_CPUBIND_THREAD | HWLOC_CPUBIND_STRICT))
		return -errno;
	return check_pinned(cpu);
}
