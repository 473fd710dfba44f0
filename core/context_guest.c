/* context_guest.c - whether it is a virtual machine or a container */
#include "context_subjects.h"

#include <stdlib.h>
#include <string.h>

static bool exists(const char *root, const char *path)
{
	struct fact fact;

	facts_line(root, &fact, "%s", path);
	return fact.state != FACT_ABSENT;
}

/* Names that only a hypervisor's firmware gives: where the CPU has no flag to tell, as on Arm. */
static bool is_hypervisor(const char *name)
{
	static const char *const names[] = {"KVM", "QEMU", "Virtual", "VMware", "Xen", "Bochs",
		"Google Compute Engine", "Parallels"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strstr(name, names[i]))
			return true;
	return false;
}

/* On x86 the hypervisor's bit in the CPU's flags decides: firmware names a cloud's bare metal too.
 * Elsewhere a name decides, and without one it is not known. */
static bool is_guest(const struct facts *facts, const struct fact *flags,
	const struct fact *product, const struct fact *vendor)
{
	if (flags->state == FACT_OK)
		return strstr(flags->text, " hypervisor") != NULL;
	return is_hypervisor(product->text) || is_hypervisor(vendor->text) ||
	       exists(facts->root, "/proc/device-tree/hypervisor/compatible");
}

static void write_virtualisation(const struct facts *facts)
{
	enum fact_state state;
	char *cpuinfo = facts_text(facts->root, "/proc/cpuinfo", &state);
	struct fact flags, product, vendor;

	facts_field(cpuinfo, state, "flags", &flags);
	free(cpuinfo);
	facts_line(facts->root, &product, "/sys/class/dmi/id/product_name");
	facts_line(facts->root, &vendor, "/sys/class/dmi/id/sys_vendor");
	if (is_guest(facts, &flags, &product, &vendor))
		facts_say(facts, "virtualisation", "%s", product.text[0] ? product.text : "guest");
	else if (flags.state == FACT_OK)
		facts_say(facts, "virtualisation", "none");
	else
		facts_put(facts, "virtualisation", &flags);
	facts_put(facts, "machine_product", &product);
	facts_put(facts, "machine_vendor", &vendor);
	facts_file(facts, "hypervisor_type", "/sys/hypervisor/type");
}

/* In the names of init's control groups; the more special first. */
static const char *named_group(const char *groups)
{
	static const char *const names[][2] = {{"kubepods", "kubernetes"}, {"libpod", "podman"},
		{"docker", "docker"}, {"containerd", "containerd"}, {"lxc", "lxc"}};

	for (size_t i = 0; groups && i < sizeof(names) / sizeof(names[0]); i++)
		if (strstr(groups, names[i][0]))
			return names[i][1];
	return NULL;
}

/* What runtimes leave behind for programs to find, the more telling first. */
static void write_container(const struct facts *facts)
{
	enum fact_state state;
	char *groups = facts_text(facts->root, "/proc/1/cgroup", &state);
	const char *named = named_group(groups);
	struct fact told;

	free(groups);
	facts_line(facts->root, &told, "/run/systemd/container");
	if (named && !strcmp(named, "kubernetes"))
		facts_say(facts, "container", "%s", named);
	else if (told.state == FACT_OK && told.text[0])
		facts_put(facts, "container", &told);
	else if (exists(facts->root, "/run/.containerenv"))
		facts_say(facts, "container", "podman");
	else if (exists(facts->root, "/.dockerenv"))
		facts_say(facts, "container", "docker");
	else if (named)
		facts_say(facts, "container", "%s", named);
	else
		facts_say(facts, "container", "none");
}

void context_guest(const struct facts *facts)
{
	write_virtualisation(facts);
	write_container(facts);
}
