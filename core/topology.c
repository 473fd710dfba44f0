/* topology.c - the machine as hwloc described it, for others to look at */
#include "topology.h"

#include <stdlib.h>
#include <string.h>

static bool ends_with(const char *name, size_t length, const char *end)
{
	const size_t tail = strlen(end);

	return length >= tail && !strncmp(name + length - tail, end, tail);
}

static bool is_private(const char *name, size_t length)
{
	static const char *const ends[] = {
		"HostName", "LinuxCgroup", "ProcessName", "Serial", "UUID", "AssetTag"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends_with(name, length, ends[i]))
			return true;
	return false;
}

/* An element ends at its first '>': XML has none within a value, hwloc writes &gt;. */
static const char *after_element(const char *xml)
{
	const char *end = xml + strcspn(xml, ">");

	end += *end == '>';
	return end + strspn(end, " \n");
}

void topology_scrub(char *xml)
{
	static const char info[] = "<info name=\"";
	const size_t length = sizeof(info) - 1;
	char *to = xml;

	for (const char *from = xml; *from;) {
		if (!strncmp(from, info, length) &&
			is_private(from + length, strcspn(from + length, "\"")))
			from = after_element(from);
		else
			*to++ = *from++;
	}
	*to = '\0';
}

int topology_save(struct results *results, const struct machine *machine)
{
	char *xml;
	const int rc = machine_export(machine, &xml);

	if (rc)
		return rc;
	topology_scrub(xml);
	results_save(results, "topology.xml", xml);
	free(xml);
	return 0;
}
